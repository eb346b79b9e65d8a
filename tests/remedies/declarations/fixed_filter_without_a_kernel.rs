use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Chw<3, 6, 6>)]
struct Net {
    filter: Filter2d<Edge>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
