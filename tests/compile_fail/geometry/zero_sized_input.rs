use shapeproof::prelude::*;

#[model(input = Chw<3, 0, 8>, output = Flat<4>)]
struct Net {
    flatten: Flatten,
    fc: Linear<4>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
