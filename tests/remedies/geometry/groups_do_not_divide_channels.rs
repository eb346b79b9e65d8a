use shapeproof::prelude::*;

#[model(input = Chw<6, 8, 8>, output = Chw<9, 6, 6>)]
struct Net {
    conv: Conv2d<9, Kernel<3>, Groups<3>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
