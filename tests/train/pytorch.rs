//! Losses and optimisers against PyTorch's.
//!
//! `tests/pytorch/make_goldens_train.py` made the numbers. Logits, parameters and gradients are the
//! formulas below on both sides.

#[rustfmt::skip] // stands as the script and rustfmt wrote it
#[path = "../pytorch/goldens_train.rs"]
mod goldens;

use crate::support::assert_near;
use shapeproof::data::{Mask, Target};
use shapeproof::gradcheck::{away_from_kinks, GradCheck};
use shapeproof::prelude::*;
use shapeproof::train::{
    Adam, AdamW, BceWithLogits, CrossEntropy, Dice, Focal, Huber, Loss, Mae, Mse, RmsProp,
    Schedule, Sgd, Truth,
};

/// A few functions and divisions that two libraries round in the last digits.
const ROUNDED: f64 = 1e-14;

/// Multiples of 1/16 from −50/16 to 50/16.
fn sixteenths(salt: usize, len: usize) -> Vec<f64> {
    (0..len)
        .map(|i| (((i * 37 + salt * 29 + 11) % 101) as f64 - 50.0) / 16.0)
        .collect()
}

/// Classes in turn; where `ignored` is given, every fourth label is that.
fn labels(len: usize, classes: usize, ignored: Option<usize>) -> Vec<usize> {
    let class = |i: usize| (i * 5 + i / 3) % classes;
    (0..len)
        .map(|i| ignored.filter(|_| i % 4 == 1).unwrap_or(class(i)))
        .collect()
}

#[track_caller]
fn compare_loss<S: Shape>(shape: S, (loss, weight): (CrossEntropy, &[f64]), golden: (f64, &[f64])) {
    let count = shape.num_elements();
    let classes: Vec<usize> = shape.concrete().into_iter().collect();
    let labels = labels(count / classes[1], classes[1], loss.ignore_index);
    let logits: Tensor<S, f64, Cpu> = Cpu::default().tensor_from_vec(sixteenths(0, count), shape);
    let traced = logits.leaky_trace();
    let loss = match weight {
        [] => loss.of(traced, &labels),
        all => {
            let weight: [f64; 5] = all.try_into().expect("five classes");
            loss.weighted(weight).of(traced, &labels)
        }
    };
    let loss = loss.expect("right labels");
    assert_near("loss", &loss.as_vec(), &[golden.0], ROUNDED, 0.0);
    let d_logits = loss.backward().get(&logits).as_vec();
    assert_near("gradient", &d_logits, golden.1, ROUNDED, 0.0);
}

#[test]
fn losses() {
    let (smoothed, ignored) = (0.125, Some(255));
    let loss = CrossEntropy::default();
    compare_loss((4, Const::<3>), (loss, &[]), goldens::VECTORS);
    let loss = CrossEntropy {
        label_smoothing: smoothed,
        ..loss
    };
    compare_loss((Const::<4>, Const::<3>), (loss, &[]), goldens::SMOOTHED);
    let loss = CrossEntropy::default();
    let pixels = (2, Const::<3>, Const::<2>, Const::<4>);
    compare_loss(pixels, (loss, &[]), goldens::PIXELS);
    let loss = CrossEntropy {
        ignore_index: ignored,
        ..loss
    };
    compare_loss(pixels, (loss, &[]), goldens::PIXELS_IGNORED);
    let loss = CrossEntropy {
        label_smoothing: 0.25,
        ignore_index: Some(2),
    };
    let pixels = (2, Const::<5>, Const::<3>, Const::<2>);
    compare_loss(pixels, (loss, &[]), goldens::PIXELS_IGNORED_SMOOTHED);
    let loss = CrossEntropy {
        ignore_index: Some(1),
        ..loss
    };
    let weight = &[0.5, 2.0, 0.0, 1.25, 3.0];
    compare_loss(pixels, (loss, weight), goldens::PIXELS_WEIGHTED);
}

/// A loss of numbers, or of logits and their targets.
macro_rules! compare {
    ($loss:expr, $targets:expr, $GOLDEN:ident) => {
        let shape = (4, Const::<3>);
        let dev = Cpu::default();
        let x: Tensor<_, f64, _> = dev.tensor_from_vec(sixteenths(0, 12), shape);
        let targets: Tensor<_, f64, _> = dev.tensor_from_vec($targets, shape);
        let (value, gradient) = goldens::$GOLDEN;
        let loss = $loss.of(x.leaky_trace(), &targets).expect("as many");
        assert_near(stringify!($GOLDEN), &loss.as_vec(), &[value], ROUNDED, 0.0);
        let d_x = (loss * 1.0).backward().get(&x).as_vec();
        assert_near(stringify!($GOLDEN), &d_x, gradient, ROUNDED, 0.0);
    };
}

#[test]
fn losses_of_numbers() {
    compare!(Mse, sixteenths(1, 12), MSE);
    compare!(Mae, sixteenths(1, 12), MAE);
    compare!(Huber { delta: 1.5 }, sixteenths(1, 12), HUBER);
}

