use std::ops::Range;

use crate::shape::window::window;
use crate::shape::{Dims, Window2d};

/// The sizes of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Image {
    /// An image of `channels` × `height` × `width`.
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Image {
            channels,
            height,
            width,
        }
    }

    /// Pixels of a channel.
    pub const fn plane(&self) -> usize {
        self.height * self.width
    }

    /// Numbers in the image.
    pub const fn len(&self) -> usize {
        self.channels * self.plane()
    }

    /// Whether the image holds no number.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The channels, each as one row of pixels.
    pub const fn planes(&self) -> Planes {
        Planes {
            channels: self.channels,
            plane: self.plane(),
        }
    }
}

impl From<Dims> for Image {
    /// Features are channels of one pixel.
    fn from(dims: Dims) -> Self {
        Image::new(dims.size(0), dims.size(1), dims.size(2))
    }
}

/// The sizes of one image where rows and columns do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planes {
    /// Channels, or features.
    pub channels: usize,
    /// Pixels of a channel; 1 for features.
    pub plane: usize,
}

impl Planes {
    /// `channels` of `plane` pixels each.
    pub const fn new(channels: usize, plane: usize) -> Self {
        Planes { channels, plane }
    }

    /// Numbers in the image.
    pub const fn len(&self) -> usize {
        self.channels * self.plane
    }

    /// Whether the image holds no number.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One axis of a tensor: `outer` × `len` × `inner` numbers, of which those along `len` belong
/// together.
///
/// The channels of a batch of images are `Axis { outer: B, len: C, inner: H·W }`, features are
/// `Axis { outer: B, len: N, inner: 1 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Product of the sizes before the axis.
    pub outer: usize,
    /// Size of the axis.
    pub len: usize,
    /// Product of the sizes behind the axis.
    pub inner: usize,
}

impl Axis {
    /// Numbers in the tensor.
    pub const fn numbers(&self) -> usize {
        self.outer * self.len * self.inner
    }

    /// For each run of numbers that belong together, where they lie.
    pub(super) fn runs(self) -> impl Iterator<Item = std::iter::StepBy<Range<usize>>> {
        (0..self.outer).flat_map(move |outer| {
            let first = outer * self.len * self.inner;
            (0..self.inner).map(move |inner| {
                (first + inner..first + self.len * self.inner).step_by(self.inner)
            })
        })
    }
}

/// A window that slides over an image. Pairs are (vertical, horizontal).
///
/// Unlike [`Window2d`], which says what a user may write, it knows any padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Taps.
    pub kernel: (usize, usize),
    /// Pixels from one place to the next.
    pub stride: (usize, usize),
    /// Padding above and left of the image.
    pub before: (usize, usize),
    /// Padding below and right of the image.
    pub after: (usize, usize),
    /// Pixels from one tap to the next.
    pub dilation: (usize, usize),
}

impl Window {
    /// A window that moves by one pixel and stays inside of the image.
    pub const fn new(height: usize, width: usize) -> Self {
        Window {
            kernel: (height, width),
            stride: (1, 1),
            before: (0, 0),
            after: (0, 0),
            dilation: (1, 1),
        }
    }

    /// Number of taps.
    pub const fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    /// How many places the window takes over `image`, see [`window()`].
    ///
    /// # Panics
    /// Where the window fits nowhere.
    pub const fn places(&self, image: &Image) -> (usize, usize) {
        let rows = window(
            image.height,
            self.kernel.0,
            self.stride.0,
            (self.before.0, self.after.0),
            self.dilation.0,
        );
        let columns = window(
            image.width,
            self.kernel.1,
            self.stride.1,
            (self.before.1, self.after.1),
            self.dilation.1,
        );
        match (rows, columns) {
            (Some(rows), Some(columns)) => (rows, columns),
            _ => panic!("the window does not fit into its image"),
        }
    }

