use shapeproof::prelude::*;

#[block]
struct Residual { relu: Relu, #[from(input)] tanh: Tanh }
#[model(input = Chw<3, 4, 4>, output = Chw<3, 4, 4>)]
struct Net {
    residual: Residual,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