#[test]
fn binary_losses() {
    let soft = || {
        sixteenths(1, 12)
            .into_iter()
            .map(|t| (t + 4.0) / 8.0)
            .collect::<Vec<_>>()
    };
    compare!(BceWithLogits::default(), soft(), BCE);
    compare!(BceWithLogits { pos_weight: 2.5 }, soft(), BCE_WEIGHTED);
    compare!(Focal::default(), soft(), FOCAL);
    let focal = Focal {
        alpha: None,
        gamma: 1.5,
    };
    compare!(focal, soft(), FOCAL_OPTIONS);
}

#[test]
fn dice() {
    let values: Vec<Vec<u8>> = labels(30, 3, Some(255))
        .chunks(15)
        .map(|mask| mask.iter().map(|class| *class as u8).collect())
        .collect();
    let mut planes = vec![0.0; 2 * 4 * 15];
    for (mask, planes) in values.iter().zip(planes.chunks_mut(60)) {
        <Mask<3, 5, 4> as Target>::write(mask, planes);
    }
    let dev = Cpu::default();
    let shape = (2, Const::<4>, Const::<3>, Const::<5>);
    let x: Tensor<_, f64, _> = dev.tensor_from_vec(sixteenths(0, 120), shape);
    let truth = Truth::<Mask<3, 5, 4>, f64, Cpu> {
        targets: dev.tensor_from_vec(planes, shape),
        values,
        mixed: false,
    };
    let (output, tape) = x.leaky_trace().split_tape();
    let loss = Dice::default()
        .of_batch(output, truth, tape)
        .expect("classes");
    let (value, gradient) = goldens::DICE;
    assert_near("dice", &loss.as_vec(), &[value], ROUNDED, 0.0);
    assert_near(
        "dice",
        &loss.backward().get(&x).as_vec(),
        gradient,
        ROUNDED,
        0.0,
    );
}

#[test]
fn gradients_are_those_of_differences() {
    let dev = Cpu::default();
    let shape = (4, Const::<3>);
    let soft = (1..13).map(|i| f64::from(i) / 13.0).collect::<Vec<_>>();
    let soft: Tensor<_, f64, Cpu> = dev.tensor_from_vec(soft, shape);
    let x: Tensor<_, f64, Cpu> = dev.tensor_from_vec(away_from_kinks(12, 1), shape);
    macro_rules! check {
        ($($loss:expr, $targets:expr;)+) => {$(
            let targets = $targets.clone();
            let loss = $loss;
            let checked = GradCheck::new().function(
                |x: crate::support::Traced<_, f64>| loss.of(x, &targets).expect("as many"),
                x.clone(),
            );
            checked.unwrap_or_else(|fault| panic!("{}: {fault}", stringify!($loss)));
        )+};
    }
    // Errors of 0.1 and more: no kink of the absolute value is near.
    let near = x.clone() * 0.0;
    check! {
        Mse, near;
        Mae, near;
        Huber { delta: 0.35 }, near;
        BceWithLogits::default(), soft;
        BceWithLogits { pos_weight: 2.5 }, soft;
        Focal::default(), soft;
        Focal { alpha: None, gamma: 0.5 }, soft;
    }

    let mask: Vec<u8> = vec![0, 2, 255, 1, 1, 2];
    let mut planes = vec![0.0; 18];
    <Mask<2, 3, 3> as Target>::write(&mask, &mut planes);
    let pixels = (1, Const::<3>, Const::<2>, Const::<3>);
    let x: Tensor<_, f64, Cpu> = dev.tensor_from_vec(away_from_kinks(18, 2), pixels);
    let truth = |mixed| Truth::<Mask<2, 3, 3>, f64, Cpu> {
        targets: dev.tensor_from_vec(planes.clone(), pixels),
        values: vec![mask.clone()],
        mixed,
    };
    let smoothed = CrossEntropy {
        label_smoothing: 0.25,
        ..CrossEntropy::default()
    };
    let weighted = smoothed.weighted([0.5, 2.0, 1.25]);
    let of = |loss: &str, x: crate::support::Traced<_, f64>| {
        let (x, tape) = x.split_tape();
        let loss = match loss {
            "dice" => Dice::default().of_batch(x, truth(false), tape),
            "both" => (smoothed, Dice::default()).of_batch(x, truth(false), tape),
            "binary" => Focal::default().of_batch(x, truth(false), tape),
            "mixed" => smoothed.of_batch(x, truth(true), tape),
            "weighted" => weighted.of_batch(x, truth(false), tape),
            "weighted, mixed" => weighted.of_batch(x, truth(true), tape),
            _ => smoothed.of_batch(x, truth(false), tape),
        };
        loss.expect("pixels that count")
    };
    let weighed = ["weighted", "weighted, mixed"];
    for loss in ["dice", "both", "binary", "mixed", "hard"]
        .into_iter()
        .chain(weighed)
    {
        let checked = GradCheck::new().function(|x| of(loss, x), x.clone());
        checked.unwrap_or_else(|fault| panic!("{loss}: {fault}"));
    }
    // A mixture that is none is what is written in the mask.
    let value = |loss| of(loss, x.leaky_trace()).as_vec();
    assert_near("mixed", &value("mixed"), &value("hard"), ROUNDED, 0.0);
    let [hard, mixed] = weighed.map(value);
    assert_near("weighted, mixed", &mixed, &hard, ROUNDED, 0.0);
    let sum = value("hard")[0] + value("dice")[0];
    assert_near("both", &value("both"), &[sum], ROUNDED, 0.0);
}

