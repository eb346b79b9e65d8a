use shapeproof::prelude::*;

#[model(input = Chw<1, 2, 2>, output = Flat<4>)]
struct Net {
    flatten: Flatten,
    fc: Linear<4>,
    #[from(flatten, fc)]
    sum: Add,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
