use shapeproof::prelude::*;

#[block]
struct Deep { relu: Relu, deeper: Deep }
#[model(input = Chw<3, 4, 4>, output = Chw<3, 4, 4>)]
struct Net {
    relu: Relu,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
