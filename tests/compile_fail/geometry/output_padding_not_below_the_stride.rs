use shapeproof::prelude::*;

#[model(input = Chw<8, 7, 7>, output = Chw<4, 16, 16>)]
struct Net {
    up: ConvTranspose2d<4, Kernel<2>, Stride<2>, OutputPadding<2>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
