use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<8>)]
struct Net {
    relu: Relu,
    #[from(input)]
    #[from(relu)]
    sum: Add,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
