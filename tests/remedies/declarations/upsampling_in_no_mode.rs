use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Chw<3, 16, 16>)]
struct Net {
    up: Upsample2d<2, Bilinear>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
