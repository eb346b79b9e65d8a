use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<4>)]
struct Inner { fc: Linear<4> }
#[model(input = Flat<8>, output = Flat<4>)]
struct Net {
    inner: Inner,
    relu: Relu,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
