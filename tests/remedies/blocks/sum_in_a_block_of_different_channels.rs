use shapeproof::prelude::*;

#[block]
struct Residual { conv: Conv2d<8, Kernel<1>>, #[from(input, conv)] sum: Add }
#[model(input = Chw<3, 4, 4>, output = Chw<8, 4, 4>)]
struct Net {
    stem: Conv2d<8, Kernel<1>>,
    residual: Residual,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
