use shapeproof::prelude::*;

#[model(input = Chw<1, 8, 8>, output = Chw<4, 6, 6>)]
struct Net {
    conv: Conv2d<4, Kernel<3>, Relu>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
