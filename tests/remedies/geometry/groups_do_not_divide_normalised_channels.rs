use shapeproof::prelude::*;

#[model(input = Chw<6, 5, 4>, output = Chw<6, 5, 4>)]
struct Net {
    norm: GroupNorm<3>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
