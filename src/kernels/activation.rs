//! Functions of one number, applied to every number.

use super::simd::wide;
use super::{expect_len, Number};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `max(0, x)`. `torch.nn.ReLU()`
    Relu,
    /// `x` where `x > 0`, else `slope · x`. `torch.nn.LeakyReLU(slope)`
    LeakyRelu {
        /// Of the negative half, 0.01 in PyTorch.
        slope: f64,
    },
    /// `1 / (1 + exp(−x))`. `torch.nn.Sigmoid()`
    Sigmoid,
    /// `tanh(x)`. `torch.nn.Tanh()`
    Tanh,
    /// `x · Φ(x) = x/2 · (1 + erf(x / √2))`. `torch.nn.GELU()`
    Gelu,
    /// `x / (1 + exp(−x))`. `torch.nn.SiLU()`
    Silu,
    /// `x · min(max(x + 3, 0), 6) / 6`. `torch.nn.Hardswish()`
    HardSwish,
    /// `x` where `x > 0`, else `alpha · (exp(x) − 1)`. `torch.nn.ELU(alpha)`
    Elu {
        /// What the function tends to at −∞, negated; 1 in PyTorch.
        alpha: f64,
    },
    /// `ln(1 + exp(x))`, and `x` where `x > 20`. `torch.nn.Softplus()`
    Softplus,
    /// `min(max(0, x), 6)`. `torch.nn.ReLU6()`
    Relu6,
    /// `min(max(x + 3, 0), 6) / 6`. `torch.nn.Hardsigmoid()`
    HardSigmoid,
}

/// Above this, PyTorch takes the softplus of a number for the number itself.
const SOFTPLUS_IS_LINEAR: f64 = 20.0;

fn sigmoid<T: Number>(x: T) -> T {
    T::one() / (T::one() + (-x).exp())
}

/// `Φ(x)`, the probability that a standard normal number is smaller than `x`.
fn normal<T: Number>(x: T) -> T {
    T::of(0.5) * (T::one() + (x * T::of(std::f64::consts::FRAC_1_SQRT_2)).erf())
}

/// `φ(x)`, the density of a standard normal number.
fn density<T: Number>(x: T) -> T {
    // 1/√(2π)
    T::of(0.398_942_280_401_432_7) * (T::of(-0.5) * x * x).exp()
}

/// Tells the compiler what a closure takes before it reads the closure.
#[inline(always)]
fn apply<T>(f: impl Fn(T) -> T, x: T) -> T {
    f(x)
}

/// Calls `$each` with the function of the value and, after the semicolon, that of the slope; so
/// that the choice is made once a slice, and each loop is compiled for one function.
macro_rules! choose {
    ($activation:expr, $each:ident) => {{
        let zero = T::zero();
        match $activation {
            // Comparisons are turned so that NaN stays NaN.
            Activation::Relu => $each!(
                |x| if x <= zero { zero } else { x };
                |x| if x <= zero { zero } else { T::one() }
            ),
            Activation::LeakyRelu { slope } => {
                let slope = T::of(slope);
                $each!(
                    |x| if x > zero { x } else { slope * x };
                    |x| if x > zero { T::one() } else { slope }
                )
            }
            Activation::Sigmoid => $each!(
                |x| sigmoid(x);
                |x| {
                    let y = sigmoid(x);
                    y * (T::one() - y)
                }
            ),
            Activation::Tanh => $each!(
                |x| x.tanh();
                |x| {
                    let y = x.tanh();
                    T::one() - y * y
                }
            ),
            Activation::Gelu => $each!(
                |x| x * normal(x);
                |x| normal(x) + x * density(x)
            ),
            Activation::Silu => $each!(
                |x| x * sigmoid(x);
                |x| {
                    let s = sigmoid(x);
                    s * (T::one() + x * (T::one() - s))
                }
            ),
            Activation::HardSwish => {
                let three = T::of(3.0);
                $each!(
                    |x| if x <= -three {
                        zero
                    } else if x >= three {
                        x
                    } else {
                        x * (x + three) / (three + three)
                    };
                    |x| if x <= -three {
                        zero
                    } else if x >= three {
                        T::one()
                    } else {
                        x / three + T::of(0.5)
                    }
                )
            }
            Activation::Elu { alpha } => {
                let alpha = T::of(alpha);
                $each!(
                    |x| if x > zero { x } else { alpha * x.exp_m1() };
                    |x| if x > zero { T::one() } else { alpha * x.exp() }
                )
            }
            Activation::Softplus => {
                let linear = T::of(SOFTPLUS_IS_LINEAR);
                $each!(
                    |x| if x > linear { x } else { x.exp().ln_1p() };
                    |x| if x > linear { T::one() } else { sigmoid(x) }
                )
            }
            Activation::Relu6 => {
                let six = T::of(6.0);
                $each!(
                    |x| if x <= zero {
                        zero
                    } else if x >= six {
                        six
                    } else {
                        x
                    };
                    |x| if x <= zero || x >= six { zero } else { T::one() }
                )
            }
            Activation::HardSigmoid => {
                let (three, six) = (T::of(3.0), T::of(6.0));
                $each!(
                    |x| if x <= -three {
                        zero
                    } else if x >= three {
                        T::one()
                    } else {
                        (x + three) / six
                    };
                    |x| if x <= -three || x >= three { zero } else { T::one() / six }
                )
            }
        }
    }};
}

