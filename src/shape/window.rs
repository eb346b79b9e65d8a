//! The one rule of sliding windows: convolution and pooling both follow it.

use super::{Misfit, ReceptiveField};

/// How many places a window of `kernel` taps, `dilation` pixels apart, can take along an axis of
/// `input` pixels with `padding` pixels before and after, moving by `stride`.
///
/// `output = ⌊(input + padding.0 + padding.1 − dilation·(kernel − 1) − 1) / stride⌋ + 1`
///
/// `None` where no place fits, where a size is zero, or where the sum overflows.
///
/// ```
/// use shapeproof::shape::window::window;
/// assert_eq!(window(28, 5, 1, (2, 2), 1), Some(28));
/// assert_eq!(window(4, 5, 1, (0, 0), 1), None);
/// ```
///
/// # Source
/// Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", relationship 6.
pub const fn window(
    input: usize,
    kernel: usize,
    stride: usize,
    padding: (usize, usize),
    dilation: usize,
) -> Option<usize> {
    if input == 0 || kernel == 0 || stride == 0 || dilation == 0 {
        return None;
    }
    let Some(reach) = dilation.checked_mul(kernel - 1) else {
        return None;
    };
    let Some(padded) = input.checked_add(padding.0) else {
        return None;
    };
    let Some(padded) = padded.checked_add(padding.1) else {
        return None;
    };
    if padded <= reach {
        return None;
    }
    Some((padded - reach - 1) / stride + 1)
}

/// How many pixels along an axis a transposed convolution makes of `input`: so many that a
/// [`window`] of the same sizes has `input` places on them, `output_padding` more of those that
/// its stride rounds down.
///
/// `output = (input − 1)·stride + dilation·(kernel − 1) + 1 + output_padding − padding.0 − padding.1`
///
/// `None` where a size or the output is zero, or where a sum overflows.
///
/// ```
/// use shapeproof::shape::window::transposed;
/// assert_eq!(transposed(14, 2, 2, (0, 0), 1, 0), Some(28));
/// assert_eq!(transposed(1, 1, 1, (1, 1), 1, 0), None);
/// ```
///
/// # Source
/// Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", relationship 14.
pub const fn transposed(
    input: usize,
    kernel: usize,
    stride: usize,
    padding: (usize, usize),
    dilation: usize,
    output_padding: usize,
) -> Option<usize> {
    if input == 0 || kernel == 0 || stride == 0 || dilation == 0 {
        return None;
    }
    let (Some(moved), Some(reach)) = (
        (input - 1).checked_mul(stride),
        dilation.checked_mul(kernel - 1),
    ) else {
        return None;
    };
    let Some(full) = moved.checked_add(reach) else {
        return None;
    };
    let Some(full) = full.checked_add(1) else {
        return None;
    };
    let Some(full) = full.checked_add(output_padding) else {
        return None;
    };
    let cut = padding.0.saturating_add(padding.1);
    if full <= cut {
        return None;
    }
    Some(full - cut)
}

/// A window that slides over both axes of an image. Pairs are (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window2d {
    /// Taps.
    pub kernel: (usize, usize),
    /// Pixels from one place to the next.
    pub stride: (usize, usize),
    /// What surrounds the image.
    pub padding: Padding2d,
    /// Pixels from one tap to the next.
    pub dilation: (usize, usize),
}

/// What surrounds the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding2d {
    /// As many pixels on both sides of an axis: (vertical, horizontal).
    Explicit(usize, usize),
    /// As many as keep the size at stride 1; an odd pixel goes after the image, as in PyTorch.
    Same,
}

impl Window2d {
    /// Pixels (before, after) the image along an axis, 0 vertical and 1 horizontal.
    pub const fn padding(&self, axis: usize) -> (usize, usize) {
        match self.padding {
            Padding2d::Explicit(vertical, horizontal) => {
                let p = if axis == 0 { vertical } else { horizontal };
                (p, p)
            }
            Padding2d::Same => {
                let total = self.span(axis) - 1;
                (total / 2, total - total / 2)
            }
        }
    }

    /// Pixels covered by the window from its first to its last tap along an axis, saturating.
    pub const fn span(&self, axis: usize) -> usize {
        let (kernel, dilation) = if axis == 0 {
            (self.kernel.0, self.dilation.0)
        } else {
            (self.kernel.1, self.dilation.1)
        };
        kernel
            .saturating_sub(1)
            .saturating_mul(dilation)
            .saturating_add(1)
    }

    /// Number of taps, saturating.
    pub const fn taps(&self) -> usize {
        self.kernel.0.saturating_mul(self.kernel.1)
    }

