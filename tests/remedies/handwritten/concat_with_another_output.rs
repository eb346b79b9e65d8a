use shapeproof::layers::closed;
use shapeproof::prelude::*;

fn main() {
    let dev = Cpu::default();
    let vector: Tensor<Rank2<1, 2>, f32, Cpu> = dev.zeros();
    let layer: closed::Concat<(Flat<2>, Flat<2>), Flat<4>> = Default::default();
    layer.forward((vector.clone(), vector));
}
