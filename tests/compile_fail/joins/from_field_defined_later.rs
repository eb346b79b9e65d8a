use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Chw<3, 8, 8>)]
struct Net {
    #[from(input, conv)]
    sum: Add,
    conv: Conv2d<3, Kernel<3>, Padding<1>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
