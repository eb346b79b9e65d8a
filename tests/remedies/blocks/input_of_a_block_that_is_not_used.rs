use shapeproof::prelude::*;

#[block]
struct Join { relu: Relu }
#[model(input = Chw<3, 4, 4>, output = Chw<3, 4, 4>)]
struct Net {
    join: Join,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
