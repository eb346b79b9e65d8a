//! The window slides over rows of pixels, which are read as vectors from where they lie.
//!
//! An image with its padding around it is one long row, in which a step down is as good as a step
//! right: tap `(ky, kx)` at place `p` sees pixel `p + ky·width + kx`, `width` with the padding.
//! So neighbouring places are neighbouring numbers of a vector whatever the tap, and a product of
//! matrices needs no copy for each tap. The price: the last `KW − 1` places of each row are
//! computed in vain.
//!
//! Forward, a block of filters times a few vectors of places stays in registers while all taps
//! pass. The gradient of the input is the same, with the weights turned around. For that of the
//! weights, a block of filters times taps stays in registers while all places pass; its lanes are
//! added up in the end.

use super::super::simd::{Kernel, Lanes};
use super::super::winograd::Epilogue;
use super::{Geometry, Level};

/// Filters in a block, at most.
const FILTERS: usize = 8;
/// Vectors in a block, at most.
const VECTORS: usize = 4;
/// What may be read behind the last pixel: a block of vectors.
const BEHIND: usize = VECTORS * 16;
/// Places over which the lanes of a gradient are kept apart, at least; of several images, where
/// one has fewer.
const PLACES: usize = 512;

/// One of the two directions of a convolution at stride 1.
#[derive(Clone, Copy)]
struct Plan {
    groups: usize,
    /// Of each group, as all that follows.
    channels: usize,
    filters: usize,
    kernel: (usize, usize),
    input: (usize, usize),
    output: (usize, usize),
    before: (usize, usize),
}

impl Plan {
    const fn forward(g: &Geometry) -> Self {
        let output = g.output();
        Plan {
            groups: g.groups,
            channels: g.seen(),
            filters: g.filters / g.groups,
            kernel: g.window.kernel,
            input: (g.input.height, g.input.width),
            output: (output.height, output.width),
            before: g.window.before,
        }
    }

    /// The convolution whose input is the gradient of the output.
    const fn backward(g: &Geometry) -> Self {
        let (plan, (kh, kw)) = (Plan::forward(g), g.window.kernel);
        Plan {
            groups: plan.groups,
            channels: plan.filters,
            filters: plan.channels,
            kernel: plan.kernel,
            input: plan.output,
            output: plan.input,
            before: (kh - 1 - plan.before.0, kw - 1 - plan.before.1),
        }
    }

    /// Pixels in a row with its padding.
    const fn width(&self) -> usize {
        self.output.1 + self.kernel.1 - 1
    }

    /// Pixels in a channel with its padding.
    const fn plane(&self) -> usize {
        (self.output.0 + self.kernel.0 - 1) * self.width()
    }

    /// Places, with those in vain between them.
    const fn places(&self) -> usize {
        (self.output.0 - 1) * self.width() + self.output.1
    }

    /// The same in whole vectors.
    const fn places16(&self) -> usize {
        self.places().div_ceil(16) * 16
    }

    const fn taps(&self) -> usize {
        self.channels * self.kernel.0 * self.kernel.1
    }

    /// Images whose gradients are added up together; those of a group do not lie side by side
    /// where there are several.
    const fn images(&self) -> usize {
        if self.groups > 1 {
            1
        } else {
            PLACES.div_ceil(self.places())
        }
    }

    /// Copies an image to the middle of its padding.
    #[inline(always)]
    fn pad(&self, image: &[f32], padded: &mut [f32]) {
        let (height, width) = self.input;
        let planes = padded.chunks_exact_mut(self.plane());
        for (from, to) in image.chunks_exact(height * width).zip(planes) {
            let rows = to.chunks_exact_mut(self.width()).skip(self.before.0);
            for (from, to) in from.chunks_exact(width).zip(rows) {
                let to = &mut to[self.before.1..][..width];
                for (to, from) in to.iter_mut().zip(from) {
                    *to = *from;
                }
            }
        }
    }

    /// Pixels with their padding, and places of a block of filters.
    const fn slide_len(&self) -> usize {
        self.channels * self.plane() + BEHIND + FILTERS * self.places16()
    }
}

/// Whether a convolution can be computed so: at stride 1, with less padding than taps.
pub const fn suits(g: &Geometry) -> bool {
    let w = g.window;
    w.stride.0 * w.stride.1 * w.dilation.0 * w.dilation.1 == 1
        && w.before.0 < w.kernel.0
        && w.after.0 < w.kernel.0
        && w.before.1 < w.kernel.1
        && w.after.1 < w.kernel.1
}

