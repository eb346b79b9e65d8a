use shapeproof::layers::closed;
use shapeproof::prelude::*;

fn main() {
    let dev = Cpu::default();
    let conv: closed::Conv2d<Chw<1, 28, 28>, Chw<6, 24, 24>, Kernel<5>> = BuildModule::build(&dev);
    let images: Tensor<Rank4<64, 1, 28, 28>, f32, Cpu> = dev.zeros();
    conv.forward(images);
}
