use shapeproof::prelude::*;

#[model(input = Chw<3, 4, 4>, output = Chw<8, 4, 4>)]
struct Net {
    repeat: Repeat<2, Relu, Conv2d<8, Kernel<9>>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
