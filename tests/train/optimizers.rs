//! Losses and optimisers on models: against dfdx's, against differences, and where something is
//! wrong.

use crate::support;
use crate::support::{assert_near, distinct, parameters};
use proptest::prelude::*;
use shapeproof::dfdx::losses::cross_entropy_with_logits_loss;
use shapeproof::dfdx::optim as dfdx_optim;
use shapeproof::gradcheck::GradCheck;
use shapeproof::prelude::*;
use shapeproof::train::{
    cross_entropy, Adam, AdamW, CrossEntropy, LossError, RmsProp, Sgd, StateError,
};

type Logits = Tensor<(usize, Const<4>), f64, Cpu>;

fn logits(batch: usize, salt: usize) -> Logits {
    Cpu::default().tensor_from_vec(distinct(batch * 4, salt), (batch, Const))
}

// ---- the loss ----

#[test]
fn the_loss_is_that_of_dfdx() {
    let dev = Cpu::default();
    for batch in [1, 2, 7] {
        let x = logits(batch, 5);
        let labels: Vec<usize> = (0..batch).map(|i| i * 3 % 4).collect();
        let one_hot: Logits = dev.one_hot_encode(Const::<4>, labels.clone());
        let expected = cross_entropy_with_logits_loss(x.leaky_trace(), one_hot);
        let found = cross_entropy(x.leaky_trace(), &labels).expect("right labels");
        assert_near("loss", &found.as_vec(), &expected.as_vec(), 1e-13, 0.0);
        // Another op behind the loss, so that its gradient is not 1.
        let expected = (expected * 3.0).backward().get(&x).as_vec();
        let found = (found * 3.0).backward().get(&x).as_vec();
        assert_near("gradient", &found, &expected, 1e-13, 0.0);
    }
}

#[test]
fn its_gradient_is_that_of_differences() {
    let smoothed = CrossEntropy {
        label_smoothing: 0.2,
        ..Default::default()
    };
    let ignoring = CrossEntropy {
        ignore_index: Some(9),
        ..smoothed
    };
    let check = |loss: CrossEntropy, labels: &[usize]| {
        let function = |x: Tensor<(usize, Const<4>), f64, Cpu, OwnedTape<f64, Cpu>>| {
            loss.of(x, labels).expect("right labels")
        };
        GradCheck::new()
            .function(function, logits(3, 1))
            .expect("its gradient");
    };
    check(CrossEntropy::default(), &[0, 3, 1]);
    check(smoothed, &[2, 2, 0]);
    check(ignoring, &[2, 9, 0]);

    let labels = [0, 9, 2, 1, 1, 0, 9, 0, 2, 2, 0, 1];
    type Pixels = Tensor<(usize, Const<3>, Const<3>, Const<2>), f64, Cpu>;
    let x: Pixels = Cpu::default().tensor_from_vec(distinct(36, 2), (2, Const, Const, Const));
    let function = |x: support::Traced<_, f64>| ignoring.of(x, &labels).expect("right labels");
    GradCheck::new()
        .function(function, x)
        .expect("its gradient");
}

#[test]
fn logits_in_another_order_take_dfdx_s_ops_to_the_same_numbers() {
    let dev = Cpu::default();
    let loss = CrossEntropy {
        label_smoothing: 0.2,
        ignore_index: Some(9),
    };
    let labels = [2, 9, 0, 1, 1];
    let x: Tensor<(Const<3>, usize), f64, _> = dev.tensor_from_vec(distinct(15, 3), (Const, 5));
    fn turned<T: Tape<f64, Cpu>>(
        x: Tensor<(Const<3>, usize), f64, Cpu, T>,
    ) -> Tensor<(usize, Const<3>), f64, Cpu, T> {
        x.permute()
    }
    let rows = dev.tensor_from_vec(turned(x.clone()).as_vec(), (5usize, Const::<3>));
    let by_ops = loss
        .of(turned(x.leaky_trace()), &labels)
        .expect("right labels");
    let fused = loss.of(rows.leaky_trace(), &labels).expect("right labels");
    assert_near("loss", &by_ops.as_vec(), &fused.as_vec(), 1e-13, 0.0);
    let by_ops: Tensor<(Const<3>, usize), f64, _> = by_ops.backward().get(&x);
    let by_ops: Tensor<(usize, Const<3>), f64, _> = by_ops.permute();
    let fused = fused.backward().get(&rows).as_vec();
    assert_near("gradient", &by_ops.as_vec(), &fused, 1e-13, 0.0);
}

