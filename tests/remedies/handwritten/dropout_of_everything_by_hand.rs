use shapeproof::prelude::*;

fn main() {
    let dev = Cpu::default();
    let vector: Tensor<Rank2<1, 2>, f32, Cpu> = dev.zeros();
    Dropout::<2, 3>.forward_mut(vector);
}
