use shapeproof::prelude::*;

#[model(input = Chw<32, 8, 8>, output = Chw<16, 8, 8>)]
struct Net {
    widen: Conv2d<16, Kernel<1>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
