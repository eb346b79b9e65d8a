use shapeproof::data::synthetic_digits;
use shapeproof::prelude::*;
#[model(input = Chw<1, 32, 32>, output = Flat<1024>)]
struct Net {
    flatten: Flatten,
}
fn main() {
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    for batch in synthetic_digits(4, 1).batches(&dev, 2).unwrap() {
        net.forward(batch.unwrap().images);
    }
}
