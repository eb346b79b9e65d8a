//! A whole batch: its parts side by side on threads, and what they leave put together.

use std::ops::Range;

use super::memory::{resize, Memory, Planned};
use super::plan::Plan;
use super::run::{self, Given, Kept, Room};
use crate::kernels::add;
use crate::kernels::crew::{self, Crew};
use crate::tensor::Element;

/// Splits the front off a slice that is consumed piece by piece.
fn front<'a, E>(rest: &mut &'a mut [E], len: usize) -> &'a mut [E] {
    let (front, behind) = std::mem::take(rest).split_at_mut(len);
    *rest = behind;
    front
}

/// Runs `run` with as many threads as can be busy with so many parts.
fn by_crew<R>(parts: usize, run: impl FnOnce(&Crew) -> R) -> R {
    crew::run(parts.min(rayon::current_num_threads()), run)
}

/// Calls `each` for every part with its share of `partial`, side by side.
fn for_each<W: Send, E: Element>(
    crew: Option<&Crew>,
    parts: &mut [W],
    partial: &mut [E],
    each: impl Fn(&mut W, &mut [E]) + Sync,
) {
    let share = partial.len() / parts.len();
    let pairs = parts.iter_mut().zip(partial.chunks_exact_mut(share));
    match crew {
        Some(crew) => {
            let mut pairs: Vec<_> = pairs.collect();
            crew.each(&mut pairs, |(part, partial)| each(part, partial));
        }
        None => pairs.for_each(|(part, partial)| each(part, partial)),
    }
}

/// What the forward of one part needs.
struct Ahead<'a, E> {
    part: &'a Range<usize>,
    room: Room<'a, E>,
    indices: Option<&'a mut [u32]>,
}

/// Computes all values of a batch into `memory`, and that which is [`Plan::direct`] into `output`.
pub fn forward<E: Element>(
    planned: &Planned<E>,
    given: Given<'_, E>,
    memory: &mut Memory<E>,
    mut output: Option<&mut [E]>,
) {
    let plan = &planned.plan;
    let count = plan.parts.len();
    let len: usize = plan.parts.iter().map(|p| plan.forward.len(p.len())).sum();
    resize(&mut memory.values, len);
    resize(&mut memory.scratch, plan.scratch * count);
    resize(&mut memory.statistics, plan.statistics);
    resize(&mut memory.partial, plan.gathered.max(1) * count);
    let indices = if plan.purpose.backward {
        plan.indices
    } else {
        0
    };
    resize(&mut memory.indices, indices * plan.batch());
    let Memory {
        statistics,
        partial,
        ..
    } = memory;
    let (mut values, mut scratch) = (&mut memory.values[..], &mut memory.scratch[..]);
    let mut kept = &mut memory.indices[..];
    let mut ahead = |part| Ahead {
        part,
        room: Room {
            values: front(&mut values, plan.forward.len(part.len())),
            scratch: front(&mut scratch, plan.scratch),
            further: &mut [],
            output: match (plan.direct, &mut output) {
                (Some(value), Some(rest)) => Some(front(rest, part.len() * plan.lens[value])),
                _ => None,
            },
        },
        indices: (plan.purpose.backward).then(|| front(&mut kept, indices * part.len())),
    };
    let mut run = |work: &mut [Ahead<E>], parts: Option<&Crew>, crew: Option<&Crew>| {
        for (nth, phase) in plan.phases.iter().enumerate() {
            let known = &statistics[..];
            for_each(
                parts,
                work,
                partial,
                |Ahead {
                     part,
                     room,
                     indices,
                 },
                 gathered| {
                    let (phase, indices) = (phase.clone(), indices.as_deref_mut());
                    run::forward(
                        plan, phase, given, part, room, crew, indices, known, gathered,
                    );
                },
            );
            if let Some((step, whole)) = plan.gathers(nth) {
                let parameters = &given.parameters[step.parameters.clone()];
                let gathered = shares(partial, count, whole.gathered());
                whole.settle(
                    parameters,
                    gathered,
                    &mut statistics[step.statistics.clone()],
                );
            }
        }
    };
    match &plan.parts[..] {
        [whole] => {
            let work = &mut [ahead(whole)];
            match plan.shared {
                1 => run(work, None, None),
                threads => crew::run(threads, |crew| run(work, None, Some(crew))),
            }
        }
        parts => {
            let mut work: Vec<_> = parts.iter().map(ahead).collect();
            by_crew(count, |crew| run(&mut work, Some(crew), None));
        }
    }
}

/// Numbers that are worth to be copied by several threads.
const WORTH_COPYING_TOGETHER: usize = 1 << 18;

