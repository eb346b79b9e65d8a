use shapeproof::prelude::*;

#[model(input = Chw<1, 28, 28>, output = Flat<784>)]
struct Net {
    flatten: Flatten,
}

fn main() {
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    let image: Tensor<Rank4<64, 1, 14, 28>, f32, Cpu> = dev.zeros();
    net.forward(image);
}
