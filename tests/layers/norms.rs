//! Normalisations, activations, global and adaptive poolings: by hand, by differences, at extreme
//! values, in training, in files and in generic blocks.

use crate::support::{
    assert_gradients, assert_near, distinct, dot, parameters, set_parameters, whole,
};
use shapeproof::prelude::*;
use shapeproof::weights;

// ---- gradients ----

/// `gradients!(name, batch × sizes, scale, Output, { fields })`: a test of a model on distinct
/// inputs times `scale`, while it evaluates.
macro_rules! gradients {
    ($name:ident, ($batch:literal $(, $size:literal)+), $scale:literal, $output:ty,
     { $($fields:tt)+ }) => {
        #[test]
        fn $name() {
            gradients!(@model [$($size),+] $output, { $($fields)+ });
            let dev = Cpu::default();
            let mut net: Net<f64, Cpu> = Net::new(&dev);
            set_parameters(&mut net, start);
            let shape = ($batch as usize, $(Const::<$size>),+);
            let values = distinct(shape.num_elements(), 1).iter().map(|v| v * $scale).collect();
            assert_gradients(stringify!($name), &mut net, dev.tensor_from_vec(values, shape));
        }
    };
    (@model [$c:literal, $h:literal, $w:literal] $output:ty, { $($fields:tt)+ }) => {
        #[model(input = Chw<$c, $h, $w>, output = $output)]
        struct Net { $($fields)+ }
    };
    (@model [$n:literal] $output:ty, { $($fields:tt)+ }) => {
        #[model(input = Flat<$n>, output = $output)]
        struct Net { $($fields)+ }
    };
}

/// Parameters of any model: variances are positive, all others of both signs.
fn start(name: &str, len: usize) -> Vec<f64> {
    let values = distinct(len, name.len());
    if name.ends_with("running_var") {
        values.iter().map(|v| v * v + 0.3).collect()
    } else {
        values
    }
}

gradients!(batch_norm_2d_evaluates, (2, 3, 4, 5), 1.0, Chw<3, 4, 5>, { layer: BatchNorm2d, });
gradients!(batch_norm_1d_evaluates, (3, 5), 1.0, Flat<5>, { layer: BatchNorm1d<8>, });
gradients!(layer_norm_of_images, (2, 3, 4, 5), 0.1, Chw<3, 4, 5>, { layer: LayerNorm, });
gradients!(layer_norm_of_vectors, (3, 5), 1.0, Flat<5>, { layer: LayerNorm<10>, });
gradients!(group_norm_of_images, (2, 6, 3, 4), 0.1, Chw<6, 3, 4>, { layer: GroupNorm<2>, });
gradients!(group_norm_of_vectors, (2, 6), 1.0, Flat<6>, { layer: GroupNorm<3, 10>, });
gradients!(instance_norm, (2, 3, 4, 5), 0.1, Chw<3, 4, 5>, { layer: GroupNorm<3>, });
gradients!(global_avg_pool, (2, 3, 4, 5), 1.0, Flat<3>, { layer: GlobalAvgPool2d, });
gradients!(global_max_pool, (2, 3, 4, 5), 1.0, Flat<3>, { layer: GlobalMaxPool2d, });
gradients!(adaptive_pool, (2, 3, 7, 5), 1.0, Chw<3, 4, 2>, { layer: AdaptiveAvgPool2d<4, 2>, });
gradients!(adaptive_pool_up, (2, 3, 2, 5), 1.0, Chw<3, 4, 4>, { layer: AdaptiveAvgPool2d<4>, });
gradients!(identity, (2, 3, 2, 4), 1.0, Chw<3, 2, 4>, {
    layer: Identity,
    #[from(input, layer)]
    sum: Add,
});
gradients!(silu, (2, 3, 2, 4), 1.5, Chw<3, 2, 4>, { layer: Silu, });
gradients!(hard_swish, (2, 3, 2, 4), 3.1, Chw<3, 2, 4>, { layer: HardSwish, });
gradients!(hard_sigmoid, (2, 3, 2, 4), 3.1, Chw<3, 2, 4>, { layer: HardSigmoid, });
gradients!(relu6, (2, 3, 2, 4), 9.1, Chw<3, 2, 4>, { layer: Relu6, });
gradients!(elu, (2, 3, 2, 4), 1.5, Chw<3, 2, 4>, { layer: Elu, });
gradients!(softplus, (2, 3, 2, 4), 1.5, Chw<3, 2, 4>, { layer: Softplus, });
gradients!(softplus_where_it_is_straight, (2, 5), 110.0, Flat<5>, { layer: Softplus, });
gradients!(log_softmax_of_an_image, (2, 3, 2, 4), 0.5, Chw<3, 2, 4>, { layer: LogSoftmax, });
gradients!(log_softmax_of_a_vector, (3, 5), 0.9, Flat<5>, { layer: LogSoftmax, });
gradients!(prelu, (2, 3, 2, 4), 1.0, Chw<3, 2, 4>, { layer: PRelu, });
gradients!(prelu_per_channel, (2, 3, 2, 4), 1.0, Chw<3, 2, 4>, { layer: PRelu<SlopePerChannel>, });
gradients!(squeeze_excite, (2, 6, 4, 5), 0.3, Chw<6, 4, 5>, { layer: SqueezeExcite<3>, });

