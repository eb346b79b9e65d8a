use shapeproof::prelude::*;

#[model(input = (a: Flat<2>, a: Flat<2>), output = Flat<2>)]
struct Net {
    #[from(a, b)]
    sum: Add,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
