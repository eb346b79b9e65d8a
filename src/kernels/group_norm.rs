//! Standardises groups of channels of each image by themselves.

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

    /// The channel of number `i` of the `nth` group of the batch.
    fn channel(&self, nth: usize, i: usize) -> usize {
        nth % self.groups * (self.planes.channels / self.groups) + i / self.planes.plane
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
        let affine = |i| {
            let channel = g.channel(nth, i);
            (weight[channel], bias[channel])
        };
        standardize::forward(x, T::of(g.eps), affine, y);
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
    let len = g.group_len();
    let gradients = d_output
        .chunks_exact(len)
        .zip(d_input.chunks_exact_mut(len));
    for (nth, (x, (dy, dx))) in input.chunks_exact(len).zip(gradients).enumerate() {
        let weight = |i| weight[g.channel(nth, i)];
        standardize::backward_input(x, T::of(g.eps), weight, dy, dx);
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
        standardize::backward_parameters(x, T::of(g.eps), dy, |i, dw, db| {
            let channel = g.channel(nth, i);
            d_weight[channel] += dw;
            d_bias[channel] += db;
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
