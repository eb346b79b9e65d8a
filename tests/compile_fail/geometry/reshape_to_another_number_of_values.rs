use shapeproof::prelude::*;

#[model(input = Flat<48>, output = Chw<3, 5, 4>)]
struct Net {
    image: Reshape<3, 5, 4>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
