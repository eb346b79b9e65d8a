use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Chw<3, 8, 8>)]
struct Net {
    conv: Conv2d<6, Kernel<3>, Padding<1>>,
    back: Conv2d<3, Kernel<1>>,
    #[from(input, back)]
    sum: Add,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
