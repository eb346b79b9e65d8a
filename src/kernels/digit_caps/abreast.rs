//! The routing of as many images at once as a register holds numbers: all of them in step, so that
//! no sum crosses a register but that of the weights' gradients.
//!
//! A *group* is a register of images. What is kept of a group has the lanes innermost:
//! `(features, lanes)`. Lanes without an image hold zeros, whose gradients are zeros.

use pulp::{Simd, WithSimd};

use super::super::capsules::{factor, slope};
use super::super::lanes::MOST_LANES;
use super::capsule::{
    add_scaled, predict, predict_backward_input, predict_backward_weight, share, share_backward,
};
use super::{Geometry, Number};

/// See [`super::forward`].
pub(super) struct Forward<'a, T> {
    pub(super) g: &'a Geometry,
    pub(super) batch: usize,
    pub(super) input: &'a [T],
    pub(super) weight: &'a [T],
    pub(super) output: &'a mut [T],
    pub(super) scratch: &'a mut [T],
}

/// See [`super::backward`].
pub(super) struct Backward<'a, T> {
    pub(super) g: &'a Geometry,
    pub(super) batch: usize,
    pub(super) input: &'a [T],
    pub(super) weight: &'a [T],
    pub(super) d_output: &'a [T],
    pub(super) d_input: Option<&'a mut [T]>,
    pub(super) d_weight: &'a mut [T],
    pub(super) scratch: &'a mut [T],
}

impl<T: Number> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (g, lanes) = (self.g, T::lanes::<S>());
        let mut room = Room::new(g, self.batch.div_ceil(lanes) * lanes, lanes, self.scratch);
        spread(g.input_len(), lanes, self.input, room.inputs);
        route(simd, g, self.weight, &mut room);
        let last = (g.rounds - 1) * room.outs;
        let capsules = &mut room.totals[..room.outs];
        squash(g.size * lanes, lanes, &room.sums[last..], capsules);
        gather(g.output_len(), lanes, capsules, self.output);
    }
}

impl<T: Number> WithSimd for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (g, lanes) = (self.g, T::lanes::<S>());
        let mut room = Room::new(g, self.batch.div_ceil(lanes) * lanes, lanes, self.scratch);
        spread(g.input_len(), lanes, self.input, room.inputs);
        route(simd, g, self.weight, &mut room);
        // The gradient of the capsules of a round, which are in the totals of all rounds after it.
        spread(g.output_len(), lanes, self.d_output, room.gradient);
        for round in (0..g.rounds).rev() {
            let sums = &mut room.sums[round * room.outs..][..room.outs];
            squash_backward(g.size * lanes, lanes, room.gradient, sums);
            if round + 1 == g.rounds {
                room.gradient.fill(T::zero());
            }
            if round > 0 {
                agree_backward(simd, g, self.weight, round, &mut room);
            }
        }
        predict_backward(simd, g, self.weight, &mut room, self.d_weight);
        if let Some(d_input) = self.d_input {
            gather(g.input_len(), lanes, room.inputs, d_input);
        }
    }
}

/// The scratch memory.
struct Room<'a, T> {
    lanes: usize,
    /// Numbers of the capsules below of a group.
    group_in: usize,
    /// Numbers of the capsules above of a group.
    group_out: usize,
    /// Numbers of the capsules above of all groups.
    outs: usize,
    /// `u`, and in the end its gradient, `(groups, below, values, lanes)`.
    inputs: &'a mut [T],
    /// `Σ v` over the rounds before a round, `(rounds, groups, capsules, size, lanes)`.
    totals: &'a mut [T],
    /// `s`, then its gradient, of the same shape.
    sums: &'a mut [T],
    /// A gradient of `v` or `û`, `(groups, capsules, size, lanes)`.
    gradient: &'a mut [T],
    /// `û` of one capsule below and one group, `(capsules, size, lanes)`.
    row: &'a mut [T],
    /// `c` of the same, `(capsules, lanes)`.
    shares: &'a mut [T],
    /// The gradient of `b` of the same.
    d_logits: &'a mut [T],
}

impl<'a, T: Number> Room<'a, T> {
    fn new(g: &Geometry, images: usize, lanes: usize, scratch: &'a mut [T]) -> Self {
        let outs = images * g.output_len();
        let (inputs, rest) = scratch.split_at_mut(images * g.input_len());
        let (totals, rest) = rest.split_at_mut(g.rounds * outs);
        let (sums, rest) = rest.split_at_mut(g.rounds * outs);
        let (gradient, rest) = rest.split_at_mut(outs);
        let (row, rest) = rest.split_at_mut(g.output_len() * lanes);
        let (shares, rest) = rest.split_at_mut(g.capsules * lanes);
        Room {
            lanes,
            group_in: g.input_len() * lanes,
            group_out: g.output_len() * lanes,
            outs,
            inputs,
            totals,
            sums,
            gradient,
            row,
            shares,
            d_logits: &mut rest[..g.capsules * lanes],
        }
    }
}