/// `trains!(name, batch × sizes, Shape, Layer)`: the gradients through the statistics of the batch.
macro_rules! trains {
    ($name:ident, ($batch:literal $(, $size:literal)+), $shape:ty, $layer:ty) => {
        #[test]
        fn $name() {
            #[model(input = $shape, output = $shape)]
            #[derive(Clone)]
            struct Net {
                norm: $layer,
            }
            let dev = Cpu::default();
            let mut net: Net<f64, Cpu> = Net::new(&dev);
            set_parameters(&mut net, start);
            let shape = ($batch as usize, $(Const::<$size>),+);
            let d_output = distinct(shape.num_elements(), 3);
            let start = [
                distinct(shape.num_elements(), 1),
                net.norm.weight.as_vec(),
                net.norm.bias.as_vec(),
            ];
            let with = |[x, weight, bias]: &[Vec<f64>; 3]| {
                let mut net = net.clone();
                net.norm.weight.copy_from(weight);
                net.norm.bias.copy_from(bias);
                (net, dev.tensor_from_vec(x.clone(), shape))
            };
            let (mut traced, x) = with(&start);
            let d = dev.tensor_from_vec(d_output.clone(), shape);
            let y = traced.forward_mut(x.leaky_trace());
            let gradients = (y * d).sum::<Rank0, _>().backward();
            let found = [
                gradients.get(&x).as_vec(),
                gradients.get(&traced.norm.weight).as_vec(),
                gradients.get(&traced.norm.bias).as_vec(),
            ];
            for (which, name) in ["input", "weight", "bias"].into_iter().enumerate() {
                let mut expected = Vec::new();
                for place in 0..start[which].len() {
                    let loss = |step: f64| {
                        let mut moved = start.clone();
                        moved[which][place] += step;
                        let (mut net, x) = with(&moved);
                        dot(&net.forward_mut(x).as_vec(), &d_output)
                    };
                    expected.push((loss(1e-6) - loss(-1e-6)) / 2e-6);
                }
                assert_near(name, &found[which], &expected, 1e-6, 1e-5);
            }
        }
    };
}

trains!(batch_norm_2d_trains, (2, 3, 4, 5), Chw<3, 4, 5>, BatchNorm2d);
trains!(batch_norm_2d_trains_on_one_image, (1, 2, 3, 1), Chw<2, 3, 1>, BatchNorm2d<100>);
trains!(batch_norm_1d_trains, (5, 3), Flat<3>, BatchNorm1d);
trains!(batch_norm_1d_trains_on_two_vectors, (2, 3), Flat<3>, BatchNorm1d<4, 3>);

