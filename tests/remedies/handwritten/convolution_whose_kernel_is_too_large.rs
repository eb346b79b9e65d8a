use shapeproof::layers::closed;
use shapeproof::prelude::*;

fn main() {
    let dev = Cpu::default();
    let layer: closed::Conv2d<Chw<1, 4, 4>, Chw<6, 1, 1>, Kernel<4>> = BuildModule::build(&dev);
    layer.forward(dev.zeros::<Rank4<2, 1, 4, 4>>());
}
