use shapeproof::prelude::*;

#[model(input = Chw<8, 2, 9>, output = Chw<4, 2, 9>)]
struct Net {
    up: ConvTranspose2d<4, Kernel<3>, Padding<1>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
