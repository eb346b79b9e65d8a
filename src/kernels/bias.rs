//! One number per channel, added to all its pixels.

use super::simd::wide;
use super::sum::sum_of;
use super::{expect_len, Number, Planes};

/// `y[b, c, p] = y[b, c, p] + bias[c]`
///
/// # Shapes
/// `bias` `C`, `output` `(B, C, plane)`, changed in place.
///
/// # Panics
/// When a slice has another size.
pub fn forward<T: Number>(planes: &Planes, batch: usize, bias: &[T], output: &mut [T]) {
    expect_len("bias", bias.len(), planes.channels);
    expect_len("output", output.len(), batch * planes.len());
    if planes.is_empty() {
        return;
    }
    wide(|| {
        for image in output.chunks_exact_mut(planes.len()) {
            if planes.plane == 1 {
                for (y, bias) in image.iter_mut().zip(bias) {
                    *y += *bias;
                }
                continue;
            }
            for (plane, bias) in image.chunks_exact_mut(planes.plane).zip(bias) {
                for y in plane {
                    *y += *bias;
                }
            }
        }
    });
}

/// `d_bias[c] = d_bias[c] + Σ_{b,p} d_output[b, c, p]`
///
/// # Shapes
/// `d_output` `(B, C, plane)`, `d_bias` `C`.
///
/// # Panics
/// When a slice has another size.
pub fn backward<T: Number>(planes: &Planes, batch: usize, d_output: &[T], d_bias: &mut [T]) {
    expect_len("d_output", d_output.len(), batch * planes.len());
    expect_len("d_bias", d_bias.len(), planes.channels);
    if planes.is_empty() {
        return;
    }
    wide(|| {
        for image in d_output.chunks_exact(planes.len()) {
            if planes.plane == 1 {
                for (d_bias, dy) in d_bias.iter_mut().zip(image) {
                    *d_bias += *dy;
                }
                continue;
            }
            for (plane, d_bias) in image.chunks_exact(planes.plane).zip(&mut *d_bias) {
                *d_bias += sum_of(plane, |dy| dy);
            }
        }
    });
}

/// The same as plain loops.
pub mod naive {
    use super::{Number, Planes};

    /// See [`super::forward`].
    pub fn forward<T: Number>(planes: &Planes, batch: usize, bias: &[T], output: &mut [T]) {
        for image in 0..batch {
            for channel in 0..planes.channels {
                for pixel in 0..planes.plane {
                    output[(image * planes.channels + channel) * planes.plane + pixel] +=
                        bias[channel];
                }
            }
        }
    }

    /// See [`super::backward`].
    pub fn backward<T: Number>(planes: &Planes, batch: usize, d_output: &[T], d_bias: &mut [T]) {
        for image in 0..batch {
            for channel in 0..planes.channels {
                for pixel in 0..planes.plane {
                    d_bias[channel] +=
                        d_output[(image * planes.channels + channel) * planes.plane + pixel];
                }
            }
        }
    }
}
