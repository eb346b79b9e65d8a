use shapeproof::prelude::*;

#[model(input = Chw<8, 7, 7>, output = Chw<4, 7, 7>)]
struct Net {
    up: ConvTranspose2d<4, Kernel<3>, SamePadding>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
