use shapeproof::prelude::*;

#[model(input = Chw<1, 9, 9>, output = Chw<4, 4, 4>)]
struct Net {
    conv: Conv2d<4, Kernel<3>, Stirde<2>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
