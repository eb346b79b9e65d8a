use shapeproof::prelude::*;

#[model(input = Chw<3, 9, 8>, output = Chw<3, 9, 8>)]
struct Net {
    unshuffle: PixelUnshuffle<1>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
