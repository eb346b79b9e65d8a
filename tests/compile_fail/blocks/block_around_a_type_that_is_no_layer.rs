use shapeproof::prelude::*;

#[block]
struct Around<L> { body: L }
#[model(input = Chw<3, 4, 4>, output = Chw<3, 4, 4>)]
struct Net {
    around: Around<String>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
