use shapeproof::prelude::*;

#[model(input = Chw<1, 28, 28>, output = Flat<10>, max_macs = 100_000)]
struct Net {
    conv: Conv2d<6, Kernel<5>, Padding<2>>,
    pool: MaxPool2d<2>,
    flatten: Flatten,
    fc1: Linear<120>,
    fc2: Linear<10>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
