//! Averages each channel over the whole image.

use super::sum::sum;
use super::{expect_len, Number, Planes};

/// `y[b, c] = 1/(H·W) · Σ_p x[b, c, p]`
///
/// # Shapes
/// `input` `(B, C, plane)`, `output` `(B, C)`.
///
/// # Panics
/// When a slice has another size or the image holds no pixel.
///
/// # Same as
/// `torch.nn.functional.adaptive_avg_pool2d(x, 1)`
pub fn forward<T: Number>(planes: &Planes, batch: usize, input: &[T], output: &mut [T]) {
    expect_len("input", input.len(), batch * planes.len());
    expect_len("output", output.len(), batch * planes.channels);
    assert!(planes.plane > 0, "an image without pixels has no average");
    let count = T::of(planes.plane as f64);
    for (x, y) in input.chunks_exact(planes.plane).zip(output) {
        *y = sum(x) / count;
    }
}

/// `d_x[b, c, p] = 1/(H·W) · d_y[b, c]`
///
/// # Shapes
/// `d_output` `(B, C)`, `d_input` `(B, C, plane)`.
///
/// # Panics
/// When a slice has another size or the image holds no pixel.
pub fn backward<T: Number>(planes: &Planes, batch: usize, d_output: &[T], d_input: &mut [T]) {
    expect_len("d_output", d_output.len(), batch * planes.channels);
    expect_len("d_input", d_input.len(), batch * planes.len());
    assert!(planes.plane > 0, "an image without pixels has no average");
    let count = T::of(planes.plane as f64);
    for (dx, dy) in d_input.chunks_exact_mut(planes.plane).zip(d_output) {
        dx.fill(*dy / count);
    }
}

/// The same as plain loops.
pub mod naive {
    use super::{Number, Planes};

    /// See [`super::forward`].
    pub fn forward<T: Number>(planes: &Planes, batch: usize, input: &[T], output: &mut [T]) {
        for channel in 0..batch * planes.channels {
            let mut sum = T::zero();
            for pixel in 0..planes.plane {
                sum += input[channel * planes.plane + pixel];
            }
            output[channel] = sum / T::of(planes.plane as f64);
        }
    }

    /// See [`super::backward`].
    pub fn backward<T: Number>(planes: &Planes, batch: usize, d_output: &[T], d_input: &mut [T]) {
        for channel in 0..batch * planes.channels {
            for pixel in 0..planes.plane {
                d_input[channel * planes.plane + pixel] =
                    d_output[channel] / T::of(planes.plane as f64);
            }
        }
    }
}
