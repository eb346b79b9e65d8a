use shapeproof::prelude::*;

#[model(input = Chw<1, 8, 8>, output = Chw<4, 3, 3>)]
struct Net {
    conv: Conv2d<4, Stride<2>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
