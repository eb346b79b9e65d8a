use shapeproof::data::{Loader, RandomHorizontalFlip, SyntheticRoad};
fn main() {
    let road = SyntheticRoad::<3, 20, 40>::new(4, 1);
    Loader::new(road, 2).augmented(RandomHorizontalFlip::new(0.5));
}
