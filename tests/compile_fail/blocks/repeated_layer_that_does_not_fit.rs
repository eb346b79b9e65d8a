use shapeproof::prelude::*;

#[model(input = Chw<3, 4, 4>, output = Chw<8, 2, 2>)]
struct Net {
    convs: Repeat<3, Conv2d<8, Kernel<3>>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
