//! Standardises each channel over the whole batch.
//!
//! While training, the statistics are those of the batch: [`statistics`], then [`forward`], then
//! [`update_running`]; backward, [`backward_input`] and [`backward_parameters`]. While evaluating,
//! they are the running ones: [`forward`]; backward, [`backward_input_frozen`] and
//! [`backward_parameters`].

use super::simd::wide;
use super::sum::{sum_of, sum_of_pairs};
use super::{expect_len, Number, Planes};

/// The sizes of a batch normalisation of one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// Channels and their pixels; features are channels of one pixel.
    pub planes: Planes,
    /// Added to the variance; 1e-5 in PyTorch.
    pub eps: f64,
}

/// Mean and variance of every channel.
#[derive(Clone, Copy, Debug)]
pub struct Statistics<'a, T> {
    /// Of each channel.
    pub mean: &'a [T],
    /// Of each channel; biased where it is that of the batch.
    pub variance: &'a [T],
}

impl Geometry {
    /// The planes of one channel, each as its place in a batch of images.
    fn planes_of(
        &self,
        batch: usize,
        channel: usize,
    ) -> impl Iterator<Item = std::ops::Range<usize>> {
        let Planes { channels, plane } = self.planes;
        (0..batch).map(move |image| {
            let first = (image * channels + channel) * plane;
            first..first + plane
        })
    }

    /// `1 / √(variance + eps)`
    fn scale<T: Number>(&self, variance: T) -> T {
        (variance + T::of(self.eps)).sqrt().recip()
    }

    #[track_caller]
    fn check(&self, batch: usize, slices: &[(&str, usize)], channels: &[(&str, usize)]) {
        for (what, found) in slices {
            expect_len(what, *found, batch * self.planes.len());
        }
        for (what, found) in channels {
            expect_len(what, *found, self.planes.channels);
        }
    }
}

/// `mean[c] = 1/n · Σ_{b,p} x[b, c, p]` and `variance[c] = 1/n · Σ_{b,p} (x[b, c, p] − mean[c])²`
/// with `n = B·plane`.
///
/// # Shapes
/// `input` `(B, C, plane)`, `mean` and `variance` `C`.
///
/// # Panics
/// When a slice has another size or there is no number to average.
pub fn statistics<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    mean: &mut [T],
    variance: &mut [T],
) {
    g.check(
        batch,
        &[("input", input.len())],
        &[("mean", mean.len()), ("variance", variance.len())],
    );
    let count = batch * g.planes.plane;
    assert!(count > 0, "no numbers have no mean");
    let count = T::of(count as f64);
    for channel in 0..g.planes.channels {
        let planes = || g.planes_of(batch, channel).map(|p| &input[p]);
        let center = wide(|| planes().map(|x| sum_of(x, |x| x)).sum::<T>()) / count;
        // Twice over the numbers: `mean of squares − square of mean` loses all digits of a small
        // variance around a large mean.
        let square = |x: T| (x - center) * (x - center);
        let squares: T = wide(|| planes().map(|x| sum_of(x, square)).sum());
        mean[channel] = center;
        variance[channel] = squares / count;
    }
}

/// `running = (1 − momentum) · running + momentum · batch`, where the variance counts as the
/// unbiased one, `n/(n − 1)` times the biased.
///
/// # Shapes
/// All of `C` numbers.
///
/// # Panics
/// When a slice has another size, or each channel had only one number: it has no unbiased variance.
///
/// # Same as
/// what `torch.nn.functional.batch_norm(…, training=True)` does to its running statistics
pub fn update_running<T: Number>(
    g: &Geometry,
    batch: usize,
    momentum: f64,
    of_batch: Statistics<T>,
    running_mean: &mut [T],
    running_variance: &mut [T],
) {
    g.check(
        batch,
        &[],
        &[
            ("mean", of_batch.mean.len()),
            ("variance", of_batch.variance.len()),
            ("running_mean", running_mean.len()),
            ("running_variance", running_variance.len()),
        ],
    );
    let count = batch * g.planes.plane;
    assert!(
        count > 1,
        "{count} number a channel: training needs at least 2"
    );
    let unbiased = T::of(count as f64 / (count - 1) as f64);
    let (old, new) = (T::of(1.0 - momentum), T::of(momentum));
    for (running, mean) in running_mean.iter_mut().zip(of_batch.mean) {
        *running = old * *running + new * *mean;
    }
    for (running, variance) in running_variance.iter_mut().zip(of_batch.variance) {
        *running = old * *running + new * (unbiased * *variance);
    }
}

/// `y[b, c, p] = w[c] · (x[b, c, p] − mean[c]) / √(variance[c] + eps) + bias[c]`
///
/// # Shapes
/// `input` and `output` `(B, C, plane)`; statistics, `weight` and `bias` `C`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.batch_norm`, given the statistics of the batch or the running ones
pub fn forward<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    statistics: Statistics<T>,
    weight: &[T],
    bias: &[T],
    output: &mut [T],
) {
    let Statistics { mean, variance } = statistics;
    g.check(
        batch,
        &[("input", input.len()), ("output", output.len())],
        &[
            ("mean", mean.len()),
            ("variance", variance.len()),
            ("weight", weight.len()),
            ("bias", bias.len()),
        ],
    );
    for channel in 0..g.planes.channels {
        let scale = g.scale(variance[channel]) * weight[channel];
        let (mean, bias) = (mean[channel], bias[channel]);
        wide(|| {
            for plane in g.planes_of(batch, channel) {
                for (y, x) in output[plane.clone()].iter_mut().zip(&input[plane]) {
                    *y = (*x - mean) * scale + bias;
                }
            }
        });
    }
}

