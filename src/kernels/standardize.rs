//! What the normalisations share: numbers brought to mean 0 and variance 1, then weighed.

use super::simd::wide;
use super::sum::sum_of;
use super::Number;

/// The mean and the biased variance of `x`.
pub(super) fn statistics<T: Number>(x: &[T]) -> (T, T) {
    let count = T::of(x.len() as f64);
    let blocks = || x.chunks(BLOCK);
    let mean = wide(|| blocks().map(|x| sum_of(x, |x| x)).sum::<T>()) / count;
    // Twice over the numbers: `mean of squares − square of mean` loses all digits of a small
    // variance around a large mean.
    let square = |x: T| (x - mean) * (x - mean);
    let squares = wide(|| blocks().map(|x| sum_of(x, square)).sum::<T>());
    (mean, squares / count)
}

/// Numbers that are added up before their sum joins the others, which keeps the rounding small.
const BLOCK: usize = 2048;

/// `y[i] = w(i) · (x[i] − mean) / √(variance + eps) + b(i)`, the statistics being those of `x`.
pub(super) fn forward<T: Number>(x: &[T], eps: T, affine: impl Fn(usize) -> (T, T), y: &mut [T]) {
    let (mean, variance) = statistics(x);
    let scale = (variance + eps).sqrt().recip();
    for (i, (y, x)) in y.iter_mut().zip(x).enumerate() {
        let (weight, bias) = affine(i);
        *y = weight * ((*x - mean) * scale) + bias;
    }
}

/// With `x̂ = (x − mean) / √(variance + eps)` and `g[i] = w(i) · d_y[i]`:
///
/// `d_x[i] = (g[i] − mean(g) − x̂[i] · mean(g · x̂)) / √(variance + eps)`
pub(super) fn backward_input<T: Number>(
    x: &[T],
    eps: T,
    weight: impl Fn(usize) -> T,
    dy: &[T],
    dx: &mut [T],
) {
    let (mean, variance) = statistics(x);
    let scale = (variance + eps).sqrt().recip();
    let count = T::of(x.len() as f64);
    let (mut sum, mut product) = (T::zero(), T::zero());
    for (i, (x, dy)) in x.iter().zip(dy).enumerate() {
        let g = weight(i) * *dy;
        sum += g;
        product += g * ((*x - mean) * scale);
    }
    let (sum, product) = (sum / count, product / count);
    for (i, (dx, (x, dy))) in dx.iter_mut().zip(x.iter().zip(dy)).enumerate() {
        *dx = (weight(i) * *dy - sum - (*x - mean) * scale * product) * scale;
    }
}

/// Calls `each(i, d_y[i] · x̂[i], d_y[i])`: what the weight and the bias of `i` take.
pub(super) fn backward_parameters<T: Number>(
    x: &[T],
    eps: T,
    dy: &[T],
    mut each: impl FnMut(usize, T, T),
) {
    let (mean, variance) = statistics(x);
    let scale = (variance + eps).sqrt().recip();
    for (i, (x, dy)) in x.iter().zip(dy).enumerate() {
        each(i, *dy * ((*x - mean) * scale), *dy);
    }
}

/// The same forward, by the formula of the textbook, over the numbers at `places`.
pub(super) fn naive_forward<T: Number>(
    x: &[T],
    eps: T,
    places: &[usize],
    affine: impl Fn(usize) -> (T, T),
    y: &mut [T],
) {
    let count = T::of(places.len() as f64);
    let mean = places.iter().map(|i| x[*i]).sum::<T>() / count;
    let variance = places.iter().map(|i| (x[*i] - mean).powi(2)).sum::<T>() / count;
    for i in places {
        let (weight, bias) = affine(*i);
        y[*i] = (x[*i] - mean) / (variance + eps).sqrt() * weight + bias;
    }
}
