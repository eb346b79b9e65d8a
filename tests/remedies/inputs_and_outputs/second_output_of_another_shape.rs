use shapeproof::prelude::*;

#[model(input = Flat<4>, output = (Flat<2>, Flat<3>))]
struct Net {
    fc1: Linear<2>,
    #[from(input)]
    fc2: Linear<3>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
