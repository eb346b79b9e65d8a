//! Losses of yes or no: every number of the output is a logit of its own.

use dfdx::prelude::{Tape, Tensor};

use super::loss::{Loss, Truth};
use super::objective::ObjectiveError;
use super::pointwise::{mean, pointwise};
use crate::data::{Class, Mask};
use crate::shape::Chw;
use crate::tensor::{Batch, Device, Element};

/// `ln(1 + eˣ)` without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

macro_rules! binary {
    ($Name:ident) => {
        // Numbers from 0 to 1: any of `N` properties that an image may have.
        pointwise!($Name);
        // Each class against all others: the target is 1 for the image's class, 0 for the rest.
        pointwise!($Name, Class<N>);

        /// Each class against all others, pixel by pixel; ignored pixels do not count.
        impl<const H: usize, const W: usize, const N: usize> Loss<Mask<H, W, N>> for $Name {
            type Output = Chw<N, H, W>;

            fn of_batch<E: Element, D: Device<E>, Tp: Tape<E, D>>(
                &self,
                output: Batch<Chw<N, H, W>, usize, E, D>,
                truth: Truth<Mask<H, W, N>, E, D>,
                tape: Tp,
            ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError> {
                let planes = Some((N, H * W));
                mean(output, &truth.targets, planes, tape, |x, t| {
                    self.value_and_slope(x, t)
                })
            }
        }
    };
}

/// Binary cross-entropy of logits: sigmoid, logarithm and mean in one.
///
/// `L = −mean(w·t·ln σ(x) + (1 − t)·ln(1 − σ(x)))`
///
/// # Shapes
/// Any, the same for logits and targets. The result is a number.
///
/// # Parameters
/// - `pos_weight`: `w`, how much a target of 1 weighs; default 1.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// use shapeproof::train::BceWithLogits;
/// let dev = Cpu::default();
/// let x = dev.tensor([0.0, 0.0]);
/// let loss = BceWithLogits::default().of(x.leaky_trace(), &dev.tensor([1.0, 0.0])).unwrap();
/// assert!((loss.array() - 2f64.ln()).abs() < 1e-12);
/// assert_eq!(loss.backward().get(&x).array(), [-0.25, 0.25]);
/// ```
///
/// # Same as
/// `torch.nn.BCEWithLogitsLoss(pos_weight=pos_weight)`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BceWithLogits {
    /// How much a target of 1 weighs.
    pub pos_weight: f64,
}

impl Default for BceWithLogits {
    fn default() -> Self {
        BceWithLogits { pos_weight: 1.0 }
    }
}

impl BceWithLogits {
    fn value_and_slope(&self, x: f64, t: f64) -> (f64, f64) {
        let w = self.pos_weight;
        let value = w * t * softplus(-x) + (1.0 - t) * softplus(x);
        (value, (1.0 - t) * sigmoid(x) - w * t * sigmoid(-x))
    }
}

binary!(BceWithLogits);

/// Binary cross-entropy that looks away from what is easy: made for classes of which one is rare.
///
/// `L = mean(a·(1 − p)^gamma·(−ln p))`, of `p = σ(x)` and `a = alpha` where the target is 1, of
/// `p = 1 − σ(x)` and `a = 1 − alpha` where it is 0; targets in between mix both as torchvision does.
///
/// # Shapes
/// Any, the same for logits and targets. The result is a number.
///
/// # Parameters
/// - `alpha`: how much a target of 1 weighs, from 0 to 1; default 0.25. `None` weighs all by 1.
/// - `gamma`: how little the easy ones weigh, at least 0; default 2.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// use shapeproof::train::Focal;
/// let dev = Cpu::default();
/// let (x, t) = (dev.tensor([0.0]), dev.tensor([1.0]));
/// let loss = Focal::default().of(x, &t).unwrap().array();
/// assert!((loss - 0.25 * 0.5f64.powi(2) * 2f64.ln()).abs() < 1e-12);
/// ```
///
/// # Same as
/// `torchvision.ops.sigmoid_focal_loss(logits, targets, alpha, gamma, reduction="mean")`
///
/// # Source
/// Lin, Goyal, Girshick, He and Dollár, "Focal Loss for Dense Object Detection", 2017.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Focal {
    /// How much a target of 1 weighs.
    pub alpha: Option<f64>,
    /// How little the easy ones weigh.
    pub gamma: f64,
}

impl Default for Focal {
    fn default() -> Self {
        Focal {
            alpha: Some(0.25),
            gamma: 2.0,
        }
    }
}

impl Focal {
    fn value_and_slope(&self, x: f64, t: f64) -> (f64, f64) {
        let (p, q) = (sigmoid(x), sigmoid(-x));
        let entropy = t * softplus(-x) + (1.0 - t) * softplus(x);
        // How far off: 1 − p where the target is 1, p where it is 0.
        let off = t * q + (1.0 - t) * p;
        let weight = self.alpha.map_or(1.0, |a| a * t + (1.0 - a) * (1.0 - t));
        let power = off.powf(self.gamma);
        let d_entropy = p - t;
        let d_off = (1.0 - 2.0 * t) * p * q;
        let d_power = if self.gamma == 0.0 || off == 0.0 {
            0.0
        } else {
            self.gamma * off.powf(self.gamma - 1.0) * d_off
        };
        let slope = weight * (power * d_entropy + d_power * entropy);
        (weight * power * entropy, slope)
    }
}

binary!(Focal);