/// Features that are moved of all images of a group before the next.
const FEATURES: usize = 16;

/// Images, row by row, to groups.
#[inline(always)]
fn spread<T: Number>(features: usize, lanes: usize, images: &[T], groups: &mut [T]) {
    let groups = groups.chunks_exact_mut(features * lanes);
    for (images, group) in images.chunks(features * lanes).zip(groups) {
        if images.len() < group.len() {
            group.fill(T::zero());
        }
        for first in (0..features).step_by(FEATURES) {
            let some = first..features.min(first + FEATURES);
            for (lane, image) in images.chunks_exact(features).enumerate() {
                let to = group[first * lanes..].chunks_exact_mut(lanes);
                for (to, x) in to.zip(&image[some.clone()]) {
                    to[lane] = *x;
                }
            }
        }
    }
}

/// Groups to images.
#[inline(always)]
fn gather<T: Number>(features: usize, lanes: usize, groups: &[T], images: &mut [T]) {
    let groups = groups.chunks_exact(features * lanes);
    for (images, group) in images.chunks_mut(features * lanes).zip(groups) {
        for first in (0..features).step_by(FEATURES) {
            let some = first..features.min(first + FEATURES);
            for (lane, image) in images.chunks_exact_mut(features).enumerate() {
                let from = group[first * lanes..].chunks_exact(lanes);
                for (from, x) in from.zip(&mut image[some.clone()]) {
                    *x = from[lane];
                }
            }
        }
    }
}

/// `v = squash(s)` for capsules of `len` numbers, which are `(size, lanes)`.
#[inline(always)]
fn squash<T: Number>(len: usize, lanes: usize, sums: &[T], capsules: &mut [T]) {
    for (s, v) in sums.chunks_exact(len).zip(capsules.chunks_exact_mut(len)) {
        let mut factors = [T::zero(); MOST_LANES];
        for s in s.chunks_exact(lanes) {
            for (square, s) in factors.iter_mut().zip(s) {
                *square += *s * *s;
            }
        }
        for square in &mut factors {
            *square = factor(*square);
        }
        for (s, v) in s.chunks_exact(lanes).zip(v.chunks_exact_mut(lanes)) {
            for ((v, s), factor) in v.iter_mut().zip(s).zip(&factors) {
                *v = *factor * *s;
            }
        }
    }
}

/// Turns `s` into its gradient.
#[inline(always)]
fn squash_backward<T: Number>(len: usize, lanes: usize, d_capsules: &[T], sums: &mut [T]) {
    let capsules = d_capsules.chunks_exact(len);
    for (s, dv) in sums.chunks_exact_mut(len).zip(capsules) {
        let (mut squares, mut along) = ([T::zero(); MOST_LANES], [T::zero(); MOST_LANES]);
        for (s, dv) in s.chunks_exact(lanes).zip(dv.chunks_exact(lanes)) {
            for (lane, (s, dv)) in s.iter().zip(dv).enumerate() {
                squares[lane] += *s * *s;
                along[lane] += *s * *dv;
            }
        }
        let mut factors = [T::zero(); MOST_LANES];
        for lane in 0..MOST_LANES {
            factors[lane] = factor(squares[lane]);
            along[lane] *= slope(squares[lane]);
        }
        for (s, dv) in s.chunks_exact_mut(lanes).zip(dv.chunks_exact(lanes)) {
            for (lane, (s, dv)) in s.iter_mut().zip(dv).enumerate() {
                *s = factors[lane] * *dv + along[lane] * *s;
            }
        }
    }
}

/// Capsules below whose weights are in the cache while the groups pass by.
const BELOW: usize = 8;

/// Calls `$do` for every capsule below and every group, by their numbers.
macro_rules! each {
    ($g:expr, $groups:expr, |$i:ident, $group:ident| $do:block) => {
        for first in (0..$g.below).step_by(BELOW) {
            for $group in 0..$groups {
                for $i in first..$g.below.min(first + BELOW) {
                    $do
                }
            }
        }
    };
}

