use shapeproof::prelude::*;

#[model(input = Chw<1, 8, 8>, output = Flat<12>)]
struct Net {
    flatten: Flatten,
    fc: Linear<12>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
