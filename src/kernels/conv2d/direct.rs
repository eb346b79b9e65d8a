//! The window slides over rows of pixels, which are read as vectors from where they lie.
//!
//! An image with its padding around it is one long row, in which a step down is as good as a step
//! right: tap `(ky, kx)` at place `p` sees pixel `p + ky·width + kx`, `width` with the padding.
//! Where the window takes steps of `S` pixels, an image is `S·S` of them, each of the pixels that
//! are `S` apart, and every tap sees one of these. So neighbouring places are neighbouring numbers
//! of a vector whatever the tap, and a product of matrices needs no copy for each tap. The price:
//! the last `(KW − 1) / S` places of each row are computed in vain.
//!
//! Forward, a block of filters times a few vectors of places stays in registers while all taps
//! pass. The gradient of the input is the same, with the weights turned around. For that of the
//! weights, a block of filters times taps stays in registers while all places pass; its lanes are
//! added up in the end.

mod gather;
mod slide;

use super::super::image::every_nth;
use super::{Epilogue, Geometry, Level};
use gather::Gather;
use slide::Slide;

/// Filters in a block, at most.
const FILTERS: usize = 8;
/// Vectors in a block, at most.
const VECTORS: usize = 4;
/// What may be read behind the last pixel: a block of vectors.
const BEHIND: usize = VECTORS * 16;
/// Places over which the lanes of a gradient are kept apart, at least; of several images, where
/// one has fewer.
const PLACES: usize = 512;

/// Images that are gathered together, at most.
const IMAGES: usize = 8;

/// A convolution, or the one at stride 1 that is its gradient.
#[derive(Clone, Copy)]
struct Plan {
    groups: usize,
    /// Of each group, as all that follows.
    channels: usize,
    filters: usize,
    kernel: (usize, usize),
    stride: (usize, usize),
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
            stride: g.window.stride,
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
            stride: (1, 1),
            input: plan.output,
            output: plan.input,
            before: (kh - 1 - plan.before.0, kw - 1 - plan.before.1),
        }
    }

    /// Pixels in a row with its padding, of those that are a stride apart.
    const fn width(&self) -> usize {
        self.output.1 + (self.kernel.1 - 1) / self.stride.1
    }

    /// Pixels in a channel with its padding, of those that are a stride apart in both directions.
    const fn phase(&self) -> usize {
        (self.output.0 + (self.kernel.0 - 1) / self.stride.0) * self.width()
    }

    /// Pixels in a channel with its padding.
    const fn plane(&self) -> usize {
        self.stride.0 * self.stride.1 * self.phase()
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
            let images = PLACES.div_ceil(self.places());
            if images < IMAGES {
                images
            } else {
                IMAGES
            }
        }
    }

    /// Copies an image to the middle of its padding.
    #[inline(always)]
    fn pad(&self, image: &[f32], padded: &mut [f32]) {
        let (height, width) = self.input;
        let planes = padded.chunks_exact_mut(self.plane());
        for (from, to) in image.chunks_exact(height * width).zip(planes) {
            if self.stride != (1, 1) {
                self.scatter(from, to);
                continue;
            }
            let rows = to.chunks_exact_mut(self.width()).skip(self.before.0);
            for (from, to) in from.chunks_exact(width).zip(rows) {
                let to = &mut to[self.before.1..][..width];
                for (to, from) in to.iter_mut().zip(from) {
                    *to = *from;
                }
            }
        }
    }

    /// Copies the pixels of a channel to those that are a stride apart from them.
    #[inline(always)]
    fn scatter(&self, plane: &[f32], padded: &mut [f32]) {
        let (down, across) = self.stride;
        for (y, row) in plane.chunks_exact(self.input.1).enumerate() {
            let y = y + self.before.0;
            let first = y % down * across * self.phase() + y / down * self.width();
            if y / down * self.width() == self.phase() {
                // No window reaches the last rows.
                return;
            }
            for phase in 0..across {
                // The first pixel whose place in its padded row is of this phase.
                let x = (phase + across - self.before.1 % across) % across;
                let column = (x + self.before.1) / across;
                let pixels = row.len().saturating_sub(x).div_ceil(across);
                let len = pixels.min(self.width() - column.min(self.width()));
                let first = first + phase * self.phase() + column;
                if len > 0 {
                    every_nth(&row[x..], across, &mut padded[first..first + len]);
                }
            }
        }
    }

    /// Pixels with their padding, and places of a block of filters.
    const fn slide_len(&self) -> usize {
        self.channels * self.plane() + BEHIND + FILTERS * self.places16()
    }
}

/// Whether a convolution can be computed so in all directions: at stride 1, with less padding than
/// taps.
pub const fn suits(g: &Geometry) -> bool {
    slides(g) && g.window.stride.0 * g.window.stride.1 == 1
}

/// Whether it can be computed so forward: at any stride, with less padding than taps.
pub const fn slides(g: &Geometry) -> bool {
    let w = g.window;
    w.dilation.0 * w.dilation.1 == 1
        && w.before.0 < w.kernel.0
        && w.after.0 < w.kernel.0
        && w.before.1 < w.kernel.1
        && w.after.1 < w.kernel.1
}

/// Numbers of scratch memory that [`forward`] needs, whatever the batch.
pub const fn forward_scratch(g: &Geometry) -> usize {
    Plan::forward(g).slide_len()
}

/// Numbers of scratch memory that each direction needs, whatever the batch; at stride 1.
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
    epilogue: Epilogue<f32>,
    output: &mut [f32],
    scratch: &mut [f32],
) {
    assert!(slides(g), "another method for this window");
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
        epilogue: Epilogue::NONE,
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
