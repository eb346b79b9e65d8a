use shapeproof::prelude::*;

#[block]
struct Widen<const F: usize> { conv: Conv2d<F, Kernel<1>> }
#[model(input = Chw<3, 4, 4>, output = Chw<8, 4, 4>)]
struct Net {
    widen: Widen<8>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
