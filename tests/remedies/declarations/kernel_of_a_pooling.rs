use shapeproof::prelude::*;

#[model(input = Chw<1, 8, 8>, output = Chw<1, 4, 2>)]
struct Net {
    pool: MaxPool2d<2, KernelWidth<3>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
