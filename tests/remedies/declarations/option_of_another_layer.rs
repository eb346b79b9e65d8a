use shapeproof::prelude::*;

#[model(input = Chw<1, 8, 8>, output = Chw<1, 4, 4>)]
struct Net {
    pool: MaxPool2d<2>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
