use shapeproof::prelude::*;

#[model(input = Chw<1, 8, 8>, output = Chw<4, 8, 8>)]
struct Net {
    conv: Conv2d<4, Kernel<3>, SamePadding>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