#[test]
fn large_logits_do_not_overflow_and_nan_goes_on() {
    let dev = Cpu::default();
    let x = dev.tensor([[1000.0f32, -1000.0]]);
    let loss = |label: usize| cross_entropy(x.leaky_trace(), &[label]).expect("a class");
    assert_eq!(loss(0).array(), 0.0);
    assert_eq!(loss(1).array(), 2000.0);
    assert_eq!(loss(1).backward().get(&x).array(), [[1.0, -1.0]]);
    let x = dev.tensor([[1.0f32, f32::NAN], [1.0, 2.0]]);
    let loss = cross_entropy(x.leaky_trace(), &[0, 0]).expect("classes");
    assert!(loss.array().is_nan());
    assert!(loss.backward().get(&x).array()[0]
        .iter()
        .all(|d| d.is_nan()));
}

#[test]
fn wrong_labels_are_told_with_their_place() {
    let says = |batch: usize, loss: CrossEntropy, labels: &[usize]| {
        let x: Tensor<(usize, Const<4>), f64, _> = Cpu::default().zeros_like(&(batch, Const));
        loss.of(x, labels).expect_err("wrong labels").to_string()
    };
    let plain = CrossEntropy::default();
    let ignoring = CrossEntropy {
        ignore_index: Some(255),
        ..plain
    };
    assert_eq!(
        says(3, plain, &[0, 3, 4]),
        "label 2 of 3 is class 4; there are 4 classes, from 0 to 3"
    );
    assert_eq!(
        says(2, ignoring, &[255, 7]),
        "label 1 of 2 is class 7; there are 4 classes, from 0 to 3, and 255 is ignored"
    );
    assert_eq!(
        says(3, plain, &[0, 3]),
        "2 labels for logits of 3 × 4, which need 3"
    );
    assert_eq!(
        says(0, plain, &[]),
        "the batch is empty: the logits are 0 × 4"
    );
    assert_eq!(
        says(2, ignoring, &[255; 2]),
        "all 2 labels are 255, which is ignored"
    );
    let smoothed = CrossEntropy {
        label_smoothing: 1.5,
        ..plain
    };
    assert_eq!(
        says(1, smoothed, &[0]),
        "the label smoothing is 1.5, it must be from 0 to 1"
    );
    let unsmooth = CrossEntropy {
        label_smoothing: f64::NAN,
        ..plain
    };
    assert!(says(1, unsmooth, &[0]).contains("NaN"));
    let weighted = |weight: [f64; 4], labels: &[usize]| {
        let x: Tensor<(usize, Const<4>), f64, _> = Cpu::default().zeros_like(&(2, Const));
        let loss = plain.weighted(weight).of(x, labels);
        loss.map(|loss| loss.array()).map_err(|e| e.to_string())
    };
    let wrong = "class 2 weighs -1; a weight is a number from 0 on";
    assert_eq!(weighted([1.0, 1.0, -1.0, 1.0], &[0, 1]), Err(wrong.into()));
    assert!(weighted([1.0, f64::NAN, 1.0, 1.0], &[0, 1]).is_err());
    let wrong = "all 2 labels are ignored, or of classes that weigh 0";
    assert_eq!(weighted([1.0, 0.0, 1.0, 1.0], &[1, 1]), Err(wrong.into()));
    assert_eq!(weighted([1.0, 0.0, 1.0, 1.0], &[0, 1]), Ok(4f64.ln()));
    let x: Tensor<(usize, Const<4>), f64, _> = Cpu::default().zeros_like(&(2, Const));
    let error = plain.weighted([1.0; 3]).of(x, &[0, 1]).unwrap_err();
    assert_eq!(error.to_string(), "3 weights for 4 classes");
}

