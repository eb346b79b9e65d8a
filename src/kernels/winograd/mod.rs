//! Convolution of 3×3 at stride 1 with a quarter of the multiplications.
//!
//! # How
//!
//! Two numbers of a convolution with three weights take six multiplications; S. Winograd found
//! that four suffice, if sums of pixels are multiplied with sums of weights. The larger the tile,
//! the more is saved. Here a tile is 4×4 places: it sees 6×6 pixels, and takes 36 products where
//! the definition has 4·4·3·3 = 144. With `⊙` the product number by number,
//!
//! ```text
//! y = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A        one channel, one filter, one tile
//!
//!      | 4  0 −5  0  1  0 |       |  1/4    0     0  |
//!      | 0 −4 −4  1  1  0 |       | −1/6  −1/6  −1/6 |        | 1  1  1  1  1  0 |
//! Bᵀ = | 0  4 −4 −1  1  0 |   G = | −1/6   1/6  −1/6 |   Aᵀ = | 0  1 −1  2 −2  0 |
//!      | 0 −2 −1  2  1  0 |       |  1/24  1/12  1/6 |        | 0  1  1  4  4  0 |
//!      | 0  2 −1 −2  1  0 |       |  1/24 −1/12  1/6 |        | 0  1 −1  8 −8  1 |
//!      | 0  4  0 −5  0  1 |       |   0     0     1  |
//! ```
//!
//! Transforms are linear, so channels may be added up before `Aᵀ … A`. With `u = G w Gᵀ`,
//! `v = Bᵀ x B`, the sum over the channels is, for each of the 36 numbers of a tile, a product of
//! matrices, `m[tile, f] = Σ_c v[tile, c] · u[c, f]`: that is where the time should go.
//!
//! The gradients are the same formula read backwards. That of the input is a convolution of `d_y`
//! with the weights turned around; that of the weights is
//!
//! ```text
//! d_w = Gᵀ [ Σ_tiles (A d_y Aᵀ) ⊙ (Bᵀ x B) ] G
//! ```
//!
//! # How it lies in memory
//!
//! Sixteen channels lie side by side in the transformed tiles: a vector is one number of a tile
//! for sixteen channels, and transforms are additions of vectors. Images come as planes, so a row
//! of tiles is transposed, sixteen channels by sixteen pixels at a time. `Bᵀ` comes before that,
//! while a vector is a row of pixels: neighbouring tiles then share the work.
//!
//! Tiles are worked on in groups of whole tile rows, across images, as large as the cache allows;
//! the transformed weights are read once a group.
//!
//! # Rounding
//!
//! Sums of pixels cancel, so digits are lost. `tests/fast_paths.rs` measures how many against `f64`.
//!
//! # Source
//! A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2015,
//! <https://arxiv.org/abs/1509.09308>.

mod image;
mod plan;
mod product;
mod shared;
mod transform;
mod weight;

use std::ops::Range;

use super::conv2d::{Epilogue, Geometry};
use super::simd::{Kernel, Lanes};
use super::{expect_scratch, Level};
use plan::{max, Layout, Plan, POINTS};
use product::{product, Lies, Sizes};
use shared::Written;

pub use shared::forward_shared;

/// Whether a convolution can be computed so: 3×3 at stride 1, with at most two pixels of padding.
pub const fn suits(g: &Geometry) -> bool {
    let w = g.window;
    g.groups == 1
        && matches!((w.kernel, w.stride, w.dilation), ((3, 3), (1, 1), (1, 1)))
        && matches!((w.before, w.after), ((0..=2, 0..=2), (0..=2, 0..=2)))
}

/// Numbers of scratch memory that each direction needs, whatever the batch.
pub const fn scratch_len(g: &Geometry) -> usize {
    max(
        Plan::forward(g).scratch_len(),
        Plan::backward(g).scratch_len(),
    )
}

/// Numbers in the transformed weights.
pub const fn prepared_len(g: &Geometry) -> usize {
    Plan::forward(g).weighed().len()
}

/// Cuts the scratch memory into its parts.
fn cut<'a>(plan: &Plan, scratch: &'a mut [f32]) -> [&'a mut [f32]; 4] {
    expect_scratch(scratch.len(), plan.scratch_len());
    let skipped = scratch.as_ptr().align_offset(64).min(16);
    let (_, rest) = scratch.split_at_mut(skipped);
    let [u, v, m, stripe] = plan.parts();
    let (u, rest) = rest.split_at_mut(u);
    let (v, rest) = rest.split_at_mut(v);
    let (m, rest) = rest.split_at_mut(m);
    [u, v, m, &mut rest[..stripe]]
}

