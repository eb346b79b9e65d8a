use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<1>)]
struct Net {
    fc: Linear<0>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
