use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<8>)]
struct Net {
    name: String,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
