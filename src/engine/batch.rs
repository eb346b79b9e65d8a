//! A whole batch: its parts side by side on threads, and what they leave put together.

use std::ops::Range;

use rayon::prelude::*;

use super::memory::{resize, Memory, Planned};
use super::plan::Plan;
use super::run::{self, Given, Kept, Room};
use crate::kernels::add;
use crate::tensor::Element;

/// Splits the front off a slice that is consumed piece by piece.
fn front<'a, E>(rest: &mut &'a mut [E], len: usize) -> &'a mut [E] {
    let (front, behind) = std::mem::take(rest).split_at_mut(len);
    *rest = behind;
    front
}

/// Computes all values of a batch into `memory`.
pub fn forward<E: Element>(planned: &Planned<E>, given: Given<'_, E>, memory: &mut Memory<E>) {
    let plan = &planned.plan;
    let len: usize = plan.parts.iter().map(|p| plan.forward.len(p.len())).sum();
    resize(&mut memory.values, len);
    resize(&mut memory.scratch, plan.scratch * plan.parts.len());
    resize(&mut memory.statistics, plan.statistics);
    let indices = if plan.purpose.backward {
        plan.indices
    } else {
        0
    };
    resize(&mut memory.indices, indices * plan.batch());
    let (mut values, mut scratch) = (&mut memory.values[..], &mut memory.scratch[..]);
    let (mut kept, mut statistics) = (&mut memory.indices[..], &mut memory.statistics[..]);
    let mut part = |part: &Range<usize>| {
        let room = Room {
            values: front(&mut values, plan.forward.len(part.len())),
            scratch: front(&mut scratch, plan.scratch),
            further: &mut [],
        };
        let kept = front(&mut kept, indices * part.len());
        // Ops that keep statistics see the whole batch, so only one part can have them.
        (room, kept, std::mem::take(&mut statistics))
    };
    let each = |part, (room, kept, statistics)| {
        let kept: &mut [u32] = kept;
        let kept = plan.purpose.backward.then_some(kept);
        run::forward(plan, given, part, room, kept, statistics);
    };
    match &plan.parts[..] {
        [whole] => each(whole, part(whole)),
        parts => {
            let work: Vec<_> = parts.iter().map(|p| (p, part(p))).collect();
            work.into_par_iter()
                .for_each(|(part, room)| each(part, room));
        }
    }
}

/// Hands the numbers of output `nth` of the model to `with`.
pub fn output<E: Element, R>(
    planned: &Planned<E>,
    given: Given<'_, E>,
    memory: &mut Memory<E>,
    nth: usize,
    with: impl FnOnce(&[E]) -> R,
) -> R {
    let plan = &planned.plan;
    let (value, _) = plan.outputs[nth];
    if let Some(input) = plan.inputs[value] {
        return with(given.inputs[input]);
    }
    let place = |images| plan.forward.range(value, images, &(0..images), images);
    if let [whole] = &plan.parts[..] {
        return with(&memory.values[place(whole.len())]);
    }
    memory.gathered.clear();
    let mut first = 0;
    for part in &plan.parts {
        let len = plan.forward.len(part.len());
        let values = &memory.values[first..first + len];
        memory
            .gathered
            .extend_from_slice(&values[place(part.len())]);
        first += len;
    }
    with(&memory.gathered)
}

/// Computes the gradients of a batch from those of the outputs.
///
/// Those of parameters are added to `d_parameters`. Afterwards `memory` holds those of the inputs,
/// see [`add_d_input`].
pub fn backward<E: Element>(
    planned: &Planned<E>,
    given: Given<'_, E>,
    kept: &Memory<E>,
    d_outputs: &[&[E]],
    d_parameters: Vec<&mut [E]>,
    memory: &mut Memory<E>,
) {
    let plan = &planned.plan;
    let count = plan.parts.len();
    let len: usize = plan.parts.iter().map(|p| plan.backward.len(p.len())).sum();
    let scratch = plan.scratch + plan.further;
    resize(&mut memory.values, len);
    resize(&mut memory.scratch, scratch * count);
    let lens: Vec<usize> = d_parameters.iter().map(|d| d.len()).collect();
    // The first part adds to the gradients themselves, the others to sums of their own, which are
    // added in order: so the result does not depend on which thread was faster.
    memory.gathered.clear();
    memory
        .gathered
        .resize((count - 1) * lens.iter().sum::<usize>(), E::default());
    let (mut values, mut rest) = (&mut memory.values[..], &mut memory.scratch[..]);
    let (mut kept_values, mut kept_indices) = (&kept.values[..], &kept.indices[..]);
    let mut sums = &mut memory.gathered[..];
    let mut first = Some(d_parameters);
    let mut work = Vec::with_capacity(count);
    for part in &plan.parts {
        let d_parameters = first.take().unwrap_or_else(|| {
            let lens = lens.iter();
            lens.map(|len| front(&mut sums, *len)).collect()
        });
        let (here, behind) = kept_values.split_at(plan.forward.len(part.len()));
        let (indices, later) = kept_indices.split_at(plan.indices * part.len());
        (kept_values, kept_indices) = (behind, later);
        let kept = Kept {
            values: here,
            indices,
            statistics: &kept.statistics,
        };
        let room = Room {
            values: front(&mut values, plan.backward.len(part.len())),
            scratch: front(&mut rest, plan.scratch),
            further: front(&mut rest, plan.further),
        };
        work.push(Work {
            part,
            kept,
            room,
            d_parameters,
        });
    }
    let each = |work| backward_part(plan, given, d_outputs, work);
    let mut results: Vec<_> = if count == 1 {
        work.into_iter().map(each).collect()
    } else {
        work.into_par_iter().map(each).collect()
    };
    let mut results = results.drain(..);
    let mut totals = results.next().unwrap_or_default();
    for part in results {
        for (total, part) in totals.iter_mut().zip(part) {
            add::accumulate(part, total);
        }
    }
}

/// What the backward of one part needs.
struct Work<'a, E> {
    part: &'a Range<usize>,
    kept: Kept<'a, E>,
    room: Room<'a, E>,
    d_parameters: Vec<&'a mut [E]>,
}

/// Computes the gradients of one part; gives back those of the parameters.
fn backward_part<'a, E: Element>(
    plan: &Plan<E>,
    given: Given<'_, E>,
    d_outputs: &[&[E]],
    mut work: Work<'a, E>,
) -> Vec<&'a mut [E]> {
    let d_parameters = &mut work.d_parameters;
    run::backward(
        plan,
        given,
        work.part,
        work.kept,
        d_outputs,
        work.room,
        d_parameters,
    );
    work.d_parameters
}

/// Adds the gradient of input `nth` to `total`.
pub fn add_d_input<E: Element>(
    planned: &Planned<E>,
    memory: &Memory<E>,
    nth: usize,
    total: &mut [E],
) {
    let plan = &planned.plan;
    let Some(value) = plan.inputs.iter().position(|input| *input == Some(nth)) else {
        return;
    };
    if !plan.backward.holds(value) {
        return;
    }
    let mut first = 0;
    for part in &plan.parts {
        let values = &memory.values[first..first + plan.backward.len(part.len())];
        let range = plan
            .backward
            .range(value, part.len(), &(0..part.len()), part.len());
        let len = plan.lens[value];
        add::accumulate(&values[range], &mut total[part.start * len..part.end * len]);
        first += plan.backward.len(part.len());
    }
}
