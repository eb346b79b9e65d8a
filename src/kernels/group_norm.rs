//! Standardises groups of channels of each image by themselves.

use super::simd::wide;
use super::sum::{sum_of, sum_of_pairs};
use super::{expect_len, standardize, Number, Planes};

/// The sizes of a group normalisation of one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// Channels and their pixels.
    pub planes: Planes,
    /// Groups, which divide the channels. One group per channel is instance normalisation.
    pub groups: usize,
    /// Added to the variance; 1e-5 in PyTorch.
    pub eps: f64,
}

impl Geometry {
    /// Numbers that are standardised together.
    fn group_len(&self) -> usize {
        self.planes.len() / self.groups
    }

    /// The first channel of the `nth` group of the batch.
    fn first_channel(&self, nth: usize) -> usize {
        nth % self.groups * (self.planes.channels / self.groups)
    }

    /// Mean and `1 / √(variance + eps)` of a group.
    fn statistics<T: Number>(&self, group: &[T]) -> (T, T) {
        let (mean, variance) = standardize::statistics(group);
        (mean, (variance + T::of(self.eps)).sqrt().recip())
    }

    #[track_caller]
    fn check(&self, batch: usize, slices: &[(&str, usize)], parameters: &[(&str, usize)]) {
        assert!(
            self.groups > 0 && self.planes.channels.is_multiple_of(self.groups),
            "{} groups do not divide {} channels",
            self.groups,
            self.planes.channels
        );
        assert!(!self.planes.is_empty(), "an image without numbers");
        for (what, found) in slices {
            expect_len(what, *found, batch * self.planes.len());
        }
        for (what, found) in parameters {
            expect_len(what, *found, self.planes.channels);
        }
    }
}

/// `y[c, p] = w[c] · (x[c, p] − mean) / √(variance + eps) + b[c]` with the mean and the biased
/// variance of the channel's group.
///
/// # Shapes
/// `input` and `output` `(B, C, plane)`, `weight` and `bias` `C`.
///
/// # Panics
/// When a slice has another size or the groups do not divide the channels.
///
/// # Same as
/// `torch.nn.functional.group_norm`
pub fn forward<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    weight: &[T],
    bias: &[T],
    output: &mut [T],
) {
    g.check(
        batch,
        &[("input", input.len()), ("output", output.len())],
        &[("weight", weight.len()), ("bias", bias.len())],
    );
    let groups = input.chunks_exact(g.group_len());
    let groups = groups.zip(output.chunks_exact_mut(g.group_len()));
    for (nth, (x, y)) in groups.enumerate() {
        let (mean, scale) = g.statistics(x);
        let channels = weight.iter().zip(bias).skip(g.first_channel(nth));
        let planes = x.chunks_exact(g.planes.plane);
        let planes = planes.zip(y.chunks_exact_mut(g.planes.plane));
        wide(|| {
            for ((x, y), (weight, bias)) in planes.zip(channels) {
                for (y, x) in y.iter_mut().zip(x) {
                    *y = *weight * ((*x - mean) * scale) + *bias;
                }
            }
        });
    }
}

/// The gradient of [`forward`] with respect to its input, through mean and variance too.
///
/// # Shapes
/// `input`, `d_output` and `d_input` `(B, C, plane)`, `weight` `C`.
///
/// # Panics
/// When a slice has another size or the groups do not divide the channels.
pub fn backward_input<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    weight: &[T],
    d_output: &[T],
    d_input: &mut [T],
) {
    g.check(
        batch,
        &[
            ("input", input.len()),
            ("d_output", d_output.len()),
            ("d_input", d_input.len()),
        ],
        &[("weight", weight.len())],
    );
    let (len, plane) = (g.group_len(), g.planes.plane);
    let count = T::of(len as f64);
    let gradients = d_output
        .chunks_exact(len)
        .zip(d_input.chunks_exact_mut(len));
    for (nth, (x, (dy, dx))) in input.chunks_exact(len).zip(gradients).enumerate() {
        let (mean, scale) = g.statistics(x);
        let weights = &weight[g.first_channel(nth)..];
        let planes = || {
            x.chunks_exact(plane)
                .zip(dy.chunks_exact(plane))
                .zip(weights)
        };
        let (mut sum, mut product) = (T::zero(), T::zero());
        wide(|| {
            for ((x, dy), weight) in planes() {
                sum += *weight * sum_of(dy, |dy| dy);
                product += *weight * sum_of_pairs(x, dy, |x, dy| (x - mean) * dy);
            }
        });
        let (sum, slope) = (sum / count, scale * scale * product / count);
        wide(|| {
            for (((x, dy), weight), dx) in planes().zip(dx.chunks_exact_mut(plane)) {
                for (dx, (x, dy)) in dx.iter_mut().zip(x.iter().zip(dy)) {
                    *dx = (*weight * *dy - sum - (*x - mean) * slope) * scale;
                }
            }
        });
    }
}

/// The gradients of [`forward`] with respect to weight and bias, added to what is there.
///
/// # Shapes
/// `input` and `d_output` `(B, C, plane)`, `d_weight` and `d_bias` `C`.
///
/// # Panics
/// When a slice has another size or the groups do not divide the channels.
pub fn backward_parameters<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    d_output: &[T],
    d_weight: &mut [T],
    d_bias: &mut [T],
) {
    g.check(
        batch,
        &[("input", input.len()), ("d_output", d_output.len())],
        &[("d_weight", d_weight.len()), ("d_bias", d_bias.len())],
    );
    let groups = input.chunks_exact(g.group_len());
    let groups = groups.zip(d_output.chunks_exact(g.group_len()));
    for (nth, (x, dy)) in groups.enumerate() {
        let (mean, scale) = g.statistics(x);
        let planes = x.chunks_exact(g.planes.plane);
        let planes = planes.zip(dy.chunks_exact(g.planes.plane));
        let gradients = d_weight.iter_mut().zip(&mut *d_bias);
        wide(|| {
            for ((x, dy), (dw, db)) in planes.zip(gradients.skip(g.first_channel(nth))) {
                *dw += scale * sum_of_pairs(x, dy, |x, dy| (x - mean) * dy);
                *db += sum_of(dy, |dy| dy);
            }
        });
    }
}

/// The same by the formula of the textbook.
pub mod naive {
    use super::{standardize, Geometry, Number};

    /// See [`super::forward`].
    pub fn forward<T: Number>(
        g: &Geometry,
        batch: usize,
        input: &[T],
        weight: &[T],
        bias: &[T],
        output: &mut [T],
    ) {
        let (channels, plane) = (g.planes.channels, g.planes.plane);
        for image in 0..batch {
            for group in 0..g.groups {
                let mut places = Vec::new();
                for channel in 0..channels {
                    if channel * g.groups / channels == group {
                        for pixel in 0..plane {
                            places.push((image * channels + channel) * plane + pixel);
                        }
                    }
                }
                let affine = |i: usize| {
                    let channel = i / plane % channels;
                    (weight[channel], bias[channel])
                };
                standardize::naive_forward(input, T::of(g.eps), &places, affine, output);
            }
        }
    }
}
