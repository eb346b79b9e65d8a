//! Sums whose rounding error grows slowly, in an order that does not depend on the machine.

use super::simd::wide;
use super::Number;

/// Partial sums that are independent of each other: more than any register holds.
const LANES: usize = 16;

/// `Σ x`
///
/// The numbers go into sixteen partial sums in turn, so that the compiler may add several at once
/// without changing the result.
pub fn sum<T: Number>(x: &[T]) -> T {
    wide(|| sum_of(x, |x| x))
}

/// `Σ a·b`
///
/// # Panics
/// When the lengths differ.
pub fn dot<T: Number>(a: &[T], b: &[T]) -> T {
    wide(|| sum_of_pairs(a, b, |a, b| a * b))
}

/// `Σ f(x)`, in the same order; for loops that are compiled for wide vectors already.
#[inline(always)]
pub(super) fn sum_of<T: Number>(x: &[T], f: impl Fn(T) -> T) -> T {
    let mut lanes = [T::zero(); LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += f(*x);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += f(*x);
    }
    fold(lanes)
}

/// `Σ f(a, b)`, likewise.
///
/// # Panics
/// When the lengths differ.
#[inline(always)]
pub(super) fn sum_of_pairs<T: Number>(a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> T {
    super::expect_len("b", b.len(), a.len());
    let mut lanes = [T::zero(); LANES];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += f(*a, *b);
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(rest_a.iter().zip(rest_b)) {
        *lane += f(*a, *b);
    }
    fold(lanes)
}

/// Adds the lanes as a tree.
#[inline(always)]
fn fold<T: Number>(mut lanes: [T; LANES]) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// The same sums as plain loops.
pub mod naive {
    use super::super::Number;

    /// `Σ x`
    pub fn sum<T: Number>(x: &[T]) -> T {
        let mut sum = T::zero();
        for x in x {
            sum += *x;
        }
        sum
    }

    /// `Σ a·b`
    pub fn dot<T: Number>(a: &[T], b: &[T]) -> T {
        let mut sum = T::zero();
        for (a, b) in a.iter().zip(b) {
            sum += *a * *b;
        }
        sum
    }
}
