use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<4>)]
struct Net {
    pool: MaxPool2d<2>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
