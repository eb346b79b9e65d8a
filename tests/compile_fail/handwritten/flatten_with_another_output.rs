use shapeproof::layers::closed;
use shapeproof::prelude::*;

fn main() {
    let dev = Cpu::default();
    let images: Tensor<Rank4<2, 3, 8, 8>, f32, Cpu> = dev.zeros();
    let layer: closed::Flatten<Chw<3, 8, 8>, Flat<64>> = Default::default();
    layer.forward(images);
}
