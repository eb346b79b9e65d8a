//! Keeps the largest value under a window.

use pulp::{Simd, WithSimd};

use super::image::every_nth;
use super::lanes::widest;
use super::pool2d::Geometry;
use super::{expect_len, Number};

/// Stands in the indices where a window lies in the padding with all of its taps.
pub const NOWHERE: u32 = u32::MAX;

/// `y = max_k x[k]`, and where in its channel that value lies.
///
/// Padding is never the largest. Of equal values the first is taken, row by row; NaN is larger than
/// any number. A window with all taps in the padding gives −∞ and [`NOWHERE`].
///
/// # Shapes
/// `input` `(B, C, H, W)`, `output` and `indices` `(B, C, OH, OW)`. An index is
/// `row · W + column`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.max_pool2d(…, return_indices=True)`
///
/// # Example
/// ```
/// use shapeproof::kernels::{max_pool2d, pool2d, Image, Window};
/// let g = pool2d::Geometry {
///     input: Image::new(1, 2, 3),
///     window: Window::new(2, 2),
/// };
/// let (mut y, mut indices) = ([0.0; 2], [0; 2]);
/// max_pool2d::forward(&g, 1, &[1.0, 7.0, 7.0, 3.0, 4.0, 0.0], &mut y, &mut indices);
/// assert_eq!((y, indices), ([7.0, 7.0], [1, 1]));
/// ```
pub fn forward<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    output: &mut [T],
    indices: &mut [u32],
) {
    g.check(batch, ("input", input.len()), ("output", output.len()));
    expect_len("indices", indices.len(), output.len());
    assert!(
        u32::try_from(g.input.plane()).is_ok_and(|plane| plane < NOWHERE),
        "a channel of {} pixels is too large for indices of 32 bits",
        g.input.plane()
    );
    if halves(g) {
        let sizes = (g.input.plane(), g.input.width);
        return forward_halves(g, batch, (input, sizes), output, Some(indices));
    }
    output.fill(T::neg_infinity());
    indices.fill(NOWHERE);
    let (stride, places) = (g.window.stride.1, g.output().plane());
    let planes = input.chunks_exact(g.input.plane());
    let pooled = output
        .chunks_exact_mut(places)
        .zip(indices.chunks_exact_mut(places));
    for (x, (y, indices)) in planes.zip(pooled) {
        g.rows(|place, pixel, len| {
            let (y, indices) = (&mut y[place..place + len], &mut indices[place..place + len]);
            let x = &x[pixel..pixel + (len - 1) * stride + 1];
            for nth in 0..len {
                let x = x[nth * stride];
                // Strictly larger, so that the first of equal values stays. The first value stays
                // even if it is −∞. Both are always written: to choose is cheaper than to jump.
                let larger = (x > y[nth]) | x.is_nan() | (indices[nth] == NOWHERE);
                y[nth] = if larger { x } else { y[nth] };
                indices[nth] = if larger {
                    (pixel + nth * stride) as u32
                } else {
                    indices[nth]
                };
            }
        });
    }
}

/// The values of [`forward`] without the indices, for when no backward will follow.
///
/// # Shapes
/// `input` `(B, C, H, W)`, `output` `(B, C, OH, OW)`.
///
/// # Panics
/// When a slice has another size.
pub fn forward_values<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
    g.check(batch, ("input", input.len()), ("output", output.len()));
    if halves(g) {
        let sizes = (g.input.plane(), g.input.width);
        return forward_halves(g, batch, (input, sizes), output, None);
    }
    let stride = g.window.stride.1;
    let planes = input.chunks_exact(g.input.plane());
    let planes = planes.zip(output.chunks_exact_mut(g.output().plane()));
    if g.window.taps() == 1 && (g.window.before, g.window.after) == ((0, 0), (0, 0)) {
        // Some of the pixels, as they are.
        for (x, y) in planes {
            g.rows(|place, pixel, len| {
                every_nth(&x[pixel..], stride, &mut y[place..place + len]);
            });
        }
        return;
    }
    for (x, y) in planes {
        y.fill(T::neg_infinity());
        g.rows(|place, pixel, len| {
            let x = x[pixel..].iter().step_by(stride);
            for (y, x) in y[place..place + len].iter_mut().zip(x) {
                // Turned so that NaN, once met, stays.
                *y = if (*x <= *y) | y.is_nan() { *y } else { *x };
            }
        });
    }
}

/// Whether the window is 2×2 and never overlaps: by far the most common, and worth its own loop.
pub fn halves(g: &Geometry) -> bool {
    let w = &g.window;
    let inside = (w.before, w.after) == ((0, 0), (0, 0));
    inside && (w.kernel, w.stride, w.dilation) == ((2, 2), (2, 2), (1, 1))
}

/// [`forward`] and [`forward_values`] where [`halves`], for images that may lie in a larger frame:
/// behind `input` stand the numbers from one channel to the next and from one row to the next.
///
/// # Panics
/// When a slice is too small.
pub fn forward_halves<T: Number>(
    g: &Geometry,
    batch: usize,
    (input, (plane, width)): (&[T], (usize, usize)),
    output: &mut [T],
    indices: Option<&mut [u32]>,
) {
    expect_len("output", output.len(), batch * g.output().len());
    widest(Halve {
        g,
        input,
        plane,
        width,
        output,
        indices,
    });
}

struct Halve<'a, T> {
    g: &'a Geometry,
    input: &'a [T],
    plane: usize,
    width: usize,
    output: &'a mut [T],
    indices: Option<&'a mut [u32]>,
}

