use shapeproof::prelude::*;

#[model(input = Chw<8, 5, 4>, output = Flat<8>)]
struct Net {
    flatten: Flatten,
    pool: GlobalAvgPool2d,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
