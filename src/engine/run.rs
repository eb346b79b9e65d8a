//! One part of a batch on its way through a plan, forward and backward, on the calling thread.

use std::ops::Range;

use super::plan::Plan;
use super::steps::{Gradient, Role, Step};
use crate::kernels::add;
use crate::kernels::crew::Crew;
use crate::kernels::dropout::Draw;
use crate::kernels::op::{Backward, Forward, MOST_INPUTS};
use crate::tensor::Element;

/// What all parts read.
#[derive(Clone, Copy)]
pub struct Given<'a, E> {
    /// The inputs of the model, of the whole batch.
    pub inputs: &'a [&'a [E]],
    /// The parameters.
    pub parameters: &'a [&'a [E]],
    /// What was computed from them.
    pub prepared: &'a [E],
    /// Of the random numbers.
    pub seed: u64,
}

/// The memory of one part.
pub struct Room<'a, E> {
    /// Values, or their gradients.
    pub values: &'a mut [E],
    /// For the ops.
    pub scratch: &'a mut [E],
    /// For gradients that will be added to others.
    pub further: &'a mut [E],
    /// For [`Plan::direct`], the output of the part.
    pub output: Option<&'a mut [E]>,
}

/// A slice of which a piece is borrowed elsewhere.
struct Around<'a, E> {
    before: &'a [E],
    after: &'a [E],
    gap: usize,
}

impl<'a, E> Around<'a, E> {
    /// Takes `range` out of `all`.
    fn carve(all: &'a mut [E], range: Range<usize>) -> (&'a mut [E], Around<'a, E>) {
        let (before, rest) = all.split_at_mut(range.start);
        let (piece, after) = rest.split_at_mut(range.len());
        let around = Around {
            before,
            after,
            gap: range.end,
        };
        (piece, around)
    }

    fn get(&self, range: Range<usize>) -> &'a [E] {
        if range.end <= self.before.len() {
            &self.before[range]
        } else {
            &self.after[range.start - self.gap..range.end - self.gap]
        }
    }
}

/// The examples `range` of a slice with numbers of `len` each.
fn examples<E>(all: &[E], len: usize, range: Range<usize>) -> &[E] {
    &all[range.start * len..range.end * len]
}

/// Calls `each(examples of the part, how many a segment takes, steps)` for every chunk of every
/// segment.
fn chunks(
    part: usize,
    steps: &Range<usize>,
    chunk: usize,
    mut each: impl FnMut(Range<usize>, &Range<usize>),
) {
    let mut first = 0;
    while first < part {
        let last = (first + chunk).min(part);
        each(first..last, steps);
        first = last;
    }
}

