//! Turns channels into pixels, and pixels into channels.

use super::{expect_len, Image, Number};

/// The sizes of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The image of many channels and few pixels: `C·R² × H × W`.
    pub coarse: Image,
    /// `R`, along either axis.
    pub factor: usize,
}

impl Geometry {
    /// The image of few channels and many pixels: `C × H·R × W·R`.
    ///
    /// # Panics
    /// When `R²` does not divide the channels.
    pub fn fine(&self) -> Image {
        let Image {
            channels,
            height,
            width,
        } = self.coarse;
        let square = self.factor * self.factor;
        assert!(
            square > 0 && channels.is_multiple_of(square),
            "{square} does not divide {channels} channels"
        );
        Image::new(channels / square, height * self.factor, width * self.factor)
    }

    /// Calls `each` for every row of coarse pixels: where it begins in a coarse image, and in a
    /// fine one, where its pixels are a factor apart.
    fn rows(&self, mut each: impl FnMut(usize, usize)) {
        let (r, fine) = (self.factor, self.fine());
        let Image { height, width, .. } = self.coarse;
        for channel in 0..self.coarse.channels {
            let (c, i, j) = (channel / (r * r), channel / r % r, channel % r);
            for h in 0..height {
                let row = (c * fine.height + h * r + i) * fine.width + j;
                each((channel * height + h) * width, row);
            }
        }
    }

    #[track_caller]
    fn check(&self, batch: usize, coarse: usize, fine: usize) {
        expect_len("coarse", coarse, batch * self.coarse.len());
        expect_len("fine", fine, batch * self.fine().len());
    }
}

/// `y[c, h·R + i, w·R + j] = x[(c·R + i)·R + j, h, w]`
///
/// # Shapes
/// `input` `(B, C·R², H, W)`, `output` `(B, C, H·R, W·R)`.
///
/// # Panics
/// When a slice has another size, or `R²` does not divide the channels.
///
/// # Same as
/// `torch.nn.functional.pixel_shuffle(x, R)`
pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
    g.check(batch, input.len(), output.len());
    let (len, width) = (g.coarse.len().max(1), g.coarse.width);
    for (x, y) in input.chunks_exact(len).zip(output.chunks_exact_mut(len)) {
        g.rows(|coarse, fine| {
            let to = y[fine..].iter_mut().step_by(g.factor);
            for (y, x) in to.zip(&x[coarse..coarse + width]) {
                *y = *x;
            }
        });
    }
}

/// The way back: `d_x[(c·R + i)·R + j, h, w] = d_y[c, h·R + i, w·R + j]`
///
/// # Shapes
/// `d_output` `(B, C, H·R, W·R)`, `d_input` `(B, C·R², H, W)`.
///
/// # Panics
/// When a slice has another size, or `R²` does not divide the channels.
///
/// # Same as
/// `torch.nn.functional.pixel_unshuffle(d_output, R)`
pub fn backward<T: Number>(g: &Geometry, batch: usize, d_output: &[T], d_input: &mut [T]) {
    g.check(batch, d_input.len(), d_output.len());
    let (len, width) = (g.coarse.len().max(1), g.coarse.width);
    for (dx, dy) in d_input
        .chunks_exact_mut(len)
        .zip(d_output.chunks_exact(len))
    {
        g.rows(|coarse, fine| {
            let from = dy[fine..].iter().step_by(g.factor);
            for (dx, dy) in dx[coarse..coarse + width].iter_mut().zip(from) {
                *dx = *dy;
            }
        });
    }
}

/// The same as plain loops.
pub mod naive {
    use super::{Geometry, Number};

    /// See [`super::forward`].
    pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
        let (r, fine, coarse) = (g.factor, g.fine(), g.coarse);
        for b in 0..batch {
            for c in 0..fine.channels {
                for y in 0..fine.height {
                    for x in 0..fine.width {
                        let channel = (c * r + y % r) * r + x % r;
                        let row = (b * coarse.channels + channel) * coarse.height + y / r;
                        output[((b * fine.channels + c) * fine.height + y) * fine.width + x] =
                            input[row * coarse.width + x / r];
                    }
                }
            }
        }
    }
}
