use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<8>)]
struct Net {
    norm: BatchNorm2d,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
