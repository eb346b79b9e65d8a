//! Losses of numbers, by how far each is off.

use super::pointwise::pointwise;

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
    fn value_and_slope(&self, x: f64, t: f64) -> (f64, f64) {
        let error = x - t;
        (error * error, 2.0 * error)
    }
}

pointwise!(Mse);

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
    fn value_and_slope(&self, x: f64, t: f64) -> (f64, f64) {
        let error = x - t;
        let slope = if error == 0.0 { 0.0 } else { error.signum() };
        (error.abs(), slope)
    }
}

pointwise!(Mae);

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
    fn value_and_slope(&self, x: f64, t: f64) -> (f64, f64) {
        let (error, delta) = (x - t, self.delta);
        if error.abs() > delta {
            let value = delta * (error.abs() - 0.5 * delta);
            (value, delta * error.signum())
        } else {
            (0.5 * error * error, error)
        }
    }
}

pointwise!(Huber);