#[test]
fn the_error_is_an_error() {
    fn is<E: std::error::Error + Send + Sync + 'static>() {}
    is::<LossError<CpuError>>();
}

// ---- optimisers ----

#[model(input = Chw<1, 6, 5>, output = Flat<4>)]
#[derive(Clone)]
struct Net {
    conv: Conv2d<3, Kernel<3>>,
    bn: BatchNorm2d,
    relu: Relu,
    flatten: Flatten,
    fc: Linear<4>,
}

fn batch<E: Element>(dev: &Cpu, step: usize) -> Batch<Chw<1, 6, 5>, usize, E, Cpu> {
    let values = distinct(90, step).into_iter().map(E::of).collect();
    dev.tensor_from_vec(values, (3, Const, Const, Const))
}

/// Trains a net of a given seed for six steps; what it is then, bit by bit.
macro_rules! trained {
    ($E:ty, |$net:ident| $opt:expr, $step:expr) => {{
        let dev = Cpu::seed_from_u64(3);
        let mut net: Net<$E, Cpu> = Net::new(&dev);
        let $net = &net;
        let mut opt = $opt;
        let mut grads = net.alloc_grads();
        for step in 0..6 {
            let x = batch::<$E>(&dev, step).traced(grads);
            let loss = cross_entropy(net.forward_mut(x), &[0, 2, 3]).expect("classes");
            grads = loss.backward();
            ($step)(&mut opt, &mut net, &mut grads);
        }
        parameters(&net)
    }};
}

macro_rules! updated {
    () => {
        |opt: &mut _, net: &mut _, grads: &mut _| {
            Optimizer::update(opt, net, grads).expect("all are used");
            ZeroGrads::zero_grads(net, grads);
        }
    };
}

macro_rules! assert_same {
    ($E:ty: $($opt:expr, |$net:ident| $Opt:ident;)+) => {$({
        let by_step = trained!(
            $E,
            |$net| $opt,
            |opt: &mut $Opt<_, _, _>, net: &mut _, grads: &mut _| opt.step(net, grads).unwrap()
        );
        let by_update = trained!($E, |$net| $opt, updated!());
        let again = trained!($E, |$net| $opt, updated!());
        assert_eq!(by_step, by_update, stringify!($opt));
        assert_eq!(by_update, again, stringify!($opt));
    })+};
}

#[test]
fn step_and_update_do_the_same_bit_by_bit() {
    assert_same! { f32:
        Sgd::new(net, 0.05).momentum(0.9).nesterov(true), |net| Sgd;
        Adam::new(net, 0.01), |net| Adam;
        AdamW::new(net, 0.01), |net| AdamW;
        RmsProp::new(net, 0.01).centered(true), |net| RmsProp;
    }
    assert_same! { f64: AdamW::new(net, 0.01), |net| AdamW; }
}

fn assert_alike(what: &str, found: &[(String, Vec<f64>)], expected: &[(String, Vec<f64>)]) {
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        assert_near(&format!("{what}: {name}"), found, expected, 1e-10, 1e-10);
    }
}

