//! The engine against the same models layer by layer through dfdx's ops: values and all gradients.

use crate::support::{assert_near, distinct, parameter_gradients};
use rayon::ThreadPoolBuilder;
use shapeproof::engine::{self, with_constant_inputs, with_disabled, with_parts};
use shapeproof::prelude::*;
use shapeproof::tensor::Element;

/// Output and gradients as numbers, with names.
type Found = Vec<(String, Vec<f64>)>;

fn wide<E: Element>(values: Vec<E>) -> Vec<f64> {
    values.into_iter().map(|v| v.to_f64().unwrap()).collect()
}

/// Runs forward and backward, and gives the output, the gradient of the input and those of the
/// parameters. The loss is another function of every output.
macro_rules! pass {
    ($net:expr, $x:expr, $forward:ident) => {{
        let y = $net.$forward($x.leaky_trace());
        let mut found: Found = vec![("output".into(), wide(y.as_vec()))];
        let count = y.shape().num_elements();
        let weights = distinct(count, 3).into_iter();
        let weights = weights.map(|v| num_traits::NumCast::from(v).unwrap());
        let weights = Cpu::default().tensor_from_vec(weights.collect(), *y.shape());
        let gradients = (y * weights).sum().backward();
        found.push(("d_input".into(), wide(gradients.get(&$x).as_vec())));
        let gradients = parameter_gradients(&$net, &gradients).into_iter();
        found.extend(gradients.map(|(name, values)| (name, wide(values))));
        found
    }};
}

/// The tolerance of a type: f64 differs in the last digits, f32 in the last but one.
fn tolerance<E: Element>() -> f64 {
    if size_of::<E>() == 8 {
        1e-10
    } else {
        2e-4
    }
}

fn on_threads<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads can be started").install(run)
}

#[track_caller]
fn assert_alike(what: &str, found: &Found, expected: &Found, tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        let largest = expected.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
        let label = format!("{what}: {name}");
        assert_near(&label, found, expected, tolerance * largest, 0.0);
    }
}

fn bits(found: &Found) -> Vec<Vec<u64>> {
    let bits = |(_, v): &(String, Vec<f64>)| v.iter().map(|v| v.to_bits()).collect();
    found.iter().map(bits).collect()
}

/// `alike!(name, Net, [sizes])`: a test of a model with one input against dfdx's ops.
macro_rules! alike {
    ($name:ident, $Net:ident, [$($size:literal),+]) => {
        #[test]
        fn $name() {
            alike!(@ f64, $name, $Net, [$($size),+]);
            alike!(@ f32, $name, $Net, [$($size),+]);
        }
    };
    (@ $E:ident, $name:ident, $Net:ident, [$($size:literal),+]) => {{
        let dev = Cpu::seed_from_u64(5);
        let mut net: $Net<$E, Cpu> = $Net::new(&dev);
        for batch in [1usize, 2, 3, 7, 33] {
            let x: Tensor<(usize, $(Const<$size>),+), $E, Cpu> =
                dev.sample_normal_like(&(batch, $(Const::<$size>),+));
            let expected = with_disabled(|| pass!(net, x, forward));
            for parts in 1..=3 {
                let what = format!("{} {} batch {batch} parts {parts}", stringify!($name), stringify!($E));
                let found = with_parts(parts, || pass!(net, x, forward));
                assert_alike(&what, &found, &expected, tolerance::<$E>());
                let again = with_parts(parts, || pass!(net, x, forward_mut));
                assert_eq!(bits(&found), bits(&again), "{what}: the second time");
                let plain = with_parts(parts, || net.forward(x.clone()));
                let label = format!("{what}: without a tape");
                assert_near(&label, &wide(plain.as_vec()), &expected[0].1, tolerance::<$E>() * 10.0, 0.0);
            }
        }
    }};
}

#[model(input = Chw<1, 28, 28>, output = Flat<10>)]
#[derive(Clone)]
struct LeNet5 {
    conv1: Conv2d<6, Kernel<5>, Padding<2>>,
    relu1: Relu,
    pool1: MaxPool2d<2>,
    conv2: Conv2d<16, Kernel<5>>,
    relu2: Relu,
    pool2: MaxPool2d<2>,
    flatten: Flatten,
    fc1: Linear<120>,
    relu3: Relu,
    fc2: Linear<84>,
    relu4: Relu,
    fc3: Linear<10>,
}
alike!(lenet, LeNet5, [1, 28, 28]);

