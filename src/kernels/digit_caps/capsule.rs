//! What one capsule below does with a register of images: rows of registers in the first cache.

use pulp::Simd;

use super::super::lanes::{Lanes, MOST_LANES};
use super::{Geometry, Number};

/// `y = y + a · x`, for rows of registers.
#[inline(always)]
pub(super) fn add_scaled<T: Number, S: Simd>(simd: S, a: T::Register<S>, x: &[T], y: &mut [T]) {
    let lanes = <T as Lanes>::lanes::<S>();
    for (x, y) in x.chunks_exact(lanes).zip(y.chunks_exact_mut(lanes)) {
        let sum = T::fused(simd, a, T::load(simd, x), T::load(simd, y));
        T::store(simd, sum, y);
    }
}

/// Rows whose sums are in registers at once.
const ROWS: usize = 8;

/// `û = W u`: `weight` `(rows, values)`, `x` `(values, lanes)`, `row` `(rows, lanes)`.
#[inline(always)]
pub(super) fn predict<T: Number, S: Simd>(simd: S, weight: &[T], x: &[T], row: &mut [T]) {
    let lanes = <T as Lanes>::lanes::<S>();
    let values = x.len() / lanes;
    let weights = weight.chunks(ROWS * values);
    for (row, weights) in row.chunks_mut(ROWS * lanes).zip(weights) {
        if row.len() == ROWS * lanes {
            products::<T, S, ROWS>(simd, weights, x, row);
            continue;
        }
        let weights = weights.chunks_exact(values);
        for (row, weights) in row.chunks_exact_mut(lanes).zip(weights) {
            products::<T, S, 1>(simd, weights, x, row);
        }
    }
}

/// `N` rows of [`predict`].
#[inline(always)]
fn products<T: Number, S: Simd, const N: usize>(simd: S, weight: &[T], x: &[T], row: &mut [T]) {
    let lanes = <T as Lanes>::lanes::<S>();
    let values = x.len() / lanes;
    let mut weights = [&weight[..0]; N];
    for (to, weight) in weights.iter_mut().zip(weight.chunks_exact(values)) {
        *to = weight;
    }
    let mut sums = [T::splat(simd, T::zero()); N];
    for (k, x) in x.chunks_exact(lanes).enumerate() {
        let x = T::load(simd, x);
        for (sum, weight) in sums.iter_mut().zip(&weights) {
            *sum = T::fused(simd, T::splat(simd, weight[k]), x, *sum);
        }
    }
    for (sum, row) in sums.iter().zip(row.chunks_exact_mut(lanes)) {
        T::store(simd, *sum, row);
    }
}

/// `y[j] = Σ_d a[j, d] · b[j, d]`: `a` and `b` `(capsules, size, lanes)`, `y` `(capsules, lanes)`.
#[inline(always)]
fn dots<T: Number, S: Simd>(simd: S, size: usize, a: &[T], b: &[T], y: &mut [T]) {
    let lanes = <T as Lanes>::lanes::<S>();
    let capsules = a
        .chunks_exact(size * lanes)
        .zip(b.chunks_exact(size * lanes));
    for ((a, b), y) in capsules.zip(y.chunks_exact_mut(lanes)) {
        let mut sum = T::splat(simd, T::zero());
        for (a, b) in a.chunks_exact(lanes).zip(b.chunks_exact(lanes)) {
            sum = T::fused(simd, T::load(simd, a), T::load(simd, b), sum);
        }
        T::store(simd, sum, y);
    }
}

/// How a capsule below shares itself out in a round, by the capsules' sums over the rounds before:
/// `c = softmax_j(û[j] · Σ v[j])`.
#[inline(always)]
pub(super) fn share<T: Number, S: Simd>(
    simd: S,
    g: &Geometry,
    round: usize,
    row: &[T],
    total: &[T],
    shares: &mut [T],
) {
    if round == 0 {
        shares.fill(T::one() / T::of(g.capsules as f64));
        return;
    }
    let lanes = <T as Lanes>::lanes::<S>();
    dots(simd, g.size, row, total, shares);
    // Comparisons are turned so that NaN is not the largest, but the sum is NaN.
    let (mut largest, mut sum) = ([T::neg_infinity(); MOST_LANES], [T::zero(); MOST_LANES]);
    for b in shares.chunks_exact(lanes) {
        for (largest, b) in largest.iter_mut().zip(b) {
            *largest = if *b > *largest { *b } else { *largest };
        }
    }
    for b in shares.chunks_exact_mut(lanes) {
        for (b, largest) in b.iter_mut().zip(&largest) {
            *b -= *largest;
        }
        T::exp_of_negative(b);
        for (sum, b) in sum.iter_mut().zip(b) {
            *sum += *b;
        }
    }
    for sum in &mut sum[..lanes] {
        *sum = sum.recip();
    }
    for c in shares.chunks_exact_mut(lanes) {
        for (c, sum) in c.iter_mut().zip(&sum) {
            *c *= *sum;
        }
    }
}

