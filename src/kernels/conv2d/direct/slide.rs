//! A block of filters times a few vectors of places stays in registers while all taps pass.

use super::super::super::simd::{Kernel, Lanes};
use super::super::Epilogue;
use super::{Plan, BEHIND, FILTERS};

/// Input, weights → output.
pub struct Slide<'a> {
    pub plan: Plan,
    pub input: &'a [f32],
    pub weight: &'a [f32],
    pub epilogue: Epilogue<'a, f32>,
    pub output: &'a mut [f32],
    pub scratch: &'a mut [f32],
}

impl Kernel for Slide<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let plan = &self.plan;
        let (height, width) = plan.output;
        let pixels = plan.channels * plan.plane() + BEHIND;
        let (padded, sums) = self.scratch.split_at_mut(pixels);
        let sums = &mut sums[..FILTERS * plan.places16()];
        // The padding is never written after this.
        padded.fill(0.0);
        let weights = plan.filters * plan.taps();
        assert!(self.weight.len() == plan.groups * weights);
        let images = self
            .input
            .chunks_exact(plan.channels * plan.input.0 * plan.input.1);
        let outputs = self.output.chunks_exact_mut(plan.filters * height * width);
        for (nth, (image, output)) in images.zip(outputs).enumerate() {
            let group = nth % plan.groups;
            let weight = &self.weight[group * weights..][..weights];
            plan.pad(image, padded);
            let mut filter = 0;
            while filter < plan.filters {
                let filters = filters::<S>(plan.filters - filter);
                let weight = &weight[filter * plan.taps()..][..filters * plan.taps()];
                let mut place = 0;
                while place < plan.places() {
                    let left = (plan.places() - place).div_ceil(S::LANES);
                    let vectors = vectors::<S>(filters, left);
                    // SAFETY: the block reads `filters · taps` weights, which `weight` holds; of
                    // the pixels, `vectors · LANES ≤ BEHIND` from each place that a tap sees, of
                    // which the largest is the last one of a plane; and it writes, from `place`
                    // in each of `filters ≤ FILTERS` rows of `sums`, the vectors that hold a
                    // place, which `places16` counts.
                    unsafe {
                        let weight = weight.as_ptr();
                        let x = padded.as_ptr().add(place);
                        let to = sums.as_mut_ptr().add(place);
                        match (filters, vectors) {
                            (8, 3) => slide::<S, 8, 3>(simd, plan, weight, x, to),
                            (8, 2) => slide::<S, 8, 2>(simd, plan, weight, x, to),
                            (8, _) => slide::<S, 8, 1>(simd, plan, weight, x, to),
                            (6, 4) => slide::<S, 6, 4>(simd, plan, weight, x, to),
                            (6, 2) => slide::<S, 6, 2>(simd, plan, weight, x, to),
                            (6, _) => slide::<S, 6, 1>(simd, plan, weight, x, to),
                            (4, 4) => slide::<S, 4, 4>(simd, plan, weight, x, to),
                            (4, 2) => slide::<S, 4, 2>(simd, plan, weight, x, to),
                            (4, _) => slide::<S, 4, 1>(simd, plan, weight, x, to),
                            (3, 4) => slide::<S, 3, 4>(simd, plan, weight, x, to),
                            (3, 2) => slide::<S, 3, 2>(simd, plan, weight, x, to),
                            (3, _) => slide::<S, 3, 1>(simd, plan, weight, x, to),
                            (2, 4) => slide::<S, 2, 4>(simd, plan, weight, x, to),
                            (2, 2) => slide::<S, 2, 2>(simd, plan, weight, x, to),
                            (2, _) => slide::<S, 2, 1>(simd, plan, weight, x, to),
                            (_, 4) => slide::<S, 1, 4>(simd, plan, weight, x, to),
                            (_, 2) => slide::<S, 1, 2>(simd, plan, weight, x, to),
                            (_, _) => slide::<S, 1, 1>(simd, plan, weight, x, to),
                        }
                    }
                    place += vectors * S::LANES;
                }
                let first = filter * height * width;
                let planes = output[first..].chunks_exact_mut(height * width);
                // Of the whole batch, as the output.
                let first = nth * plan.filters * height * width + first;
                let mut residual = self.epilogue.residual.map(|all| &all[first..]);
                let rows = sums.chunks_exact(plan.places16()).take(filters);
                for (nth, (plane, sums)) in planes.zip(rows).enumerate() {
                    let nth = group * plan.filters + filter + nth;
                    let bias = self.epilogue.bias.map_or(0.0, |bias| bias[nth]);
                    let (bias, relu) = (simd.splat(bias), self.epilogue.relu());
                    for (row, line) in plane.chunks_exact_mut(width).enumerate() {
                        let sums = &sums[row * plan.width()..][..width];
                        let added = residual.map(|rest| rest.split_at(width));
                        residual = added.map(|(_, behind)| behind);
                        finish(simd, bias, added.map(|(line, _)| line), relu, sums, line);
                    }
                }
                filter += filters;
            }
        }
    }
}

