//! Standardises each row of a batch by itself.

use super::{expect_len, standardize, Number};

/// The sizes of a layer normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// Numbers in a row: features, or `C·H·W`.
    pub features: usize,
    /// Added to the variance; 1e-5 in PyTorch.
    pub eps: f64,
}

impl Geometry {
    #[track_caller]
    fn check(&self, batch: usize, slices: &[(&str, usize)], parameters: &[(&str, usize)]) {
        for (what, found) in slices {
            expect_len(what, *found, batch * self.features);
        }
        for (what, found) in parameters {
            expect_len(what, *found, self.features);
        }
    }
}

/// `y[i] = w[i] · (x[i] − mean) / √(variance + eps) + b[i]` with the mean and the biased variance
/// of the row.
///
/// # Shapes
/// `input` and `output` `(B, features)`, `weight` and `bias` `features`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.layer_norm`
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
    let rows = input.chunks_exact(g.features);
    for (x, y) in rows.zip(output.chunks_exact_mut(g.features)) {
        standardize::forward(x, T::of(g.eps), |i| (weight[i], bias[i]), y);
    }
}

/// The gradient of [`forward`] with respect to its input, through mean and variance too.
///
/// # Shapes
/// `input`, `d_output` and `d_input` `(B, features)`, `weight` `features`.
///
/// # Panics
/// When a slice has another size.
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
    let rows = input.chunks_exact(g.features);
    let gradients = d_output
        .chunks_exact(g.features)
        .zip(d_input.chunks_exact_mut(g.features));
    for (x, (dy, dx)) in rows.zip(gradients) {
        standardize::backward_input(x, T::of(g.eps), |i| weight[i], dy, dx);
    }
}

/// The gradients of [`forward`] with respect to weight and bias, added to what is there.
///
/// # Shapes
/// `input` and `d_output` `(B, features)`, `d_weight` and `d_bias` `features`.
///
/// # Panics
/// When a slice has another size.
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
    let rows = input.chunks_exact(g.features);
    for (x, dy) in rows.zip(d_output.chunks_exact(g.features)) {
        standardize::backward_parameters(x, T::of(g.eps), dy, |i, dw, db| {
            d_weight[i] += dw;
            d_bias[i] += db;
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
        for row in 0..batch {
            let places: Vec<usize> = (row * g.features..(row + 1) * g.features).collect();
            let affine = |i: usize| (weight[i % g.features], bias[i % g.features]);
            standardize::naive_forward(input, T::of(g.eps), &places, affine, output);
        }
    }
}
