use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<N>)]
struct Net<const N: usize> {
    fc: Linear<N>,
}

fn main() {
    let _: Net<4> = Net::new(&Cpu::default());
}
