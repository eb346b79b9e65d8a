//! The sum of several tensors, as at the end of a residual block.

use super::simd::wide;
use super::{expect_len, Number};

/// `y = Σ_n x_n`
///
/// The gradient of every part is the gradient of the sum.
///
/// # Shapes
/// Every part as long as `output`. No parts give zeros.
///
/// # Panics
/// When a part has another length.
pub fn forward<T: Number>(parts: &[&[T]], output: &mut [T]) {
    for part in parts {
        expect_len("part", part.len(), output.len());
    }
    match parts {
        [] => output.fill(T::zero()),
        // The shape of a residual block, in one pass over memory.
        [a, b] => wide(|| {
            for (y, (a, b)) in output.iter_mut().zip(a.iter().zip(*b)) {
                *y = *a + *b;
            }
        }),
        [first, rest @ ..] => {
            output.copy_from_slice(first);
            for part in rest {
                accumulate(part, output);
            }
        }
    }
}

/// `y = y + x`: how a tensor that is used twice gathers its gradient.
///
/// # Panics
/// When the lengths differ.
pub fn accumulate<T: Number>(x: &[T], y: &mut [T]) {
    expect_len("x", x.len(), y.len());
    wide(|| {
        for (y, x) in y.iter_mut().zip(x) {
            *y += *x;
        }
    });
}

/// The same as plain loops.
pub mod naive {
    use super::Number;

    /// See [`super::forward`].
    pub fn forward<T: Number>(parts: &[&[T]], output: &mut [T]) {
        for (i, y) in output.iter_mut().enumerate() {
            *y = parts.iter().map(|part| part[i]).sum();
        }
    }
}
