//! A block of filters times taps stays in registers while all places pass.

use super::super::super::simd::{Kernel, Lanes};
use super::{Plan, BEHIND};

/// Input, gradient of the output → gradient of the weights.
pub struct Gather<'a> {
    pub plan: Plan,
    pub input: &'a [f32],
    pub d_output: &'a [f32],
    pub d_weight: &'a mut [f32],
    pub scratch: &'a mut [f32],
}

impl Kernel for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let plan = &self.plan;
        let (height, width) = plan.output;
        let (x_len, dy_len) = (plan.channels * plan.plane(), plan.filters * plan.places16());
        let (xs, rest) = self.scratch.split_at_mut(plan.images() * x_len + BEHIND);
        let dys = &mut rest[..plan.images() * dy_len];
        // Neither the padding nor the places in vain are written after this.
        xs.fill(0.0);
        dys.fill(0.0);
        let (kh, kw) = plan.kernel;
        let weights = plan.filters * plan.taps();
        assert!(self.d_weight.len() == plan.groups * weights);
        let images = self
            .input
            .chunks(plan.images() * plan.channels * plan.input.0 * plan.input.1);
        let d_outputs = self
            .d_output
            .chunks(plan.images() * plan.filters * height * width);
        for (nth, (images, d_outputs)) in images.zip(d_outputs).enumerate() {
            let d_weight = &mut self.d_weight[nth % plan.groups * weights..][..weights];
            let images = images.chunks_exact(plan.channels * plan.input.0 * plan.input.1);
            let count = images.len();
            for (image, x) in images.zip(xs.chunks_exact_mut(x_len)) {
                plan.pad(image, x);
            }
            let planes = d_outputs.chunks_exact(height * width);
            for (plane, dy) in planes.zip(dys.chunks_exact_mut(plan.places16())) {
                for (from, to) in plane.chunks_exact(width).zip(dy.chunks_mut(plan.width())) {
                    for (to, from) in to.iter_mut().zip(from) {
                        *to = *from;
                    }
                }
            }
            let mut filter = 0;
            while filter < plan.filters {
                let filters = match plan.filters - filter {
                    4.. if S::ROWS >= 8 => 4,
                    2.. => 2,
                    _ => 1,
                };
                for row in 0..plan.channels * kh {
                    let (channel, ky) = (row / kh, row % kh);
                    let mut kx = 0;
                    while kx < kw {
                        let taps = match kw - kx {
                            5.. => 5,
                            3.. => 3,
                            _ => 1,
                        };
                        let to = &mut d_weight[filter * plan.taps() + row * kw + kx..];
                        // SAFETY: of each of `count` images, the block reads `places16` numbers
                        // from each of `taps` pixels, the last of which is the last one that a tap
                        // at place 0 sees, so at most `BEHIND` behind the last plane; and as many
                        // of `filters` gradients.
                        unsafe {
                            let x = channel * plan.plane() + ky * plan.width() + kx;
                            let x = (xs.as_ptr().add(x), x_len);
                            let dy = dys.as_ptr().add(filter * plan.places16());
                            let dy = (dy, dy_len);
                            match (filters, taps) {
                                (4, 5) => gather::<S, 4, 5>(simd, plan, count, x, dy, to),
                                (4, 3) => gather::<S, 4, 3>(simd, plan, count, x, dy, to),
                                (4, _) => gather::<S, 4, 1>(simd, plan, count, x, dy, to),
                                (2, 5) => gather::<S, 2, 5>(simd, plan, count, x, dy, to),
                                (2, 3) => gather::<S, 2, 3>(simd, plan, count, x, dy, to),
                                (2, _) => gather::<S, 2, 1>(simd, plan, count, x, dy, to),
                                (_, 5) => gather::<S, 1, 5>(simd, plan, count, x, dy, to),
                                (_, 3) => gather::<S, 1, 3>(simd, plan, count, x, dy, to),
                                (_, _) => gather::<S, 1, 1>(simd, plan, count, x, dy, to),
                            }
                        }
                        kx += taps;
                    }
                }
                filter += filters;
            }
        }
    }
}

/// Gradients of `M` filters times `N` taps side by side, over all places of `count` images.
///
/// Unsafe, because a check of every number takes as long as the product with it.
///
/// # Safety
/// All pixels and gradients must lie in their slices.
#[inline(always)]
unsafe fn gather<S: Lanes, const M: usize, const N: usize>(
    simd: S,
    plan: &Plan,
    count: usize,
    (x, x_len): (*const f32, usize),
    (dy, dy_len): (*const f32, usize),
    to: &mut [f32],
) {
    let mut sums = [[simd.splat(0.0); N]; M];
    let places = plan.places16();
    for image in 0..count {
        let mut place = 0;
        // SAFETY: as the function says.
        unsafe {
            let (x, dy) = (x.add(image * x_len), dy.add(image * dy_len));
            while place < places {
                let mut pixels = [simd.splat(0.0); N];
                for (n, pixels) in pixels.iter_mut().enumerate() {
                    let from = x.add(place + n);
                    *pixels = simd.load(std::slice::from_raw_parts(from, S::LANES));
                }
                for (m, sums) in sums.iter_mut().enumerate() {
                    let from = dy.add(m * places + place);
                    let dy = simd.load(std::slice::from_raw_parts(from, S::LANES));
                    for (sum, pixels) in sums.iter_mut().zip(&pixels) {
                        *sum = simd.mul_add(dy, *pixels, *sum);
                    }
                }
                place += S::LANES;
            }
        }
    }
    for (m, sums) in sums.iter().enumerate() {
        let to = &mut to[m * plan.taps()..][..N];
        for (to, sum) in to.iter_mut().zip(sums) {
            *to += simd.sum(*sum);
        }
    }
}