/// The transformed weights of [`forward`], to be used for several batches.
///
/// # Panics
/// When a slice has another size.
pub fn prepare(level: Level, g: &Geometry, weight: &[f32], prepared: &mut [f32]) {
    super::expect_len("weight", weight.len(), g.weight_len());
    super::expect_len("prepared", prepared.len(), prepared_len(g));
    level.run(Prepare {
        plan: Plan::forward(g),
        turned: false,
        weight,
        prepared,
    });
}

/// See [`super::conv2d::forward`]; the weights as [`prepare`] gave them.
///
/// # Panics
/// When a slice has another size.
#[allow(clippy::too_many_arguments)] // what is read, what is written, scratch: as everywhere here
pub fn forward_prepared(
    level: Level,
    g: &Geometry,
    batch: usize,
    input: &[f32],
    prepared: &[f32],
    epilogue: Epilogue<f32>,
    output: &mut [f32],
    scratch: &mut [f32],
) {
    super::expect_len("input", input.len(), batch * g.input.len());
    super::expect_len("prepared", prepared.len(), prepared_len(g));
    super::expect_len("output", output.len(), batch * g.output().len());
    assert!(suits(g), "another method for this window");
    let plan = Plan::forward(g);
    let [_, v, m, stripe] = cut(&plan, scratch);
    level.run(Convolve {
        plan,
        rows: 0..batch * plan.tile_rows(),
        panels: 0..plan.filters16() / 16,
        input,
        u: prepared,
        epilogue,
        output: Written::new(output),
        parts: [v, m, stripe],
    });
}

/// See [`super::conv2d::forward`].
///
/// # Panics
/// When a slice has another size.
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
    super::expect_len("input", input.len(), batch * g.input.len());
    super::expect_len("weight", weight.len(), g.weight_len());
    super::expect_len("output", output.len(), batch * g.output().len());
    assert!(suits(g), "another method for this window");
    let plan = Plan::forward(g);
    convolve(
        level, plan, false, batch, input, weight, epilogue, output, scratch,
    );
}

/// See [`super::conv2d::backward_input`].
///
/// # Panics
/// When a slice has another size.
pub fn backward_input(
    level: Level,
    g: &Geometry,
    batch: usize,
    weight: &[f32],
    d_output: &[f32],
    d_input: &mut [f32],
    scratch: &mut [f32],
) {
    super::expect_len("d_input", d_input.len(), batch * g.input.len());
    super::expect_len("weight", weight.len(), g.weight_len());
    super::expect_len("d_output", d_output.len(), batch * g.output().len());
    assert!(suits(g), "another method for this window");
    let plan = Plan::backward(g);
    let none = Epilogue::NONE;
    convolve(
        level, plan, true, batch, d_output, weight, none, d_input, scratch,
    );
}

/// Prepares the weights in the scratch memory, then convolves.
#[allow(clippy::too_many_arguments)] // those of its callers
fn convolve(
    level: Level,
    plan: Plan,
    turned: bool,
    batch: usize,
    input: &[f32],
    weight: &[f32],
    epilogue: Epilogue<f32>,
    output: &mut [f32],
    scratch: &mut [f32],
) {
    let [u, v, m, stripe] = cut(&plan, scratch);
    level.run(Prepare {
        plan,
        turned,
        weight,
        prepared: &mut *u,
    });
    level.run(Convolve {
        plan,
        rows: 0..batch * plan.tile_rows(),
        panels: 0..plan.filters16() / 16,
        input,
        u,
        epilogue,
        output: Written::new(output),
        parts: [v, m, stripe],
    });
}

/// See [`super::conv2d::backward_weight`].
///
/// # Panics
/// When a slice has another size.
pub fn backward_weight(
    level: Level,
    g: &Geometry,
    batch: usize,
    input: &[f32],
    d_output: &[f32],
    d_weight: &mut [f32],
    scratch: &mut [f32],
) {
    super::expect_len("input", input.len(), batch * g.input.len());
    super::expect_len("d_output", d_output.len(), batch * g.output().len());
    super::expect_len("d_weight", d_weight.len(), g.weight_len());
    assert!(suits(g), "another method for this window");
    let plan = Plan::forward(g);
    level.run(Correlate {
        plan,
        batch,
        input,
        d_output,
        d_weight,
        parts: cut(&plan, scratch),
    });
}

/// Transforms the weights: `u[point, c, f]`.
struct Prepare<'a> {
    plan: Plan,
    /// Whether filters and channels change places and the weights turn around.
    turned: bool,
    weight: &'a [f32],
    prepared: &'a mut [f32],
}