/// With `x̂ = (x − mean) / √(variance + eps)`, for each channel:
///
/// `d_x = w / √(variance + eps) · (d_y − mean(d_y) − x̂ · mean(d_y · x̂))`
///
/// This is the gradient where the statistics are those of the batch, which depend on its input.
///
/// # Shapes
/// `input`, `d_output` and `d_input` `(B, C, plane)`; statistics and `weight` `C`.
///
/// # Panics
/// When a slice has another size.
pub fn backward_input<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    statistics: Statistics<T>,
    weight: &[T],
    d_output: &[T],
    d_input: &mut [T],
) {
    let Statistics { mean, variance } = statistics;
    g.check(
        batch,
        &[
            ("input", input.len()),
            ("d_output", d_output.len()),
            ("d_input", d_input.len()),
        ],
        &[
            ("mean", mean.len()),
            ("variance", variance.len()),
            ("weight", weight.len()),
        ],
    );
    let count = T::of((batch * g.planes.plane) as f64);
    for channel in 0..g.planes.channels {
        let (mean, scale) = (mean[channel], g.scale(variance[channel]));
        let (product, sum) = sums(g, batch, channel, input, mean, scale, d_output);
        let (product, sum) = (product / count, sum / count);
        let weight = weight[channel];
        wide(|| {
            for plane in g.planes_of(batch, channel) {
                let known = input[plane.clone()].iter().zip(&d_output[plane.clone()]);
                for (dx, (x, dy)) in d_input[plane].iter_mut().zip(known) {
                    let centered = *dy - sum - (*x - mean) * scale * product;
                    *dx = centered * (scale * weight);
                }
            }
        });
    }
}

/// `d_x = w / √(variance + eps) · d_y`: the gradient where the statistics are constants.
///
/// # Shapes
/// `variance` and `weight` `C`, `d_output` and `d_input` `(B, C, plane)`.
///
/// # Panics
/// When a slice has another size.
pub fn backward_input_frozen<T: Number>(
    g: &Geometry,
    batch: usize,
    variance: &[T],
    weight: &[T],
    d_output: &[T],
    d_input: &mut [T],
) {
    g.check(
        batch,
        &[("d_output", d_output.len()), ("d_input", d_input.len())],
        &[("variance", variance.len()), ("weight", weight.len())],
    );
    for channel in 0..g.planes.channels {
        let scale = g.scale(variance[channel]) * weight[channel];
        wide(|| {
            for plane in g.planes_of(batch, channel) {
                for (dx, dy) in d_input[plane.clone()].iter_mut().zip(&d_output[plane]) {
                    *dx = *dy * scale;
                }
            }
        });
    }
}

/// `d_w[c] = d_w[c] + Σ_{b,p} d_y · x̂` and `d_b[c] = d_b[c] + Σ_{b,p} d_y`
///
/// # Shapes
/// `input` and `d_output` `(B, C, plane)`; statistics, `d_weight` and `d_bias` `C`.
///
/// # Panics
/// When a slice has another size.
pub fn backward_parameters<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    statistics: Statistics<T>,
    d_output: &[T],
    d_weight: &mut [T],
    d_bias: &mut [T],
) {
    let Statistics { mean, variance } = statistics;
    g.check(
        batch,
        &[("input", input.len()), ("d_output", d_output.len())],
        &[
            ("mean", mean.len()),
            ("variance", variance.len()),
            ("d_weight", d_weight.len()),
            ("d_bias", d_bias.len()),
        ],
    );
    for channel in 0..g.planes.channels {
        let scale = g.scale(variance[channel]);
        let (product, sum) = sums(g, batch, channel, input, mean[channel], scale, d_output);
        d_weight[channel] += product;
        d_bias[channel] += sum;
    }
}

/// `Σ d_y · x̂` and `Σ d_y` of a channel.
fn sums<T: Number>(
    g: &Geometry,
    batch: usize,
    channel: usize,
    input: &[T],
    mean: T,
    scale: T,
    d_output: &[T],
) -> (T, T) {
    wide(|| {
        let (mut product, mut total) = (T::zero(), T::zero());
        for plane in g.planes_of(batch, channel) {
            let (x, dy) = (&input[plane.clone()], &d_output[plane]);
            // Per plane, so that rounding does not grow with the batch.
            product += sum_of_pairs(x, dy, |x, dy| (x - mean) * dy) * scale;
            total += sum_of(dy, |dy| dy);
        }
        (product, total)
    })
}

/// The same by the formula of the textbook.
pub mod naive {
    use super::super::standardize::naive_forward;
    use super::{Geometry, Number};

    /// Standardises with the statistics of the batch.
    pub fn forward_training<T: Number>(
        g: &Geometry,
        batch: usize,
        input: &[T],
        weight: &[T],
        bias: &[T],
        output: &mut [T],
    ) {
        for channel in 0..g.planes.channels {
            let places: Vec<usize> = (0..batch * g.planes.len())
                .filter(|i| i / g.planes.plane % g.planes.channels == channel)
                .collect();
            let affine = |_| (weight[channel], bias[channel]);
            naive_forward(input, T::of(g.eps), &places, affine, output);
        }
    }
}
