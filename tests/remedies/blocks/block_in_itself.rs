use shapeproof::prelude::*;

#[block]
struct Deep { relu: Relu, deeper: Repeat<2, Relu> }
#[model(input = Chw<3, 4, 4>, output = Chw<3, 4, 4>)]
struct Net {
    deep: Deep,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
