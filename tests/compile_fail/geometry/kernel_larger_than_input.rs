use shapeproof::prelude::*;

#[model(input = Chw<1, 28, 28>, output = Chw<8, 1, 1>)]
struct Net {
    pool1: MaxPool2d<4>,
    pool2: MaxPool2d<2>,
    conv: Conv2d<8, Kernel<5>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
