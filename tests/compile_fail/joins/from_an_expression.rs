use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<8>)]
struct Net {
    fc: Linear<8>,
    #[from(self.fc)]
    relu: Relu,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