/// Numbers of scratch memory that each direction needs, whatever the batch.
pub const fn scratch_len(g: &Geometry) -> usize {
    let (plan, back) = (Plan::forward(g), Plan::backward(g));
    let image = plan.channels * plan.plane() + plan.filters * plan.places16();
    let lens = [
        plan.slide_len(),
        back.slide_len() + g.weight_len(),
        plan.images() * image + BEHIND,
    ];
    let mut most = lens[0];
    let mut nth = 1;
    while nth < lens.len() {
        if lens[nth] > most {
            most = lens[nth];
        }
        nth += 1;
    }
    most
}

/// See [`super::forward`].
#[allow(clippy::too_many_arguments)] // what is read, what is written, scratch: as everywhere here
pub fn forward(
    level: Level,
    g: &Geometry,
    batch: usize,
    input: &[f32],
    weight: &[f32],
    epilogue: Epilogue,
    output: &mut [f32],
    scratch: &mut [f32],
) {
    assert!(suits(g), "another method for this window");
    let plan = Plan::forward(g);
    assert!(input.len() == batch * g.input.len() && output.len() == batch * g.output().len());
    level.run(Slide {
        plan,
        input,
        weight,
        epilogue,
        output,
        scratch,
    });
}

/// See [`super::backward_input`].
pub fn backward_input(
    level: Level,
    g: &Geometry,
    batch: usize,
    weight: &[f32],
    d_output: &[f32],
    d_input: &mut [f32],
    scratch: &mut [f32],
) {
    assert!(suits(g), "another method for this window");
    let plan = Plan::backward(g);
    assert!(d_input.len() == batch * g.input.len() && d_output.len() == batch * g.output().len());
    let (turned, scratch) = scratch.split_at_mut(g.weight_len());
    let taps = g.window.taps();
    for (nth, from) in weight.chunks_exact(taps).enumerate() {
        let (filter, channel) = (nth / plan.filters, nth % plan.filters);
        let (group, filter) = (filter / plan.channels, filter % plan.channels);
        let place = (group * plan.filters + channel) * plan.channels + filter;
        let to = &mut turned[place * taps..][..taps];
        for (to, from) in to.iter_mut().zip(from.iter().rev()) {
            *to = *from;
        }
    }
    level.run(Slide {
        plan,
        input: d_output,
        weight: turned,
        epilogue: Epilogue::default(),
        output: d_input,
        scratch,
    });
}

/// See [`super::backward_weight`].
pub fn backward_weight(
    level: Level,
    g: &Geometry,
    batch: usize,
    input: &[f32],
    d_output: &[f32],
    d_weight: &mut [f32],
    scratch: &mut [f32],
) {
    assert!(suits(g), "another method for this window");
    assert!(input.len() == batch * g.input.len() && d_output.len() == batch * g.output().len());
    level.run(Gather {
        plan: Plan::forward(g),
        input,
        d_output,
        d_weight,
        scratch,
    });
}

/// Input, weights → output.
struct Slide<'a> {
    plan: Plan,
    input: &'a [f32],
    weight: &'a [f32],
    epilogue: Epilogue<'a>,
    output: &'a mut [f32],
    scratch: &'a mut [f32],
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
                let planes = output[filter * height * width..].chunks_exact_mut(height * width);
                let rows = sums.chunks_exact(plan.places16()).take(filters);
                for (nth, (plane, sums)) in planes.zip(rows).enumerate() {
                    let nth = group * plan.filters + filter + nth;
                    let bias = self.epilogue.bias.map_or(0.0, |bias| bias[nth]);
                    let relu = self.epilogue.relu;
                    for (row, line) in plane.chunks_exact_mut(width).enumerate() {
                        let sums = &sums[row * plan.width()..][..width];
                        finish(simd, simd.splat(bias), relu, sums, line);
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

/// Adds the bias, takes the ReLU.
#[inline(always)]
fn finish<S: Lanes>(simd: S, bias: S::V, relu: bool, sums: &[f32], line: &mut [f32]) {
    let mut part = 0;
    while part < line.len() {
        let end = (part + S::LANES).min(line.len());
        let y = simd.add(simd.load_part(&sums[part..end]), bias);
        let y = if relu { simd.relu(y) } else { y };
        simd.store_part(y, &mut line[part..end]);
        part += S::LANES;
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
            for ky in 0..plan.kernel.0 {
                let row = x.add(channel * plan.plane() + ky * plan.width());
                for kx in 0..plan.kernel.1 {
                    let mut pixels = [simd.splat(0.0); V];
                    for (v, pixels) in pixels.iter_mut().enumerate() {
                        let from = row.add(kx + v * S::LANES);
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

/// Input, gradient of the output → gradient of the weights.
struct Gather<'a> {
    plan: Plan,
    input: &'a [f32],
    d_output: &'a [f32],
    d_weight: &'a mut [f32],
    scratch: &'a mut [f32],
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
/// Unsafe, as [`slide`].
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
