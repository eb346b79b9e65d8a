//! The product of two matrices: the one place where the crate `gemm` is called.

use super::{expect_len, Number};

/// A matrix that is read: rows without gaps, or the same transposed.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// `values` row by row.
    ///
    /// # Panics
    /// When there are not `rows·columns` values.
    #[track_caller]
    pub fn new(rows: usize, columns: usize, values: &'a [T]) -> Self {
        let size = rows
            .checked_mul(columns)
            .expect("a matrix has fewer numbers than usize can count");
        expect_len("matrix", values.len(), size);
        Matrix {
            values,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// The same values with rows and columns exchanged; nothing moves.
    pub fn transposed(self) -> Self {
        Matrix {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// What happens to the numbers that are in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// `C = A·B`
    Overwrite,
    /// `C = C + A·B`
    Add,
}

/// `C = A·B` or `C = C + A·B`, with `C` row by row, on the calling thread.
///
/// ```
/// use shapeproof::kernels::matmul::{matmul, Matrix, Output};
/// let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let mut c = [0.0; 4];
/// let a = Matrix::new(2, 3, &a);
/// matmul(a, a.transposed(), Output::Overwrite, &mut c);
/// assert_eq!(c, [14.0, 32.0, 32.0, 77.0]);
/// ```
///
/// # Panics
/// When the sizes do not fit each other.
#[track_caller]
pub fn matmul<T: Number>(a: Matrix<T>, b: Matrix<T>, output: Output, c: &mut [T]) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert!(
        b.rows == k,
        "the left matrix has {k} columns, the right one {} rows",
        b.rows
    );
    let size = m
        .checked_mul(n)
        .expect("a matrix has fewer numbers than usize can count");
    expect_len("product", c.len(), size);
    if k == 0 {
        if output == Output::Overwrite {
            c.fill(T::zero());
        }
        return;
    }
    // SAFETY: `gemm` reads `a[i·row_stride + j·column_stride]` for i < m and j < k, `b` likewise
    // for k × n, and writes `c[i·n + j]` for i < m and j < n. `Matrix` is built only by `new` and
    // `transposed`, where the largest of these places is rows·columns − 1, which `new` has checked
    // to lie in the slice; `c` holds m·n numbers, as checked above. Slices are smaller than
    // `isize::MAX`, so the strides do not wrap. `c` is borrowed mutably, so it overlaps neither.
    // `T` is `f32` or `f64`, as `Number` is sealed.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            n as isize,
            output == Output::Add,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            T::one(),
            T::one(),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// The same as plain loops.
pub mod naive {
    use super::{Matrix, Number, Output};

    /// `C = A·B` or `C = C + A·B`.
    pub fn matmul<T: Number>(a: Matrix<T>, b: Matrix<T>, output: Output, c: &mut [T]) {
        for i in 0..a.rows {
            for j in 0..b.columns {
                let mut sum = T::zero();
                for l in 0..a.columns {
                    let left = a.values[i * a.row_stride + l * a.column_stride];
                    sum += left * b.values[l * b.row_stride + j * b.column_stride];
                }
                let old = match output {
                    Output::Overwrite => T::zero(),
                    Output::Add => c[i * b.columns + j],
                };
                c[i * b.columns + j] = old + sum;
            }
        }
    }
}
