use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Chw<6, 8, 8>)]
struct Net {
    pool: MaxPool2d<2, Stride<2, 1>, Padding<0, 1>>,
    #[from(input, pool)]
    both: Concat,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
