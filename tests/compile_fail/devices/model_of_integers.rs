use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<4>)]
struct Net {
    fc: Linear<4>,
}

fn main() {
    let _: Net<i32, Cpu> = Net::new(&Cpu::default());
}
