use shapeproof::prelude::*;

#[model(input = Chw<8, 5, 4>, output = Flat<8>)]
struct Net {
    pool: GlobalAvgPool2d,
    flatten: Flatten,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
