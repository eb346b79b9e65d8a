use shapeproof::prelude::*;

#[model(input = Chw<3, 3, 8>, output = Chw<3, 9, 14>)]
struct Net {
    pad: Pad2d<3, Replicate>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