// ---- running statistics ----

#[model(input = Flat<1>, output = Flat<1>)]
#[derive(Clone)]
struct Normed {
    norm: BatchNorm1d,
}

#[test]
fn running_statistics_follow_the_batches() {
    let dev = Cpu::default();
    let mut net: Normed<f64, Cpu> = Normed::new(&dev);
    // Mean 2 and unbiased variance 2, without a tape; then 6 and 8, with one.
    net.forward_mut(dev.tensor([[1.0], [3.0]]));
    let x = dev.tensor([[4.0], [8.0]]);
    net.forward_mut(x.leaky_trace());
    let mean: f64 = 0.9 * (0.1 * 2.0) + 0.1 * 6.0;
    let var: f64 = 0.9 * (0.9 + 0.1 * 2.0) + 0.1 * 8.0;
    assert_near("mean", &net.norm.running_mean.as_vec(), &[mean], 1e-15, 0.0);
    assert_near("var", &net.norm.running_var.as_vec(), &[var], 1e-15, 0.0);
    let before = parameters(&net);
    let y = net.forward(dev.tensor([[10.0]])).as_vec();
    let expected = (10.0 - mean) / (var + 1e-5).sqrt();
    assert_near("evaluated", &y, &[expected], 1e-14, 0.0);
    assert_eq!(parameters(&net), before, "evaluating moves nothing");
}

#[test]
fn one_value_a_channel_is_trained_by_the_running_statistics() {
    let dev = Cpu::default();
    let mut net: Normed<f64, Cpu> = Normed::new(&dev);
    net.forward_mut(dev.tensor([[1.0], [3.0]]));
    let before = parameters(&net);
    let x = dev.tensor([[5.0]]);
    let y = net.forward_mut(x.leaky_trace());
    assert_eq!(y.as_vec(), net.forward(x.clone()).as_vec());
    let d = y.sum::<Rank0, _>().backward().get(&x).as_vec();
    assert!(d[0].is_finite() && d[0] > 0.0, "gradient {d:?}");
    assert_eq!(parameters(&net), before);
}

#[test]
fn a_copy_keeps_its_own_statistics() {
    let dev = Cpu::default();
    let mut net: Normed<f64, Cpu> = Normed::new(&dev);
    let copy = net.clone();
    net.forward_mut(dev.tensor([[1.0], [3.0]]));
    assert_eq!(copy.norm.running_mean.as_vec(), [0.0]);
    assert_ne!(net.norm.running_mean.as_vec(), [0.0]);
}

#[test]
fn closed_layers_take_typed_tensors() {
    #[model(input = Chw<4, 2, 3>, output = Flat<4>)]
    struct Net {
        norm: BatchNorm2d,
        groups: GroupNorm<2>,
        excite: SqueezeExcite<2>,
        pool: GlobalAvgPool2d,
    }
    let dev = Cpu::seed_from_u64(2);
    let mut net: Net = Net::new(&dev);
    let x: Tensor<Rank4<5, 4, 2, 3>, f32, _> = dev.sample_normal();
    // Layer by layer on either side, so that not a bit differs.
    let whole: Tensor<Rank2<5, 4>, f32, _> =
        shapeproof::engine::with_disabled(|| net.forward(x.clone()));
    let y: Tensor<Rank4<5, 4, 2, 3>, f32, _> = net.norm.forward(x.clone());
    let y: Tensor<Rank2<5, 4>, f32, _> =
        (net.pool).forward(net.excite.forward(net.groups.forward(y)));
    assert_eq!(y.array(), whole.array());
    let y: Tensor<Rank4<5, 4, 2, 3>, f32, _> = net.norm.forward_mut(x.clone());
    assert_ne!(net.norm.running_mean.array(), [0.0; 4]);
    assert!(y.mean::<Rank0, _>().array().abs() < 1e-6);
}

