use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Flat<192>)]
struct Net {
    flatten: Flatten,
}

fn main() {
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    net.forward(dev.zeros::<Rank2<2, 192>>());
}
