use shapeproof::prelude::*;

#[model(input = Chw<3, 9, 6>, output = Chw<8, 5, 2>)]
struct Net {
    conv: Conv2d<8, Kernel<3, 3>, Dilation<2>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
