//! The routing as the paper writes it, with all predictions and all rounds in memory.

use super::super::capsules::naive::squash;
use super::{Geometry, Number};

/// What one round computes of one image.
struct Round<T> {
    /// `c[i, j]`
    shares: Vec<T>,
    /// `s[j, d]`
    sums: Vec<T>,
    /// `v[j, d]`
    capsules: Vec<T>,
}

/// `û[i, j, d]` of one image.
fn predictions<T: Number>(g: &Geometry, input: &[T], weight: &[T]) -> Vec<T> {
    let mut predictions = vec![T::zero(); g.below * g.output_len()];
    for (row, prediction) in predictions.iter_mut().enumerate() {
        let i = row / g.output_len();
        for k in 0..g.values {
            *prediction += weight[row * g.values + k] * input[i * g.values + k];
        }
    }
    predictions
}

/// All rounds of one image.
fn rounds<T: Number>(g: &Geometry, predictions: &[T]) -> Vec<Round<T>> {
    let mut logits = vec![T::zero(); g.below * g.capsules];
    let mut rounds = Vec::new();
    for _ in 0..g.rounds {
        let mut shares = Vec::new();
        for logits in logits.chunks(g.capsules) {
            let sum: T = logits.iter().map(|b| b.exp()).sum();
            shares.extend(logits.iter().map(|b| b.exp() / sum));
        }
        let mut sums = vec![T::zero(); g.output_len()];
        for i in 0..g.below {
            for (out, sum) in sums.iter_mut().enumerate() {
                let share = shares[i * g.capsules + out / g.size];
                *sum += share * predictions[i * g.output_len() + out];
            }
        }
        let capsules: Vec<T> = sums.chunks(g.size).flat_map(squash).collect();
        for i in 0..g.below {
            for (out, v) in capsules.iter().enumerate() {
                let agreement = predictions[i * g.output_len() + out] * *v;
                logits[i * g.capsules + out / g.size] += agreement;
            }
        }
        rounds.push(Round {
            shares,
            sums,
            capsules,
        });
    }
    rounds
}

/// See [`super::forward`].
pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], weight: &[T], output: &mut [T]) {
    for b in 0..batch {
        let input = &input[b * g.input_len()..][..g.input_len()];
        let rounds = rounds(g, &predictions(g, input, weight));
        let last = &rounds[g.rounds - 1].capsules;
        output[b * g.output_len()..][..g.output_len()].copy_from_slice(last);
    }
}

/// Every entry of the Jacobian of a squashed `s`, times `d_v`.
fn squash_backward<T: Number>(s: &[T], d_v: &[T]) -> Vec<T> {
    let square: T = s.iter().map(|s| *s * *s).sum();
    let length = (square + T::of(1e-12)).sqrt();
    let whole = T::one() + square;
    let mut d_s = vec![T::zero(); s.len()];
    for (d, d_s) in d_s.iter_mut().enumerate() {
        for (e, d_v) in d_v.iter().enumerate() {
            let same = if d == e { length / whole } else { T::zero() };
            // The factor of all values depends on each of them.
            let of_the_factor = s[d] / (length * whole) - (s[d] + s[d]) * length / (whole * whole);
            *d_s += (same + s[e] * of_the_factor) * *d_v;
        }
    }
    d_s
}

/// See [`super::backward`]: the rounds from the last to the first.
pub fn backward<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    weight: &[T],
    d_output: &[T],
    d_input: &mut [T],
    d_weight: &mut [T],
) {
    let (ins, outs) = (g.input_len(), g.output_len());
    for b in 0..batch {
        let input = &input[b * ins..][..ins];
        let predictions = predictions(g, input, weight);
        let rounds = rounds(g, &predictions);
        let mut d_capsules = d_output[b * outs..][..outs].to_vec();
        let mut d_predictions = vec![T::zero(); predictions.len()];
        // Of the logits behind the round at hand.
        let mut d_logits = vec![T::zero(); g.below * g.capsules];
        for nth in (0..g.rounds).rev() {
            let Round { shares, sums, .. } = &rounds[nth];
            let d_sums: Vec<T> = (sums.chunks(g.size).zip(d_capsules.chunks(g.size)))
                .flat_map(|(s, d_v)| squash_backward(s, d_v))
                .collect();
            for i in 0..g.below {
                let mut d_shares = vec![T::zero(); g.capsules];
                for (out, d_sum) in d_sums.iter().enumerate() {
                    let at = i * outs + out;
                    d_shares[out / g.size] += *d_sum * predictions[at];
                    d_predictions[at] += *d_sum * shares[i * g.capsules + out / g.size];
                }
                let shares = &shares[i * g.capsules..][..g.capsules];
                let mean: T = d_shares.iter().zip(shares).map(|(d, c)| *d * *c).sum();
                for (j, d_share) in d_shares.iter().enumerate() {
                    d_logits[i * g.capsules + j] += shares[j] * (*d_share - mean);
                }
            }
            // The logits of this round are those before it, and the agreements of that round.
            d_capsules = vec![T::zero(); outs];
            if nth == 0 {
                break;
            }
            for i in 0..g.below {
                for (out, d_capsule) in d_capsules.iter_mut().enumerate() {
                    let d_logit = d_logits[i * g.capsules + out / g.size];
                    *d_capsule += d_logit * predictions[i * outs + out];
                    d_predictions[i * outs + out] += d_logit * rounds[nth - 1].capsules[out];
                }
            }
        }
        for (row, d_prediction) in d_predictions.iter().enumerate() {
            let i = row / outs;
            for k in 0..g.values {
                d_weight[row * g.values + k] += *d_prediction * input[i * g.values + k];
            }
        }
        for i in 0..g.below {
            for k in 0..g.values {
                let rows = (i * outs..(i + 1) * outs).map(|row| weight[row * g.values + k]);
                let d_predictions = &d_predictions[i * outs..];
                d_input[b * ins + i * g.values + k] =
                    rows.zip(d_predictions).map(|(w, d)| w * *d).sum();
            }
        }
    }
}
