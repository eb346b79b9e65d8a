//! Averages the values under a window.

use super::pool2d::{self, Geometry};
use super::Number;

/// `y = 1/(KH·KW) · Σ_k x[k]`
///
/// Padding counts as values of 0, so the divisor is the same everywhere.
///
/// # Shapes
/// `input` `(B, C, H, W)`, `output` `(B, C, OH, OW)`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.avg_pool2d` with its default `count_include_pad=True`
pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
    let taps = T::of(g.window.taps() as f64);
    pool2d::sum_forward(g, batch, taps, input, output);
}

/// `d_x = 1/(KH·KW) · Σ d_y` over the places whose window covers the pixel.
///
/// # Shapes
/// `d_output` `(B, C, OH, OW)`, `d_input` `(B, C, H, W)`.
///
/// # Panics
/// When a slice has another size.
pub fn backward<T: Number>(g: &Geometry, batch: usize, d_output: &[T], d_input: &mut [T]) {
    pool2d::sum_backward(g, batch, share(g), d_output, d_input);
}

/// What a pixel counts in its window.
fn share<T: Number>(g: &Geometry) -> T {
    T::one() / T::of(g.window.taps() as f64)
}

/// The same as plain loops.
pub mod naive {
    use super::pool2d::naive_places;
    use super::{Geometry, Number};

    /// See [`super::forward`].
    pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
        let taps = T::of(g.window.taps() as f64);
        naive_places(g, batch, |pixels, place| {
            output[place] = pixels.iter().map(|x| input[*x]).sum::<T>() / taps;
        });
    }

    /// See [`super::backward`].
    pub fn backward<T: Number>(g: &Geometry, batch: usize, d_output: &[T], d_input: &mut [T]) {
        let taps = T::of(g.window.taps() as f64);
        d_input.fill(T::zero());
        naive_places(g, batch, |pixels, place| {
            for x in pixels {
                d_input[*x] += d_output[place] / taps;
            }
        });
    }
}
