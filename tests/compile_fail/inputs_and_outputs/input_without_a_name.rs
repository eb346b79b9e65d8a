use shapeproof::prelude::*;

#[model(input = (Flat<2>, Flat<2>), output = Flat<2>)]
struct Net {
    #[from(a, b)]
    sum: Add,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
