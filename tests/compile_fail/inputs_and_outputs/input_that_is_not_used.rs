use shapeproof::prelude::*;

#[model(input = (a: Flat<2>, b: Flat<2>), output = Flat<2>)]
struct Net {
    relu: Relu,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