#[test]
fn they_are_those_of_dfdx() {
    use dfdx_optim::{AdamConfig, Momentum, SgdConfig, WeightDecay};
    let config = SgdConfig {
        lr: 0.05,
        momentum: Some(Momentum::Nesterov(0.9)),
        weight_decay: Some(WeightDecay::L2(0.01)),
    };
    let dfdx = trained!(f64, |net| dfdx_optim::Sgd::new(net, config), updated!());
    let ours = trained!(
        f64,
        |net| Sgd::new(net, 0.05)
            .momentum(0.9)
            .nesterov(true)
            .weight_decay(0.01),
        updated!()
    );
    assert_alike("Sgd", &ours, &dfdx);
    let dfdx = trained!(
        f64,
        |net| dfdx_optim::Adam::new(net, AdamConfig::default()),
        updated!()
    );
    let ours = trained!(f64, |net| Adam::new(net, 1e-3), updated!());
    assert_alike("Adam", &ours, &dfdx);
}

#[test]
fn a_parameter_without_gradient_is_told_as_by_dfdx_and_stays() {
    let dev = Cpu::default();
    let mut net: Net<f32, Cpu> = Net::new(&dev);
    let before = parameters(&net);
    // Only the bias of `fc` is used.
    let grads = net.fc.bias.leaky_trace().sum().backward();
    let mut theirs = dfdx_optim::Sgd::new(&net, SgdConfig::default());
    let mut ours = Sgd::new(&net, 1.0);
    let Err(OptimizerUpdateError::UnusedParams(expected)) = theirs.update(&mut net.clone(), &grads)
    else {
        panic!("dfdx tells unused parameters")
    };
    let Err(OptimizerUpdateError::UnusedParams(found)) = ours.update(&mut net, &grads) else {
        panic!("an unused parameter")
    };
    assert_eq!(found.ids, expected.ids);
    for ((name, before), (_, after)) in before.iter().zip(parameters(&net)) {
        assert_eq!(*before == after, name != "fc.bias", "{name}");
    }
    let steps: Vec<u64> = ours.state().parameters().iter().map(|p| p.step).collect();
    assert_eq!(steps, [0, 0, 0, 0, 0, 1]);
}

#[test]
fn nan_and_infinite_gradients_go_on_without_panic() {
    let dev = Cpu::default();
    let p: Tensor<Rank1<3>, f64, _> = dev.tensor([1.0, 2.0, 3.0]);
    let g = dev.tensor([f64::NAN, f64::INFINITY, 0.0]);
    let gradients = || (p.leaky_trace() * g.clone()).sum().backward();
    macro_rules! check {
        ($($opt:expr),+) => {$({
            let (mut a, mut b) = (p.clone(), p.clone());
            let mut opt = $opt;
            opt.update(&mut a, &gradients()).expect("all are used");
            let mut opt = $opt;
            opt.step(&mut b, &mut gradients()).expect("memory");
            for p in [a.array(), b.array()] {
                assert!(p[0].is_nan() && !p[1].is_finite() && p[2] == 3.0, "{p:?}");
            }
        })+};
    }
    check!(
        Sgd::new(&p, 0.1),
        Sgd::new(&p, 0.1).momentum(0.5),
        Adam::new(&p, 0.1)
    );
}

#[test]
fn state_is_read_and_written_by_names() {
    let dev = Cpu::default();
    let net: Net<f32, Cpu> = Net::new(&dev);
    let mut opt = Adam::new(&net, 0.01);
    let state = opt.state();
    assert_eq!(state.tensors(), ["exp_avg", "exp_avg_sq"]);
    let names: Vec<&str> = state.parameters().iter().map(|p| p.name.as_str()).collect();
    let expected = [
        "conv.weight",
        "conv.bias",
        "bn.weight",
        "bn.bias",
        "fc.weight",
        "fc.bias",
    ];
    assert_eq!(names, expected);

    let state = opt.state_mut();
    let error = state.set("fc.wait", 1, vec![]).expect_err("no such name");
    assert_eq!(error.to_string(), "there is no parameter `fc.wait`");
    let error = state
        .set("fc.bias", 1, vec![vec![]])
        .expect_err("one tensor");
    assert_eq!(
        error.to_string(),
        "the state of `fc.bias` has 1 tensors, the optimiser keeps 2"
    );
    let error = state
        .set("fc.bias", 1, vec![vec![], vec![0.0; 3]])
        .expect_err("too short");
    assert_eq!(
        error.to_string(),
        "`exp_avg_sq` of `fc.bias` has 3 numbers, the parameter 4"
    );
    assert!(matches!(
        error,
        StateError::Length {
            found: 3,
            expected: 4,
            ..
        }
    ));
    assert_eq!(state.parameters()[5].step, 0);
}

