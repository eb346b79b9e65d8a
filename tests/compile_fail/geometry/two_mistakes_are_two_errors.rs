use shapeproof::prelude::*;

#[model(input = Chw<6, 8, 8>, output = Flat<12>)]
struct Net {
    conv: Conv2d<8, Kernel<3>, Groups<4>>,
    fc: Linear<12>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