#[model(input = Chw<2, 9, 8>, output = Flat<3>)]
#[derive(Clone)]
struct Capsuled {
    conv: Conv2d<4, Kernel<3, 2>>,
    relu: Relu,
    primary: PrimaryCaps<10, 5, 3, 2>,
    digits: DigitCaps<3, 4>,
    lengths: CapsLength,
}
alike!(capsules, Capsuled, [2, 9, 8]);

#[model(input = Chw<6, 5, 3>, output = Chw<2, 7, 1>)]
#[derive(Clone)]
struct Routed {
    bundled: Capsules<3>,
    once: DigitCaps<11, 2, 1>,
    often: DigitCaps<2, 7, 5>,
}
alike!(routing, Routed, [6, 5, 3]);

/// A layer that falls back to dfdx's ops would be compared with itself.
#[test]
fn capsules_are_described() {
    let dev = Cpu::default();
    let described: Capsuled<f32, _> = Capsuled::new(&dev);
    let plan = engine::picture(&described, 4, 2, true).map(|picture| picture.to_string());
    let plan = plan.expect("every layer describes itself");
    for op in ["Capsules", "DigitCaps", "CapsLength"] {
        assert!(plan.contains(op), "{plan}");
    }
}

/// Every function of a number, every pooling, awkward geometries.
#[model(input = Chw<4, 9, 11>, output = Flat<5>)]
struct Chain {
    grouped: Conv2d<6, Kernel<3, 2>, Groups<2>, Stride<1, 2>, Padding<2, 1>>,
    tanh: Tanh,
    max: MaxPool2d<3, Stride<2, 1>, Padding<1>>,
    depthwise: Conv2d<6, Kernel<2>, Groups<6>, NoBias, Dilation<1, 2>>,
    leaky: LeakyRelu<1, 5>,
    average: AvgPool2d<2, Stride<1>>,
    gelu: Gelu,
    point: Conv2d<5, Kernel<1>>,
    total: SumPool2d<2, Stride<1>, Padding<1>>,
    softmax: Softmax,
    same: Conv2d<3, Kernel<2, 4>, SamePadding>,
    flatten: Flatten,
    dense: Linear<7, NoBias>,
    sigmoid: Sigmoid,
    last: Linear<5>,
    end: Softmax,
}
alike!(chain, Chain, [4, 9, 11]);

#[block]
struct Residual<const F: usize, const STRIDE: usize = 1> {
    conv1: Conv2d<F, Kernel<3>, Stride<STRIDE>, Padding<1>, NoBias>,
    relu1: Relu,
    conv2: Conv2d<F, Kernel<3>, Padding<1>>,
    #[from(input)]
    shortcut: Conv2d<F, Kernel<1>, Stride<STRIDE>, NoBias>,
    #[from(conv2, shortcut)]
    sum: Add,
    relu2: Relu,
}

/// Blocks, repetition, skips over dense layers, values read twice by one op.
#[model(input = Chw<2, 7, 6>, output = Flat<4>)]
struct Skips {
    stem: Conv2d<3, Kernel<3>, Padding<1>>,
    relu: Relu,
    #[from(relu, stem, relu)]
    twice: Add,
    body: Repeat<3, Residual<3>>,
    #[from(body, twice, input)]
    stack: Concat,
    down: Residual<4, 2>,
    flatten: Flatten,
    fc1: Linear<9>,
    relu3: Relu,
    fc2: Linear<9>,
    #[from(fc2, relu3)]
    around: Add,
    relu4: Relu,
    #[from(relu4, flatten)]
    both: Concat,
    fc3: Linear<4>,
}
alike!(skips, Skips, [2, 7, 6]);

/// No parameters, and an input that several read.
#[model(input = Flat<6>, output = Flat<6>)]
struct Elementwise {
    relu: Relu,
    tanh: Tanh,
    #[from(input, tanh, relu)]
    sum: Add,
}
alike!(elementwise, Elementwise, [6]);

#[model(input = (image: Chw<2, 4, 4>, speed: Flat<3>), output = (Chw<2, 4, 4>, Flat<5>, Flat<32>))]
struct Several {
    #[from(image)]
    relu: Relu,
    #[from(image)]
    flatten: Flatten,
    #[from(flatten, speed)]
    both: Concat,
    fc: Linear<5>,
    #[from(image)]
    again: Flatten,
}

