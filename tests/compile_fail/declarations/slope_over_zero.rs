use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<8>)]
struct Net {
    relu: LeakyRelu<1, 0>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
