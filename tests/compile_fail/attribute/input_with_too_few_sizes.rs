use shapeproof::prelude::*;

#[model(input = Chw<28, 28>, output = Flat<4>)]
struct Net {
    flatten: Flatten,
    fc: Linear<4>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
