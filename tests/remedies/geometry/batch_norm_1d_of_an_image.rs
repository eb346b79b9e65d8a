use shapeproof::prelude::*;

#[model(input = Chw<8, 5, 4>, output = Chw<8, 5, 4>)]
struct Net {
    norm: BatchNorm2d,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