#[test]
fn constant_channels_are_finite() {
    let dev = Cpu::default();
    let mut net: Normed<f32, Cpu> = Normed::new(&dev);
    let x = dev.tensor([[1e4], [1e4], [1e4]]);
    let y = net.forward_mut(x.leaky_trace());
    assert_eq!(y.as_vec(), [0.0; 3]);
    let d = y.square().sum::<Rank0, _>().backward().get(&x).as_vec();
    assert!(d.iter().all(|d| d.is_finite()), "{d:?}");
}

// ---- all of them in one generic block ----

/// What every layer of this file is used in.
#[block]
struct Mixed<const F: usize> {
    conv: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    norm: BatchNorm2d,
    silu: Silu,
    excite: SqueezeExcite<2>,
    layer_norm: LayerNorm,
    elu: Elu,
    group_norm: GroupNorm<2>,
    prelu: PRelu<SlopePerChannel>,
    one_slope: PRelu,
    softplus: Softplus,
    hard_swish: HardSwish,
    hard_sigmoid: HardSigmoid,
    relu6: Relu6,
    identity: Identity,
}

/// Two ways from an image to a vector.
#[block]
struct Head<const N: usize> {
    shrunk: AdaptiveAvgPool2d<2, 3>,
    avg: GlobalAvgPool2d,
    #[from(shrunk)]
    max: GlobalMaxPool2d,
    #[from(avg, max)]
    both: Concat,
    norm: BatchNorm1d,
    vector_norm: LayerNorm,
    fc: Linear<N>,
    log: LogSoftmax,
}

#[model(input = Chw<3, 7, 5>, output = Flat<3>)]
struct Net {
    body: Repeat<2, Mixed<4>>,
    head: Head<3>,
}

#[model(input = Chw<2, 3, 2>, output = Flat<3>)]
struct Small {
    body: Mixed<4>,
    head: Head<3>,
}

#[test]
fn every_layer_works_in_a_block_and_its_tensors_are_those_of_its_rule() {
    fn listed(
        prefix: &str,
        rows: &[shapeproof::shape::LayerInfo],
        list: &mut Vec<(String, usize)>,
    ) {
        for row in rows {
            for tensor in row.tensors.list() {
                list.push((
                    format!("{prefix}{}.{}", row.name, tensor.name),
                    tensor.len(),
                ));
            }
            listed(&format!("{prefix}{}.", row.name), row.parts, list);
        }
    }
    let net: Net<f64, Cpu> = Net::new(&Cpu::default());
    let mut expected = Vec::new();
    listed("", Net::<f64, Cpu>::LAYERS, &mut expected);
    let found: Vec<_> = parameters(&net)
        .into_iter()
        .map(|p| (p.0, p.1.len()))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(net.num_trainable_params(), Net::<f64, Cpu>::PARAMS);
    let first = &net.body.first;
    let whole: Vec<usize> = first.layer_norm.weight.shape().concrete().into();
    assert_eq!(whole, [4, 7, 5], "of an image");
    let whole: Vec<usize> = net.head.vector_norm.weight.shape().concrete().into();
    assert_eq!(whole, [8], "of a vector");
    assert_eq!(first.excite.fc1.weight.shape().concrete(), [2, 4, 1, 1]);
}

#[test]
fn every_layer_trains_in_a_block() {
    let dev = Cpu::seed_from_u64(3);
    let mut net: Net = Net::new(&dev);
    let x: Tensor<(usize, Const<3>, Const<7>, Const<5>), f32, _> =
        dev.sample_normal_like(&(4, Const, Const, Const));
    let target = dev.one_hot_encode(Const::<3>, [0, 1, 2, 1]);
    let target = target.reshape_like(&(4usize, Const::<3>));
    let loss = |net: &mut Net| -> Tensor<Rank0, f32, Cpu, OwnedTape<f32, Cpu>> {
        let y = net.forward_mut(x.leaky_trace());
        (y * target.clone()).sum::<Rank0, _>().negate() / 4.0
    };
    let mut adam = Adam::new(&net, AdamConfig::default());
    let first = loss(&mut net).array();
    for _ in 0..30 {
        let gradients = loss(&mut net).backward();
        adam.update(&mut net, &gradients)
            .expect("no tensor is unused");
    }
    let last = loss(&mut net).array();
    assert!(last < 0.7 * first, "the loss went from {first} to {last}");
    let mut sgd = Sgd::new(&net, SgdConfig::default());
    let gradients = loss(&mut net).backward();
    sgd.update(&mut net, &gradients)
        .expect("no tensor is unused");
}

