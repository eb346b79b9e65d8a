use shapeproof::prelude::*;

#[model(input = Chw<6, 8, 8>, output = Chw<8, 6, 6>)]
struct Net {
    conv: Conv2d<8, Kernel<3>, Groups<0>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
