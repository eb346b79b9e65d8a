use shapeproof::prelude::*;

#[model(input = Flat<8>, output = Flat<4>)]
struct Net {
    fc: Linear<4>,
}

fn main() {
    let dev = Cpu::default();
    let mut net: Net = Net::new(&dev);
    let saved: Net<f64, Cpu> = Net::new(&dev);
    net.fc.weight = saved.fc.weight.to_dtype::<f32>();
}
