//! Sums whose rounding error grows slowly, in an order that does not depend on the machine.

use super::Number;

/// Partial sums that are independent of each other: more than any register holds.
const LANES: usize = 16;

/// `Σ x`
///
/// The numbers go into sixteen partial sums in turn, so that the compiler may add several at once
/// without changing the result.
pub fn sum<T: Number>(x: &[T]) -> T {
    let mut lanes = [T::zero(); LANES];
    let chunks = x.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += *x;
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += *x;
    }
    fold(lanes)
}

/// `Σ a·b`
///
/// # Panics
/// When the lengths differ.
pub fn dot<T: Number>(a: &[T], b: &[T]) -> T {
    super::expect_len("b", b.len(), a.len());
    let mut lanes = [T::zero(); LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let (rest_a, rest_b) = (a.remainder(), b.remainder());
    for (a, b) in a.zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += *a * *b;
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(rest_a.iter().zip(rest_b)) {
        *lane += *a * *b;
    }
    fold(lanes)
}

/// Adds the lanes as a tree.
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
