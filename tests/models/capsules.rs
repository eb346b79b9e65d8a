//! Capsules: their values by hand, their gradients against differences.

use crate::support;
use crate::support::{assert_gradients, distinct};
use shapeproof::prelude::*;
use shapeproof::train::margin_loss;

#[model(input = Chw<6, 3, 2>, output = Chw<12, 3, 1>)]
#[derive(Clone, Debug)]
struct Bundled {
    capsules: Capsules<3>,
}

#[model(input = Chw<5, 3, 1>, output = Chw<4, 2, 1>)]
#[derive(Clone, Debug)]
struct Routed {
    digits: DigitCaps<4, 2>,
}

#[model(input = Chw<2, 7, 5>, output = Flat<3>)]
#[derive(Clone, Debug)]
struct Whole {
    primary: PrimaryCaps<6, 2, 3, 2>,
    digits: DigitCaps<3, 4, 2>,
    lengths: CapsLength,
}

fn input<const C: usize, const H: usize, const W: usize>(
    batch: usize,
) -> Tensor<(usize, Const<C>, Const<H>, Const<W>), f64, Cpu> {
    let values = distinct(batch * C * H * W, 1);
    Cpu::default().tensor_from_vec(values, (batch, Const, Const, Const))
}

#[test]
fn capsules_are_channels_of_one_place() {
    let net: Bundled<f64, Cpu> = Bundled::new(&Cpu::default());
    let x = input::<6, 3, 2>(2);
    let y = net.forward(x.clone()).as_vec();
    let x = x.as_vec();
    let (channels, places, size) = (6, 6, 3);
    for b in 0..2 {
        for capsule in 0..12 {
            let (kind, place) = (capsule / places, capsule % places);
            let s: Vec<f64> = (0..size)
                .map(|d| x[(b * channels + kind * size + d) * places + place])
                .collect();
            let square: f64 = s.iter().map(|v| v * v).sum();
            for (d, s) in s.iter().enumerate() {
                let expected = square / (1.0 + square) * s / square.sqrt();
                let found = y[(b * 12 + capsule) * size + d];
                assert!((found - expected).abs() < 1e-9, "{found} {expected}");
            }
        }
    }
}

/// The paper's procedure 1, in loops.
#[test]
fn routing_is_the_paper_s() {
    let dev = Cpu::default();
    let mut net: Routed<f64, Cpu> = Routed::new(&dev);
    let weight = distinct(5 * 4 * 2 * 3, 2);
    net.digits.weight.copy_from(&weight);
    let x = input::<5, 3, 1>(1);
    let y = net.forward(x.clone()).as_vec();
    let x = x.as_vec();
    let (below, above, size, values) = (5, 4, 2, 3);
    let prediction = |i: usize, j: usize, d: usize| -> f64 {
        (0..values)
            .map(|k| weight[((i * above + j) * size + d) * values + k] * x[i * values + k])
            .sum()
    };
    let mut logits = vec![0.0; below * above];
    let mut capsules = vec![0.0; above * size];
    for _ in 0..3 {
        for j in 0..above {
            let s: Vec<f64> = (0..size)
                .map(|d| {
                    (0..below)
                        .map(|i| {
                            let all: f64 =
                                (0..above).map(|k| f64::exp(logits[i * above + k])).sum();
                            f64::exp(logits[i * above + j]) / all * prediction(i, j, d)
                        })
                        .sum()
                })
                .collect();
            let square: f64 = s.iter().map(|v| v * v).sum();
            for d in 0..size {
                capsules[j * size + d] = square / (1.0 + square) * s[d] / square.sqrt();
            }
        }
        for i in 0..below {
            for j in 0..above {
                logits[i * above + j] += (0..size)
                    .map(|d| prediction(i, j, d) * capsules[j * size + d])
                    .sum::<f64>();
            }
        }
    }
    for (found, expected) in y.iter().zip(&capsules) {
        assert!((found - expected).abs() < 1e-9, "{y:?} {capsules:?}");
    }
}

#[test]
fn gradients_of_capsules_are_right() {
    let dev = Cpu::default();
    let mut bundled: Bundled<f64, Cpu> = Bundled::new(&dev);
    assert_gradients("Capsules", &mut bundled, input(2));
    let mut routed: Routed<f64, Cpu> = Routed::new(&dev);
    support::set_parameters(&mut routed, |_, len| distinct(len, 2));
    assert_gradients("DigitCaps", &mut routed, input(2));
    let mut whole: Whole<f64, Cpu> = Whole::new(&dev);
    support::set_parameters(&mut whole, |_, len| distinct(len, 3));
    assert_gradients("PrimaryCaps, DigitCaps, CapsLength", &mut whole, input(2));
}

#[test]
fn capsules_that_are_all_zero_have_finite_gradients() {
    let net: Whole = Whole::new(&Cpu::seed_from_u64(1));
    let x: Tensor<Rank4<1, 2, 7, 5>, f32, _> = Cpu::default().zeros();
    let mut net = net;
    net.primary.conv.bias = Cpu::default().zeros_like(&net.primary.conv.bias);
    let gradients = net.forward(x.leaky_trace()).sum().backward();
    let gradient = gradients.get(&net.primary.conv.weight).as_vec();
    assert!(gradient.iter().all(|g| g.is_finite()), "{gradient:?}");
}

#[test]
fn the_margin_loss_pulls_the_true_length_up_and_the_others_down() {
    let dev = Cpu::default();
    let lengths: Tensor<(usize, Const<3>), f64, _> =
        dev.tensor_from_vec(vec![0.5, 0.3, 0.05, 0.95, 0.1, 0.6], (2, Const));
    let one_hot = dev.tensor_from_vec(vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0], (2, Const));
    let loss = margin_loss(lengths.leaky_trace(), one_hot).unwrap();
    let expected = (0.4 * 0.4 + 0.5 * 0.2 * 0.2 + 0.5 * 0.5 * 0.5) / 2.0;
    assert!((loss.array() - expected).abs() < 1e-12, "{}", loss.array());
    let gradients = loss.backward().get(&lengths).as_vec();
    let expected = [-0.4, 0.1, 0.0, 0.0, 0.0, 0.25];
    for (found, expected) in gradients.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{gradients:?}");
    }
}
