use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<8>)]
struct Net {
    #[cfg(unix)]
    relu: Relu,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
