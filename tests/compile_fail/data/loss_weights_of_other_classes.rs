use shapeproof::data::{synthetic_digits, Loader};
use shapeproof::prelude::*;
use shapeproof::train::{Accuracy, CrossEntropy, Fit, Sgd, Supervised};
#[model(input = Chw<1, 28, 28>, output = Flat<10>)]
struct Net {
    flatten: Flatten,
    fc: Linear<10>,
}
fn main() {
    let mut net: Net = Net::new(&Cpu::default());
    let (mut opt, data) = (Sgd::new(&net, 0.1), Loader::new(synthetic_digits(4, 1), 2));
    let mut objective = Supervised::new(CrossEntropy::default().weighted([1.0; 12]), Accuracy::default());
    Fit::new(1).run(&mut net, &mut opt, &data, &data, &mut objective).unwrap();
}
