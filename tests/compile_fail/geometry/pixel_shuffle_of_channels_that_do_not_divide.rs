use shapeproof::prelude::*;

#[model(input = Chw<6, 8, 8>, output = Chw<1, 16, 16>)]
struct Net {
    shuffle: PixelShuffle<2>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
