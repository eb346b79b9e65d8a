use shapeproof::prelude::*;

#[block]
struct Inner { pool: MaxPool2d<2> }
#[block]
struct Outer { down: MaxPool2d<2>, inner: Inner }
#[model(input = Chw<3, 4, 4>, output = Chw<3, 1, 1>)]
struct Net {
    outer: Outer,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
