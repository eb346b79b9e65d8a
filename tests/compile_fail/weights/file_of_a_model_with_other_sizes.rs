use shapeproof::prelude::*;

#[model(input = Chw<1, 5, 4>, output = Flat<4>)]
struct Net {
    conv: Conv2d<2, Kernel<3>>,
    flatten: Flatten,
    fc: Linear<4>,
}
check_weights!(Net, "tests/fixtures/net.safetensors");

fn main() {}
