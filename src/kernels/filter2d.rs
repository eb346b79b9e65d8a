//! Slides one kernel of given numbers over each channel.

use super::pool2d::Geometry;
use super::{expect_len, Number};

/// `y[c] = Σ_k weights[k] · x[c]` under the window
///
/// Padding counts as values of 0.
///
/// # Shapes
/// `input` `(B, C, H, W)`, `weights` `(KH, KW)`, `output` `(B, C, OH, OW)`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.conv2d(x, weights.expand(C, 1, KH, KW), groups=C)`
pub fn forward<T: Number>(
    g: &Geometry,
    batch: usize,
    weights: &[f64],
    input: &[T],
    output: &mut [T],
) {
    expect_len("weights", weights.len(), g.window.taps());
    g.check(batch, ("input", input.len()), ("output", output.len()));
    output.fill(T::zero());
    let stride = g.window.stride.1;
    let planes = input.chunks_exact(g.input.plane());
    for (x, y) in planes.zip(output.chunks_exact_mut(g.output().plane())) {
        g.tap_rows(|tap, place, pixel, len| {
            let weight = T::of(weights[tap]);
            let x = x[pixel..].iter().step_by(stride);
            for (y, x) in y[place..place + len].iter_mut().zip(x) {
                *y += weight * *x;
            }
        });
    }
}

/// `d_x = Σ weights[k] · d_y` over the places and taps under which the pixel lies.
///
/// # Shapes
/// `d_output` `(B, C, OH, OW)`, `weights` `(KH, KW)`, `d_input` `(B, C, H, W)`.
///
/// # Panics
/// When a slice has another size.
pub fn backward<T: Number>(
    g: &Geometry,
    batch: usize,
    weights: &[f64],
    d_output: &[T],
    d_input: &mut [T],
) {
    expect_len("weights", weights.len(), g.window.taps());
    g.check(
        batch,
        ("d_input", d_input.len()),
        ("d_output", d_output.len()),
    );
    d_input.fill(T::zero());
    let stride = g.window.stride.1;
    let planes = d_input.chunks_exact_mut(g.input.plane());
    for (dx, dy) in planes.zip(d_output.chunks_exact(g.output().plane())) {
        g.tap_rows(|tap, place, pixel, len| {
            let weight = T::of(weights[tap]);
            let dx = dx[pixel..].iter_mut().step_by(stride);
            for (dx, dy) in dx.zip(&dy[place..place + len]) {
                *dx += weight * *dy;
            }
        });
    }
}

/// The same as plain loops.
pub mod naive {
    use super::{Geometry, Number};

    /// See [`super::forward`].
    pub fn forward<T: Number>(
        g: &Geometry,
        batch: usize,
        weights: &[f64],
        input: &[T],
        output: &mut [T],
    ) {
        let (places, kw) = (g.output(), g.window.kernel.1);
        for plane in 0..batch * places.channels {
            for place in 0..places.plane() {
                let at = (place / places.width, place % places.width);
                let mut sum = T::zero();
                for (tap, weight) in weights.iter().enumerate() {
                    if let Some(pixel) = g.window.under(&g.input, at, (tap / kw, tap % kw)) {
                        sum += T::of(*weight) * input[plane * g.input.plane() + pixel];
                    }
                }
                output[plane * places.plane() + place] = sum;
            }
        }
    }
}
