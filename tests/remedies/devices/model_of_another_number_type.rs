use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Flat<192>)]
struct Net {
    flatten: Flatten,
}

fn main() {
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    let double: Net<f64, Cpu> = net.to_dtype::<f64>();
}
