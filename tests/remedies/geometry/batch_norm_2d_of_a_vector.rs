use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<8>)]
struct Net {
    norm: BatchNorm1d,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
