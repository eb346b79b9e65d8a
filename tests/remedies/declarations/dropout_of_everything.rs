use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<8>)]
struct Net {
    drop: Dropout<1, 2>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
