use shapeproof::prelude::*;

#[model(input = (a: Flat<2>, b: Flat<2>), output = Flat<2>)]
struct Net {
    #[from(a, b)]
    sum: Add,
}

fn main() {
    let (dev, net): (_, Net) = (Cpu::default(), Net::new(&Cpu::default()));
    net.forward(dev.zeros::<Rank2<1, 2>>());
}
