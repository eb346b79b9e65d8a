//! The engine against dfdx's ops for layers that keep statistics, normalise, resize, pad, rearrange
//! or scale.

use crate::support;
use crate::support::{assert_near, distinct, parameter_gradients, parameters};
use shapeproof::engine::with_disabled;
use shapeproof::prelude::*;

/// Everything that a pass gives and changes.
type Found = Vec<(String, Vec<f64>)>;

macro_rules! pass {
    ($net:expr, $x:expr, $forward:ident) => {{
        let y = $net.$forward($x.leaky_trace());
        let mut found: Found = vec![("output".into(), y.as_vec())];
        let count = y.shape().num_elements();
        let weights = Cpu::default().tensor_from_vec(distinct(count, 3), *y.shape());
        let gradients = (y * weights).sum().backward();
        found.push(("d_input".into(), gradients.get(&$x).as_vec()));
        found.extend(parameter_gradients(&$net, &gradients));
        let state = parameters(&$net).into_iter();
        found.extend(state.map(|(name, values)| (format!("{name} afterwards"), values)));
        found
    }};
}

/// `alike!(name, Net, [sizes])`: evaluation and training, on batches of one and more.
macro_rules! alike {
    ($name:ident, $Net:ident, [$($size:literal),+]) => {
        #[test]
        fn $name() {
            let dev = Cpu::seed_from_u64(5);
            for batch in [1usize, 2, 5] {
                let mut net: $Net<f64, Cpu> = $Net::new(&dev);
                support::set_parameters(&mut net, |name, len| {
                    let values = distinct(len, 2).into_iter();
                    // A variance is positive.
                    values.map(|v| if name.ends_with("var") { v.abs() + 0.5 } else { v }).collect()
                });
                let x: Tensor<(usize, $(Const<$size>),+), f64, Cpu> =
                    dev.sample_normal_like(&(batch, $(Const::<$size>),+));
                let mut by_dfdx = net.clone();
                let expected = [
                    with_disabled(|| pass!(by_dfdx, x, forward)),
                    with_disabled(|| pass!(by_dfdx, x, forward_mut)),
                    with_disabled(|| pass!(by_dfdx, x, forward)),
                ];
                let found = [
                    pass!(net, x, forward),
                    pass!(net, x, forward_mut),
                    pass!(net, x, forward),
                ];
                for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    assert_eq!(found.len(), expected.len());
                    for ((name, found), (other, expected)) in found.iter().zip(expected) {
                        assert_eq!(name, other);
                        let what = format!("batch {batch}, step {step}: {name}");
                        assert_near(&what, found, expected, 1e-9, 1e-9);
                    }
                }
            }
        }
    };
}

#[model(input = Chw<4, 6, 5>, output = Flat<3>)]
#[derive(Clone)]
struct Normalised {
    conv: Conv2d<6, Kernel<3>, Padding<1>, NoBias>,
    bn1: BatchNorm2d,
    silu: Silu,
    gn: GroupNorm<3>,
    swish: HardSwish,
    ln: LayerNorm,
    elu: Elu,
    identity: Identity,
    #[from(identity, bn1)]
    sum: Add,
    average: GlobalAvgPool2d,
    bn: BatchNorm1d<1_000, 5>,
    softplus: Softplus,
    fc: Linear<3>,
    end: LogSoftmax,
}
alike!(normalisations, Normalised, [4, 6, 5]);

#[model(input = Chw<3, 7, 5>, output = Flat<8>)]
#[derive(Clone)]
struct Resized {
    zeros: PadSides<1, 0, 2, 1>,
    grey: Pad2d<1, Constant<-1, 2>>,
    mirrored: Pad2d<2, Reflect>,
    repeated: Pad2d<1, Replicate>,
    conv: Conv2d<4, Kernel<3>, Stride<2>>,
    nearest: UpsampleBy<2, 3>,
    bilinear: Upsample2d<2, Bilinear>,
    subsample: Subsample2d<3>,
    channels: PadChannels<7>,
    transposed: ConvTranspose2d<8, Kernel<3, 2>, Stride<2, 3>, Padding<1, 0>, OutputPadding<1, 2>>,
    bn: BatchNorm2d,
    reshaped: Reshape<8, 37, 22>,
    largest: GlobalMaxPool2d,
}
alike!(resizing, Resized, [3, 7, 5]);

#[model(input = Chw<8, 5, 7>, output = Flat<6>)]
#[derive(Clone)]
struct Rearranged {
    six: Relu6,
    crop: Crop2d<4, 6>,
    deal: ChannelShuffle<4>,
    pixels: PixelShuffle<2>,
    conv: Conv2d<4, Kernel<3>>,
    slope: PRelu,
    channels: PixelUnshuffle<2>,
    slopes: PRelu<SlopePerChannel>,
    up: AdaptiveAvgPool2d<4, 7>,
    down: AdaptiveAvgPool2d<3, 2>,
    hard: HardSigmoid,
    deal_again: ChannelShuffle<2>,
    flatten: Flatten,
    fc: Linear<6>,
    features: PRelu<SlopePerChannel>,
}
alike!(rearranging, Rearranged, [8, 5, 7]);

#[derive(Clone, Copy, Debug, Default)]
struct Slanted;

impl FixedKernel for Slanted {
    const HEIGHT: usize = 2;
    const WIDTH: usize = 3;
    const WEIGHTS: &'static [f64] = &[1.0, 0.0, -2.0, 0.5, 3.0, -1.0];
}

#[model(input = Chw<3, 7, 6>, output = Chw<6, 4, 4>)]
#[derive(Clone)]
struct Scaled {
    filter: Filter2d<Slanted, Padding<1>>,
    conv: Conv2d<6, Kernel<3>, Padding<1>>,
    excite: SqueezeExcite<3>,
    #[from(excite, conv)]
    sum: Add,
    sparse: Filter2d<Slanted, Stride<2, 1>, Dilation<1, 2>, Padding<0, 1>>,
    excite_again: SqueezeExcite<1>,
}
alike!(scaling, Scaled, [3, 7, 6]);

/// A layer that falls back to dfdx's ops would be compared with itself.
#[test]
fn these_models_run_by_the_engine() {
    let dev = Cpu::default();
    let x: Batch<Chw<8, 5, 7>, usize, f64, Cpu> = dev.sample_normal_like(&(3, Const, Const, Const));
    let net: Rearranged<f64, Cpu> = Rearranged::new(&dev);
    assert_eq!(ops(&net, x.leaky_trace()), 1);
    let x: Batch<Chw<3, 7, 6>, usize, f64, Cpu> = dev.sample_normal_like(&(3, Const, Const, Const));
    let net: Scaled<f64, Cpu> = Scaled::new(&dev);
    assert_eq!(ops(&net, x.leaky_trace()), 1);
}

/// Number of ops on the tape of what `net` puts out, besides those that only change shapes.
fn ops<M, X, S: Shape>(net: &M, x: X) -> usize
where
    M: Module<X, Output = support::Traced<S, f64>>,
{
    let (_, tape) = net.forward(x).split_tape();
    let text = format!("{tape:?}");
    let count = text.split("num_operations: ").nth(1);
    let count = count.and_then(|rest| rest.split(',').next());
    count
        .and_then(|n| n.parse().ok())
        .expect("dfdx says how many")
}
