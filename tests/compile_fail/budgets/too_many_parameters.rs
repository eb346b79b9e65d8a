use shapeproof::prelude::*;

#[model(input = Chw<1, 28, 28>, output = Flat<10>, max_params = 10_000)]
struct Net {
    conv: Conv2d<6, Kernel<5>>,
    flatten: Flatten,
    fc: Linear<10>,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
