//! Dynamic routing: capsules that listen to those of the capsules below that agree with them.
//!
//! Each capsule `i` below predicts every capsule `j` above, `û[j, i] = W[i, j] u[i]`. In every round
//! it shares itself out, `c[i, ·] = softmax_j(b[i, ·])`; a capsule above is the squashed sum of what
//! it hears, `v[j] = squash(Σ_i c[i, j] û[j, i])`; and where prediction and capsule agree, the share
//! grows: `b[i, j] = b[i, j] + û[j, i] · v[j]`, beginning with `b = 0`.
//!
//! The fast way (`abreast`) never holds the predictions: there are as many for an image as weights
//! in a layer, and they cost less to compute again than to fetch from memory. It needs not even
//! `b`, as the agreements of all rounds before sum up to `û[j, i] · Σ v[j]`.

mod abreast;
mod capsule;
pub mod naive;

use super::lanes::{widest, MOST_LANES};
use super::{expect_len, expect_scratch, Number};

/// The sizes of a routing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Capsules below.
    pub below: usize,
    /// Values of a capsule below.
    pub values: usize,
    /// Capsules above.
    pub capsules: usize,
    /// Values of a capsule above.
    pub size: usize,
    /// Rounds of routing, at least one.
    pub rounds: usize,
}

impl Geometry {
    /// Numbers of the capsules below of one image.
    pub const fn input_len(&self) -> usize {
        self.below * self.values
    }

    /// Numbers of the capsules above of one image.
    pub const fn output_len(&self) -> usize {
        self.capsules * self.size
    }

    /// Numbers in the weight.
    pub const fn weight_len(&self) -> usize {
        self.input_len() * self.output_len()
    }

    /// Numbers of scratch memory that [`forward`] and [`backward`] need.
    pub const fn scratch_len(&self, batch: usize) -> usize {
        let images = batch.next_multiple_of(MOST_LANES);
        let of_an_image = self.input_len() + (2 * self.rounds + 1) * self.output_len();
        images * of_an_image + MOST_LANES * (self.output_len() + 2 * self.capsules)
    }

    /// The weights of a capsule below.
    fn weights(&self, i: usize) -> std::ops::Range<usize> {
        let len = self.values * self.output_len();
        i * len..(i + 1) * len
    }

    #[track_caller]
    fn check(&self, batch: usize, inputs: &[(&str, usize)], outputs: &[(&str, usize)]) {
        let sizes = [
            self.below,
            self.values,
            self.capsules,
            self.size,
            self.rounds,
        ];
        assert!(!sizes.contains(&0), "a routing with a size of 0: {self:?}");
        for (what, found) in inputs {
            expect_len(what, *found, batch * self.input_len());
        }
        for (what, found) in outputs {
            expect_len(what, *found, batch * self.output_len());
        }
    }
}

/// The capsules above after all rounds.
///
/// # Shapes
/// `input` `(B, below, values)`, `weight` `(below, capsules, size, values)`, `output`
/// `(B, capsules, size)`, `scratch` [`Geometry::scratch_len`].
///
/// # Panics
/// When a slice has another size, or a size of the geometry is 0.
///
/// # Source
/// Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", 2017, procedure 1.
pub fn forward<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    weight: &[T],
    output: &mut [T],
    scratch: &mut [T],
) {
    g.check(
        batch,
        &[("input", input.len())],
        &[("output", output.len())],
    );
    expect_len("weight", weight.len(), g.weight_len());
    expect_scratch(scratch.len(), g.scratch_len(batch));
    widest(abreast::Forward {
        g,
        batch,
        input,
        weight,
        output,
        scratch,
    });
}

/// The gradients of [`forward`] through all rounds: `d_input` is overwritten, where it is asked for,
/// `d_weight` is added to.
///
/// # Shapes
/// As for [`forward`].
///
/// # Panics
/// When a slice has another size, or a size of the geometry is 0.
#[allow(clippy::too_many_arguments)]
pub fn backward<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    weight: &[T],
    d_output: &[T],
    d_input: Option<&mut [T]>,
    d_weight: &mut [T],
    scratch: &mut [T],
) {
    let d_input_len = d_input
        .as_ref()
        .map_or(input.len(), |d_input| d_input.len());
    g.check(
        batch,
        &[("input", input.len()), ("d_input", d_input_len)],
        &[("d_output", d_output.len())],
    );
    expect_len("weight", weight.len(), g.weight_len());
    expect_len("d_weight", d_weight.len(), g.weight_len());
    expect_scratch(scratch.len(), g.scratch_len(batch));
    widest(abreast::Backward {
        g,
        batch,
        input,
        weight,
        d_output,
        d_input,
        d_weight,
        scratch,
    });
}
