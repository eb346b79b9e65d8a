//! The weights of a layer, between `(F, C, 3, 3)` and transformed with sixteen filters side by
//! side.

use super::super::simd::{Lanes, Square};
use super::{transform, Plan};

/// `u = G w Gᵀ`, as `u[point, c, f]`. Where `turned`, for the gradient of the input: filters and
/// channels change places, and each 3×3 weights turn around.
#[inline(always)]
pub fn prepare<S: Lanes>(simd: S, plan: &Plan, turned: bool, weight: &[f32], u: &mut [f32]) {
    let layout = plan.weighed();
    // From a filter to the next, and from a channel to the next, of the plan.
    let (filter_step, channel_step) = if turned {
        (9, plan.filters * 9)
    } else {
        (plan.channels * 9, 9)
    };
    let (mut square, mut taps16): (Square, Square) = ([[0.0; 16]; 16], [[0.0; 16]; 16]);
    for block in (0..plan.filters).step_by(16) {
        for channel in 0..plan.channels {
            let some = square.iter_mut().take(plan.filters - block);
            for (nth, taps) in some.enumerate() {
                let first = (block + nth) * filter_step + channel * channel_step;
                // Nine are needed; sixteen are one vector.
                match weight[first..].first_chunk() {
                    Some(some) => *taps = *some,
                    None => taps[..9].copy_from_slice(&weight[first..first + 9]),
                }
            }
            simd.transpose(&square, &mut taps16);
            let mut half = 0;
            while half < 16 {
                let mut tall = [[simd.splat(0.0); 6]; 3];
                for (kx, tall) in tall.iter_mut().enumerate() {
                    let mut column = [simd.splat(0.0); 3];
                    for (ky, w) in column.iter_mut().enumerate() {
                        let tap = ky * 3 + kx;
                        let tap = if turned { 8 - tap } else { tap };
                        *w = simd.load(&taps16[tap][half..]);
                    }
                    *tall = transform::weights(simd, column);
                }
                let [a, b, c] = tall;
                for ky in 0..6 {
                    let wide = transform::weights(simd, [a[ky], b[ky], c[ky]]);
                    for (kx, number) in wide.iter().enumerate() {
                        let first = layout.place(ky * 6 + kx, block / 16, channel) + half;
                        simd.store(*number, &mut u[first..]);
                    }
                }
                half += S::LANES;
            }
        }
    }
}

/// `d_w = d_w + Gᵀ d_u G`
#[inline(always)]
pub fn gradient<S: Lanes>(simd: S, plan: &Plan, du: &[f32], d_weight: &mut [f32]) {
    let layout = plan.weighed();
    let (mut square, mut taps16): (Square, Square) = ([[0.0; 16]; 16], [[0.0; 16]; 16]);
    for block in (0..plan.filters).step_by(16) {
        for channel in 0..plan.channels {
            let mut half = 0;
            while half < 16 {
                let mut tall = [[simd.splat(0.0); 3]; 6];
                for (kx, tall) in tall.iter_mut().enumerate() {
                    let mut column = [simd.splat(0.0); 6];
                    for (ky, number) in column.iter_mut().enumerate() {
                        let first = layout.place(ky * 6 + kx, block / 16, channel) + half;
                        *number = simd.load(&du[first..]);
                    }
                    *tall = transform::weights_back(simd, column);
                }
                let [a, b, c, d, e, f] = tall;
                for ky in 0..3 {
                    let wide = [a[ky], b[ky], c[ky], d[ky], e[ky], f[ky]];
                    for (kx, w) in transform::weights_back(simd, wide).iter().enumerate() {
                        simd.store(*w, &mut square[ky * 3 + kx][half..]);
                    }
                }
                half += S::LANES;
            }
            simd.transpose(&square, &mut taps16);
            for (nth, taps) in taps16.iter().enumerate().take(plan.filters - block) {
                let first = ((block + nth) * plan.channels + channel) * 9;
                for (dw, tap) in d_weight[first..first + 9].iter_mut().zip(taps) {
                    *dw += *tap;
                }
            }
        }
    }
}
