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

    /// Height and width of the output for an image of `height` × `width`.
    ///
    /// # Errors
    /// The [`Misfit`] that says which size is zero or along which axis the window does not fit.
    pub const fn output(&self, height: usize, width: usize) -> Result<(usize, usize), Misfit> {
        if self.kernel.0 == 0 || self.kernel.1 == 0 {
            return Err(Misfit::Zero { what: "kernel" });
        }
        if self.stride.0 == 0 || self.stride.1 == 0 {
            return Err(Misfit::Zero { what: "stride" });
        }
        if self.dilation.0 == 0 || self.dilation.1 == 0 {
            return Err(Misfit::Zero { what: "dilation" });
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

#[cfg(test)]
mod tests {
    use super::*;

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
