//! The length of every capsule.

use super::capsules::length;
use super::{expect_len, Number, Planes};

/// `y[b, n] = √(Σ_d x[b, n, d]²)`, a little more than 0 where all values are 0
///
/// # Shapes
/// `input` `(B, N, D)` with `N` channels and `D` numbers in the plane of each, `output` `(B, N)`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.linalg.vector_norm(x, dim=2)`
pub fn forward<T: Number>(planes: &Planes, batch: usize, input: &[T], output: &mut [T]) {
    expect_len("input", input.len(), batch * planes.len());
    expect_len("output", output.len(), batch * planes.channels);
    for (nth, y) in output.iter_mut().enumerate() {
        let x = &input[nth * planes.plane..][..planes.plane];
        *y = length(x.iter().map(|x| *x * *x).sum::<T>());
    }
}

/// `d_x[b, n, d] = d_y[b, n] · x[b, n, d] / y[b, n]`
///
/// # Shapes
/// `input` and `d_input` `(B, N, D)`, `output` (what [`forward`] gave) and `d_output` `(B, N)`.
///
/// # Panics
/// When a slice has another size.
pub fn backward<T: Number>(
    planes: &Planes,
    batch: usize,
    input: &[T],
    output: &[T],
    d_output: &[T],
    d_input: &mut [T],
) {
    expect_len("input", input.len(), batch * planes.len());
    expect_len("output", output.len(), batch * planes.channels);
    expect_len("d_output", d_output.len(), batch * planes.channels);
    expect_len("d_input", d_input.len(), batch * planes.len());
    for (nth, (y, dy)) in output.iter().zip(d_output).enumerate() {
        let capsule = nth * planes.plane..(nth + 1) * planes.plane;
        let factor = *dy / *y;
        for (dx, x) in d_input[capsule.clone()].iter_mut().zip(&input[capsule]) {
            *dx = factor * *x;
        }
    }
}

/// The same as plain loops.
pub mod naive {
    use super::{Number, Planes};

    /// See [`super::forward`].
    pub fn forward<T: Number>(planes: &Planes, batch: usize, input: &[T], output: &mut [T]) {
        for capsule in 0..batch * planes.channels {
            let mut square = T::of(1e-12);
            for d in 0..planes.plane {
                square += input[capsule * planes.plane + d].powi(2);
            }
            output[capsule] = square.sqrt();
        }
    }
}
