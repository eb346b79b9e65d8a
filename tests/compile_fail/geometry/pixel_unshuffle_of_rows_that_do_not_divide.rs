use shapeproof::prelude::*;

#[model(input = Chw<3, 9, 8>, output = Chw<12, 4, 4>)]
struct Net {
    unshuffle: PixelUnshuffle<2>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