#[test]
fn several_inputs_and_outputs() {
    let dev = Cpu::seed_from_u64(2);
    let net: Several<f64, Cpu> = Several::new(&dev);
    let image: Tensor<(usize, Const<2>, Const<4>, Const<4>), f64, _> =
        dev.sample_normal_like(&(3, Const, Const, Const));
    let speed: Tensor<(usize, Const<3>), f64, _> = dev.sample_normal_like(&(3, Const));
    let run = || {
        let (a, b, c) = net.forward((image.leaky_trace(), speed.leaky_trace()));
        let mut found = vec![("a".to_string(), a.as_vec())];
        found.push(("b".into(), b.as_vec()));
        found.push(("c".into(), c.as_vec()));
        let gradients = (a.square().sum() + b.square().sum() + c.cos().sum()).backward();
        found.push(("d_image".into(), gradients.get(&image).as_vec()));
        found.push(("d_speed".into(), gradients.get(&speed).as_vec()));
        found.extend(parameter_gradients(&net, &gradients));
        found
    };
    let expected = with_disabled(run);
    for parts in 1..=3 {
        let found = with_parts(parts, run);
        assert_alike(&format!("{parts} parts"), &found, &expected, 1e-10);
    }
}

#[test]
fn one_model_twice_in_one_loss() {
    let dev = Cpu::seed_from_u64(2);
    let net: Skips<f64, Cpu> = Skips::new(&dev);
    let x: Tensor<(usize, Const<2>, Const<7>, Const<6>), f64, _> =
        dev.sample_normal_like(&(3, Const, Const, Const));
    let z: Tensor<(usize, Const<2>, Const<7>, Const<6>), f64, _> =
        dev.sample_normal_like(&(5, Const, Const, Const));
    let run = || {
        // x twice, of which the second adds to the gradients of the first.
        let loss = net.forward(x.leaky_trace()).square().sum();
        let loss = loss + net.forward(z.leaky_trace()).sum();
        let gradients = (loss + net.forward(x.leaky_trace()).cos().sum()).backward();
        let mut found = vec![("d_x".to_string(), gradients.get(&x).as_vec())];
        found.push(("d_z".into(), gradients.get(&z).as_vec()));
        found.extend(parameter_gradients(&net, &gradients));
        // A second backward adds to the gradients of the first.
        let gradients = net.forward(x.trace(gradients)).sum().backward();
        found.extend(parameter_gradients(&net, &gradients));
        found
    };
    assert_alike("twice", &run(), &with_disabled(run), 1e-10);
}

#[test]
fn gradients_are_those_of_the_parameters_at_the_time_of_the_forward() {
    let dev = Cpu::seed_from_u64(2);
    let x: Tensor<(usize, Const<6>), f64, _> = dev.sample_normal_like(&(3, Const));
    #[model(input = Flat<6>, output = Flat<2>)]
    #[derive(Clone)]
    struct Two {
        fc1: Linear<4>,
        tanh: Tanh,
        fc2: Linear<2>,
    }
    let net: Two<f64, Cpu> = Two::new(&dev);
    let run = || {
        let mut net = net.clone();
        let y = net.forward(x.leaky_trace());
        net.fc2.weight.fill_with_zeros();
        y.square().sum().backward().get(&x).as_vec()
    };
    assert_near("d_x", &run(), &with_disabled(run), 1e-12, 0.0);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let dev = Cpu::seed_from_u64(3);
    let net: LeNet5 = LeNet5::new(&dev);
    let x: Tensor<(usize, Const<1>, Const<28>, Const<28>), f32, _> =
        dev.sample_normal_like(&(33, Const, Const, Const));
    let values = x.as_vec();
    let run = |threads: usize, fixed: bool| {
        let (net, values) = (net.clone(), values.clone());
        on_threads(threads, move || {
            let dev = Cpu::default();
            let x: Tensor<(usize, Const<1>, Const<28>, Const<28>), f32, _> =
                dev.tensor_from_vec(values, (33, Const, Const, Const));
            let pass = || pass!(net, x, forward);
            if fixed {
                with_parts(4, pass)
            } else {
                pass()
            }
        })
    };
    let one = run(1, true);
    for threads in [1, 2, 3] {
        assert_eq!(bits(&run(threads, true)), bits(&one), "{threads} threads");
        let (a, b) = (run(threads, false), run(threads, false));
        assert_eq!(bits(&a), bits(&b), "{threads} threads, twice");
        assert_alike(&format!("{threads} threads"), &a, &one, 1e-4);
    }
}

#[model(input = Chw<3, 40, 36>, output = Flat<5>)]
#[derive(Clone)]
struct Wide {
    conv1: Conv2d<16, Kernel<3>, Padding<1>>,
    relu1: Relu,
    conv2: Conv2d<16, Kernel<3>, Padding<1>>,
    norm2: BatchNorm2d,
    relu2: Relu,
    conv3: Conv2d<32, Kernel<3>, Stride<2>, Padding<1>>,
    relu3: Relu,
    flatten: Flatten,
    fc: Linear<5>,
}

