//! Averages each channel under windows of which there are as many as asked for.

use super::sum::sum;
use super::{expect_len, Image, Number};

/// The sizes of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// `C × H × W`, at least one pixel.
    pub input: Image,
    /// `OH` and `OW`.
    pub size: (usize, usize),
}

/// The first pixel under window `i` of `places` over `pixels`, and the one behind the last:
/// `⌊i·H / OH⌋` and `⌈(i + 1)·H / OH⌉`.
pub const fn window(i: usize, places: usize, pixels: usize) -> (usize, usize) {
    (i * pixels / places, ((i + 1) * pixels).div_ceil(places))
}

impl Geometry {
    /// `C × OH × OW`.
    pub const fn output(&self) -> Image {
        Image::new(self.input.channels, self.size.0, self.size.1)
    }

    /// Calls `each` for every place of a plane with the rows and columns under its window.
    fn windows(&self, mut each: impl FnMut(usize, (usize, usize), (usize, usize))) {
        for oy in 0..self.size.0 {
            let rows = window(oy, self.size.0, self.input.height);
            for ox in 0..self.size.1 {
                let columns = window(ox, self.size.1, self.input.width);
                each(oy * self.size.1 + ox, rows, columns);
            }
        }
    }

    #[track_caller]
    fn check(&self, batch: usize, input: usize, output: usize) {
        expect_len("input", input, batch * self.input.len());
        expect_len("output", output, batch * self.output().len());
        assert!(
            !self.input.is_empty() && !self.output().is_empty(),
            "an image without pixels has no average"
        );
    }
}

/// `y[c, i, j]` is the average of `x[c]` over the rows of [`window`] `i` and the columns of `j`.
///
/// # Shapes
/// `input` `(B, C, H, W)`, `output` `(B, C, OH, OW)`.
///
/// # Panics
/// When a slice has another size, or an image holds no pixel.
///
/// # Same as
/// `torch.nn.functional.adaptive_avg_pool2d(x, (OH, OW))`
pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
    g.check(batch, input.len(), output.len());
    let planes = input.chunks_exact(g.input.plane());
    for (x, y) in planes.zip(output.chunks_exact_mut(g.output().plane())) {
        g.windows(|place, (top, bottom), (left, right)| {
            let rows = x[top * g.input.width..bottom * g.input.width].chunks_exact(g.input.width);
            let total: T = rows.map(|row| sum(&row[left..right])).sum();
            y[place] = total / T::of(((bottom - top) * (right - left)) as f64);
        });
    }
}

/// Each pixel gets, from every window it lies under, that window's `d_y` over its number of pixels.
///
/// # Shapes
/// `d_output` `(B, C, OH, OW)`, `d_input` `(B, C, H, W)`.
///
/// # Panics
/// When a slice has another size, or an image holds no pixel.
pub fn backward<T: Number>(g: &Geometry, batch: usize, d_output: &[T], d_input: &mut [T]) {
    g.check(batch, d_input.len(), d_output.len());
    d_input.fill(T::zero());
    let planes = d_input.chunks_exact_mut(g.input.plane());
    for (dx, dy) in planes.zip(d_output.chunks_exact(g.output().plane())) {
        g.windows(|place, (top, bottom), (left, right)| {
            let share = dy[place] / T::of(((bottom - top) * (right - left)) as f64);
            let rows =
                dx[top * g.input.width..bottom * g.input.width].chunks_exact_mut(g.input.width);
            for row in rows {
                for dx in &mut row[left..right] {
                    *dx += share;
                }
            }
        });
    }
}

/// The same as plain loops.
pub mod naive {
    use super::{Geometry, Number};

    /// See [`super::forward`]: pixel by pixel, whichever windows it lies under.
    pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
        let ((oh, ow), (h, w)) = (g.size, (g.input.height, g.input.width));
        // `⌊i·H / OH⌋ ≤ y < ⌈(i + 1)·H / OH⌉` without a division.
        let under = |i: usize, y: usize, places: usize, pixels: usize| {
            i * pixels < (y + 1) * places && y * places < (i + 1) * pixels
        };
        for plane in 0..batch * g.input.channels {
            for i in 0..oh {
                for j in 0..ow {
                    let (mut sum, mut count) = (T::zero(), T::zero());
                    for y in (0..h).filter(|y| under(i, *y, oh, h)) {
                        for x in (0..w).filter(|x| under(j, *x, ow, w)) {
                            sum += input[(plane * h + y) * w + x];
                            count += T::one();
                        }
                    }
                    output[(plane * oh + i) * ow + j] = sum / count;
                }
            }
        }
    }
}
