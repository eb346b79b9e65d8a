use shapeproof::prelude::*;

#[model(input = Flat<9>, output = Flat<4>)]
struct Other { fc: Linear<4> }
#[model(input = Flat<8>, output = Flat<4>)]
struct Net {
    fc: Linear<4>,
}

fn main() {
    let dev = Cpu::default();
    let (mut net, other): (Net, Other) = (Net::new(&dev), Other::new(&dev));
    net.fc = other.fc;
}
