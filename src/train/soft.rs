//! The cross-entropy as a [`Loss`] of classes and masks.

use dfdx::prelude::{PutTape, Shape, Tape, Tensor};

use super::cross_entropy::check_weights;
use super::loss::{computed, Loss, Truth};
use super::objective::ObjectiveError;
use super::{CrossEntropy, WeightedCrossEntropy};
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
        self.of_classes(output, truth, tape, &[])
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
        self.of_masks(output, truth, tape, &[])
    }
}

/// As that of [`CrossEntropy`]; there are as many weights as classes, or it does not compile.
impl<const N: usize> Loss<Class<N>> for WeightedCrossEntropy<N> {
    type Output = Flat<N>;

    fn of_batch<E: Element, D: Device<E>, Tp: Tape<E, D>>(
        &self,
        output: Batch<Flat<N>, usize, E, D>,
        truth: Truth<Class<N>, E, D>,
        tape: Tp,
    ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError> {
        self.loss.of_classes(output, truth, tape, &self.weight)
    }
}

/// As that of [`CrossEntropy`]; there are as many weights as classes, or it does not compile.
impl<const H: usize, const W: usize, const N: usize> Loss<Mask<H, W, N>>
    for WeightedCrossEntropy<N>
{
    type Output = Chw<N, H, W>;

    fn of_batch<E: Element, D: Device<E>, Tp: Tape<E, D>>(
        &self,
        output: Batch<Chw<N, H, W>, usize, E, D>,
        truth: Truth<Mask<H, W, N>, E, D>,
        tape: Tp,
    ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError> {
        self.loss.of_masks(output, truth, tape, &self.weight)
    }
}

impl CrossEntropy {
    fn of_classes<const N: usize, E: Element, D: Device<E>, Tp: Tape<E, D>>(
        &self,
        output: Batch<Flat<N>, usize, E, D>,
        truth: Truth<Class<N>, E, D>,
        tape: Tp,
        weight: &[f64],
    ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError> {
        if truth.mixed {
            return self.mixed(output, &truth.targets, (N, 1), tape, weight);
        }
        let loss = self.of_weighted(output.put_tape(tape), &truth.values, weight);
        loss.map_err(|e| e.to_string().into())
    }

    fn of_masks<const H: usize, const W: usize, const N: usize, E, D, Tp>(
        &self,
        output: Batch<Chw<N, H, W>, usize, E, D>,
        truth: Truth<Mask<H, W, N>, E, D>,
        tape: Tp,
        weight: &[f64],
    ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError>
    where
        E: Element,
        D: Device<E>,
        Tp: Tape<E, D>,
    {
        if truth.mixed {
            return self.mixed(output, &truth.targets, (N, H * W), tape, weight);
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
        let loss = ignoring.of_weighted(output.put_tape(tape), &labels, weight);
        loss.map_err(|e| e.to_string().into())
    }

    /// The loss where each target is a mixture of classes; what of it is ignored weighs nothing.
    fn mixed<S, E, D, Tp>(
        &self,
        logits: Tensor<S, E, D>,
        targets: &Tensor<S, E, D>,
        (classes, pixels): (usize, usize),
        tape: Tp,
        weight: &[f64],
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
        check_weights::<String>(weight).map_err(|e| e.to_string())?;
        let weighs = |class: usize| weight.get(class).copied().unwrap_or(1.0);
        let targets = targets.as_vec();
        computed(&logits, tape, |logits, gradient| {
            let number = |x: E| x.to_f64().unwrap_or(f64::NAN);
            let rows = (0..logits.len() / classes.max(1)).map(|row| {
                let first = row / pixels * classes * pixels + row % pixels;
                (0..classes).map(move |c| first + c * pixels)
            });
            let (mut sum, mut all) = (0.0, 0.0);
            for places in rows {
                let counts: f64 = places.clone().map(|i| number(targets[i])).sum();
                let even = smoothing * counts / classes as f64;
                let target = |(class, i): (usize, usize)| {
                    weighs(class) * ((1.0 - smoothing) * number(targets[i]) + even)
                };
                let parts = places.clone().enumerate();
                let right = parts
                    .clone()
                    .map(|(class, i)| weighs(class) * number(targets[i]));
                let (right, weight): (f64, f64) = (right.sum(), parts.clone().map(target).sum());
                if weight == 0.0 {
                    continue;
                }
                all += right;
                let logit = |i: usize| number(logits[i]);
                let largest = places.clone().map(logit).fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = places.clone().map(|i| (logit(i) - largest).exp()).sum();
                for (class, i) in parts {
                    let target = target((class, i));
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
