use shapeproof::prelude::*;

#[block(input = (skip, below))]
struct Up { #[from(skip, below)] both: Concat }
#[model(input = Chw<3, 4, 4>, output = Chw<6, 4, 4>)]
struct Net {
    #[from(input, input)]
    up: Up,
}

fn main() {
    let _: Net = Net::new(&Cpu::default());
}
