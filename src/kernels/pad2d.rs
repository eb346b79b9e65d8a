//! Surrounds an image with rows and columns.

use super::{expect_len, Image, Number};

/// The sizes of a padding of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// `C × H × W`.
    pub input: Image,
    /// Rows above and columns left of the image.
    pub before: (usize, usize),
    /// Rows below and columns right of the image.
    pub after: (usize, usize),
    /// What the new pixels hold.
    pub border: Border,
}

/// What the pixels around an image hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// One value. `torch.nn.ConstantPad2d`, `torch.nn.ZeroPad2d`
    Constant,
    /// The image mirrored at its outermost pixels, which are not repeated; the padding must be
    /// smaller than the image. `torch.nn.ReflectionPad2d`
    Reflect,
    /// The nearest pixel of the image. `torch.nn.ReplicationPad2d`
    Replicate,
}

impl Geometry {
    /// `C × (H + above + below) × (W + left + right)`
    ///
    /// # Panics
    /// Where there is nothing to repeat, or too little to mirror.
    pub const fn output(&self) -> Image {
        let Image {
            channels,
            height,
            width,
        } = self.input;
        match self.border {
            Border::Constant => {}
            Border::Reflect => assert!(
                self.before.0 < height
                    && self.after.0 < height
                    && self.before.1 < width
                    && self.after.1 < width,
                "a reflected padding must be smaller than the image"
            ),
            Border::Replicate => assert!(
                height > 0 && width > 0,
                "an image without pixels has none to repeat"
            ),
        }
        Image::new(
            channels,
            height + self.before.0 + self.after.0,
            width + self.before.1 + self.after.1,
        )
    }

    /// The number of the input that an output place along an axis shows.
    fn source(&self, place: usize, before: usize, size: usize) -> Option<usize> {
        if place >= before && place - before < size {
            return Some(place - before);
        }
        match self.border {
            Border::Constant => None,
            Border::Reflect if place < before => Some(before - place),
            Border::Reflect => Some(2 * (size - 1) - (place - before)),
            Border::Replicate if place < before => Some(0),
            Border::Replicate => Some(size - 1),
        }
    }

    /// Calls `each(number of the output, number of the input)` for a whole batch.
    fn pairs(&self, batch: usize, mut each: impl FnMut(usize, Option<usize>)) {
        let output = self.output();
        let mut place = 0;
        for plane in 0..batch * self.input.channels {
            for row in 0..output.height {
                let source_row = self.source(row, self.before.0, self.input.height);
                for column in 0..output.width {
                    let source_column = self.source(column, self.before.1, self.input.width);
                    let source = source_row.zip(source_column).map(|(row, column)| {
                        (plane * self.input.height + row) * self.input.width + column
                    });
                    each(place, source);
                    place += 1;
                }
            }
        }
    }
}

/// `y[q] = x[source(q)]`, or `fill` where the border is constant and there is no source.
///
/// # Shapes
/// `input` `(B, C, H, W)`, `output` `(B, C, OH, OW)`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.pad`
pub fn forward<T: Number>(g: &Geometry, batch: usize, fill: T, input: &[T], output: &mut [T]) {
    expect_len("input", input.len(), batch * g.input.len());
    expect_len("output", output.len(), batch * g.output().len());
    g.pairs(batch, |place, source| {
        output[place] = source.map_or(fill, |source| input[source]);
    });
}

/// `d_x[p] = Σ d_y[q]` over all `q` whose source is `p`.
///
/// # Shapes
/// `d_output` `(B, C, OH, OW)`, `d_input` `(B, C, H, W)`.
///
/// # Panics
/// When a slice has another size.
pub fn backward<T: Number>(g: &Geometry, batch: usize, d_output: &[T], d_input: &mut [T]) {
    expect_len("d_output", d_output.len(), batch * g.output().len());
    expect_len("d_input", d_input.len(), batch * g.input.len());
    d_input.fill(T::zero());
    g.pairs(batch, |place, source| {
        if let Some(source) = source {
            d_input[source] += d_output[place];
        }
    });
}

/// The same by walking over the image.
pub mod naive {
    use super::{Border, Geometry, Number};

    /// Where a walker stands who starts at `position`, outside of an axis of `size` pixels, and
    /// turns round at its ends or stops there.
    fn walk(position: isize, size: usize, border: Border) -> Option<usize> {
        let last = size as isize - 1;
        match border {
            _ if (0..=last).contains(&position) => Some(position as usize),
            Border::Constant => None,
            Border::Replicate => Some(position.clamp(0, last) as usize),
            Border::Reflect if position < 0 => walk(-position, size, border),
            Border::Reflect => walk(last - (position - last), size, border),
        }
    }

    /// See [`super::forward`].
    pub fn forward<T: Number>(g: &Geometry, batch: usize, fill: T, input: &[T], output: &mut [T]) {
        let out = g.output();
        for plane in 0..batch * g.input.channels {
            for row in 0..out.height {
                for column in 0..out.width {
                    let y = row as isize - g.before.0 as isize;
                    let x = column as isize - g.before.1 as isize;
                    let y = walk(y, g.input.height, g.border);
                    let x = walk(x, g.input.width, g.border);
                    output[(plane * out.height + row) * out.width + column] = match (y, x) {
                        (Some(y), Some(x)) => {
                            input[(plane * g.input.height + y) * g.input.width + x]
                        }
                        _ => fill,
                    };
                }
            }
        }
    }
}
