use shapeproof::prelude::*;

#[model(input = Chw<1, 8, 8>, output = Chw<1, 5, 5>)]
struct Net {
    pool: MaxPool2d<2, Padding<1>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