/// Computes the values of the examples `part` in one phase.
///
/// A `crew` may share each step. `indices` keep what backward needs; without backward, there are none. `statistics` are those of
/// the phases before, `gathered` what the last step gathers for the next ones.
#[allow(clippy::too_many_arguments)] // what is read, what is written, memory
pub fn forward<E: Element>(
    plan: &Plan<E>,
    phase: Range<usize>,
    given: Given<'_, E>,
    part: &Range<usize>,
    room: &mut Room<'_, E>,
    crew: Option<&Crew>,
    mut indices: Option<&mut [u32]>,
    statistics: &[E],
    gathered: &mut [E],
) {
    let images = part.len();
    let values = &mut *room.values;
    gathered.fill(E::default());
    for segment in &plan.segments[phase] {
        chunks(images, &segment.steps, segment.chunk, |chunk, steps| {
            for step in &plan.steps[steps.clone()] {
                let range = |value| plan.forward.range(value, images, &chunk, segment.chunk);
                let direct = room.output.as_deref_mut();
                let direct = direct.filter(|_| plan.direct == Some(step.output));
                let (output, around) = match (step.role, direct) {
                    (Role::Gather, _) => Around::carve(values, 0..0),
                    (_, None) => Around::carve(values, range(step.output)),
                    (_, Some(all)) => {
                        let len = plan.lens[step.output];
                        let output = &mut all[chunk.start * len..chunk.end * len];
                        (output, Around::carve(values, 0..0).1)
                    }
                };
                let mut inputs: [&[E]; MOST_INPUTS] = [&[]; MOST_INPUTS];
                for (slice, value) in inputs.iter_mut().zip(&step.inputs) {
                    *slice = match plan.inputs[*value] {
                        Some(input) => {
                            let chunk = part.start + chunk.start..part.start + chunk.end;
                            examples(given.inputs[input], plan.lens[*value], chunk)
                        }
                        None => around.get(range(*value)),
                    };
                }
                if let (Role::Gather, Some(whole)) = (step.role, step.op.whole_batch()) {
                    let gathered = &mut gathered[..whole.gathered()];
                    whole.gather(chunk.len(), inputs[0], gathered);
                    continue;
                }
                step.op.forward(
                    chunk.len(),
                    Forward {
                        inputs: &inputs[..step.inputs.len()],
                        parameters: &given.parameters[step.parameters.clone()],
                        output,
                        indices: (indices.as_deref_mut())
                            .map(|all| &mut all[kept_indices(step, images, &chunk)]),
                        statistics: &statistics[step.statistics.clone()],
                        prepared: &given.prepared[step.prepared.clone()],
                        draw: draw(given, step, part, &chunk),
                        crew,
                        scratch: room.scratch,
                    },
                );
            }
        });
    }
}

/// The random numbers of a step for a chunk of a part.
fn draw<E: Element>(
    given: Given<'_, E>,
    step: &Step<E>,
    part: &Range<usize>,
    chunk: &Range<usize>,
) -> Draw {
    Draw {
        // Seeds are scattered, so neighbours have nothing in common.
        seed: given.seed.wrapping_add(step.output as u64),
        first: part.start + chunk.start,
    }
}

/// Where a step keeps the indices of a chunk.
fn kept_indices<E: Element>(step: &Step<E>, images: usize, chunk: &Range<usize>) -> Range<usize> {
    let (first, len) = (step.indices * images, step.op.indices());
    first + chunk.start * len..first + chunk.end * len
}

/// What forward has kept of one part.
#[derive(Clone, Copy)]
pub struct Kept<'a, E> {
    /// Its values.
    pub values: &'a [E],
    /// Its indices.
    pub indices: &'a [u32],
    /// The statistics of the whole batch.
    pub statistics: &'a [E],
}

/// Copies the gradients of the outputs of the examples `part` to where backward reads them.
pub fn seed<E: Element>(plan: &Plan<E>, part: &Range<usize>, d_outputs: &[&[E]], values: &mut [E]) {
    let images = part.len();
    for ((value, gradient), d_output) in plan.outputs.iter().zip(d_outputs) {
        let d_output = examples(d_output, plan.lens[*value], part.clone());
        let Some(gradient) = gradient.filter(|_| plan.backward.holds(*value)) else {
            continue;
        };
        let range = plan.backward.range(*value, images, &(0..images), images);
        match gradient {
            Gradient::First => values[range].copy_from_slice(d_output),
            _ => add::accumulate(d_output, &mut values[range]),
        }
    }
}

