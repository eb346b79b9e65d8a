//! Turns scores into probabilities.

use super::{expect_len, Axis, Number};

/// `y[i] = exp(x[i]) / Σ_j exp(x[j])` along the axis
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
/// `torch.softmax`
pub fn forward<T: Number>(axis: &Axis, input: &[T], output: &mut [T]) {
    expect_len("input", input.len(), axis.numbers());
    expect_len("output", output.len(), axis.numbers());
    for run in axis.runs() {
        let (largest, sum) = largest_and_sum(input, run.clone());
        for i in run {
            output[i] = (input[i] - largest).exp() / sum;
        }
    }
}

/// `d_x[i] = y[i] · (d_y[i] − Σ_j y[j] · d_y[j])` along the axis
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
        let mean: T = run.clone().map(|j| output[j] * d_output[j]).sum();
        for i in run {
            d_input[i] = output[i] * (d_output[i] - mean);
        }
    }
}

/// The largest of a run of numbers, and `Σ exp(x − largest)`.
pub(super) fn largest_and_sum<T: Number>(
    x: &[T],
    run: impl Iterator<Item = usize> + Clone,
) -> (T, T) {
    // `max` passes over NaN, but the sum does not.
    let largest = run.clone().map(|i| x[i]).fold(T::neg_infinity(), T::max);
    (largest, run.map(|i| (x[i] - largest).exp()).sum())
}

/// The same by the formulas of the textbook.
pub mod naive {
    use super::{Axis, Number};

    /// See [`super::forward`]; overflows for large numbers.
    pub fn forward<T: Number>(axis: &Axis, input: &[T], output: &mut [T]) {
        for outer in 0..axis.outer {
            for inner in 0..axis.inner {
                let place = |i: usize| (outer * axis.len + i) * axis.inner + inner;
                let sum: T = (0..axis.len).map(|j| input[place(j)].exp()).sum();
                for i in 0..axis.len {
                    output[place(i)] = input[place(i)].exp() / sum;
                }
            }
        }
    }

    /// See [`super::backward`]: every entry of the Jacobian, `y[j] · (1[i = j] − y[i])`.
    pub fn backward<T: Number>(axis: &Axis, output: &[T], d_output: &[T], d_input: &mut [T]) {
        for outer in 0..axis.outer {
            for inner in 0..axis.inner {
                let place = |i: usize| (outer * axis.len + i) * axis.inner + inner;
                for i in 0..axis.len {
                    let mut sum = T::zero();
                    for j in 0..axis.len {
                        let same = if i == j { T::one() } else { T::zero() };
                        sum += output[place(j)] * (same - output[place(i)]) * d_output[place(j)];
                    }
                    d_input[place(i)] = sum;
                }
            }
        }
    }
}