    /// The pixel of a channel that lies under a tap at a place, `None` for the padding.
    pub const fn under(
        &self,
        image: &Image,
        place: (usize, usize),
        tap: (usize, usize),
    ) -> Option<usize> {
        let row = place.0 * self.stride.0 + tap.0 * self.dilation.0;
        let column = place.1 * self.stride.1 + tap.1 * self.dilation.1;
        if row < self.before.0 || column < self.before.1 {
            return None;
        }
        let (row, column) = (row - self.before.0, column - self.before.1);
        if row < image.height && column < image.width {
            Some(row * image.width + column)
        } else {
            None
        }
    }

    /// The rows of places at which the `tap`-th row of taps lies inside of the image.
    pub(super) fn rows(&self, image: &Image, places: usize, tap: usize) -> Inside {
        let tap = tap * self.dilation.0;
        Inside::new(places, image.height, self.stride.0, self.before.0, tap)
    }

    /// The columns of places at which the `tap`-th column of taps lies inside of the image.
    pub(super) fn columns(&self, image: &Image, places: usize, tap: usize) -> Inside {
        let tap = tap * self.dilation.1;
        Inside::new(places, image.width, self.stride.1, self.before.1, tap)
    }
}

impl From<Window2d> for Window {
    fn from(window: Window2d) -> Self {
        let (vertical, horizontal) = (window.padding(0), window.padding(1));
        Window {
            kernel: window.kernel,
            stride: window.stride,
            before: (vertical.0, horizontal.0),
            after: (vertical.1, horizontal.1),
            dilation: window.dilation,
        }
    }
}

/// Copies every `stride`-th number of `from`, the first one first.
///
/// # Panics
/// When there are too few.
#[inline]
pub(super) fn every_nth<T: Copy>(from: &[T], stride: usize, to: &mut [T]) {
    match (stride, to) {
        (1, to) => to.copy_from_slice(&from[..to.len()]),
        // By far the most common; as pairs, numbers are moved several at once.
        (2, [to @ .., last]) => {
            let (pairs, rest) = from.split_at(2 * to.len());
            let (pairs, _) = pairs.as_chunks();
            for (to, [from, _]) in to.iter_mut().zip(pairs) {
                *to = *from;
            }
            *last = rest[0];
        }
        (_, to) => {
            for (nth, to) in to.iter_mut().enumerate() {
                *to = from[nth * stride];
            }
        }
    }
}

/// Along one axis, the places at which one tap lies inside of the image.
pub(super) struct Inside {
    /// The places.
    pub places: Range<usize>,
    /// The pixel under the tap at the first of them; 0 where there is none.
    pub first: usize,
}

impl Inside {
    /// `tap` is the distance from the first tap in pixels.
    fn new(places: usize, size: usize, stride: usize, before: usize, tap: usize) -> Self {
        let start = before.saturating_sub(tap).div_ceil(stride);
        let end = (size + before).saturating_sub(tap).div_ceil(stride);
        let end = end.min(places);
        let start = start.min(end);
        Inside {
            places: start..end,
            first: if start < end {
                start * stride + tap - before
            } else {
                0
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_inside_are_those_under_which_a_pixel_lies() {
        let mut cases = 0;
        for size in 1..=6 {
            for kernel in 1..=4 {
                for stride in 1..=4 {
                    for before in 0..=3 {
                        for after in 0..=3 {
                            for dilation in 1..=3 {
                                if dilation * (kernel - 1) >= size + before + after {
                                    continue;
                                }
                                // Along the width, with a height of another size.
                                let image = Image::new(1, 2, size);
                                let w = Window {
                                    kernel: (1, kernel),
                                    stride: (1, stride),
                                    before: (0, before),
                                    after: (0, after),
                                    dilation: (1, dilation),
                                };
                                let (_, places) = w.places(&image);
                                for tap in 0..kernel {
                                    let inside = w.columns(&image, places, tap);
                                    for place in 0..places {
                                        let pixel = w.under(&image, (0, place), (0, tap));
                                        let expected = inside.places.contains(&place).then(|| {
                                            inside.first + (place - inside.places.start) * stride
                                        });
                                        assert_eq!(pixel, expected, "{w:?} {place} {tap}");
                                        cases += 1;
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        assert!(cases > 10_000, "only {cases} cases");
    }
}
