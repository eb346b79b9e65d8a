use shapeproof::prelude::*;

#[model(input = Chw<8, 5, 4>, output = Chw<8, 5, 4>)]
struct Net {
    excite: SqueezeExcite<3>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
