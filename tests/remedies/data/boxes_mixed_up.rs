use shapeproof::data::{DigitScenes, Loader};
fn main() {
    let scenes = DigitScenes::<1, 32, 32, 10>::new(4, 1, 1);
    Loader::new(scenes, 2);
}
