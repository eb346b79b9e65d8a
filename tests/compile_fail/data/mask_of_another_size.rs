use shapeproof::data::{Loader, Mask, RandomCrop, Source, SyntheticShapes};
fn main() {
    let shapes = SyntheticShapes::<1, 32, 48, 2>::new(4, 1);
    let shapes = shapes.with_targets::<Mask<48, 32, 2>, _>(|mask| mask);
    Loader::new(shapes, 2).augmented(RandomCrop::new(4));
}
