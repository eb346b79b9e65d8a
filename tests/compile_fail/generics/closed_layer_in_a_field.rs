use shapeproof::layers::closed;
use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<4>)]
struct Net {
    fc: closed::Linear<Flat<8>, Flat<4>>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
