use shapeproof::prelude::*;

#[model(input = Chw<3, 4, 4>, output = Chw<3, 1, 1>)]
struct Net {
    pool1: MaxPool2d<2>,
    pool2: MaxPool2d<2>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
