use shapeproof::prelude::*;

#[model(input = Chw<8, 5, 4>, output = Chw<8, 2, 1>)]
struct Net {
    pool: AdaptiveAvgPool2d<2, 0>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
