use shapeproof::prelude::*;

#[model(input = (), output = Flat<2>)]
struct Net {
    #[from(a, b)]
    sum: Add,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
