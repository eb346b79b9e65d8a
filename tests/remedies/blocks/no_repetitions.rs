use shapeproof::prelude::*;

#[model(input = Chw<3, 4, 4>, output = Chw<3, 4, 4>)]
struct Net {
    relus: Repeat<1, Relu>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