/// The gradients of what [`share`] takes the softmax of, from those of the capsules' sums:
/// `d_b[j] = c[j] · (d_c[j] − Σ_k c[k] · d_c[k])` with `d_c[j] = û[j] · d_s[j]`.
#[inline(always)]
pub(super) fn share_backward<T: Number, S: Simd>(
    simd: S,
    g: &Geometry,
    row: &[T],
    d_sums: &[T],
    shares: &[T],
    d_logits: &mut [T],
) {
    let lanes = <T as Lanes>::lanes::<S>();
    dots(simd, g.size, row, d_sums, d_logits);
    let mut mean = [T::zero(); MOST_LANES];
    for (d, c) in d_logits.chunks_exact(lanes).zip(shares.chunks_exact(lanes)) {
        for ((mean, d), c) in mean.iter_mut().zip(d).zip(c) {
            *mean += *d * *c;
        }
    }
    let shares = shares.chunks_exact(lanes);
    for (d, c) in d_logits.chunks_exact_mut(lanes).zip(shares) {
        for ((d, c), mean) in d.iter_mut().zip(c).zip(&mean) {
            *d = *c * (*d - *mean);
        }
    }
}

/// Values of a capsule below whose sums are in registers at once.
const VALUES: usize = 8;

/// `d_w[row, k] = d_w[row, k] + Σ d_û[row] · u[k]` over the images of all groups: `d_rows` holds a
/// `(rows, lanes)` for each group, `inputs` as many numbers for each, of which `(values, lanes)` at
/// `at` are those of the capsule below.
#[inline(always)]
pub(super) fn predict_backward_weight<T: Number, S: Simd>(
    simd: S,
    values: usize,
    (inputs, group_in, at): (&[T], usize, usize),
    d_rows: &[T],
    d_weight: &mut [T],
) {
    let lanes = <T as Lanes>::lanes::<S>();
    let group_out = d_weight.len() / values * lanes;
    for (row, d_weight) in d_weight.chunks_exact_mut(values).enumerate() {
        for (block, d_weight) in d_weight.chunks_mut(VALUES).enumerate() {
            let at = at + block * VALUES * lanes;
            let mut sums = [T::splat(simd, T::zero()); VALUES];
            let groups = inputs.chunks_exact(group_in);
            for (x, d_rows) in groups.zip(d_rows.chunks_exact(group_out)) {
                let d = T::load(simd, &d_rows[row * lanes..]);
                let x = x[at..at + d_weight.len() * lanes].chunks_exact(lanes);
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum = T::fused(simd, d, T::load(simd, x), *sum);
                }
            }
            for (d_weight, sum) in d_weight.iter_mut().zip(sums) {
                *d_weight += T::total(simd, sum);
            }
        }
    }
}

/// `d_u[k] = Σ_row w[row, k] · d_û[row]`: `weight` `(rows, values)`, `d_row` `(rows, lanes)`, `d_x`
/// `(values, lanes)`.
#[inline(always)]
pub(super) fn predict_backward_input<T: Number, S: Simd>(
    simd: S,
    weight: &[T],
    d_row: &[T],
    d_x: &mut [T],
) {
    let lanes = <T as Lanes>::lanes::<S>();
    let values = d_x.len() / lanes;
    for (block, d_x) in d_x.chunks_mut(VALUES * lanes).enumerate() {
        let first = block * VALUES;
        let mut sums = [T::splat(simd, T::zero()); VALUES];
        let rows = weight.chunks_exact(values).zip(d_row.chunks_exact(lanes));
        for (weight, d) in rows {
            let d = T::load(simd, d);
            for (sum, weight) in sums.iter_mut().zip(&weight[first..]) {
                *sum = T::fused(simd, T::splat(simd, *weight), d, *sum);
            }
        }
        for (sum, d_x) in sums.iter().zip(d_x.chunks_exact_mut(lanes)) {
            T::store(simd, *sum, d_x);
        }
    }
}
