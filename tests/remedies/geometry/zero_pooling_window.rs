use shapeproof::prelude::*;

#[model(input = Chw<1, 8, 8>, output = Chw<1, 8, 8>)]
struct Net {
    pool: AvgPool2d<1>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
