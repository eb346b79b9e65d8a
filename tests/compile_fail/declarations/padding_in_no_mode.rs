use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Chw<3, 10, 10>)]
struct Net {
    pad: Pad2d<1, Bilinear>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