#[test]
fn a_block_has_exact_gradients_and_takes_any_batch() {
    let dev = Cpu::seed_from_u64(5);
    let mut net: Small<f64, Cpu> = Small::new(&dev);
    net.forward_mut(dev.sample_normal_like(&(4usize, Const, Const, Const)));
    let x = dev.sample_normal_like(&(2usize, Const, Const, Const));
    assert_gradients("all layers in blocks", &mut net, x);
    let none: Tensor<(usize, Const<2>, Const<3>, Const<2>), f64, _> =
        dev.zeros_like(&(0, Const, Const, Const));
    assert_eq!(net.forward(none.clone()).shape().0, 0);
    assert_eq!(net.forward_mut(none).shape().0, 0);
}

#[test]
fn statistics_are_saved_and_loaded() {
    let dev = Cpu::seed_from_u64(7);
    let mut net: Net = Net::new(&dev);
    net.forward_mut(dev.sample_normal_like(&(3usize, Const, Const, Const)));
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    weights::save(&net, &ours).unwrap();
    net.save_safetensors(&theirs).unwrap();
    let (mut one, mut two): (Net, Net) = (Net::new(&dev), Net::new(&dev));
    weights::load(&mut one, &ours).unwrap();
    two.load_safetensors(&theirs).unwrap();
    assert_eq!(parameters(&one), parameters(&net));
    assert_eq!(parameters(&two), parameters(&net));
    let x = dev.sample_normal_like(&(2usize, Const, Const, Const));
    let y: Tensor<(usize, Const<3>), f32, _> = net.forward(x.clone());
    assert_eq!(one.forward(x).as_vec(), y.as_vec());
    let names: Vec<_> = parameters(&net).into_iter().map(|p| p.0).collect();
    assert!(
        names.contains(&"body.1.norm.running_var".into()),
        "{names:?}"
    );
}

#[test]
fn a_model_of_normalisations_changes_its_type_of_number() {
    let dev = Cpu::default();
    let mut net: Normed = Normed::new(&dev);
    net.forward_mut(dev.tensor([[1.0], [3.0]]));
    let double: Normed<f64, Cpu> = net.to_dtype();
    assert_eq!(double.norm.running_mean.as_vec(), [f64::from(0.1f32 * 2.0)]);
}

// ---- pooling against naive loops ----

/// `adapts!(name, (C, H, W) => (OH, OW))`
macro_rules! adapts {
    ($name:ident, ($c:literal, $h:literal, $w:literal) => ($oh:literal, $ow:literal)) => {
        #[test]
        fn $name() {
            #[model(input = Chw<$c, $h, $w>, output = Chw<$c, $oh, $ow>)]
            struct Net {
                pool: AdaptiveAvgPool2d<$oh, $ow>,
            }
            let dev = Cpu::default();
            let net: Net<f64, Cpu> = Net::new(&dev);
            let values = whole(2 * $c * $h * $w, 3);
            let mut expected = Vec::new();
            for plane in values.chunks($h * $w) {
                for i in 0..$oh {
                    for j in 0..$ow {
                        let (mut sum, mut count) = (0.0, 0.0);
                        for y in 0..$h {
                            for x in 0..$w {
                                // Pixel y and place i overlap, both stretched to H·OH.
                                if y * $oh < (i + 1) * $h
                                    && i * $h < (y + 1) * $oh
                                    && x * $ow < (j + 1) * $w
                                    && j * $w < (x + 1) * $ow
                                {
                                    sum += plane[y * $w + x];
                                    count += 1.0;
                                }
                            }
                        }
                        expected.push(sum / count);
                    }
                }
            }
            let x = dev.tensor_from_vec(values, (2usize, Const, Const, Const));
            assert_eq!(net.forward(x).as_vec(), expected);
        }
    };
}

