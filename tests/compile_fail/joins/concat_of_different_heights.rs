use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Chw<6, 4, 4>)]
struct Net {
    pool: MaxPool2d<2>,
    #[from(input, pool)]
    both: Concat,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
