use shapeproof::prelude::*;

#[block]
struct Part { relu: Relu }
#[model(input = Chw<3, 4, 4>, output = Chw<3, 4, 4>)]
struct Net {
    part: Part,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
