//! Outputs, gradients and running statistics of normalisations, activations and global poolings
//! against PyTorch's.
//!
//! `tests/pytorch/make_goldens_norms.py` made the numbers. Inputs, parameters and the gradient of
//! the output are the formulas below on both sides.

#[rustfmt::skip] // stands as the script and rustfmt wrote it
#[allow(clippy::approx_constant)] // softplus of 0 is ln 2
#[path = "../pytorch/goldens_norms.rs"]
mod goldens;

use crate::support::{assert_near, parameter_gradients, parameters, set_parameters, Traced};
use goldens::Golden;
use shapeproof::prelude::*;

/// The same operations in the same order, or on numbers that no rounding touches.
const EXACT: f64 = 0.0;
/// Values of a size near 1 after one function or one division that two libraries round in the last
/// digits.
const ROUNDED: f64 = 1e-14;
/// As [`ROUNDED`], where sums of a size near 100 are rounded in another order.
const SUMMED: f64 = 1e-12;
/// PyTorch multiplies the gradient of `Hardsigmoid` by a sixth that is rounded to `f32`.
const SIXTH: f64 = 1e-7;

/// Multiples of 1/16 from −50/16 to 50/16.
fn sixteenths(salt: usize, len: usize) -> Vec<f64> {
    (0..len)
        .map(|i| (((i * 37 + salt * 29 + 11) % 101) as f64 - 50.0) / 16.0)
        .collect()
}

/// −7, −6, −3, −2, 0, 1, 3, 5, 6 and 7 in turn: all kinks and bounds.
fn bounds(_: usize, len: usize) -> Vec<f64> {
    let numbers = [-7.0, -6.0, -3.0, -2.0, 0.0, 1.0, 3.0, 5.0, 6.0, 7.0];
    (0..len).map(|i| numbers[i % 10]).collect()
}

/// −1, −1/2, 0 and 1/2 in turn: many equal maxima.
fn halves(_: usize, len: usize) -> Vec<f64> {
    (0..len)
        .map(|i| (((i * i + i / 3) % 4) as f64 - 2.0) / 2.0)
        .collect()
}

/// From −60 to 60: beyond every threshold.
fn steep(_: usize, len: usize) -> Vec<f64> {
    (0..len)
        .map(|i| (((i * 7) % 25) as f64 - 12.0) * 5.0)
        .collect()
}

/// The parameters and statistics of a model by their names.
fn start(name: &str, len: usize) -> Vec<f64> {
    match name.rsplit('.').next() {
        Some("weight") => sixteenths(1, len),
        Some("bias") => sixteenths(2, len),
        Some("running_mean") => sixteenths(4, len),
        _ => sixteenths(5, len).iter().map(|v| v + 51.0 / 16.0).collect(),
    }
}

#[track_caller]
fn assert_named(
    what: &str,
    found: &[(String, Vec<f64>)],
    expected: &[(&str, &[f64])],
    tolerance: f64,
) {
    let names: Vec<_> = found.iter().map(|p| p.0.as_str()).collect();
    let expected_names: Vec<_> = expected.iter().map(|p| p.0).collect();
    assert_eq!(names, expected_names, "{what}");
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        assert_near(&format!("{what} {name}"), found, expected, tolerance, 0.0);
    }
}

/// Compares what `forward` gives, which is `Module::forward` or `ModuleMut::forward_mut`.
#[track_caller]
fn compare<M, S, U>(
    mut net: M,
    x: Tensor<S, f64, Cpu>,
    golden: &Golden,
    tolerance: f64,
    forward: impl FnOnce(&mut M, Traced<S, f64>) -> Traced<U, f64>,
) where
    M: TensorCollection<f64, Cpu>,
    S: Shape,
    U: Shape,
{
    set_parameters(&mut net, start);
    let y = forward(&mut net, x.leaky_trace());
    assert_near("output", &y.as_vec(), golden.output, tolerance, 0.0);
    let count = y.shape().num_elements();
    let d_output = x.device().tensor_from_vec(sixteenths(3, count), (count,));
    let loss: Traced<Rank0, f64> = (y.reshape_like(&(count,)) * d_output).sum();
    let gradients = loss.backward();
    let d_input = gradients.get(&x).as_vec();
    assert_near("d_input", &d_input, golden.d_input, tolerance, 0.0);
    let d_parameters = parameter_gradients(&net, &gradients);
    assert_named("gradient of", &d_parameters, golden.d_parameters, tolerance);
    let learned = |name: &str| d_parameters.iter().any(|(n, _)| n == name);
    let all = parameters(&net).into_iter();
    let statistics: Vec<_> = all.filter(|p| !learned(&p.0)).collect();
    assert_named("statistic", &statistics, golden.statistics, tolerance);
}

/// `pytorch!(name, GOLDEN, tolerance, forward, inputs(batch, sizes), Output, Layer)`
macro_rules! pytorch {
    ($name:ident, $golden:ident, $tolerance:ident, $forward:ident,
     $inputs:ident($batch:literal $(, $size:literal)+), $output:ty, $layer:ty) => {
        #[test]
        fn $name() {
            pytorch!(@model [$($size),+] $output, $layer);
            let dev = Cpu::default();
            let net: Net<f64, Cpu> = Net::new(&dev);
            let shape = ($batch as usize, $(Const::<$size>),+);
            let x = dev.tensor_from_vec($inputs(0, shape.num_elements()), shape);
            compare(net, x, &goldens::$golden, $tolerance, |net, x| net.$forward(x));
        }
    };
    (@model [$c:literal, $h:literal, $w:literal] $output:ty, $layer:ty) => {
        #[model(input = Chw<$c, $h, $w>, output = $output)]
        struct Net { layer: $layer }
    };
    (@model [$n:literal] $output:ty, $layer:ty) => {
        #[model(input = Flat<$n>, output = $output)]
        struct Net { layer: $layer }
    };
}

