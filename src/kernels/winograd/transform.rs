//! The transforms of one tile, a vector of channels at a time: `Bᵀ x B`, `G w Gᵀ`, `Aᵀ m A` and
//! the transposed ones, `A d_y Aᵀ` and `Gᵀ d_u G`. See the [head of the room](super) for the
//! matrices.
//!
//! Each function of six or fewer vectors is one of the matrices times a column; applied to the
//! columns and then to the rows, it transforms a tile.

use super::super::simd::Lanes;

/// `Bᵀ x`: six pixels.
#[inline(always)]
pub fn pixels<S: Lanes>(s: S, x: [S::V; 6]) -> [S::V; 6] {
    let (two, four, five) = (s.splat(2.0), s.splat(4.0), s.splat(-5.0));
    let minus = s.splat(-4.0);
    let even = s.mul_add(minus, x[2], x[4]);
    let odd = s.mul_add(minus, x[1], x[3]);
    let even_2 = s.sub(x[4], x[2]);
    let odd_2 = s.sub(x[3], x[1]);
    [
        s.mul_add(four, x[0], s.mul_add(five, x[2], x[4])),
        s.add(even, odd),
        s.sub(even, odd),
        s.mul_add(two, odd_2, even_2),
        s.mul_add(s.splat(-2.0), odd_2, even_2),
        s.mul_add(four, x[1], s.mul_add(five, x[3], x[5])),
    ]
}

/// `G w`: three weights.
#[inline(always)]
pub fn weights<S: Lanes>(s: S, w: [S::V; 3]) -> [S::V; 6] {
    let zero = s.splat(0.0);
    // w₀/6 + w₂/6 and w₀/24 + w₂/6
    let sixths = s.mul_add(
        s.splat(1.0 / 6.0),
        w[2],
        s.mul_add(s.splat(1.0 / 6.0), w[0], zero),
    );
    let mixed = s.mul_add(
        s.splat(1.0 / 6.0),
        w[2],
        s.mul_add(s.splat(1.0 / 24.0), w[0], zero),
    );
    let (sixth, twelfth) = (
        s.mul_add(s.splat(1.0 / 6.0), w[1], zero),
        s.mul_add(s.splat(1.0 / 12.0), w[1], zero),
    );
    [
        s.mul_add(s.splat(0.25), w[0], zero),
        s.sub(zero, s.add(sixths, sixth)),
        s.sub(sixth, sixths),
        s.add(mixed, twelfth),
        s.sub(mixed, twelfth),
        w[2],
    ]
}

/// `Gᵀ u`: back to three weights.
#[inline(always)]
pub fn weights_back<S: Lanes>(s: S, u: [S::V; 6]) -> [S::V; 3] {
    let zero = s.splat(0.0);
    let (sum_1, difference_1) = (s.add(u[1], u[2]), s.sub(u[2], u[1]));
    let (sum_2, difference_2) = (s.add(u[3], u[4]), s.sub(u[3], u[4]));
    let first = s.mul_add(
        s.splat(1.0 / 24.0),
        sum_2,
        s.mul_add(s.splat(0.25), u[0], zero),
    );
    let last = s.mul_add(s.splat(1.0 / 6.0), sum_2, u[5]);
    [
        s.mul_add(s.splat(-1.0 / 6.0), sum_1, first),
        s.mul_add(
            s.splat(1.0 / 12.0),
            difference_2,
            s.mul_add(s.splat(1.0 / 6.0), difference_1, zero),
        ),
        s.mul_add(s.splat(-1.0 / 6.0), sum_1, last),
    ]
}

/// `Aᵀ m`: four numbers of the output.
#[inline(always)]
pub fn places<S: Lanes>(s: S, m: [S::V; 6]) -> [S::V; 4] {
    let (sum_1, difference_1) = (s.add(m[1], m[2]), s.sub(m[1], m[2]));
    let (sum_2, difference_2) = (s.add(m[3], m[4]), s.sub(m[3], m[4]));
    [
        s.add(m[0], s.add(sum_1, sum_2)),
        s.mul_add(s.splat(2.0), difference_2, difference_1),
        s.mul_add(s.splat(4.0), sum_2, sum_1),
        s.mul_add(s.splat(8.0), difference_2, s.add(difference_1, m[5])),
    ]
}

/// `A d_y`: four numbers of the output's gradient.
#[inline(always)]
pub fn places_back<S: Lanes>(s: S, y: [S::V; 4]) -> [S::V; 6] {
    let (two, four) = (s.splat(2.0), s.splat(4.0));
    let (even, odd) = (s.add(y[0], y[2]), s.add(y[1], y[3]));
    let even_2 = s.mul_add(four, y[2], y[0]);
    // y₁ + 4 y₃, of which the rows count twice
    let odd_2 = s.mul_add(four, y[3], y[1]);
    [
        y[0],
        s.add(even, odd),
        s.sub(even, odd),
        s.mul_add(two, odd_2, even_2),
        s.mul_add(s.splat(-2.0), odd_2, even_2),
        y[3],
    ]
}
