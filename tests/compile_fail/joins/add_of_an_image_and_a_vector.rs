use shapeproof::prelude::*;

#[model(input = Chw<1, 2, 2>, output = Flat<4>)]
struct Net {
    flatten: Flatten,
    #[from(flatten, input)]
    sum: Add,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