/// Filters in the next block.
#[inline(always)]
fn filters<S: Lanes>(left: usize) -> usize {
    match left {
        // Sixteen registers hold no more.
        4.. if S::ROWS < 8 => 4,
        8 | 12.. => 8,
        6.. => 6,
        4.. => 4,
        3 if S::ROWS >= 8 => 3,
        2.. => 2,
        _ => 1,
    }
}

/// Vectors in the next block.
#[inline(always)]
fn vectors<S: Lanes>(filters: usize, left: usize) -> usize {
    match left {
        4.. if filters < 8 && (S::ROWS >= 8 || filters < 4) => 4,
        3.. if filters == 8 => 3,
        2.. => 2,
        _ => 1,
    }
}

/// Adds the bias and what else is to be added, takes the ReLU.
#[inline(always)]
fn finish<S: Lanes>(
    simd: S,
    bias: S::V,
    residual: Option<&[f32]>,
    relu: bool,
    sums: &[f32],
    line: &mut [f32],
) {
    let mut part = 0;
    while part < line.len() {
        let end = (part + S::LANES).min(line.len());
        let mut y = simd.add(simd.load_part(&sums[part..end]), bias);
        if let Some(residual) = residual {
            y = simd.add(y, simd.load_part(&residual[part..end]));
        }
        let y = if relu { simd.relu(y) } else { y };
        simd.store_part(y, &mut line[part..end]);
        part += S::LANES;
    }
}

/// The pixel of a tap along an axis, at the first place: counted, as a division would take longer than
/// what is computed for a tap.
struct Phases {
    stride: usize,
    phase: usize,
    place: usize,
}

impl Phases {
    #[inline(always)]
    fn new(stride: usize) -> Self {
        Phases {
            stride,
            phase: 0,
            place: 0,
        }
    }

    /// The next tap.
    #[inline(always)]
    fn advance(&mut self) {
        self.phase += 1;
        if self.phase == self.stride {
            (self.phase, self.place) = (0, self.place + 1);
        }
    }
}

/// `M` filters at `V` vectors of places.
///
/// Unsafe, because a check of every weight takes as long as the products with it.
///
/// # Safety
/// The pixels under all taps, `M` rows of weights and `M` rows of sums must lie in their slices.
#[inline(always)]
unsafe fn slide<S: Lanes, const M: usize, const V: usize>(
    simd: S,
    plan: &Plan,
    weight: *const f32,
    x: *const f32,
    to: *mut f32,
) {
    let mut sums = [[simd.splat(0.0); V]; M];
    let taps = plan.taps();
    let mut tap = weight;
    // SAFETY: as the function says.
    unsafe {
        for channel in 0..plan.channels {
            let x = x.add(channel * plan.plane());
            let mut rows = Phases::new(plan.stride.0);
            for _ in 0..plan.kernel.0 {
                let x =
                    x.add(rows.phase * plan.stride.1 * plan.phase() + rows.place * plan.width());
                rows.advance();
                let mut columns = Phases::new(plan.stride.1);
                for _ in 0..plan.kernel.1 {
                    let x = x.add(columns.phase * plan.phase() + columns.place);
                    columns.advance();
                    let mut pixels = [simd.splat(0.0); V];
                    for (v, pixels) in pixels.iter_mut().enumerate() {
                        let from = x.add(v * S::LANES);
                        *pixels = simd.load(std::slice::from_raw_parts(from, S::LANES));
                    }
                    for (m, sums) in sums.iter_mut().enumerate() {
                        let w = simd.splat(*tap.add(m * taps));
                        for (sum, pixels) in sums.iter_mut().zip(&pixels) {
                            *sum = simd.mul_add(w, *pixels, *sum);
                        }
                    }
                    tap = tap.add(1);
                }
            }
        }
        for (m, sums) in sums.iter().enumerate() {
            for (v, sum) in sums.iter().enumerate() {
                let to = to.add(m * plan.places16() + v * S::LANES);
                simd.store(*sum, std::slice::from_raw_parts_mut(to, S::LANES));
            }
        }
    }
}
