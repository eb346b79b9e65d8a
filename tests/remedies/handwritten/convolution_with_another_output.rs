use shapeproof::layers::closed;
use shapeproof::prelude::*;

fn main() {
    let dev = Cpu::default();
    let layer: closed::Conv2d<Chw<1, 28, 28>, Chw<6, 24, 24>, Kernel<5>> = BuildModule::build(&dev);
    layer.forward(dev.zeros::<Rank4<2, 1, 28, 28>>());
}
