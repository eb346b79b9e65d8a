use shapeproof::prelude::*;

#[model(input = Chw<4, 6, 2>, output = Chw<4, 3, 1>)]
struct Net {
    pool: MaxPool2d<3>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
