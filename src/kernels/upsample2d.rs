//! Images of another size: nearest pixels, or straight lines between pixels.

use super::{expect_len, Image, Number};

/// The sizes of an upsampling of one image; it may shrink the image too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// `C × H × W`.
    pub input: Image,
    /// Rows and columns of the output.
    pub size: (usize, usize),
    /// What lies between pixels.
    pub mode: Mode,
}

/// What lies between the pixels of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The pixel before: `source = ⌊place · input / output⌋`. `mode="nearest"`
    Nearest,
    /// A straight line between the centres of pixels:
    /// `source = max(0, (place + ½) · input / output − ½)`.
    /// `mode="bilinear", align_corners=False`
    Bilinear,
}

/// The two pixels along an axis that an output place lies between, and what the second counts.
struct Between {
    low: usize,
    high: usize,
    weight: f64,
}

impl Geometry {
    /// `C × OH × OW`
    pub const fn output(&self) -> Image {
        Image::new(self.input.channels, self.size.0, self.size.1)
    }

    fn between(&self, place: usize, input: usize, output: usize) -> Between {
        match self.mode {
            Mode::Nearest => {
                let low = place * input / output;
                Between {
                    low,
                    high: low,
                    weight: 0.0,
                }
            }
            Mode::Bilinear => {
                // In whole numbers, as twice the output size, so that no rounding moves a pixel.
                let twice = ((2 * place + 1) * input).saturating_sub(output);
                let low = twice / (2 * output);
                Between {
                    low,
                    high: (low + 1).min(input - 1),
                    weight: (twice % (2 * output)) as f64 / (2 * output) as f64,
                }
            }
        }
    }

    /// Calls `each(number of the output, number of the input, weight)` for all that belong
    /// together, for a whole batch.
    fn pairs<T: Number>(&self, batch: usize, mut each: impl FnMut(usize, usize, T)) {
        let (input, output) = (self.input, self.output());
        let axis = |input: usize, output: usize| -> Vec<(usize, usize, T)> {
            (0..output)
                .map(|place| self.between(place, input, output))
                .map(|b| (b.low, b.high, T::of(b.weight)))
                .collect()
        };
        let rows = axis(input.height, output.height);
        let columns = axis(input.width, output.width);
        let mut place = 0;
        for plane in 0..batch * input.channels {
            let first = plane * input.plane();
            for (top, bottom, down) in &rows {
                for (left, right, across) in &columns {
                    let (up, back) = (T::one() - *down, T::one() - *across);
                    let at = |row: usize, column: usize| first + row * input.width + column;
                    match self.mode {
                        Mode::Nearest => each(place, at(*top, *left), T::one()),
                        Mode::Bilinear => {
                            each(place, at(*top, *left), up * back);
                            each(place, at(*top, *right), up * *across);
                            each(place, at(*bottom, *left), *down * back);
                            each(place, at(*bottom, *right), *down * *across);
                        }
                    }
                    place += 1;
                }
            }
        }
    }

    #[track_caller]
    fn check(&self, batch: usize, input: (&str, usize), output: (&str, usize)) {
        assert!(
            !self.input.is_empty() && self.size.0 * self.size.1 > 0,
            "an image without pixels has no pixels between them"
        );
        expect_len(input.0, input.1, batch * self.input.len());
        expect_len(output.0, output.1, batch * self.output().len());
    }
}

/// `y[q] = Σ_p weight(q, p) · x[p]`, see [`Mode`].
///
/// # Shapes
/// `input` `(B, C, H, W)`, `output` `(B, C, OH, OW)`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.interpolate` with a size
pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
    g.check(batch, ("input", input.len()), ("output", output.len()));
    output.fill(T::zero());
    g.pairs(batch, |place, source, weight: T| {
        output[place] += weight * input[source];
    });
}

/// `d_x[p] = Σ_q weight(q, p) · d_y[q]`
///
/// # Shapes
/// `d_output` `(B, C, OH, OW)`, `d_input` `(B, C, H, W)`.
///
/// # Panics
/// When a slice has another size.
pub fn backward<T: Number>(g: &Geometry, batch: usize, d_output: &[T], d_input: &mut [T]) {
    g.check(
        batch,
        ("d_input", d_input.len()),
        ("d_output", d_output.len()),
    );
    d_input.fill(T::zero());
    g.pairs(batch, |place, source, weight: T| {
        d_input[source] += weight * d_output[place];
    });
}

/// The same by the formula of the textbook.
pub mod naive {
    use super::{Geometry, Mode, Number};

    /// What an input pixel counts at an output place along an axis.
    fn weight(mode: Mode, place: usize, pixel: usize, input: usize, output: usize) -> f64 {
        let (place, pixel, input) = (place as f64, pixel as f64, input as f64);
        let scale = input / output as f64;
        match mode {
            Mode::Nearest => {
                let source = (place * scale + 1e-9).floor();
                f64::from(source == pixel)
            }
            Mode::Bilinear => {
                let source = ((place + 0.5) * scale - 0.5).clamp(0.0, input - 1.0);
                (1.0 - (source - pixel).abs()).max(0.0)
            }
        }
    }

    /// See [`super::forward`]: every output from every pixel.
    pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
        let (from, to) = (g.input, g.output());
        for plane in 0..batch * from.channels {
            for oy in 0..to.height {
                for ox in 0..to.width {
                    let mut sum = T::zero();
                    for y in 0..from.height {
                        for x in 0..from.width {
                            let w = weight(g.mode, oy, y, from.height, to.height)
                                * weight(g.mode, ox, x, from.width, to.width);
                            sum += T::of(w) * input[(plane * from.height + y) * from.width + x];
                        }
                    }
                    output[(plane * to.height + oy) * to.width + ox] = sum;
                }
            }
        }
    }
}