impl Kernel for Prepare<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        weight::prepare(simd, &self.plan, self.turned, self.weight, self.prepared);
    }
}

/// Input, transformed weights → output. What is written at the same time is of other rows or other
/// filters.
struct Convolve<'a> {
    plan: Plan,
    /// The rows of tiles, counted through the batch.
    rows: Range<usize>,
    /// The filters, in sixteens.
    panels: Range<usize>,
    input: &'a [f32],
    u: &'a [f32],
    epilogue: Epilogue<'a, f32>,
    output: Written<'a>,
    parts: [&'a mut [f32]; 3],
}

impl Kernel for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) {
        let plan = &self.plan;
        let [v, m, stripe] = self.parts;
        let (tiled, products) = (plan.tiled(plan.channels16()), plan.tiled(plan.filters16()));
        let weighed = plan.weighed();
        let panels = &self.panels;
        // The columns of padding are never written after this.
        stripe.fill(0.0);
        let mut squares = image::SQUARES;
        let mut first = self.rows.start;
        while first < self.rows.end {
            let last = (first + plan.rows()).min(self.rows.end);
            for row in first..last {
                let tile = (row - first) * plan.tiles();
                let room = (&mut squares, &mut *stripe);
                image::pixels(simd, plan, row, self.input, room, (&mut *v, tiled, tile));
            }
            let tiles = ((last - first) * plan.tiles()).div_ceil(4) * 4;
            for point in 0..POINTS {
                let lies = Lies {
                    row: 16,
                    column: 1,
                    run: 16,
                    jump: tiled.panel,
                };
                let sizes = Sizes {
                    m: tiles,
                    n: panels.len() * 16,
                    k: plan.channels,
                    rows: 12,
                };
                let v = &v[point * tiled.point..][..tiled.point];
                let u = &self.u[point * weighed.point..][..weighed.point];
                let u = &u[panels.start * weighed.panel..];
                let m = &mut m[point * products.point..][..products.point];
                let m = &mut m[panels.start * products.panel..];
                product(
                    simd,
                    sizes,
                    (v, lies),
                    (u, weighed.panel),
                    (m, products.panel),
                    false,
                );
            }
            for row in first..last {
                let tile = (row - first) * plan.tiles();
                image::places(
                    simd,
                    plan,
                    (row, panels),
                    (&*m, products, tile),
                    &self.epilogue,
                    &mut squares,
                    &mut self.output,
                );
            }
            first = last;
        }
    }
}

/// Input, gradient of the output → gradient of the weights.
struct Correlate<'a> {
    plan: Plan,
    batch: usize,
    input: &'a [f32],
    d_output: &'a [f32],
    d_weight: &'a mut [f32],
    parts: [&'a mut [f32]; 4],
}

impl Kernel for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let plan = &self.plan;
        let [du, v, m, stripe] = self.parts;
        let (tiled, products) = (plan.tiled(plan.channels16()), plan.tiled(plan.filters16()));
        let weighed = plan.weighed();
        let rows = self.batch * plan.tile_rows();
        du.fill(0.0);
        let mut squares = image::SQUARES;
        let mut first = 0;
        while first < rows {
            let last = (first + plan.rows()).min(rows);
            stripe.fill(0.0);
            for row in first..last {
                let tile = (row - first) * plan.tiles();
                let room = (&mut squares, &mut *stripe);
                image::pixels(simd, plan, row, self.input, room, (&mut *v, tiled, tile));
            }
            stripe.fill(0.0);
            for row in first..last {
                let tile = (row - first) * plan.tiles();
                image::places_back(
                    simd,
                    plan,
                    row,
                    self.d_output,
                    stripe,
                    (&mut *m, products, tile),
                );
            }
            for point in 0..POINTS {
                let k = (last - first) * plan.tiles();
                let lies = Lies {
                    row: 1,
                    column: 16,
                    run: k,
                    jump: 0,
                };
                // Eight rows at once, so that a block stays in a panel.
                let sizes = Sizes {
                    m: 16,
                    n: plan.filters16(),
                    k,
                    rows: 8,
                };
                let m = &m[point * products.point..][..products.point];
                let du = &mut du[point * weighed.point..][..weighed.point];
                for panel in 0..plan.channels16() / 16 {
                    let v = &v[tiled.place(point, panel, 0)..][..tiled.panel];
                    let du = &mut du[panel * 256..];
                    product(
                        simd,
                        sizes,
                        (v, lies),
                        (m, products.panel),
                        (du, weighed.panel),
                        true,
                    );
                }
            }
            first = last;
        }
        weight::gradient(simd, plan, du, self.d_weight);
    }
}