/// `y = f(x)`
///
/// NaN stays NaN, in [`Activation::Relu`] too.
///
/// # Shapes
/// `input` and `output` of one length.
///
/// # Panics
/// When the lengths differ.
///
/// # Example
/// ```
/// use shapeproof::kernels::activation::{forward, Activation};
/// let mut y = [0.0; 3];
/// forward(Activation::LeakyRelu { slope: 0.5 }, &[-2.0, 0.0, 3.0], &mut y);
/// assert_eq!(y, [-1.0, 0.0, 3.0]);
/// ```
pub fn forward<T: Number>(activation: Activation, input: &[T], output: &mut [T]) {
    expect_len("output", output.len(), input.len());
    macro_rules! each {
        ($value:expr; $slope:expr) => {
            wide(|| {
                for (y, x) in output.iter_mut().zip(input) {
                    *y = apply($value, *x);
                }
            })
        };
    }
    choose!(activation, each)
}

/// `x = f(x)`, in place.
pub fn forward_in_place<T: Number>(activation: Activation, values: &mut [T]) {
    macro_rules! each {
        ($value:expr; $slope:expr) => {
            wide(|| {
                for x in values {
                    *x = apply($value, *x);
                }
            })
        };
    }
    choose!(activation, each)
}

/// `d_x = f′(x) · d_y`
///
/// At a kink the slope is PyTorch's: that from the left, so 0 for [`Activation::Relu`] at 0; and 0
/// at either end of [`Activation::Relu6`] and [`Activation::HardSigmoid`].
///
/// # Shapes
/// `input`, `d_output` and `d_input` of one length.
///
/// # Panics
/// When the lengths differ.
pub fn backward<T: Number>(activation: Activation, input: &[T], d_output: &[T], d_input: &mut [T]) {
    expect_len("d_output", d_output.len(), input.len());
    expect_len("d_input", d_input.len(), input.len());
    macro_rules! each {
        ($value:expr; $slope:expr) => {
            wide(|| {
                for (dx, (x, dy)) in d_input.iter_mut().zip(input.iter().zip(d_output)) {
                    *dx = apply($slope, *x) * *dy;
                }
            })
        };
    }
    choose!(activation, each)
}

/// `d_x = f′(x) · d_y`, in place: `gradient` is `d_y` before and `d_x` after.
///
/// # Panics
/// When the lengths differ.
pub fn backward_in_place<T: Number>(activation: Activation, input: &[T], gradient: &mut [T]) {
    expect_len("gradient", gradient.len(), input.len());
    macro_rules! each {
        ($value:expr; $slope:expr) => {{
            for (d, x) in gradient.iter_mut().zip(input) {
                *d *= apply($slope, *x);
            }
        }};
    }
    choose!(activation, each)
}

/// The same by the formulas of the textbook, one number at a time, in `f64`.
pub mod naive {
    use super::Activation;

    /// `f(x)`
    pub fn forward(activation: Activation, x: f64) -> f64 {
        match activation {
            Activation::Relu => x.max(0.0),
            Activation::LeakyRelu { slope } => x.max(0.0) + slope * x.min(0.0),
            Activation::Sigmoid => x.exp() / (x.exp() + 1.0),
            Activation::Tanh => (x.exp() - (-x).exp()) / (x.exp() + (-x).exp()),
            Activation::Gelu => x * normal(x),
            Activation::Silu => x * x.exp() / (x.exp() + 1.0),
            Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Activation::Elu { alpha } => x.max(0.0) + alpha * (x.min(0.0).exp() - 1.0),
            Activation::Softplus => (1.0 + x.exp()).ln(),
            Activation::Relu6 => x.clamp(0.0, 6.0),
            Activation::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
        }
    }

    /// `Φ(x)`: the density summed up by Simpson's rule.
    fn normal(x: f64) -> f64 {
        let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let steps = 400;
        let width = x / f64::from(steps);
        let mut sum = density(0.0) + density(x);
        for step in 1..steps {
            let weight = if step % 2 == 1 { 4.0 } else { 2.0 };
            sum += weight * density(f64::from(step) * width);
        }
        0.5 + sum * width / 3.0
    }
}