adapts!(adapts_by_a_divisor, (3, 6, 8) => (2, 4));
adapts!(adapts_to_one, (3, 5, 4) => (1, 1));
adapts!(adapts_to_itself, (2, 5, 4) => (5, 4));
adapts!(adapts_with_overlaps, (2, 7, 10) => (3, 4));
adapts!(adapts_by_one_less, (1, 5, 9) => (4, 8));
adapts!(adapts_up_by_a_multiple, (2, 2, 3) => (4, 9));
adapts!(adapts_up_with_overlaps, (2, 3, 4) => (5, 7));
adapts!(adapts_up_and_down, (2, 2, 9) => (3, 2));
adapts!(adapts_one_pixel, (3, 1, 1) => (2, 3));

#[test]
fn the_gradient_of_a_global_maximum_goes_to_the_first_and_nan_wins() {
    #[model(input = Chw<4, 2, 3>, output = Flat<4>)]
    struct Net {
        pool: GlobalMaxPool2d,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let x: Tensor<Rank4<1, 4, 2, 3>, f64, _> = dev.tensor([[
        [[1.0, 7.0, 7.0], [7.0, 2.0, 0.0]],
        [[inf, 1.0, nan], [3.0, nan, inf]],
        [[-inf, -inf, -inf], [-inf, -inf, -inf]],
        [[-3.0, -2.0, -inf], [inf, -1.0, inf]],
    ]]);
    let y = net.forward(x.leaky_trace());
    let found = y.as_vec();
    assert_eq!([found[0], found[2], found[3]], [7.0, -inf, inf]);
    assert!(
        found[1].is_nan(),
        "NaN is larger than infinity: {}",
        found[1]
    );
    let d = y.sum::<Rank0, _>().backward().get(&x).as_vec();
    let places: Vec<_> = (0..24).filter(|i| d[*i] == 1.0).collect();
    assert_eq!(places, [1, 8, 12, 21]);
    assert_eq!(d.iter().sum::<f64>(), 4.0, "one gradient a channel: {d:?}");
}

#[test]
fn a_pixel_that_is_no_number_stays_in_its_window() {
    #[model(input = Chw<1, 1, 6>, output = Chw<1, 1, 3>)]
    struct Net {
        pool: AdaptiveAvgPool2d<1, 3>,
    }
    let net: Net<f64, Cpu> = Net::new(&Cpu::default());
    let x = [[[[1.0, 3.0, f64::NAN, 0.0, 5.0, f64::INFINITY]]]];
    let y = net.forward(Cpu::default().tensor(x)).as_vec();
    assert!(
        y[0] == 2.0 && y[1].is_nan() && y[2] == f64::INFINITY,
        "{y:?}"
    );
}

// ---- extreme values ----

/// `extreme!(name, Layer, [(x, y, dy/dx), …])` in `f32` and `f64`; NaN must stay NaN.
macro_rules! extreme {
    ($name:ident, $layer:ty, [$(($x:expr, $y:expr, $d:expr)),+ $(,)?]) => {
        #[test]
        fn $name() {
            extreme!(@in f32, 1e-6, $layer, [$(($x, $y, $d)),+]);
            extreme!(@in f64, 1e-15, $layer, [$(($x, $y, $d)),+]);
        }
    };
    (@in $E:ty, $rounding:literal, $layer:ty, [$(($x:expr, $y:expr, $d:expr)),+]) => {{
        #[model(input = Flat<1>, output = Flat<1>)]
        struct Net {
            layer: $layer,
        }
        let dev = Cpu::default();
        let net: Net<$E, Cpu> = Net::new(&dev);
        let cases: &[($E, $E, $E)] = &[$(($x, $y, $d)),+];
        for (x, y, d) in cases {
            let input = dev.tensor([[*x]]);
            let output = net.forward(input.leaky_trace());
            let found = output.array()[0][0];
            assert!((found - y).abs() <= $rounding * y.abs(), "{x} gives {found}, not {y}");
            let gradient = output.sum::<Rank0, _>().backward().get(&input).array()[0][0];
            assert!(
                (gradient - d).abs() <= $rounding,
                "{x} has gradient {gradient}, not {d}"
            );
        }
        let nan = net.forward(dev.tensor([[<$E>::NAN]])).array()[0][0];
        assert!(nan.is_nan(), "NaN became {nan}");
    }};
}

extreme!(
    identity_at_extremes,
    Identity,
    [(-1e4, -1e4, 1.0), (1e4, 1e4, 1.0)]
);
extreme!(
    silu_at_extremes,
    Silu,
    [(-1e4, 0.0, 0.0), (0.0, 0.0, 0.5), (1e4, 1e4, 1.0)]
);
extreme!(
    hard_swish_at_extremes,
    HardSwish,
    [
        (-1e4, 0.0, 0.0),
        (-3.0, 0.0, 0.0),
        (0.0, 0.0, 0.5),
        (3.0, 3.0, 1.0),
        (1e4, 1e4, 1.0),
    ]
);
extreme!(
    hard_sigmoid_at_extremes,
    HardSigmoid,
    [(-1e4, 0.0, 0.0), (0.0, 0.5, 1.0 / 6.0), (1e4, 1.0, 0.0),]
);
extreme!(
    relu6_at_extremes,
    Relu6,
    [
        (-1e4, 0.0, 0.0),
        (0.0, 0.0, 0.0),
        (3.0, 3.0, 1.0),
        (6.0, 6.0, 0.0),
        (1e4, 6.0, 0.0),
    ]
);
extreme!(
    elu_at_extremes,
    Elu,
    [
        (-1e4, -1.0, 0.0),
        (-1e-30, -1e-30, 1.0),
        (0.0, 0.0, 1.0),
        (1e4, 1e4, 1.0),
    ]
);
extreme!(
    softplus_at_extremes,
    Softplus,
    [
        (-1e4, 0.0, 0.0),
        (-40.0, f64::exp(-40.0) as _, 0.0),
        (
            -10.0,
            f64::ln_1p(f64::exp(-10.0)) as _,
            (1.0 / (1.0 + f64::exp(10.0))) as _
        ),
        (0.0, f64::ln(2.0) as _, 0.5),
        (1e4, 1e4, 1.0),
    ]
);
extreme!(
    prelu_at_extremes,
    PRelu,
    [(-1e4, -2500.0, 0.25), (0.0, 0.0, 0.25), (1e4, 1e4, 1.0)]
);
extreme!(
    log_softmax_at_extremes,
    LogSoftmax,
    [(-1e4, 0.0, 0.0), (1e4, 0.0, 0.0)]
);

#[test]
fn an_infinite_value_leaves_the_slope_s_gradient_alone() {
    #[model(input = Flat<2>, output = Flat<2>)]
    struct Net {
        prelu: PRelu,
    }
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    let x = dev.tensor([[f32::INFINITY, -3.0]]);
    let gradients = net.forward(x.leaky_trace()).sum::<Rank0, _>().backward();
    assert_eq!(gradients.get(&net.prelu.weight).array(), [-3.0]);
}

#[test]
fn log_softmax_of_far_logits() {
    #[model(input = Flat<3>, output = Flat<3>)]
    struct Net {
        log: LogSoftmax,
    }
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    let x = dev.tensor([[-1e4, 1e4, 0.0]]);
    let y = net.forward(x.leaky_trace());
    assert_eq!(y.array(), [[-2e4, 0.0, -1e4]]);
    let d = y.sum::<Rank0, _>().backward().get(&x).array();
    assert_eq!(d, [[1.0, -2.0, 1.0]]);
}
