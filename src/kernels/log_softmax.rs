//! Turns scores into logarithms of probabilities.

use super::softmax::largest_and_sum;
use super::{expect_len, Axis, Number};

/// `y[i] = x[i] − ln Σ_j exp(x[j])` along the axis
///
/// The largest score is taken off first, so that no exponential overflows.
///
/// # Shapes
/// `input` and `output` `(outer, len, inner)`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.log_softmax`
pub fn forward<T: Number>(axis: &Axis, input: &[T], output: &mut [T]) {
    expect_len("input", input.len(), axis.numbers());
    expect_len("output", output.len(), axis.numbers());
    for run in axis.runs() {
        let (largest, sum) = largest_and_sum(input, run.clone());
        let log = sum.ln();
        for i in run {
            output[i] = input[i] - largest - log;
        }
    }
}

/// `d_x[i] = d_y[i] − exp(y[i]) · Σ_j d_y[j]` along the axis
///
/// # Shapes
/// `output` (what [`forward`] gave), `d_output` and `d_input` `(outer, len, inner)`.
///
/// # Panics
/// When a slice has another size.
pub fn backward<T: Number>(axis: &Axis, output: &[T], d_output: &[T], d_input: &mut [T]) {
    expect_len("output", output.len(), axis.numbers());
    expect_len("d_output", d_output.len(), axis.numbers());
    expect_len("d_input", d_input.len(), axis.numbers());
    for run in axis.runs() {
        let sum: T = run.clone().map(|j| d_output[j]).sum();
        for i in run {
            d_input[i] = d_output[i] - output[i].exp() * sum;
        }
    }
}

/// The same by the formulas of the textbook.
pub mod naive {
    use super::{Axis, Number};

    /// See [`super::forward`]; overflows for large numbers.
    pub fn forward<T: Number>(axis: &Axis, input: &[T], output: &mut [T]) {
        super::super::softmax::naive::forward(axis, input, output);
        for y in output {
            *y = y.ln();
        }
    }

    /// See [`super::backward`]: every entry of the Jacobian, `1[i = j] − exp(y[i])`.
    pub fn backward<T: Number>(axis: &Axis, output: &[T], d_output: &[T], d_input: &mut [T]) {
        for outer in 0..axis.outer {
            for inner in 0..axis.inner {
                let place = |i: usize| (outer * axis.len + i) * axis.inner + inner;
                for i in 0..axis.len {
                    let mut sum = T::zero();
                    for j in 0..axis.len {
                        let same = if i == j { T::one() } else { T::zero() };
                        sum += (same - output[place(i)].exp()) * d_output[place(j)];
                    }
                    d_input[place(i)] = sum;
                }
            }
        }
    }
}
