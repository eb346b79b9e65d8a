use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 8>, output = Flat<192>)]
struct Net {
    flatten: Flatten,
}

fn main() {
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    let image = dev.zeros::<Rank4<2, 3, 8, 8>>();
    net.forward(image.leaky_trace()).sum().backward();
}
