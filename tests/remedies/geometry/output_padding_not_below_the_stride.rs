use shapeproof::prelude::*;

#[model(input = Chw<8, 7, 7>, output = Chw<4, 15, 15>)]
struct Net {
    up: ConvTranspose2d<4, Kernel<2>, Stride<2>, OutputPadding<1>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
