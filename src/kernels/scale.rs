//! One number per channel and image, by which all its pixels are multiplied.

use super::simd::wide;
use super::{expect_len, Number, Planes};

/// `y[b, c, p] = x[b, c, p] · s[b, c]`
///
/// # Shapes
/// `input` and `output` `(B, C, plane)`, `factors` `(B, C)`.
///
/// # Panics
/// When a slice has another size.
pub fn forward<T: Number>(
    planes: &Planes,
    batch: usize,
    input: &[T],
    factors: &[T],
    output: &mut [T],
) {
    check(planes, batch, input, factors, output);
    let plane = planes.plane.max(1);
    let channels = input.chunks_exact(plane).zip(factors);
    wide(|| {
        for (y, (x, factor)) in output.chunks_exact_mut(plane).zip(channels) {
            for (y, x) in y.iter_mut().zip(x) {
                *y = *x * *factor;
            }
        }
    });
}

/// `d_s[b, c] = Σ_p x[b, c, p] · d_y[b, c, p]`; that of the input is [`forward`] of `d_y`.
///
/// # Shapes
/// `input` and `d_output` `(B, C, plane)`, `d_factors` `(B, C)`.
///
/// # Panics
/// When a slice has another size.
pub fn backward_factors<T: Number>(
    planes: &Planes,
    batch: usize,
    input: &[T],
    d_output: &[T],
    d_factors: &mut [T],
) {
    check(planes, batch, input, d_factors, d_output);
    let plane = planes.plane.max(1);
    let given = input.chunks_exact(plane).zip(d_output.chunks_exact(plane));
    for (d_factor, (x, dy)) in d_factors.iter_mut().zip(given) {
        *d_factor = x.iter().zip(dy).map(|(x, dy)| *x * *dy).sum();
    }
}

#[track_caller]
fn check<T>(planes: &Planes, batch: usize, input: &[T], factors: &[T], output: &[T]) {
    expect_len("input", input.len(), batch * planes.len());
    expect_len("factors", factors.len(), batch * planes.channels);
    expect_len("output", output.len(), batch * planes.len());
}

/// The same as plain loops.
pub mod naive {
    use super::{Number, Planes};

    /// See [`super::forward`].
    pub fn forward<T: Number>(
        planes: &Planes,
        batch: usize,
        input: &[T],
        factors: &[T],
        output: &mut [T],
    ) {
        for place in 0..batch * planes.len() {
            output[place] = input[place] * factors[place / planes.plane];
        }
    }

    /// See [`super::backward_factors`].
    pub fn backward_factors<T: Number>(
        planes: &Planes,
        batch: usize,
        input: &[T],
        d_output: &[T],
        d_factors: &mut [T],
    ) {
        d_factors.fill(T::zero());
        for place in 0..batch * planes.len() {
            d_factors[place / planes.plane] += input[place] * d_output[place];
        }
    }
}
