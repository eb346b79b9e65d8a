use shapeproof::prelude::*;

#[model(input = Chw<1, 2, 2>, output = Flat<8>)]
struct Net {
    flatten: Flatten,
    #[from(input, flatten)]
    both: Concat,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
