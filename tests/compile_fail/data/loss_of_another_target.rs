use shapeproof::data::{Loader, SyntheticRoad};
use shapeproof::prelude::*;
use shapeproof::train::{CrossEntropy, Fit, NoScore, Sgd, Supervised};
#[model(input = Chw<3, 20, 40>, output = Flat<1>)]
struct Net {
    flatten: Flatten,
    fc: Linear<1>,
}
fn main() {
    let mut net: Net = Net::new(&Cpu::default());
    let (mut opt, data) = (Sgd::new(&net, 0.1), Loader::new(SyntheticRoad::<3, 20, 40>::new(4, 1), 2));
    let mut objective = Supervised::new(CrossEntropy::default(), NoScore);
    Fit::new(1).run(&mut net, &mut opt, &data, &data, &mut objective).unwrap();
}
