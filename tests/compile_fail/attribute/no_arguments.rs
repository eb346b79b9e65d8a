use shapeproof::prelude::*;

#[model]
struct Net {
    fc: Linear<4>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
