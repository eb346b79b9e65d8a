use shapeproof::prelude::*;

#[model(input = Chw<1, 8, 8>, output = Flat<10>)]
struct Net {
    conv: Conv2d<10, Kernel<8>>,
    flatten: Flatten,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