#[test]
fn one_image_is_shared_by_all_threads() {
    let dev = Cpu::seed_from_u64(6);
    let net: Wide = Wide::new(&dev);
    let x: Tensor<(usize, Const<3>, Const<40>, Const<36>), f32, _> =
        dev.sample_normal_like(&(1, Const, Const, Const));
    let expected = with_disabled(|| net.forward(x.clone())).as_vec();
    let values = x.as_vec();
    for threads in [1, 2, 3, 5] {
        let (net, values) = (net.clone(), values.clone());
        let [once, twice] = on_threads(threads, move || {
            let dev = Cpu::default();
            [0; 2].map(|_| {
                let x = dev.tensor_from_vec(values.clone(), (1, Const, Const, Const));
                net.forward(x).as_vec()
            })
        });
        let what = format!("{threads} threads");
        assert_eq!(once, twice, "{what}, twice");
        assert_near(&what, &wide(once), &wide(expected.clone()), 1e-4, 1e-4);
    }
}

#[test]
fn a_parameter_that_is_turned_around_goes_through_dfdx() {
    #[model(input = Flat<3>, output = Flat<3>)]
    struct Square {
        fc: Linear<3>,
    }
    let dev = Cpu::seed_from_u64(3);
    let mut net: Square<f64, Cpu> = Square::new(&dev);
    let x = dev.tensor([[1.0, 2.0, 3.0]]);
    let before = net.fc.weight.clone();
    net.fc.weight = before.clone().permute();
    let found = net.forward(x.clone()).as_vec();
    let [w, b] = [before.as_vec(), net.fc.bias.as_vec()];
    let expected: Vec<f64> = (0..3)
        .map(|o| b[o] + w[o] + 2.0 * w[3 + o] + 3.0 * w[6 + o])
        .collect();
    assert_near("turned", &found, &expected, 1e-12, 0.0);
}

#[test]
fn constant_inputs_have_no_gradients_and_change_no_others() {
    let dev = Cpu::seed_from_u64(3);
    let net: Skips<f64, Cpu> = Skips::new(&dev);
    let x: Tensor<(usize, Const<2>, Const<7>, Const<6>), f64, _> =
        dev.sample_normal_like(&(5, Const, Const, Const));
    let gradients = net.forward(x.leaky_trace()).square().sum().backward();
    let constant = with_constant_inputs(|| net.forward(x.leaky_trace()));
    let constant = constant.square().sum().backward();
    for ((name, found), (_, expected)) in parameter_gradients(&net, &constant)
        .into_iter()
        .zip(parameter_gradients(&net, &gradients))
    {
        assert_eq!(found, expected, "{name}");
    }
    let none = std::panic::catch_unwind(|| constant.get(&x).as_vec());
    assert!(none.is_err(), "the input has a gradient");
}

#[test]
fn dropout_is_the_same_in_any_number_of_parts() {
    #[model(input = Flat<40>, output = Flat<30>)]
    struct Net {
        drop1: Dropout<1, 3>,
        drop2: Dropout<1, 3>,
        fc: Linear<30>,
        drop3: Dropout,
    }
    let run = |parts| {
        let dev = Cpu::seed_from_u64(3);
        let mut net: Net<f64, Cpu> = Net::new(&dev);
        let x: Tensor<(usize, Const<40>), f64, _> = dev.sample_normal_like(&(33, Const));
        with_parts(parts, || pass!(net, x, forward_mut))
    };
    let one = run(1);
    let kept = |found: &Found| -> Vec<bool> {
        let values = found[..2].iter().flat_map(|(_, values)| values);
        values.map(|v| *v != 0.0).collect()
    };
    for parts in [2, 3, 7] {
        let found = run(parts);
        assert!(kept(&found) == kept(&one), "{parts} parts, other masks");
        assert_alike(&format!("{parts} parts"), &found, &one, 1e-12);
    }
    // What two layers of one probability keep of the same numbers differs.
    let kept: Vec<bool> = one[1].1.iter().map(|d| *d != 0.0).collect();
    let count = kept.iter().filter(|kept| **kept).count() as f64 / kept.len() as f64;
    // 4/9 expected of 1,320, a deviation of 0.0137.
    assert!(
        (count - 4.0 / 9.0).abs() < 0.055,
        "{count} of the inputs are kept twice"
    );
}