pytorch!(batch_norm_2d_train, BATCH_NORM_2D_TRAIN, SUMMED, forward_mut, sixteenths(2, 3, 4, 5), Chw<3, 4, 5>, BatchNorm2d);
pytorch!(batch_norm_2d_options, BATCH_NORM_2D_OPTIONS, SUMMED, forward_mut, sixteenths(3, 2, 1, 4), Chw<2, 1, 4>, BatchNorm2d<8, 100>);
pytorch!(batch_norm_2d_one_image, BATCH_NORM_2D_ONE_IMAGE, SUMMED, forward_mut, sixteenths(1, 2, 1, 3), Chw<2, 1, 3>, BatchNorm2d);
pytorch!(batch_norm_2d_eval, BATCH_NORM_2D_EVAL, SUMMED, forward, sixteenths(2, 3, 4, 5), Chw<3, 4, 5>, BatchNorm2d);
pytorch!(
    batch_norm_1d_train,
    BATCH_NORM_1D_TRAIN,
    SUMMED,
    forward_mut,
    sixteenths(5, 4),
    Flat<4>,
    BatchNorm1d
);
pytorch!(
    batch_norm_1d_eval,
    BATCH_NORM_1D_EVAL,
    SUMMED,
    forward,
    sixteenths(5, 4),
    Flat<4>,
    BatchNorm1d
);
pytorch!(layer_norm_of_images, LAYER_NORM_IMAGE, SUMMED, forward, sixteenths(2, 3, 2, 4), Chw<3, 2, 4>, LayerNorm);
pytorch!(
    layer_norm_of_vectors,
    LAYER_NORM_VECTOR,
    SUMMED,
    forward,
    sixteenths(3, 7),
    Flat<7>,
    LayerNorm<1000>
);
pytorch!(group_norm_of_images, GROUP_NORM, SUMMED, forward, sixteenths(2, 6, 3, 2), Chw<6, 3, 2>, GroupNorm<2>);
pytorch!(group_norm_of_vectors, GROUP_NORM_OF_VECTORS, SUMMED, forward, sixteenths(2, 6), Flat<6>, GroupNorm<3, 8>);
pytorch!(
    global_avg_pool,
    GLOBAL_AVG_POOL,
    ROUNDED,
    forward,
    sixteenths(2, 3, 4, 5),
    Flat<3>,
    GlobalAvgPool2d
);
pytorch!(
    global_max_pool_of_ties,
    GLOBAL_MAX_POOL,
    EXACT,
    forward,
    halves(2, 3, 4, 5),
    Flat<3>,
    GlobalMaxPool2d
);
pytorch!(adaptive_pool_divides, ADAPTIVE_DIVIDES, EXACT, forward, sixteenths(2, 2, 4, 6), Chw<2, 2, 3>, AdaptiveAvgPool2d<2, 3>);
pytorch!(adaptive_pool_overlaps, ADAPTIVE_OVERLAPS, ROUNDED, forward, sixteenths(1, 2, 7, 6), Chw<2, 3, 4>, AdaptiveAvgPool2d<3, 4>);
pytorch!(adaptive_pool_enlarges, ADAPTIVE_UP, ROUNDED, forward, sixteenths(1, 2, 3, 4), Chw<2, 5, 7>, AdaptiveAvgPool2d<5, 7>);
pytorch!(silu, SILU, ROUNDED, forward, steep(2, 25), Flat<25>, Silu);
pytorch!(
    hard_swish_at_its_kinks,
    HARD_SWISH,
    ROUNDED,
    forward,
    bounds(2, 10),
    Flat<10>,
    HardSwish
);
pytorch!(
    hard_sigmoid_at_its_kinks,
    HARD_SIGMOID,
    SIXTH,
    forward,
    bounds(2, 10),
    Flat<10>,
    HardSigmoid
);
pytorch!(
    relu6_at_its_kinks,
    RELU6,
    EXACT,
    forward,
    bounds(2, 10),
    Flat<10>,
    Relu6
);
pytorch!(elu, ELU, ROUNDED, forward, steep(2, 25), Flat<25>, Elu);
pytorch!(
    softplus,
    SOFTPLUS,
    ROUNDED,
    forward,
    steep(2, 25),
    Flat<25>,
    Softplus
);
pytorch!(log_softmax_of_an_image, LOG_SOFTMAX_IMAGE, SUMMED, forward, steep(2, 3, 1, 2), Chw<3, 1, 2>, LogSoftmax);
pytorch!(
    log_softmax_of_a_vector,
    LOG_SOFTMAX_VECTOR,
    ROUNDED,
    forward,
    sixteenths(2, 4),
    Flat<4>,
    LogSoftmax
);
pytorch!(prelu, PRELU, EXACT, forward, bounds(2, 3, 2, 5), Chw<3, 2, 5>, PRelu);
pytorch!(prelu_per_channel, PRELU_PER_CHANNEL, EXACT, forward, bounds(2, 3, 2, 5), Chw<3, 2, 5>, PRelu<SlopePerChannel>);
pytorch!(
    prelu_per_feature,
    PRELU_PER_FEATURE,
    EXACT,
    forward,
    bounds(2, 10),
    Flat<10>,
    PRelu<SlopePerChannel>
);
pytorch!(squeeze_excite, SQUEEZE_EXCITE, SUMMED, forward, sixteenths(2, 6, 2, 3), Chw<6, 2, 3>, SqueezeExcite<3>);
