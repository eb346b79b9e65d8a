use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 6>, output = Chw<3, 7, 7>)]
struct Net {
    crop: Crop2d<7, 7>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
