use shapeproof::prelude::*;

#[block(input = (a, b))]
struct Join { #[from(a)] relu: Relu }
#[model(input = Chw<3, 4, 4>, output = Chw<3, 4, 4>)]
struct Net {
    #[from(input, input)]
    join: Join,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
