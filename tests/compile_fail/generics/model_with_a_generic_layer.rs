use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<8>)]
struct Net<A> {
    activation: A,
}

fn main() {
    let _: Net<Relu> = Net::new(&Cpu::default());
}
