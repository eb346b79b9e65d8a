use shapeproof::prelude::*;

#[block]
struct Around<L> { body: L }
#[model(input = Chw<3, 4, 4>, output = Chw<3, 4, 4>)]
struct Net {
    around: Around<Relu>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
