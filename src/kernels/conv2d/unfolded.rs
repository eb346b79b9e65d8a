//! The pixels under the window are laid side by side, which leaves a product of matrices.

use super::super::matmul::{matmul, Matrix, Output};
use super::super::unfold;
use super::{Geometry, Method, Number};

/// Sizes of the matrices of one group: filters, numbers under the window, places.
fn matrices(g: &Geometry) -> (usize, usize, usize) {
    (
        g.filters / g.groups,
        g.seen() * g.window.taps(),
        g.output().plane(),
    )
}

/// One image; overwrites `y`.
pub fn forward<T: Number>(g: &Geometry, x: &[T], weight: &[T], y: &mut [T], scratch: &mut [T]) {
    let (filters, under, places) = matrices(g);
    let groups = x.chunks_exact(g.group().len());
    let groups = groups.zip(y.chunks_exact_mut(filters * places));
    for ((x, y), w) in groups.zip(weight.chunks_exact(filters * under)) {
        let columns = columns(g, x, scratch);
        matmul(
            Matrix::new(filters, under, w),
            Matrix::new(under, places, columns),
            Output::Overwrite,
            y,
        );
    }
}

/// One image; overwrites `dx`.
pub fn backward_input<T: Number>(
    g: &Geometry,
    weight: &[T],
    dy: &[T],
    dx: &mut [T],
    scratch: &mut [T],
) {
    let (filters, under, places) = matrices(g);
    let groups = dx.chunks_exact_mut(g.group().len());
    let groups = groups.zip(dy.chunks_exact(filters * places));
    for ((dx, dy), w) in groups.zip(weight.chunks_exact(filters * under)) {
        let w = Matrix::new(filters, under, w).transposed();
        let dy = Matrix::new(filters, places, dy);
        if g.method() == Method::Pointwise {
            matmul(w, dy, Output::Overwrite, dx);
        } else {
            let d_columns = &mut scratch[..under * places];
            matmul(w, dy, Output::Overwrite, d_columns);
            unfold::backward(&g.group(), &g.window, d_columns, dx);
        }
    }
}

/// One image; adds to `dw`.
pub fn backward_weight<T: Number>(
    g: &Geometry,
    x: &[T],
    dy: &[T],
    dw: &mut [T],
    scratch: &mut [T],
) {
    let (filters, under, places) = matrices(g);
    let groups = x.chunks_exact(g.group().len());
    let groups = groups.zip(dy.chunks_exact(filters * places));
    for ((x, dy), dw) in groups.zip(dw.chunks_exact_mut(filters * under)) {
        let columns = columns(g, x, scratch);
        matmul(
            Matrix::new(filters, places, dy),
            Matrix::new(under, places, columns).transposed(),
            Output::Add,
            dw,
        );
    }
}

/// The channels of one group as the matrix whose rows the filters weigh.
fn columns<'a, T: Number>(g: &Geometry, x: &'a [T], scratch: &'a mut [T]) -> &'a [T] {
    if g.method() == Method::Pointwise {
        return x;
    }
    let (_, under, places) = matrices(g);
    let columns = &mut scratch[..under * places];
    unfold::forward(&g.group(), &g.window, x, columns);
    columns
}
