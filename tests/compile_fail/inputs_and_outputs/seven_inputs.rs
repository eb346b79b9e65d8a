use shapeproof::prelude::*;

#[model(input = (a: Flat<1>, b: Flat<1>, c: Flat<1>, d: Flat<1>,
    e: Flat<1>, f: Flat<1>, g: Flat<1>), output = Flat<1>)]
struct Net {
    #[from(a, b, c, d, e, f)]
    sum: Add,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
