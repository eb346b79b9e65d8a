use shapeproof::prelude::*;

#[model(input = Chw<3, 32, 32>, output = Flat<8>)]
struct Net {
    flatten: Flatten,
    fc: Linear<8>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