    /// What one place of the window sees of the image.
    pub const fn receptive_field(&self) -> ReceptiveField {
        ReceptiveField::window((self.span(0), self.span(1)), self.stride)
    }

    /// What one value sees where the window distributes values instead of collecting them.
    pub const fn transposed_field(&self) -> ReceptiveField {
        let rows = transposed_extent(self.kernel.0, self.stride.0, self.dilation.0);
        let columns = transposed_extent(self.kernel.1, self.stride.1, self.dilation.1);
        ReceptiveField::enlarged((rows, columns), self.stride)
    }

    /// The size that must be positive but is zero.
    const fn zero(&self) -> Option<Misfit> {
        let what = if self.kernel.0 == 0 || self.kernel.1 == 0 {
            "kernel"
        } else if self.stride.0 == 0 || self.stride.1 == 0 {
            "stride"
        } else if self.dilation.0 == 0 || self.dilation.1 == 0 {
            "dilation"
        } else {
            return None;
        };
        Some(Misfit::Zero { what })
    }

    /// Height and width of what the transposed window makes of an image of `height` × `width`.
    ///
    /// # Errors
    /// The [`Misfit`] that says which size is zero or does not fit the others.
    pub const fn transposed(
        &self,
        height: usize,
        width: usize,
        output_padding: (usize, usize),
    ) -> Result<(usize, usize), Misfit> {
        if let Some(misfit) = self.zero() {
            return Err(misfit);
        }
        if matches!(self.padding, Padding2d::Same) {
            return Err(Misfit::SamePaddingTransposed);
        }
        if output_padding.0 >= larger(self.stride.0, self.dilation.0) {
            return Err(Misfit::OutputPaddingTooLarge {
                padding: output_padding.0,
                stride: self.stride.0,
                dilation: self.dilation.0,
            });
        }
        if output_padding.1 >= larger(self.stride.1, self.dilation.1) {
            return Err(Misfit::OutputPaddingTooLarge {
                padding: output_padding.1,
                stride: self.stride.1,
                dilation: self.dilation.1,
            });
        }
        let (kernel, stride, dilation) = (self.kernel, self.stride, self.dilation);
        let (rows, columns) = (self.padding(0), self.padding(1));
        let (more_rows, more_columns) = output_padding;
        match (
            transposed(height, kernel.0, stride.0, rows, dilation.0, more_rows),
            transposed(width, kernel.1, stride.1, columns, dilation.1, more_columns),
        ) {
            (Some(height), Some(width)) => Ok((height, width)),
            (None, _) => {
                let size = transposed(height, kernel.0, stride.0, (0, 0), dilation.0, more_rows);
                Err(taken(size, rows.0, "rows"))
            }
            (_, None) => {
                let size = transposed(width, kernel.1, stride.1, (0, 0), dilation.1, more_columns);
                Err(taken(size, columns.0, "columns"))
            }
        }
    }

    /// Height and width of the output for an image of `height` × `width`.
    ///
    /// # Errors
    /// The [`Misfit`] that says which size is zero or along which axis the window does not fit.
    pub const fn output(&self, height: usize, width: usize) -> Result<(usize, usize), Misfit> {
        if let Some(misfit) = self.zero() {
            return Err(misfit);
        }
        if matches!(self.padding, Padding2d::Same) && (self.stride.0 > 1 || self.stride.1 > 1) {
            return Err(Misfit::SamePaddingWithStride {
                stride: self.stride,
                padding: (self.padding(0).1, self.padding(1).1),
            });
        }
        let rows = window(
            height,
            self.kernel.0,
            self.stride.0,
            self.padding(0),
            self.dilation.0,
        );
        let columns = window(
            width,
            self.kernel.1,
            self.stride.1,
            self.padding(1),
            self.dilation.1,
        );
        match (rows, columns) {
            (Some(rows), Some(columns)) => Ok((rows, columns)),
            _ => Err(Misfit::WindowLargerThanInput {
                window: *self,
                height,
                width,
                vertical: rows.is_none(),
            }),
        }
    }
}

/// Why a transposed window of `size` pixels without `padding` has no output.
const fn taken(size: Option<usize>, padding: usize, what: &'static str) -> Misfit {
    match size {
        Some(size) => Misfit::PaddingTakesAll {
            padding,
            size,
            what,
        },
        None => Misfit::TooLarge,
    }
}

