use shapeproof::prelude::*;

#[model(input = Chw<3, 4, 4>, output = Chw<3, 4, 4>)]
struct Net {
    relus: Repeat<100, Relu>,
    relu: Relu,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
