//! Batch normalisation by the engine: over several threads while training, as a part of the
//! convolution before it while inferring.

use crate::support::{assert_near, distinct, parameter_gradients};
use shapeproof::engine::{with_disabled, with_parts};
use shapeproof::prelude::*;
use shapeproof::tensor::Element;

fn wide<E: Element>(values: Vec<E>) -> Vec<f64> {
    values.into_iter().map(|v| v.to_f64().unwrap()).collect()
}

#[block]
struct Residual<const F: usize> {
    conv1: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    norm1: BatchNorm2d,
    relu1: Relu,
    conv2: Conv2d<F, Kernel<3>, Padding<1>>,
    norm2: BatchNorm2d,
    #[from(norm2, input)]
    sum: Add,
    relu2: Relu,
}

#[block]
struct Projected<const F: usize> {
    conv1: Conv2d<F, Kernel<3>, Stride<2>, Padding<1>, NoBias>,
    norm1: BatchNorm2d,
    relu1: Relu,
    #[from(input)]
    conv2: Conv2d<F, Kernel<1>, Stride<2>, NoBias>,
    norm2: BatchNorm2d,
    #[from(relu1, norm2)]
    sum: Add,
    relu2: Relu,
}

/// Skips around normalisations of every kind: with and without what can be joined to them.
#[model(input = Chw<2, 9, 7>, output = Flat<4>)]
#[derive(Clone)]
struct Normed {
    first: BatchNorm2d,
    #[from(first, input)]
    around: Add,
    stem: Conv2d<3, Kernel<3>, Padding<1>>,
    norm: BatchNorm2d,
    body: Repeat<2, Residual<3>>,
    down: Projected<5>,
    #[from(down)]
    again: BatchNorm2d,
    tanh: Tanh,
    #[from(tanh, again)]
    stack: Concat,
    last: BatchNorm2d,
    #[from(last, stack)]
    sum: Add,
    pool: GlobalAvgPool2d,
    fc1: Linear<6>,
    norm1d: BatchNorm1d,
    relu: Relu,
    fc2: Linear<4>,
}

type Images<E> = Batch<Chw<2, 9, 7>, usize, E, Cpu>;

fn normal(batch: usize) -> Vec<f64> {
    let dev = Cpu::seed_from_u64(batch as u64);
    let x: Images<f64> = dev.sample_normal_like(&(batch, Const, Const, Const));
    x.as_vec()
}

/// Output, gradients and running statistics of a step of training.
fn trained<E: Element>(net: &Normed<E, Cpu>, x: &Images<E>) -> Vec<(String, Vec<f64>)>
where
    Cpu: shapeproof::tensor::Device<E>,
{
    let mut net = net.clone();
    let y = net.forward_mut(x.leaky_trace());
    let mut found = vec![("output".into(), wide(y.as_vec()))];
    let weights = distinct(y.shape().num_elements(), 3).into_iter();
    let weights = weights.map(|v| num_traits::NumCast::from(v).unwrap());
    let weights = Cpu::default().tensor_from_vec(weights.collect(), *y.shape());
    let gradients = (y * weights).sum().backward();
    found.push(("d_input".into(), wide(gradients.get(x).as_vec())));
    for (name, values) in parameter_gradients(&net, &gradients) {
        found.push((name, wide(values)));
    }
    macro_rules! running {
        ($($norm:ident)+) => {$(
            let name = stringify!($norm);
            found.push((format!("{name} mean"), wide(net.$norm.running_mean.as_vec())));
            found.push((format!("{name} var"), wide(net.$norm.running_var.as_vec())));
        )+};
    }
    running!(first again norm1d);
    found
}

fn check<E: Element>(tolerance: f64)
where
    Cpu: shapeproof::tensor::Device<E>,
{
    let dev = Cpu::seed_from_u64(5);
    let mut net: Normed<E, Cpu> = Normed::new(&dev);
    for batch in [2usize, 3, 7, 33] {
        let values = normal(batch).into_iter();
        let values = values.map(|v| num_traits::NumCast::from(v).unwrap());
        let x: Images<E> = dev.tensor_from_vec(values.collect(), (batch, Const, Const, Const));
        let expected = with_disabled(|| trained(&net, &x));
        for parts in 1..=3 {
            let found = with_parts(parts, || trained(&net, &x));
            assert_eq!(found.len(), expected.len());
            for ((name, found), (_, expected)) in found.iter().zip(&expected) {
                let largest = expected.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
                let label = format!("{name}, batch {batch}, parts {parts}");
                assert_near(&label, found, expected, tolerance * largest, 0.0);
            }
            let again = with_parts(parts, || trained(&net, &x));
            assert_eq!(
                found, again,
                "batch {batch}, parts {parts}: the second time"
            );
        }
        // Statistics that are not 0 and 1, for the next round and for inference.
        net.forward_mut(x.clone());
        let expected = wide(with_disabled(|| net.forward(x.clone())).as_vec());
        for parts in 1..=3 {
            let label = format!("inference, batch {batch}, parts {parts}");
            let found = with_parts(parts, || net.forward(x.clone()));
            assert_near(&label, &wide(found.as_vec()), &expected, tolerance, 0.0);
            let traced = with_parts(parts, || net.forward(x.leaky_trace()));
            assert_near(&label, &wide(traced.as_vec()), &expected, tolerance, 0.0);
        }
    }
}

#[test]
fn a_batch_in_parts_is_normalised_as_a_whole() {
    check::<f64>(1e-9);
    check::<f32>(1e-3);
}

/// Large enough for transformed weights.
#[model(input = Chw<16, 8, 8>, output = Chw<16, 8, 8>)]
#[derive(Clone)]
struct Folded {
    conv: Conv2d<16, Kernel<3>, Padding<1>, NoBias>,
    norm: BatchNorm2d,
    relu: Relu,
    same: Conv2d<16, Kernel<3>, Padding<1>>,
}

#[test]
fn what_is_kept_of_parameters_follows_their_changes() {
    let dev = Cpu::seed_from_u64(5);
    let mut net: Folded = Folded::new(&dev);
    let x: Batch<Chw<16, 8, 8>, usize, f32, Cpu> =
        dev.sample_normal_like(&(2, Const, Const, Const));
    let check = |what: &str, net: &Folded| {
        let found = wide(net.forward(x.clone()).as_vec());
        let expected = wide(with_disabled(|| net.forward(x.clone())).as_vec());
        assert_near(what, &found, &expected, 1e-3, 0.0);
        found
    };
    let first = check("at first", &net);
    let other = net.clone();
    let mut opt = Sgd::new(&net, SgdConfig::default());
    let gradients = net.forward_mut(x.leaky_trace()).square().mean().backward();
    opt.update(&mut net, &gradients).unwrap();
    let second = check("after a step", &net);
    assert_ne!(first, second);
    assert_eq!(check("the clone from before", &other), first);
    assert_eq!(check("after the clone", &net), second);
    net.norm.running_var = dev.tensor([4.0; 16]);
    assert_ne!(check("another variance", &net), second);
    net.same.weight.copy_from(&[0.01; 16 * 16 * 9]);
    check("in place", &net);
    net.conv.weight = net.conv.weight.clone() * 2.0;
    check("another tensor", &net);
}
