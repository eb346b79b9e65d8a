use shapeproof::prelude::*;

#[block]
struct Twice<const K: usize> { first: Conv2d<8, Kernel<3>>, second: Conv2d<8, Kernel<K>> }
#[model(input = Chw<3, 4, 4>, output = Chw<8, 1, 1>)]
struct Net {
    twice: Twice<2>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
