//! Keeps a part of every image.

use super::{expect_len, Image, Number};

/// The sizes of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// `C × H × W`.
    pub input: Image,
    /// The first row and column that are kept.
    pub first: (usize, usize),
    /// Rows and columns that are kept.
    pub size: (usize, usize),
}

impl Geometry {
    /// `C` and the rows and columns that are kept.
    ///
    /// # Panics
    /// When the part is not inside of the image.
    pub fn output(&self) -> Image {
        let (bottom, right) = (self.first.0 + self.size.0, self.first.1 + self.size.1);
        assert!(
            bottom <= self.input.height && right <= self.input.width,
            "a part up to row {bottom} and column {right} of an image of {}×{}",
            self.input.height,
            self.input.width
        );
        Image::new(self.input.channels, self.size.0, self.size.1)
    }

    /// Where every kept row begins in its plane.
    fn rows(&self) -> impl Iterator<Item = usize> {
        let (width, first) = (self.input.width, self.first);
        (first.0..first.0 + self.size.0).map(move |row| row * width + first.1)
    }
}

/// `y[c, h, w] = x[c, t + h, l + w]`, `t` and `l` being the first row and column.
///
/// # Shapes
/// `input` `(B, C, H, W)`, `output` `(B, C, OH, OW)`.
///
/// # Panics
/// When a slice has another size, or the part is not inside of the image.
///
/// # Same as
/// `x[:, :, t:t + OH, l:l + OW]`
pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
    let kept = g.output();
    expect_len("input", input.len(), batch * g.input.len());
    expect_len("output", output.len(), batch * kept.len());
    if kept.is_empty() {
        return;
    }
    let planes = input.chunks_exact(g.input.plane());
    for (x, y) in planes.zip(output.chunks_exact_mut(kept.plane())) {
        for (from, y) in g.rows().zip(y.chunks_exact_mut(kept.width)) {
            y.copy_from_slice(&x[from..from + kept.width]);
        }
    }
}

/// `d_x[c, t + h, l + w] = d_y[c, h, w]`, and 0 elsewhere.
///
/// # Shapes
/// `d_output` `(B, C, OH, OW)`, `d_input` `(B, C, H, W)`.
///
/// # Panics
/// When a slice has another size, or the part is not inside of the image.
pub fn backward<T: Number>(g: &Geometry, batch: usize, d_output: &[T], d_input: &mut [T]) {
    let kept = g.output();
    expect_len("d_input", d_input.len(), batch * g.input.len());
    expect_len("d_output", d_output.len(), batch * kept.len());
    d_input.fill(T::zero());
    if kept.is_empty() {
        return;
    }
    let planes = d_input.chunks_exact_mut(g.input.plane());
    for (dx, dy) in planes.zip(d_output.chunks_exact(kept.plane())) {
        for (to, dy) in g.rows().zip(dy.chunks_exact(kept.width)) {
            dx[to..to + kept.width].copy_from_slice(dy);
        }
    }
}

/// The same as plain loops.
pub mod naive {
    use super::{Geometry, Number};

    /// See [`super::forward`].
    pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
        for plane in 0..batch * g.input.channels {
            for h in 0..g.size.0 {
                for w in 0..g.size.1 {
                    let row = plane * g.input.height + g.first.0 + h;
                    output[(plane * g.size.0 + h) * g.size.1 + w] =
                        input[row * g.input.width + g.first.1 + w];
                }
            }
        }
    }
}