/// Computes the gradients of the examples `part` in one phase.
///
/// Those of parameters are added to `d_parameters`; those of inputs end up where
/// [`Plan::backward`] says. `sums` are those of the phases behind, `gathered` what the first step
/// gathers for those before.
#[allow(clippy::too_many_arguments)] // what is read, what is written, memory
pub fn backward<E: Element>(
    plan: &Plan<E>,
    phase: Range<usize>,
    given: Given<'_, E>,
    part: &Range<usize>,
    kept: Kept<'_, E>,
    sums: &[E],
    room: &mut Room<'_, E>,
    d_parameters: &mut [&mut [E]],
    gathered: &mut [E],
) {
    let images = part.len();
    let values = &mut *room.values;
    gathered.fill(E::default());
    for segment in plan.segments[phase].iter().rev() {
        chunks(images, &segment.steps, segment.chunk, |chunk, steps| {
            for step in plan.steps[steps.clone()].iter().rev() {
                if step.gradients.is_empty() {
                    continue;
                }
                let range = |value| plan.backward.range(value, images, &chunk, segment.chunk);
                let value = |value: usize, read: bool| match plan.inputs[value] {
                    _ if !read => &[][..],
                    Some(input) => {
                        let chunk = part.start + chunk.start..part.start + chunk.end;
                        examples(given.inputs[input], plan.lens[value], chunk)
                    }
                    None => {
                        let range = plan.forward.range(value, images, &chunk, segment.chunk);
                        &kept.values[range]
                    }
                };
                let reads = step.op.reads();
                let mut inputs: [&[E]; MOST_INPUTS] = [&[]; MOST_INPUTS];
                let nth_inputs = step.inputs.iter().enumerate();
                for (slice, (nth, input)) in inputs.iter_mut().zip(nth_inputs) {
                    *slice = value(*input, nth < reads.inputs);
                }
                // The gradient of the output, then those of the inputs.
                let mut ranges: [Range<usize>; MOST_INPUTS + 1] = Default::default();
                ranges[0] = range(step.output);
                let pairs = || step.inputs.iter().zip(&step.gradients);
                for (slot, (input, gradient)) in ranges[1..].iter_mut().zip(pairs()) {
                    if *gradient == Gradient::First {
                        *slot = range(*input);
                    }
                }
                let [Some(d_output), d_inputs @ ..] = &mut carve(values, &ranges) else {
                    unreachable!("an output has a gradient, or the step is passed over")
                };
                let mut rest = &mut *room.further;
                for (d_input, (input, gradient)) in d_inputs.iter_mut().zip(pairs()) {
                    if *gradient == Gradient::Further {
                        let (here, behind) = rest.split_at_mut(chunk.len() * plan.lens[*input]);
                        *d_input = Some(here);
                        rest = behind;
                    }
                }
                let call = Backward {
                    inputs: &inputs[..step.inputs.len()],
                    parameters: &given.parameters[step.parameters.clone()],
                    output: value(step.output, reads.output),
                    d_output,
                    d_inputs: &mut d_inputs[..step.inputs.len()],
                    d_parameters: &mut d_parameters[step.parameters.clone()],
                    indices: &kept.indices[kept_indices(step, images, &chunk)],
                    statistics: &kept.statistics[step.statistics.clone()],
                    sums: &sums[step.statistics.clone()],
                    draw: draw(given, step, part, &chunk),
                    scratch: room.scratch,
                };
                match step.op.whole_batch().filter(|_| step.role == Role::Apply) {
                    Some(whole) => {
                        let gathered = &mut gathered[..whole.gathered_backward()];
                        whole.gather_backward(chunk.len(), call, gathered);
                    }
                    None => step.op.backward(chunk.len(), call),
                }
                let mut rest = &*room.further;
                for (input, gradient) in pairs() {
                    if *gradient == Gradient::Further {
                        let (here, behind) = rest.split_at(chunk.len() * plan.lens[*input]);
                        add::accumulate(here, &mut values[range(*input)]);
                        rest = behind;
                    }
                }
            }
        });
    }
}

/// Several pieces of a slice at once; an empty range gives none. They must not overlap.
fn carve<'a, E, const N: usize>(
    mut all: &'a mut [E],
    ranges: &[Range<usize>; N],
) -> [Option<&'a mut [E]>; N] {
    let mut pieces = [const { None }; N];
    let mut passed = 0;
    loop {
        let left = (0..N).filter(|nth| pieces[*nth].is_none() && !ranges[*nth].is_empty());
        let Some(nth) = left.min_by_key(|nth| ranges[*nth].start) else {
            return pieces;
        };
        let range = &ranges[nth];
        let (_, rest) = all.split_at_mut(range.start - passed);
        let (piece, rest) = rest.split_at_mut(range.len());
        pieces[nth] = Some(piece);
        (all, passed) = (rest, range.end);
    }
}