/// Copies the numbers of output `nth` of the model, which is not [`Plan::direct`], to `output`.
pub fn output<E: Element>(
    planned: &Planned<E>,
    given: Given<'_, E>,
    memory: &Memory<E>,
    nth: usize,
    output: &mut [E],
) {
    let plan = &planned.plan;
    let (value, _) = plan.outputs[nth];
    if let Some(input) = plan.inputs[value] {
        output.copy_from_slice(given.inputs[input]);
        return;
    }
    let together = output.len() >= WORTH_COPYING_TOGETHER;
    copy_parts(plan, value, &plan.parts, &memory.values, output, together);
}

/// Copies a value from the memory of each of some parts, one behind the other.
fn copy_parts<E: Element>(
    plan: &Plan<E>,
    value: usize,
    parts: &[Range<usize>],
    values: &[E],
    output: &mut [E],
    together: bool,
) {
    match parts {
        [] => {}
        [part] => {
            let images = part.len();
            let place = plan.forward.range(value, images, &(0..images), images);
            output.copy_from_slice(&values[place]);
        }
        parts => {
            let (one, other) = parts.split_at(parts.len() / 2);
            let len = one.iter().map(|part| plan.forward.len(part.len())).sum();
            let (values, behind) = values.split_at(len);
            let images: usize = one.iter().map(Range::len).sum();
            let (output, rest) = output.split_at_mut(images * plan.lens[value]);
            let mut first = || copy_parts(plan, value, one, values, output, together);
            let mut second = || copy_parts(plan, value, other, behind, rest, together);
            if together {
                rayon::join(first, second);
            } else {
                first();
                second();
            }
        }
    }
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
    resize(&mut memory.statistics, plan.statistics);
    resize(&mut memory.partial, plan.gathered.max(1) * count);
    let Memory {
        statistics: settled,
        partial,
        gathered,
        ..
    } = memory;
    let (mut values, mut rest) = (&mut memory.values[..], &mut memory.scratch[..]);
    let (mut kept_values, mut kept_indices) = (&kept.values[..], &kept.indices[..]);
    let mut sums = &mut gathered[..];
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
        work.push(Back {
            part,
            kept: Kept {
                values: here,
                indices,
                statistics: &kept.statistics,
            },
            room: Room {
                values: front(&mut values, plan.backward.len(part.len())),
                scratch: front(&mut rest, plan.scratch),
                further: front(&mut rest, plan.further),
                output: None,
            },
            d_parameters,
        });
    }
    let mut run = |work: &mut [Back<E>], crew: Option<&Crew>| {
        if plan.phases.is_empty() {
            // What flows in flows out.
            for back in work.iter_mut() {
                run::seed(plan, back.part, d_outputs, back.room.values);
            }
        }
        for (nth, phase) in plan.phases.iter().enumerate().rev() {
            let last = nth + 1 == plan.phases.len();
            let known = &settled[..];
            for_each(crew, work, partial, |back, gathered| {
                if last {
                    run::seed(plan, back.part, d_outputs, back.room.values);
                }
                let (phase, kept, room) = (phase.clone(), back.kept, &mut back.room);
                let d_parameters = &mut back.d_parameters;
                run::backward(
                    plan,
                    phase,
                    given,
                    back.part,
                    kept,
                    known,
                    room,
                    d_parameters,
                    gathered,
                );
            });
            let Some((step, whole)) = nth.checked_sub(1).and_then(|nth| plan.gathers(nth)) else {
                continue;
            };
            if !step.gradients.is_empty() {
                let gathered = shares(partial, count, whole.gathered_backward());
                let d_parameters = &mut work[0].d_parameters[step.parameters.clone()];
                whole.settle_backward(
                    gathered,
                    d_parameters,
                    &mut settled[step.statistics.clone()],
                );
            }
        }
    };
    if count == 1 {
        run(&mut work, None);
    } else {
        by_crew(count, |crew| run(&mut work, Some(crew)));
    }
    let mut results = work.into_iter().map(|back| back.d_parameters);
    let mut totals = results.next().unwrap_or_default();
    for part in results {
        for (total, part) in totals.iter_mut().zip(part) {
            add::accumulate(part, total);
        }
    }
}

/// What the backward of one part needs.
struct Back<'a, E> {
    part: &'a Range<usize>,
    kept: Kept<'a, E>,
    room: Room<'a, E>,
    d_parameters: Vec<&'a mut [E]>,
}

/// What each of `count` parts has gathered: moved together, `len` numbers each.
fn shares<E: Element>(partial: &mut [E], count: usize, len: usize) -> &[E] {
    let share = partial.len() / count;
    for part in 1..count {
        partial.copy_within(part * share..part * share + len, part * len);
    }
    &partial[..count * len]
}

/// The value that is input `nth`, where it has a gradient.
pub fn differentiated<E: Element>(plan: &Plan<E>, nth: usize) -> Option<usize> {
    let value = plan.inputs.iter().position(|input| *input == Some(nth));
    value.filter(|value| plan.backward.holds(*value))
}

/// Adds the gradient of the input `value`, which is [`differentiated`], to `total`.
pub fn add_d_input<E: Element>(plan: &Plan<E>, memory: &Memory<E>, value: usize, total: &mut [E]) {
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
