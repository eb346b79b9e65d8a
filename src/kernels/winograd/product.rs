//! A product of matrices, a block of which is held in registers: `C = A·B`.
//!
//! Of `A`, numbers are read one by one; `B` and `C` are read and written as vectors, so they lie in
//! *panels*: sixteen columns after another, in each of them the rows, without gaps.

use super::super::simd::Lanes;

/// How `A` lies in its slice: `(i, l)` at `i · row + (l mod run) · column + ⌊l / run⌋ · jump`.
#[derive(Clone, Copy, Debug)]
pub struct Lies {
    /// From a row to the next.
    pub row: usize,
    /// From a column to the next, within a run.
    pub column: usize,
    /// Columns in a run.
    pub run: usize,
    /// From a run to the next.
    pub jump: usize,
}

/// The sizes of a product: `C` is `m × n`, `A` `m × k`, `B` `k × n`.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Rows of `A` and `C`; a multiple of 4.
    pub m: usize,
    /// Columns of `B` and `C`; a multiple of 16.
    pub n: usize,
    /// What is summed over.
    pub k: usize,
    /// Rows that a block takes at most: 12, 8 or 4.
    pub rows: usize,
}

/// `C = A·B`, or `C = C + A·B` where `adds`. Beside `B` and `C` stand the numbers from one panel to
/// the next.
///
/// # Panics
/// When a matrix reaches beyond its slice.
#[inline(always)]
pub fn product<S: Lanes>(
    simd: S,
    sizes: Sizes,
    (a, lies): (&[f32], Lies),
    (b, b_panel): (&[f32], usize),
    (c, c_panel): (&mut [f32], usize),
    adds: bool,
) {
    let Sizes { m, n, k, rows } = sizes;
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    assert!(
        m.is_multiple_of(4) && n.is_multiple_of(16),
        "a product of whole blocks"
    );
    let last = (m - 1) * lies.row + (k - 1).min(lies.run - 1) * lies.column;
    let last = last + (k - 1) / lies.run * lies.jump;
    assert!(last < a.len(), "A reaches beyond its slice");
    assert!(
        k * 16 <= b_panel && (n / 16 - 1) * b_panel + k * 16 <= b.len(),
        "B reaches beyond its slice"
    );
    assert!(
        m * 16 <= c_panel && (n / 16 - 1) * c_panel + m * 16 <= c.len(),
        "C reaches beyond its slice"
    );
    let mut j = 0;
    while j < n {
        let two = n - j >= 2 * S::LANES;
        let places = |panel: usize| {
            let place = |j: usize| j / 16 * panel + j % 16;
            [place(j), if two { place(j + S::LANES) } else { 0 }]
        };
        let (b_places, c_places) = (places(b_panel), places(c_panel));
        let mut i = 0;
        while i < m {
            let rows = take(m - i, rows.min(S::ROWS));
            // SAFETY: the block reads `A` at the rows `i..i + rows` and the columns `0..k`, and of
            // `B` and `C` the columns `j..j + LANES`, where `two` as many; `rows` never takes more
            // than `m - i`, which is a multiple of 4, and `LANES` divides 16. So the places are at
            // most those that are asserted above to lie in the slices.
            unsafe {
                let a = (a.as_ptr().add(i * lies.row), lies);
                let b = b_places.map(|place| b.as_ptr().add(place));
                let c = c_places.map(|place| c.as_mut_ptr().add(place + i * 16));
                match (rows, two) {
                    (12, true) => block::<S, 12, 2>(simd, k, a, b, c, adds),
                    (12, false) => block::<S, 12, 1>(simd, k, a, [b[0]], [c[0]], adds),
                    (8, true) => block::<S, 8, 2>(simd, k, a, b, c, adds),
                    (8, false) => block::<S, 8, 1>(simd, k, a, [b[0]], [c[0]], adds),
                    (_, true) => block::<S, 4, 2>(simd, k, a, b, c, adds),
                    (_, false) => block::<S, 4, 1>(simd, k, a, [b[0]], [c[0]], adds),
                }
            }
            i += rows;
        }
        j += if two { 2 * S::LANES } else { S::LANES };
    }
}

/// How many of `left` rows the next block takes: so that no small block is left, as 8 and 8 rather
/// than 12 and 4.
#[inline(always)]
fn take(left: usize, most: usize) -> usize {
    match (left, most) {
        (4..8, _) | (_, 4) => 4,
        (8..12 | 16..20, _) | (_, 8) => 8,
        _ => 12,
    }
}

/// `M` rows and `V` vectors of `C`.
///
/// Unsafe, because a check of every number of `A` takes as long as the products with it.
///
/// # Safety
/// All numbers that [`product`] names must lie in their slices.
#[inline(always)]
unsafe fn block<S: Lanes, const M: usize, const V: usize>(
    simd: S,
    k: usize,
    (a, lies): (*const f32, Lies),
    b: [*const f32; V],
    c: [*mut f32; V],
    adds: bool,
) {
    let mut sums = [[simd.splat(0.0); V]; M];
    let mut first = 0;
    // SAFETY: as the function says.
    unsafe {
        while first < k {
            let run = a.add(first / lies.run * lies.jump);
            let len = lies.run.min(k - first);
            for l in 0..len {
                let a = run.add(l * lies.column);
                let mut columns = [simd.splat(0.0); V];
                for (column, b) in columns.iter_mut().zip(&b) {
                    let b = b.add((first + l) * 16);
                    *column = simd.load(std::slice::from_raw_parts(b, S::LANES));
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    let left = simd.splat(*a.add(i * lies.row));
                    for (sum, column) in sums.iter_mut().zip(&columns) {
                        *sum = simd.mul_add(left, *column, *sum);
                    }
                }
            }
            first += len;
        }
        for (i, sums) in sums.iter().enumerate() {
            for (c, sum) in c.iter().zip(sums) {
                let c = std::slice::from_raw_parts_mut(c.add(i * 16), S::LANES);
                let sum = if adds {
                    simd.add(simd.load(c), *sum)
                } else {
                    *sum
                };
                simd.store(sum, c);
            }
        }
    }
}
