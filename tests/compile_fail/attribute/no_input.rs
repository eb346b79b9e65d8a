use shapeproof::prelude::*;

#[model(output = Flat<4>)]
struct Net {
    fc: Linear<4>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
