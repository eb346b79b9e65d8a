//! Bundles channels into capsules and brings the length of each below 1.

use super::simd::wide;
use super::{expect_len, Number};

/// The sizes of the capsules of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Kinds of capsules; each place has one of every kind.
    pub kinds: usize,
    /// Values of a capsule.
    pub size: usize,
    /// Pixels of the image.
    pub places: usize,
}

impl Geometry {
    /// Numbers of an image.
    pub const fn len(&self) -> usize {
        self.kinds * self.size * self.places
    }

    /// Whether an image has no numbers.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Added to the square of a length, whose root has no gradient at 0.
const EPSILON: f64 = 1e-12;

/// The length of a capsule by its square; a little more than 0 at 0.
pub(super) fn length<T: Number>(square: T) -> T {
    (square + T::of(EPSILON)).sqrt()
}

/// What a capsule is multiplied with, by the square of its length: `|s| / (1 + |s|²)`.
#[inline(always)]
pub(super) fn factor<T: Number>(square: T) -> T {
    length(square) / (T::one() + square)
}

/// Twice the derivative of [`factor`]: the gradient of a squashed `s` is
/// `factor · d_v + slope · (s · d_v) · s`.
#[inline(always)]
pub(super) fn slope<T: Number>(square: T) -> T {
    let (length, whole) = (length(square), T::one() + square);
    (whole / length - (length + length)) / (whole * whole)
}

/// Places whose factors are known before the first of them is written.
const BLOCK: usize = 64;

/// `v = |s|² / (1 + |s|²) · s / |s|` for every capsule `s`
///
/// # Shapes
/// `input` `(B, kinds, size, places)`, `output` `(B, kinds, places, size)`.
///
/// # Panics
/// When a slice has another size.
pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
    expect_len("input", input.len(), batch * g.len());
    expect_len("output", output.len(), batch * g.len());
    if g.is_empty() {
        return;
    }
    let kind = g.size * g.places;
    for (x, y) in input.chunks_exact(kind).zip(output.chunks_exact_mut(kind)) {
        wide(|| forward_kind(g, x, y));
    }
}

/// One kind of capsules of one image.
#[inline(always)]
fn forward_kind<T: Number>(g: &Geometry, x: &[T], y: &mut [T]) {
    for (block, y) in y.chunks_mut(BLOCK * g.size).enumerate() {
        let (first, count) = (block * BLOCK, y.len() / g.size);
        let mut factors = [T::zero(); BLOCK];
        for x in x.chunks_exact(g.places) {
            for (square, x) in factors.iter_mut().zip(&x[first..first + count]) {
                *square += *x * *x;
            }
        }
        for square in &mut factors {
            *square = factor(*square);
        }
        for (d, x) in x.chunks_exact(g.places).enumerate() {
            let x = &x[first..first + count];
            for ((y, x), factor) in y.chunks_exact_mut(g.size).zip(x).zip(&factors) {
                y[d] = *factor * *x;
            }
        }
    }
}

/// The gradient of [`forward`] with respect to its input.
///
/// # Shapes
/// `input` and `d_input` `(B, kinds, size, places)`, `d_output` `(B, kinds, places, size)`.
///
/// # Panics
/// When a slice has another size.
pub fn backward<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    d_output: &[T],
    d_input: &mut [T],
) {
    expect_len("input", input.len(), batch * g.len());
    expect_len("d_output", d_output.len(), batch * g.len());
    expect_len("d_input", d_input.len(), batch * g.len());
    if g.is_empty() {
        return;
    }
    let kind = g.size * g.places;
    let gradients = d_output
        .chunks_exact(kind)
        .zip(d_input.chunks_exact_mut(kind));
    for (x, (dy, dx)) in input.chunks_exact(kind).zip(gradients) {
        wide(|| backward_kind(g, x, dy, dx));
    }
}

/// One kind of capsules of one image.
#[inline(always)]
fn backward_kind<T: Number>(g: &Geometry, x: &[T], dy: &[T], dx: &mut [T]) {
    for (block, dy) in dy.chunks(BLOCK * g.size).enumerate() {
        let (first, count) = (block * BLOCK, dy.len() / g.size);
        let (mut squares, mut along) = ([T::zero(); BLOCK], [T::zero(); BLOCK]);
        for (d, x) in x.chunks_exact(g.places).enumerate() {
            for (place, x) in x[first..first + count].iter().enumerate() {
                squares[place] += *x * *x;
                along[place] += *x * dy[place * g.size + d];
            }
        }
        let mut factors = [T::zero(); BLOCK];
        for ((factor_, square), along) in factors.iter_mut().zip(&squares).zip(&mut along) {
            *factor_ = factor(*square);
            *along *= slope(*square);
        }
        let rows = x.chunks_exact(g.places).zip(dx.chunks_exact_mut(g.places));
        for (d, (x, dx)) in rows.enumerate() {
            let (x, dx) = (&x[first..first + count], &mut dx[first..first + count]);
            for (place, (dx, x)) in dx.iter_mut().zip(x).enumerate() {
                *dx = factors[place] * dy[place * g.size + d] + along[place] * *x;
            }
        }
    }
}

/// The same by the formula of the paper.
pub mod naive {
    use super::{Geometry, Number, EPSILON};

    /// See [`super::forward`].
    pub fn forward<T: Number>(g: &Geometry, batch: usize, input: &[T], output: &mut [T]) {
        for kind in 0..batch * g.kinds {
            for place in 0..g.places {
                let s: Vec<T> = (0..g.size)
                    .map(|d| input[(kind * g.size + d) * g.places + place])
                    .collect();
                let to = (kind * g.places + place) * g.size;
                output[to..to + g.size].copy_from_slice(&squash(&s));
            }
        }
    }

    /// `|s|² / (1 + |s|²) · s / |s|`, with a length that is not 0.
    pub(in crate::kernels) fn squash<T: Number>(s: &[T]) -> Vec<T> {
        let square: T = s.iter().map(|s| *s * *s).sum();
        let length = (square + T::of(EPSILON)).sqrt();
        s.iter()
            .map(|s| *s * length / (T::one() + square))
            .collect()
    }
}