#[test]
fn training_goes_on_bit_by_bit_from_a_saved_state() {
    let dev = Cpu::default();
    let train =
        |net: &mut Net<f32, Cpu>, opt: &mut AdamW<_, _, _>, steps: std::ops::Range<usize>| {
            let mut grads = net.alloc_grads();
            for step in steps {
                let x = batch(&dev, step).traced(grads);
                grads = cross_entropy(net.forward_mut(x), &[0, 2, 3])
                    .expect("classes")
                    .backward();
                opt.step(net, &mut grads).expect("memory");
            }
        };
    let mut whole: Net<f32, Cpu> = Net::new(&dev);
    let mut halves = whole.clone();
    let mut opt = AdamW::new(&whole, 0.01);
    train(&mut whole, &mut opt, 0..6);

    let mut opt = AdamW::new(&halves, 0.01);
    train(&mut halves, &mut opt, 0..3);
    let mut later = AdamW::new(&halves, 0.01);
    for saved in opt.state().parameters().to_vec() {
        let state = later.state_mut();
        state
            .set(&saved.name, saved.step, saved.tensors)
            .expect("the same model");
    }
    train(&mut halves, &mut later, 3..6);
    assert_eq!(parameters(&whole), parameters(&halves));
}

#[test]
fn a_parameter_in_another_order_learns_too() {
    let dev = Cpu::default();
    let rows: Tensor<Rank2<2, 3>, f64, _> = dev.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let g: Tensor<Rank2<3, 2>, f64, _> = dev.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let expected = [[0.0, 2.0], [-1.0, 1.0], [-2.0, 0.0]];
    for by_step in [false, true] {
        let mut p: Tensor<Rank2<3, 2>, f64, _> = rows.clone().permute();
        let mut opt = Sgd::new(&p, 1.0);
        let mut grads = (p.leaky_trace() * g.clone()).sum().backward();
        if by_step {
            opt.step(&mut p, &mut grads).expect("memory");
        } else {
            opt.update(&mut p, &grads).expect("all are used");
        }
        assert_eq!(p.array(), expected);
    }
}

#[test]
fn step_keeps_no_gradients_but_those_of_parameters() {
    let dev = Cpu::default();
    let mut net: Net<f32, Cpu> = Net::new(&dev);
    let x = batch(&dev, 0);
    let mut grads = net.forward_mut(x.leaky_trace()).square().mean().backward();
    let mut opt = Sgd::new(&net, 0.1);
    opt.step(&mut net, &mut grads).expect("memory");
    assert_eq!(grads.get(&net.fc.bias).array(), [0.0; 4]);
    let of_input = std::panic::AssertUnwindSafe(|| grads.get(&x));
    assert!(
        std::panic::catch_unwind(of_input).is_err(),
        "dfdx finds none"
    );
}

proptest! {
    #[test]
    fn any_labels_give_a_loss_or_an_error(
        labels in prop::collection::vec(0usize..6, 0..6),
        batch in 0usize..5,
        ignore_index in prop::option::of(0usize..6),
        label_smoothing in -0.5f64..1.5,
    ) {
        let x: Tensor<(usize, Const<4>), f64, _> = Cpu::default().zeros_like(&(batch, Const));
        let loss = CrossEntropy { label_smoothing, ignore_index };
        if let Ok(loss) = loss.of(x, &labels) {
            prop_assert!((loss.array() - 4f64.ln()).abs() < 1e-12);
        }
    }
}