/// From the first to the last input pixel that reaches one output pixel of a transposed window.
///
/// They reach it through taps that are a multiple of `stride / gcd` apart, which lie
/// `dilation / gcd` input pixels apart.
const fn transposed_extent(kernel: usize, stride: usize, dilation: usize) -> usize {
    let (mut a, mut b) = (stride, dilation);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    let gcd = larger(a, 1);
    let taps_apart = larger(stride / gcd, 1);
    (kernel.saturating_sub(1) / taps_apart)
        .saturating_mul(dilation / gcd)
        .saturating_add(1)
}

const fn larger(a: usize, b: usize) -> usize {
    if a > b {
        a
    } else {
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposed_window_gives_back_the_places_of_the_window() {
        let mut cases = 0;
        for input in 1..=6 {
            for kernel in 1..=5 {
                for stride in 1..=4 {
                    for padding in 0..=3 {
                        for dilation in 1..=3 {
                            for more in 0..stride {
                                let both = (padding, padding);
                                let size = transposed(input, kernel, stride, both, dilation, more);
                                let Some(size) = size else { continue };
                                let places = window(size, kernel, stride, both, dilation);
                                assert_eq!(
                                    places,
                                    Some(input),
                                    "{kernel} {stride} {padding} {dilation} {more}"
                                );
                                cases += 1;
                            }
                        }
                    }
                }
            }
        }
        assert!(cases > 1000, "{cases} cases");
    }

    /// Against all pairs of input pixel and tap.
    #[test]
    fn an_output_pixel_of_a_transposed_window_sees_so_many_pixels() {
        for kernel in 1..=6 {
            for stride in 1..=4 {
                for dilation in 1..=4 {
                    let inputs = 40;
                    let seen = (60..100).map(|output| {
                        let reaching = (0..inputs)
                            .filter(|i| (0..kernel).any(|k| i * stride + k * dilation == output));
                        let reaching: Vec<usize> = reaching.collect();
                        match (reaching.first(), reaching.last()) {
                            (Some(first), Some(last)) => last - first + 1,
                            _ => 0,
                        }
                    });
                    // With a stride of 1 the last pixels lie behind output 60.
                    let seen = if stride == 1 {
                        dilation * (kernel - 1) + 1
                    } else {
                        seen.max().unwrap_or(0)
                    };
                    assert_eq!(
                        transposed_extent(kernel, stride, dilation),
                        seen,
                        "{kernel} {stride} {dilation}"
                    );
                }
            }
        }
    }

    /// Walks the window over the padded axis and counts the places where all taps are inside.
    fn count(
        input: usize,
        kernel: usize,
        stride: usize,
        padding: (usize, usize),
        d: usize,
    ) -> usize {
        let padded = input + padding.0 + padding.1;
        (0..padded)
            .step_by(stride)
            .filter(|start| (0..kernel).all(|tap| start + tap * d < padded))
            .count()
    }

    #[test]
    fn the_rule_counts_the_places_a_window_can_take() {
        let mut cases = 0;
        for input in 1..=12 {
            for kernel in 1..=6 {
                for stride in 1..=5 {
                    for before in 0..=3 {
                        for after in 0..=3 {
                            for dilation in 1..=3 {
                                let padding = (before, after);
                                let places = count(input, kernel, stride, padding, dilation);
                                let expected = (places > 0).then_some(places);
                                assert_eq!(
                                    window(input, kernel, stride, padding, dilation),
                                    expected,
                                    "{input} {kernel} {stride} {padding:?} {dilation}"
                                );
                                cases += 1;
                            }
                        }
                    }
                }
            }
        }
        assert_eq!(cases, 12 * 6 * 5 * 16 * 3);
    }

    #[test]
    fn zero_and_overflow_are_no_window() {
        assert_eq!(window(0, 1, 1, (0, 0), 1), None);
        assert_eq!(window(5, 0, 1, (0, 0), 1), None);
        assert_eq!(window(5, 1, 0, (0, 0), 1), None);
        assert_eq!(window(5, 1, 1, (0, 0), 0), None);
        assert_eq!(window(5, usize::MAX, 1, (0, 0), 3), None);
        assert_eq!(window(5, 3, 1, (usize::MAX, 0), 1), None);
    }

    #[test]
    fn same_padding_keeps_the_size_and_puts_the_odd_pixel_after() {
        for kernel in 1..=6 {
            for dilation in 1..=3 {
                let w = Window2d {
                    kernel: (kernel, 1),
                    stride: (1, 1),
                    padding: Padding2d::Same,
                    dilation: (dilation, 1),
                };
                assert_eq!(w.output(7, 9), Ok((7, 9)));
                let (before, after) = w.padding(0);
                assert!(after == before || after == before + 1);
            }
        }
    }
}
