use shapeproof::prelude::*;

#[model(input = Chw<1, 5, 4>, output = Flat<3>)]
struct Net {
    conv: Conv2d<2, Kernel<3>>,
    flatten: Flatten,
    fc: Linear<3>,
}
check_weights!(Net, "tests/fixtures/net.safetensors");

fn main() {}
