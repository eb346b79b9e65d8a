use shapeproof::prelude::*;

#[model(input = Flat<8>)]
struct Net {
    fc: Linear<4>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
