use shapeproof::prelude::*;

#[model(input = Chw<6, 8, 8>, output = Chw<6, 8, 8>)]
struct Net {
    shuffle: ChannelShuffle<3>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
