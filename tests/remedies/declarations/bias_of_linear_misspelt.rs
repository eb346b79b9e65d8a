use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<4>)]
struct Net {
    fc: Linear<4, NoBias>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