/// All rounds: the sums and the totals of each.
#[inline(always)]
fn route<T: Number, S: Simd>(simd: S, g: &Geometry, weight: &[T], room: &mut Room<'_, T>) {
    let (lanes, outs, capsule) = (room.lanes, room.outs, g.size * room.lanes);
    room.totals[..outs].fill(T::zero());
    for round in 0..g.rounds {
        let (total, next) = room.totals[round * outs..].split_at_mut(outs);
        let sums = &mut room.sums[round * outs..][..outs];
        sums.fill(T::zero());
        each!(g, outs / room.group_out, |i, group| {
            let of_group = group * room.group_out..(group + 1) * room.group_out;
            let x = &room.inputs[group * room.group_in + i * g.values * lanes..];
            let x = &x[..g.values * lanes];
            predict(simd, &weight[g.weights(i)], x, room.row);
            let total = &total[of_group.clone()];
            share(simd, g, round, room.row, total, room.shares);
            scaled(simd, capsule, room.shares, room.row, &mut sums[of_group]);
        });
        if round + 1 < g.rounds {
            let next = &mut next[..outs];
            squash(capsule, lanes, sums, next);
            for (next, total) in next.iter_mut().zip(&*total) {
                *next += *total;
            }
        }
    }
}

/// `y[j] = y[j] + a[j] · x[j]` for capsules of `len` numbers.
#[inline(always)]
fn scaled<T: Number, S: Simd>(simd: S, len: usize, a: &[T], x: &[T], y: &mut [T]) {
    let capsules = x.chunks_exact(len).zip(y.chunks_exact_mut(len));
    for ((x, y), a) in capsules.zip(a.chunks_exact(T::lanes::<S>())) {
        add_scaled(simd, T::load(simd, a), x, y);
    }
}

/// Adds the gradient of a round's totals to `room.gradient`.
#[inline(always)]
fn agree_backward<T: Number, S: Simd>(
    simd: S,
    g: &Geometry,
    weight: &[T],
    round: usize,
    room: &mut Room<'_, T>,
) {
    let (lanes, outs) = (room.lanes, room.outs);
    each!(g, outs / room.group_out, |i, group| {
        let of_group = group * room.group_out..(group + 1) * room.group_out;
        let x = &room.inputs[group * room.group_in + i * g.values * lanes..];
        predict(
            simd,
            &weight[g.weights(i)],
            &x[..g.values * lanes],
            room.row,
        );
        let total = &room.totals[round * outs..][of_group.clone()];
        let d_sums = &room.sums[round * outs..][of_group.clone()];
        share(simd, g, round, room.row, total, room.shares);
        share_backward(simd, g, room.row, d_sums, room.shares, room.d_logits);
        let gradient = &mut room.gradient[of_group];
        scaled(simd, g.size * lanes, room.d_logits, room.row, gradient);
    });
}

/// From the gradients of all rounds' sums to those of the predictions, and from there to those of
/// the weights, which are added to, and of the inputs, which take the place of the inputs.
#[inline(always)]
fn predict_backward<T: Number, S: Simd>(
    simd: S,
    g: &Geometry,
    weight: &[T],
    room: &mut Room<'_, T>,
    d_weight: &mut [T],
) {
    let (lanes, outs, capsule) = (room.lanes, room.outs, g.size * room.lanes);
    for i in 0..g.below {
        let weight = &weight[g.weights(i)];
        let below = i * g.values * lanes..(i + 1) * g.values * lanes;
        room.gradient.fill(T::zero());
        for group in 0..outs / room.group_out {
            let of_group = group * room.group_out..(group + 1) * room.group_out;
            let x = &room.inputs[group * room.group_in..];
            predict(simd, weight, &x[below.clone()], room.row);
            let d_row = &mut room.gradient[of_group.clone()];
            for round in 0..g.rounds {
                let total = &room.totals[round * outs..][of_group.clone()];
                let d_sums = &room.sums[round * outs..][of_group.clone()];
                share(simd, g, round, room.row, total, room.shares);
                scaled(simd, capsule, room.shares, d_sums, d_row);
                // The totals before the first round are 0, whatever the gradients.
                if round > 0 {
                    share_backward(simd, g, room.row, d_sums, room.shares, room.d_logits);
                    scaled(simd, capsule, room.d_logits, total, d_row);
                }
            }
        }
        let inputs = (&*room.inputs, room.group_in, below.start);
        let d_weight = &mut d_weight[g.weights(i)];
        predict_backward_weight(simd, g.values, inputs, room.gradient, d_weight);
        let d_rows = room.gradient.chunks_exact(room.group_out);
        for (d_row, x) in d_rows.zip(room.inputs.chunks_exact_mut(room.group_in)) {
            predict_backward_input(simd, weight, d_row, &mut x[below.clone()]);
        }
    }
}
