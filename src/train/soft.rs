//! The cross-entropy as a [`Loss`] of classes and masks.

use dfdx::prelude::{PutTape, Shape, Tape, Tensor};

use super::loss::{computed, Loss, Truth};
use super::objective::ObjectiveError;
use super::CrossEntropy;
use crate::data::{Class, Mask, IGNORE};
use crate::shape::{Chw, Flat};
use crate::tensor::{scalar, Batch, Device, Element};

/// Mixtures of classes are learned in their proportions.
impl<const N: usize> Loss<Class<N>> for CrossEntropy {
    type Output = Flat<N>;

    fn of_batch<E: Element, D: Device<E>, Tp: Tape<E, D>>(
        &self,
        output: Batch<Flat<N>, usize, E, D>,
        truth: Truth<Class<N>, E, D>,
        tape: Tp,
    ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError> {
        if truth.mixed {
            return self.mixed(output, &truth.targets, (N, 1), tape);
        }
        let loss = self.of(output.put_tape(tape), &truth.values);
        loss.map_err(|e| e.to_string().into())
    }
}

/// Pixels that are [`IGNORE`] in the mask do not count, whatever `ignore_index` is.
impl<const H: usize, const W: usize, const N: usize> Loss<Mask<H, W, N>> for CrossEntropy {
    type Output = Chw<N, H, W>;

    fn of_batch<E: Element, D: Device<E>, Tp: Tape<E, D>>(
        &self,
        output: Batch<Chw<N, H, W>, usize, E, D>,
        truth: Truth<Mask<H, W, N>, E, D>,
        tape: Tp,
    ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError> {
        if truth.mixed {
            return self.mixed(output, &truth.targets, (N, H * W), tape);
        }
        let own = self.ignore_index;
        let label = |class: &u8| match usize::from(*class) {
            class if Some(class) == own => usize::from(IGNORE),
            class => class,
        };
        let labels: Vec<usize> = truth.values.iter().flatten().map(label).collect();
        let ignoring = CrossEntropy {
            ignore_index: Some(usize::from(IGNORE)),
            ..*self
        };
        let loss = ignoring.of(output.put_tape(tape), &labels);
        loss.map_err(|e| e.to_string().into())
    }
}

impl CrossEntropy {
    /// The loss where each target is a mixture of classes; what of it is ignored weighs nothing.
    fn mixed<S, E, D, Tp>(
        &self,
        logits: Tensor<S, E, D>,
        targets: &Tensor<S, E, D>,
        (classes, pixels): (usize, usize),
        tape: Tp,
    ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError>
    where
        S: Shape,
        E: Element,
        D: Device<E>,
        Tp: Tape<E, D>,
    {
        let smoothing = self.label_smoothing;
        if !(0.0..=1.0).contains(&smoothing) {
            let error = super::LossError::<String>::Smoothing {
                label_smoothing: smoothing,
            };
            return Err(error.to_string().into());
        }
        let targets = targets.as_vec();
        computed(&logits, tape, |logits, gradient| {
            let number = |x: E| x.to_f64().unwrap_or(f64::NAN);
            let rows = (0..logits.len() / classes.max(1)).map(|row| {
                let first = row / pixels * classes * pixels + row % pixels;
                (0..classes).map(move |c| first + c * pixels)
            });
            let (mut sum, mut all) = (0.0, 0.0);
            for places in rows {
                let weight: f64 = places.clone().map(|i| number(targets[i])).sum();
                if weight == 0.0 {
                    continue;
                }
                all += weight;
                let logit = |i: usize| number(logits[i]);
                let largest = places.clone().map(logit).fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = places.clone().map(|i| (logit(i) - largest).exp()).sum();
                for i in places {
                    let even = smoothing * weight / classes as f64;
                    let target = (1.0 - smoothing) * number(targets[i]) + even;
                    let log = logit(i) - largest - total.ln();
                    sum -= target * log;
                    gradient[i] = scalar(weight * log.exp() - target);
                }
            }
            if all == 0.0 {
                return Err("there is no target to compare with".into());
            }
            let share = 1.0 / all;
            for d in gradient {
                *d *= scalar(share);
            }
            Ok(sum * share)
        })
    }
}
