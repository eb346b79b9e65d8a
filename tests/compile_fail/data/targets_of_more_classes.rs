use shapeproof::data::{synthetic_digits, Class, Loader, Source};
use shapeproof::prelude::*;
#[model(input = Chw<1, 28, 28>, output = Flat<784>)]
struct Net {
    flatten: Flatten,
}
fn main() {
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    let digits = synthetic_digits(4, 1).with_targets::<Class<12>, _>(|digit| digit);
    let batch = Loader::new(digits, 2).epoch(&dev, 0).unwrap().next().unwrap().unwrap();
    cross_entropy_with_logits_loss(net.forward(batch.images), batch.targets);
}