#[test]
fn schedules() {
    let compare = |schedule: Schedule, golden: &[f64]| {
        let factors: Vec<f64> = (0..20).map(|step| schedule.factor(step, 20, 4)).collect();
        // PyTorch multiplies from step to step.
        assert_near("schedule", &factors, golden, 1e-12, 0.0);
    };
    compare(Schedule::cosine(), goldens::COSINE);
    compare(Schedule::step(2, 0.3), goldens::STEP);
    compare(Schedule::one_cycle(), goldens::ONE_CYCLE);
}

type P<E> = Tensor<Rank1<5>, E, Cpu>;

fn numbers<E: Element>(salt: usize) -> P<E> {
    let values = sixteenths(salt, 5).into_iter().map(E::of).collect();
    Cpu::default().tensor_from_vec(values, (Const,))
}

fn gradients<E: Element>(p: &P<E>, step: usize) -> Gradients<E, Cpu>
where
    Cpu: Device<E>,
{
    (p.leaky_trace() * numbers(2 + step)).sum().backward()
}

/// Compares both ways of taking a step with what PyTorch has after every step.
macro_rules! steps {
    ($($test:ident, $GOLDEN:ident: |$p:ident| $opt:expr;)+) => {$(
        #[test]
        fn $test() {
            steps!(@ f64, ROUNDED, $GOLDEN, |$p| $opt);
            // A few roundings a step, of numbers of a size up to 6.
            steps!(@ f32, 1e-5, $GOLDEN, |$p| $opt);
        }
    )+};
    (@ $E:ty, $tolerance:expr, $GOLDEN:ident, |$p:ident| $opt:expr) => {
        let mut updated: P<$E> = numbers(1);
        let $p = &updated;
        let mut updating = $opt;
        let mut stepped: P<$E> = numbers(1);
        let $p = &stepped;
        let mut stepping = $opt;
        let wide = |p: &P<$E>| p.as_vec().into_iter().map(f64::from).collect::<Vec<_>>();
        for (step, expected) in goldens::$GOLDEN.iter().enumerate() {
            let grads = gradients(&updated, step);
            updating.update(&mut updated, &grads).expect("all used");
            let what = format!("{} step {step}", stringify!($E));
            assert_near(&what, &wide(&updated), expected, $tolerance, 0.0);
            assert_eq!(grads.get(&updated).array(), numbers::<$E>(2 + step).array(), "{what}");

            let mut grads = gradients(&stepped, step);
            stepping.step(&mut stepped, &mut grads).expect("memory");
            assert_eq!(stepped.array(), updated.array(), "{what}");
            assert_eq!(grads.get(&stepped).array(), [0.0; 5], "{what}");
            assert_eq!(stepping.state().parameters(), updating.state().parameters());
        }
    };
}

steps! {
    sgd, SGD: |p| Sgd::new(p, 0.1);
    sgd_decay, SGD_DECAY: |p| Sgd::new(p, 0.1).weight_decay(0.25);
    sgd_momentum, SGD_MOMENTUM: |p| Sgd::new(p, 0.1).momentum(0.75).weight_decay(0.25);
    sgd_dampened, SGD_DAMPENED: |p| Sgd::new(p, 0.1).momentum(0.75).dampening(0.5);
    sgd_nesterov, SGD_NESTEROV:
        |p| Sgd::new(p, 0.1).momentum(0.75).weight_decay(0.25).nesterov(true);
    adam, ADAM: |p| Adam::new(p, 0.1);
    adam_options, ADAM_OPTIONS:
        |p| Adam::new(p, 0.1).betas((0.75, 0.875)).eps(0.125).weight_decay(0.25);
    adam_w, ADAM_W: |p| AdamW::new(p, 0.1);
    adam_w_options, ADAM_W_OPTIONS:
        |p| AdamW::new(p, 0.1).betas((0.75, 0.875)).eps(0.125).weight_decay(0.25);
    rms_prop, RMS_PROP: |p| RmsProp::new(p, 0.1);
    rms_prop_momentum, RMS_PROP_MOMENTUM:
        |p| RmsProp::new(p, 0.1).alpha(0.75).eps(0.125).weight_decay(0.25).momentum(0.5);
    rms_prop_centered, RMS_PROP_CENTERED:
        |p| RmsProp::new(p, 0.1).alpha(0.75).eps(0.125).centered(true);
    rms_prop_all, RMS_PROP_ALL:
        |p| RmsProp::new(p, 0.1).alpha(0.75).weight_decay(0.25).momentum(0.5).centered(true);
}
