use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Flat<192>)]
struct Net {
    flatten: Flatten,
}

fn main() {
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    net.forward(dev.tensor_from_vec(vec![0.0; 192], (1, Const, Const, Const)));
}
