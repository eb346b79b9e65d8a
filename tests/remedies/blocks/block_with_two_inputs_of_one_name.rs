use shapeproof::prelude::*;

#[block(input = (a, b))]
struct Part { #[from(a, b)] sum: Add }
#[model(input = Chw<3, 4, 4>, output = Chw<3, 4, 4>)]
struct Net {
    relu: Relu,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
