use shapeproof::layers::closed;
use shapeproof::prelude::*;

fn main() {
    let dev = Cpu::default();
    let images: Tensor<Rank4<2, 3, 8, 8>, f32, Cpu> = dev.zeros();
    let layer: closed::MaxPool2d<Chw<3, 8, 8>, Chw<3, 4, 4>, Kernel<2>> = Default::default();
    layer.forward(images);
}
