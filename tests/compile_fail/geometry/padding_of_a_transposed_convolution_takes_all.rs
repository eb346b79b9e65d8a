use shapeproof::prelude::*;

#[model(input = Chw<8, 2, 9>, output = Chw<4, 1, 8>)]
struct Net {
    up: ConvTranspose2d<4, Kernel<3>, Padding<2>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