impl<T: Number> WithSimd for Halve<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let output = self.g.output();
        let Some(indices) = self.indices else {
            return self.values();
        };
        for (nth, y) in self.output.chunks_exact_mut(output.width).enumerate() {
            let (channel, row) = (nth / output.height, nth % output.height);
            let upper = &self.input[channel * self.plane + 2 * row * self.width..];
            let lower = &upper[self.width..][..2 * output.width];
            let upper = &upper[..2 * output.width];
            let taps = upper.chunks_exact(2).zip(lower.chunks_exact(2));
            let width = self.g.input.width as u32;
            let first = 2 * row as u32 * width;
            let indices = &mut indices[nth * output.width..(nth + 1) * output.width];
            for (place, ((y, (a, b)), index)) in y.iter_mut().zip(taps).zip(indices).enumerate() {
                let here = first + 2 * place as u32;
                let (mut most, mut at) = (a[0], here);
                for (x, i) in [
                    (a[1], here + 1),
                    (b[0], here + width),
                    (b[1], here + width + 1),
                ] {
                    let takes = (x > most) | x.is_nan();
                    most = if takes { x } else { most };
                    at = if takes { i } else { at };
                }
                (*y, *index) = (most, at);
            }
        }
    }
}

/// Outputs side by side.
const SIDE: usize = 16;

impl<T: Number> Halve<'_, T> {
    /// Without indices: sixteen places at a time, of which the last may be behind the end of the
    /// row, where the next row is written later.
    #[inline(always)]
    fn values(self) {
        let output = self.g.output();
        for nth in 0..self.output.len() / output.width {
            let (channel, row) = (nth / output.height, nth % output.height);
            let upper = &self.input[channel * self.plane + 2 * row * self.width..];
            let lower = &upper[self.width..];
            for first in (0..output.width).step_by(SIDE) {
                let (upper, lower) = (&upper[2 * first..], &lower[2 * first..]);
                let y = &mut self.output[nth * output.width + first..];
                if let (Some(upper), Some(lower), Some(y)) = (
                    upper.first_chunk(),
                    lower.first_chunk(),
                    y.first_chunk_mut(),
                ) {
                    largest(upper, lower, y);
                    continue;
                }
                let taps = upper.chunks_exact(2).zip(lower.chunks_exact(2));
                for (y, (a, b)) in y.iter_mut().zip(taps).take(output.width - first) {
                    *y = larger(larger(a[0], b[0]), larger(a[1], b[1]));
                }
            }
        }
    }
}

/// The largest of each square of four.
#[inline(always)]
fn largest<T: Number>(upper: &[T; 2 * SIDE], lower: &[T; 2 * SIDE], y: &mut [T; SIDE]) {
    let mut column = [T::zero(); 2 * SIDE];
    for (to, (a, b)) in column.iter_mut().zip(upper.iter().zip(lower)) {
        *to = larger(*a, *b);
    }
    for (y, pair) in y.iter_mut().zip(column.as_chunks::<2>().0) {
        *y = larger(pair[0], pair[1]);
    }
}

/// The larger one, and NaN if one of them is.
#[inline(always)]
fn larger<T: Number>(a: T, b: T) -> T {
    if (b <= a) | a.is_nan() {
        a
    } else {
        b
    }
}

/// `d_x[i] = Σ d_y` over the places whose largest value is `x[i]`.
///
/// # Shapes
/// `indices` (those that [`forward`] gave) and `d_output` `(B, C, OH, OW)`, `d_input`
/// `(B, C, H, W)`.
///
/// # Panics
/// When a slice has another size, or an index lies outside of the channel.
pub fn backward<T: Number>(
    g: &Geometry,
    batch: usize,
    indices: &[u32],
    d_output: &[T],
    d_input: &mut [T],
) {
    g.check(
        batch,
        ("d_input", d_input.len()),
        ("d_output", d_output.len()),
    );
    expect_len("indices", indices.len(), d_output.len());
    d_input.fill(T::zero());
    let places = g.output().plane();
    let pooled = d_output
        .chunks_exact(places)
        .zip(indices.chunks_exact(places));
    for (dx, (dy, indices)) in d_input.chunks_exact_mut(g.input.plane()).zip(pooled) {
        for (dy, index) in dy.iter().zip(indices) {
            if *index != NOWHERE {
                dx[*index as usize] += *dy;
            }
        }
    }
}

/// The same as plain loops.
pub mod naive {
    use super::super::pool2d::naive_places;
    use super::{Geometry, Number, NOWHERE};

    /// See [`super::forward`].
    pub fn forward<T: Number>(
        g: &Geometry,
        batch: usize,
        input: &[T],
        output: &mut [T],
        indices: &mut [u32],
    ) {
        naive_places(g, batch, |pixels, place| {
            let mut largest = T::neg_infinity();
            let mut index = None;
            for x in pixels {
                if index.is_none() || input[*x] > largest || input[*x].is_nan() {
                    largest = input[*x];
                    index = Some(*x);
                }
            }
            output[place] = largest;
            indices[place] = index.map_or(NOWHERE, |x| (x % g.input.plane()) as u32);
        });
    }

    /// The gradient straight from the input, without indices: of each window's values, the first
    /// that is the largest takes it.
    pub fn backward<T: Number>(
        g: &Geometry,
        batch: usize,
        input: &[T],
        d_output: &[T],
        d_input: &mut [T],
    ) {
        d_input.fill(T::zero());
        naive_places(g, batch, |pixels, place| {
            let nan = pixels.iter().rev().find(|x| input[**x].is_nan());
            let first = pixels
                .iter()
                .find(|x| pixels.iter().all(|other| input[**x] >= input[*other]));
            if let Some(x) = nan.or(first) {
                d_input[*x] += d_output[place];
            }
        });
    }
}
