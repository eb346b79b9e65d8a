//! Keeps the largest value under a window.

use super::pool2d::Geometry;
use super::simd::{Kernel, Lanes, Level};
use super::{expect_len, Number, Window};

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
    if let (true, Some(input), Some(output)) =
        (halves(g), T::f32s(input), T::f32s_mut(&mut *output))
    {
        return forward_halves(Level::best(), g, batch, input, output, indices);
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

/// Whether the windows are 2×2 pixels side by side, as in most networks: each row of places then
/// has two rows of pixels of its own, and needs to be written only once.
fn halves(g: &Geometry) -> bool {
    let window = Window {
        stride: (2, 2),
        ..Window::new(2, 2)
    };
    g.window == window
}

/// [`forward`] where the windows are 2×2 pixels side by side, compiled for a level.
///
/// # Panics
/// When a slice has another size, or the windows lie otherwise.
pub fn forward_halves(
    level: Level,
    g: &Geometry,
    batch: usize,
    input: &[f32],
    output: &mut [f32],
    indices: &mut [u32],
) {
    assert!(halves(g), "the windows must be 2×2, side by side");
    g.check(batch, ("input", input.len()), ("output", output.len()));
    expect_len("indices", indices.len(), output.len());
    level.run(Halve {
        g,
        input,
        output,
        indices,
    });
}

/// [`forward`] where [`halves`].
struct Halve<'a> {
    g: &'a Geometry,
    input: &'a [f32],
    output: &'a mut [f32],
    indices: &'a mut [u32],
}

impl Kernel for Halve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let (width, out) = (self.g.input.width, self.g.output());
        // Where in a window of the channel: a number that is carried as the bits of another.
        let tag = |offset: usize| simd.splat(f32::from_bits(offset as u32));
        let tags = [tag(0), tag(1), tag(width), tag(width + 1)];
        let planes = self.input.chunks_exact(self.g.input.plane());
        let pooled = self.output.chunks_exact_mut(out.plane());
        let pooled = pooled.zip(self.indices.chunks_exact_mut(out.plane()));
        for (x, (y, indices)) in planes.zip(pooled) {
            let places = y.chunks_exact_mut(out.width);
            let places = places.zip(indices.chunks_exact_mut(out.width));
            for (row, (rows, (y, indices))) in x.chunks_exact(2 * width).zip(places).enumerate() {
                let (above, below) = rows.split_at(width);
                let mut place = 0;
                while place < out.width {
                    let end = (place + S::LANES).min(out.width);
                    let middle = (2 * place + S::LANES).min(2 * end);
                    let (left, right) = (2 * place..middle, middle..2 * end);
                    let top = simd.unzip(
                        simd.load_part(&above[left.clone()]),
                        simd.load_part(&above[right.clone()]),
                    );
                    let bottom =
                        simd.unzip(simd.load_part(&below[left]), simd.load_part(&below[right]));
                    let largest = (top.0, tags[0]);
                    let largest = simd.larger((top.1, tags[1]), largest);
                    let largest = simd.larger((bottom.0, tags[2]), largest);
                    let largest = simd.larger((bottom.1, tags[3]), largest);
                    simd.store_part(largest.0, &mut y[place..end]);
                    let mut bits = [0.0; 16];
                    simd.store(largest.1, &mut bits);
                    let first = (2 * (row * width + place)) as u32;
                    let found = indices[place..end].iter_mut().zip(&bits);
                    for (nth, (index, bits)) in found.enumerate() {
                        *index = first + 2 * nth as u32 + bits.to_bits();
                    }
                    place = end;
                }
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
