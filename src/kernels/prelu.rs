//! Scales negative numbers by a slope that is learned.

use super::simd::wide;
use super::{expect_len, Number, Planes};

/// `y[b, c, p] = x[b, c, p]` where that is positive, else `weight[c] · x[b, c, p]`
///
/// NaN stays NaN. One slope for all numbers is one channel of all of them.
///
/// # Shapes
/// `input` and `output` `(B, C, plane)`, `weight` `C`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.prelu`
pub fn forward<T: Number>(
    planes: &Planes,
    batch: usize,
    input: &[T],
    weight: &[T],
    output: &mut [T],
) {
    check(planes, batch, weight, input, output);
    let channels = input
        .chunks_exact(planes.plane.max(1))
        .zip(weight.iter().cycle());
    let outputs = output.chunks_exact_mut(planes.plane.max(1));
    wide(|| {
        for (y, (x, slope)) in outputs.zip(channels) {
            for (y, x) in y.iter_mut().zip(x) {
                *y = if *x > T::zero() { *x } else { *slope * *x };
            }
        }
    });
}

/// `d_x = d_y` where `x` is positive, else `weight[c] · d_y`
///
/// # Shapes
/// `input`, `d_output` and `d_input` `(B, C, plane)`, `weight` `C`.
///
/// # Panics
/// When a slice has another size.
pub fn backward_input<T: Number>(
    planes: &Planes,
    batch: usize,
    input: &[T],
    weight: &[T],
    d_output: &[T],
    d_input: &mut [T],
) {
    check(planes, batch, weight, input, d_output);
    expect_len("d_input", d_input.len(), input.len());
    let plane = planes.plane.max(1);
    let given = input.chunks_exact(plane).zip(d_output.chunks_exact(plane));
    let given = given.zip(weight.iter().cycle());
    let d_inputs = d_input.chunks_exact_mut(plane);
    wide(|| {
        for (dx, ((x, dy), slope)) in d_inputs.zip(given) {
            for (dx, (x, dy)) in dx.iter_mut().zip(x.iter().zip(dy)) {
                *dx = if *x > T::zero() { *dy } else { *slope * *dy };
            }
        }
    });
}

/// `d_weight[c] = d_weight[c] + Σ_{b,p} x · d_y` over the `x` that are not positive
///
/// # Shapes
/// `input` and `d_output` `(B, C, plane)`, `d_weight` `C`.
///
/// # Panics
/// When a slice has another size.
pub fn backward_weight<T: Number>(
    planes: &Planes,
    batch: usize,
    input: &[T],
    d_output: &[T],
    d_weight: &mut [T],
) {
    check(planes, batch, d_weight, input, d_output);
    let plane = planes.plane.max(1);
    let given = input.chunks_exact(plane).zip(d_output.chunks_exact(plane));
    for (nth, (x, dy)) in given.enumerate() {
        let negative = x
            .iter()
            .zip(dy)
            .filter(|(x, _)| **x <= T::zero() || x.is_nan());
        d_weight[nth % planes.channels] += negative.map(|(x, dy)| *x * *dy).sum();
    }
}

#[track_caller]
fn check<T>(planes: &Planes, batch: usize, weight: &[T], input: &[T], output: &[T]) {
    expect_len("weight", weight.len(), planes.channels);
    expect_len("input", input.len(), batch * planes.len());
    expect_len("output", output.len(), batch * planes.len());
}

/// The same by the formula of the textbook.
pub mod naive {
    use super::{Number, Planes};

    /// `y = max(0, x) + weight[c] · min(0, x)`
    pub fn forward<T: Number>(
        planes: &Planes,
        batch: usize,
        input: &[T],
        weight: &[T],
        output: &mut [T],
    ) {
        for place in 0..batch * planes.len() {
            let (x, channel) = (input[place], place / planes.plane % planes.channels);
            output[place] = x.max(T::zero()) + weight[channel] * x.min(T::zero());
        }
    }
}
