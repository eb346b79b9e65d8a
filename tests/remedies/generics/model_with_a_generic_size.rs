use shapeproof::prelude::*;

const N: usize = 4;

#[model(input = Flat<8>, output = Flat<N>)]
struct Net {
    fc: Linear<N>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
