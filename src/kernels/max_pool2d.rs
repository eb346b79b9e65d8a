//! Keeps the largest value under a window.

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
    output.fill(T::neg_infinity());
    indices.fill(NOWHERE);
    let (stride, places) = (g.window.stride.1, g.output().plane());
    let planes = input.chunks_exact(g.input.plane());
    let pooled = output
        .chunks_exact_mut(places)
        .zip(indices.chunks_exact_mut(places));
    for (x, (y, indices)) in planes.zip(pooled) {
        g.rows(|place, pixel, len| {
            let y = y[place..place + len].iter_mut();
            let indices = &mut indices[place..place + len];
            let x = x[pixel..].iter().step_by(stride);
            for (nth, (x, (y, index))) in x.zip(y.zip(indices)).enumerate() {
                // Strictly larger, so that the first of equal values stays. The first value stays
                // even if it is −∞. Both are always written: to choose is cheaper than to jump.
                let larger = (*x > *y) | x.is_nan() | (*index == NOWHERE);
                *y = if larger { *x } else { *y };
                *index = if larger {
                    (pixel + nth * stride) as u32
                } else {
                    *index
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
    output.fill(T::neg_infinity());
    let stride = g.window.stride.1;
    let planes = input.chunks_exact(g.input.plane());
    for (x, y) in planes.zip(output.chunks_exact_mut(g.output().plane())) {
        g.rows(|place, pixel, len| {
            let x = x[pixel..].iter().step_by(stride);
            for (y, x) in y[place..place + len].iter_mut().zip(x) {
                // Turned so that NaN, once met, stays.
                *y = if (*x <= *y) | y.is_nan() { *y } else { *x };
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
