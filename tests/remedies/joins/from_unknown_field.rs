use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Chw<3, 8, 8>)]
struct Net {
    conv1: Conv2d<3, Kernel<3>, Padding<1>>,
    #[from(input, conv1)]
    sum: Add,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
