//! A loss of areas.

use dfdx::prelude::{Shape, Tape, Tensor};

use super::loss::{computed, Loss, Truth};
use super::objective::ObjectiveError;
use crate::data::Mask;
use crate::shape::Chw;
use crate::tensor::{scalar, Batch, Device, Element};

/// How little the areas that were found and the right ones overlap, class by class, so that small
/// ones weigh as much as large ones.
///
/// `L = mean_c(1 − (2·Σ p·t + smooth) / (Σ p + Σ t + smooth))`, of `p = softmax(x)` over the classes
///
/// The sums go over all pixels of the batch, the mean over the classes that are in its masks.
/// Ignored pixels do not count.
///
/// # Shapes
/// Logits and masks are `(B, N, H, W)`, the result is a number.
///
/// # Parameters
/// - `smooth`: keeps the fraction from 0/0; default 1e-6.
///
/// # Same as
/// MONAI's `DiceLoss(softmax=True, batch=True, smooth_nr=smooth, smooth_dr=smooth)` where all classes
/// are in the masks
///
/// # Source
/// Milletari, Navab and Ahmadi, "V-Net: Fully Convolutional Neural Networks for Volumetric Medical
/// Image Segmentation", 2016, with sums in place of squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dice {
    /// Keeps the fraction from 0/0.
    pub smooth: f64,
}

impl Default for Dice {
    fn default() -> Self {
        Dice { smooth: 1e-6 }
    }
}

impl<const H: usize, const W: usize, const N: usize> Loss<Mask<H, W, N>> for Dice {
    type Output = Chw<N, H, W>;

    fn of_batch<E: Element, D: Device<E>, Tp: Tape<E, D>>(
        &self,
        output: Batch<Chw<N, H, W>, usize, E, D>,
        truth: Truth<Mask<H, W, N>, E, D>,
        tape: Tp,
    ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError> {
        self.with_tape(&output, &truth.targets, (N, H * W), tape)
    }
}

/// The sums of one class.
#[derive(Clone, Copy, Default)]
struct Sums {
    both: f64,
    found: f64,
    right: f64,
}

impl Dice {
    fn with_tape<S, E, D, Tp>(
        &self,
        logits: &Tensor<S, E, D>,
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
        let targets = targets.as_vec();
        let smooth = self.smooth;
        computed(logits, tape, |logits, gradient| {
            let number = |x: E| x.to_f64().unwrap_or(f64::NAN);
            let pixel = |row: usize| row / pixels * classes * pixels + row % pixels;
            let counts =
                |first: usize| (0..classes).any(|c| targets[first + c * pixels] != E::zero());
            let rows = logits.len() / classes.max(1);
            let counted: Vec<usize> = (0..rows)
                .map(pixel)
                .filter(|first| counts(*first))
                .collect();
            let mut sums = vec![Sums::default(); classes];
            let mut probabilities = vec![0.0; counted.len() * classes];
            for (first, p) in counted.iter().zip(probabilities.chunks_exact_mut(classes)) {
                for (c, p) in p.iter_mut().enumerate() {
                    *p = number(logits[first + c * pixels]);
                }
                let largest = p.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                p.iter_mut().for_each(|p| *p = (*p - largest).exp());
                let total: f64 = p.iter().sum();
                for (c, (p, sums)) in p.iter_mut().zip(&mut sums).enumerate() {
                    *p /= total;
                    let t = number(targets[first + c * pixels]);
                    sums.both += *p * t;
                    sums.found += *p;
                    sums.right += t;
                }
            }
            let present = sums.iter().filter(|s| s.right > 0.0).count();
            if present == 0 {
                return Err("there is no pixel with a class to compare with".into());
            }
            let share = 1.0 / present as f64;
            let mut loss = 0.0;
            // How the loss of a class changes with a probability: where the target is t, `a·t + b`.
            let mut slopes = vec![(0.0, 0.0); classes];
            for (s, slope) in sums.iter().zip(&mut slopes).filter(|(s, _)| s.right > 0.0) {
                let (above, below) = (2.0 * s.both + smooth, s.found + s.right + smooth);
                loss += share * (1.0 - above / below);
                *slope = (-2.0 * share / below, share * above / (below * below));
            }
            for (first, p) in counted.iter().zip(probabilities.chunks_exact(classes)) {
                let d_p = |c: usize| {
                    let (a, b) = slopes[c];
                    a * number(targets[first + c * pixels]) + b
                };
                let mean: f64 = (0..classes).map(|c| p[c] * d_p(c)).sum();
                for (c, p) in p.iter().enumerate() {
                    gradient[first + c * pixels] = scalar(p * (d_p(c) - mean));
                }
            }
            Ok(loss)
        })
    }
}
