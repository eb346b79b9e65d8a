use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Chw<3, 4, 8>)]
struct Net {
    conv: Conv2d<3, Kernel<3>, Padding<1>, Stride<2, 1>>,
    #[from(input, conv)]
    sum: Add,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
