//! Why convolutions: what a dense network costs on images of 28², 100² and 200² pixels, and what a
//! convolutional one.
//!
//! `cargo run --example parameters` trains nothing and builds nothing: the table is made of constants
//! that the compiler knows.

use shapeproof::prelude::*;

/// Two networks for grey images of `$side`² pixels and ten classes, in a module of their own.
macro_rules! networks {
    ($size:ident, $side:literal) => {
        mod $size {
            use shapeproof::prelude::*;

            #[model(input = Chw<1, $side, $side>, output = Flat<10>)]
            pub struct Dense {
                flatten: Flatten,
                fc1: Linear<100>,
                relu1: Relu,
                fc2: Linear<10>,
            }

            #[model(input = Chw<1, $side, $side>, output = Flat<10>)]
            pub struct Convolutional {
                conv1: Conv2d<16, Kernel<5>, Padding<2>>,
                relu1: Relu,
                pool1: MaxPool2d<4>,
                conv2: Conv2d<32, Kernel<5>, Padding<2>>,
                relu2: Relu,
                average: GlobalAvgPool2d,
                fc: Linear<10>,
            }
        }
    };
}
networks!(small, 28);
networks!(medium, 100);
networks!(large, 200);

fn main() {
    println!("image    network        parameters  first layer  multiply-accumulates");
    row::<small::Dense>();
    row::<small::Convolutional>();
    row::<medium::Dense>();
    row::<medium::Convolutional>();
    row::<large::Dense>();
    row::<large::Convolutional>();
    let times = large::Dense::PARAMS as f64 / large::Convolutional::PARAMS as f64;
    println!("dense over convolutional at 200x200: {times:.1} times the parameters");
}

fn row<M: Model>() {
    let first = M::LAYERS.iter().find(|layer| layer.params > 0);
    let (_, input) = M::INPUTS[0];
    println!(
        "{:<8} {:<14} {:>10} {:>12} {:>21}",
        format!("{}x{}", input.size(1), input.size(2)),
        M::NAME,
        M::PARAMS,
        first.map_or(0, |layer| layer.params),
        M::MACS,
    );
}
