use shapeproof::prelude::*;

#[model(input = Chw<1, 28, 28>, output = Flat<10>)]
struct Net {
    relu: Relu,
    flatten: Flatten,
    fc: Linear<10>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
