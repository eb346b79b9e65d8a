//! Losses of numbers, by how far each is off.

use dfdx::prelude::{PutTape, Shape, SplitTape, Tape, Tensor};

use super::loss::{computed, Loss, Truth};
use super::objective::ObjectiveError;
use crate::data::Numbers;
use crate::shape::Flat;
use crate::tensor::{scalar, Batch, Device, Element};

/// The mean over all numbers of a function of the error `x − t`: `value_and_slope(x − t)`.
fn mean<S, E, D, Tp>(
    found: Tensor<S, E, D>,
    truth: &Tensor<S, E, D>,
    tape: Tp,
    value_and_slope: impl Fn(f64) -> (f64, f64),
) -> Result<Tensor<(), E, D, Tp>, ObjectiveError>
where
    S: Shape,
    E: Element,
    D: Device<E>,
    Tp: Tape<E, D>,
{
    let truth = truth.as_vec();
    computed(&found, tape, |found, gradient| {
        if found.is_empty() {
            return Err("there are no numbers to compare".into());
        }
        if found.len() != truth.len() {
            return Err(format!("{} numbers for {}", found.len(), truth.len()).into());
        }
        let share = 1.0 / found.len() as f64;
        let mut sum = 0.0;
        for ((x, t), d) in found.iter().zip(&truth).zip(gradient) {
            let error = x.to_f64().unwrap_or(f64::NAN) - t.to_f64().unwrap_or(f64::NAN);
            let (value, slope) = value_and_slope(error);
            sum += value;
            *d = scalar(slope * share);
        }
        Ok(sum * share)
    })
}

macro_rules! regression {
    ($Name:ident) => {
        impl $Name {
            /// The loss of `found`, which carries its tape, where `truth` is right.
            ///
            /// # Errors
            /// When there are no numbers, or not as many on both sides, or the device is out of
            /// memory.
            pub fn of<S, E, D, Tp>(
                &self,
                found: Tensor<S, E, D, Tp>,
                truth: &Tensor<S, E, D>,
            ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError>
            where
                S: Shape,
                E: Element,
                D: Device<E>,
                Tp: Tape<E, D>,
            {
                let (found, tape) = found.split_tape();
                mean(found, truth, tape, |error| self.value_and_slope(error))
            }
        }

        impl<const N: usize> Loss<Numbers<N>> for $Name {
            type Output = Flat<N>;

            fn of_batch<E: Element, D: Device<E>, Tp: Tape<E, D>>(
                &self,
                output: Batch<Flat<N>, usize, E, D>,
                truth: Truth<Numbers<N>, E, D>,
                tape: Tp,
            ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError> {
                self.of(output.put_tape(tape), &truth.targets)
            }
        }
    };
}

/// The mean squared error.
///
/// `L = mean((x − t)²)`
///
/// # Shapes
/// Any, the same for what was found and what is right. The result is a number.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// use shapeproof::train::Mse;
/// let dev = Cpu::default();
/// let x = dev.tensor([1.0, 4.0]);
/// let loss = Mse.of(x.leaky_trace(), &dev.tensor([0.0, 1.0])).unwrap();
/// assert_eq!(loss.array(), 5.0);
/// assert_eq!(loss.backward().get(&x).array(), [1.0, 3.0]);
/// ```
///
/// # Same as
/// `torch.nn.MSELoss()`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mse;

impl Mse {
    fn value_and_slope(&self, error: f64) -> (f64, f64) {
        (error * error, 2.0 * error)
    }
}

regression!(Mse);

/// The mean absolute error; its gradient is 0 where there is no error.
///
/// `L = mean(|x − t|)`
///
/// # Shapes
/// Any, the same for what was found and what is right. The result is a number.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// use shapeproof::train::Mae;
/// let dev = Cpu::default();
/// let x = dev.tensor([1.0, 0.0]);
/// let loss = Mae.of(x.leaky_trace(), &dev.tensor([0.0, 3.0])).unwrap();
/// assert_eq!(loss.array(), 2.0);
/// assert_eq!(loss.backward().get(&x).array(), [0.5, -0.5]);
/// ```
///
/// # Same as
/// `torch.nn.L1Loss()`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mae;

impl Mae {
    fn value_and_slope(&self, error: f64) -> (f64, f64) {
        let slope = if error == 0.0 { 0.0 } else { error.signum() };
        (error.abs(), slope)
    }
}

regression!(Mae);

/// Squares of small errors, absolute values of large ones, so that single large errors do not
/// outweigh the rest.
///
/// `L = mean(½·e²` where `|e| ≤ delta`, else `delta·(|e| − ½·delta))`, of `e = x − t`
///
/// # Shapes
/// Any, the same for what was found and what is right. The result is a number.
///
/// # Parameters
/// - `delta`: the error from which on it is a straight line, positive; default 1.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// use shapeproof::train::Huber;
/// let dev = Cpu::default();
/// let x = dev.tensor([1.0, 3.0]);
/// let loss = Huber { delta: 2.0 }.of(x.leaky_trace(), &dev.tensor([0.0, 0.0])).unwrap();
/// assert_eq!(loss.array(), (0.5 + 2.0 * (3.0 - 1.0)) / 2.0);
/// assert_eq!(loss.backward().get(&x).array(), [0.5, 1.0]);
/// ```
///
/// # Same as
/// `torch.nn.HuberLoss(delta=delta)`; divided by `delta` it is `SmoothL1Loss(beta=delta)`
///
/// # Source
/// Huber, "Robust Estimation of a Location Parameter", 1964.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Huber {
    /// The error from which on it is a straight line.
    pub delta: f64,
}

impl Default for Huber {
    fn default() -> Self {
        Huber { delta: 1.0 }
    }
}

impl Huber {
    fn value_and_slope(&self, error: f64) -> (f64, f64) {
        let delta = self.delta;
        if error.abs() > delta {
            let value = delta * (error.abs() - 0.5 * delta);
            (value, delta * error.signum())
        } else {
            (0.5 * error * error, error)
        }
    }
}

regression!(Huber);
