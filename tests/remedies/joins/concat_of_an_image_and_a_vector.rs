use shapeproof::prelude::*;

#[model(input = Chw<1, 2, 2>, output = Flat<8>)]
struct Net {
    flatten: Flatten,
    relu: Relu,
    #[from(flatten, relu)]
    both: Concat,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
