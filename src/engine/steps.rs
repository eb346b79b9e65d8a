//! What a model's layers say, as steps: ops joined, their gradients decided.

use std::ops::Range;
use std::sync::Arc;

use super::layout::Life;
use super::plan::Purpose;
use crate::kernels::op::{Next, Op};
use crate::tensor::{Element, Recorded, Source};

/// An op with the values that it reads and writes.
#[derive(Clone, Debug)]
pub struct Step<E: Element> {
    /// What it computes.
    pub op: Arc<dyn Op<E>>,
    /// Which part of it.
    pub role: Role,
    /// The values that it reads.
    pub inputs: Vec<usize>,
    /// The value that it writes.
    pub output: usize,
    /// Its parameters.
    pub parameters: Range<usize>,
    /// How many indices an example keeps before this step.
    pub indices: usize,
    /// Its numbers among those kept for the whole batch.
    pub statistics: Range<usize>,
    /// Its numbers among those computed from parameters.
    pub prepared: Range<usize>,
    /// What backward does with the gradient of each input; empty where it does nothing at all.
    pub gradients: Vec<Gradient>,
}

/// An op that needs to know the whole batch is two steps, with a barrier between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// All of the op.
    Whole,
    /// It looks at its first input; backward, it computes the gradient of that.
    Gather,
    /// It computes the output; backward, it looks at the gradient of that.
    Apply,
}

/// What becomes of the gradient of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gradient {
    /// Nobody asks for it.
    Unasked,
    /// It is the first for its value.
    First,
    /// It is added to that of other readers.
    Further,
}

/// A model as steps.
pub struct Steps<E: Element> {
    /// The steps in order.
    pub steps: Vec<Step<E>>,
    /// The values of the outputs.
    pub outputs: Vec<usize>,
    /// For each value, which input of the model it is.
    pub inputs: Vec<Option<usize>>,
    /// Numbers of an example of each value.
    pub lens: Vec<usize>,
}

/// The steps with ops joined where that is possible.
pub fn fused<E: Element>(recorded: &Recorded<E>, purpose: Purpose) -> Steps<E> {
    let values = &recorded.values;
    let root = |mut value: usize| {
        while let Source::Same(other) = values[value].1 {
            value = other.index();
        }
        value
    };
    let mut readers = vec![0; values.len()];
    for node in &recorded.nodes {
        for input in node.inputs() {
            readers[root(input.index())] += 1;
        }
    }
    let outputs: Vec<usize> = recorded.outputs.iter().map(|v| root(v.index())).collect();
    for output in &outputs {
        readers[*output] += 1;
    }
    let mut steps: Vec<Step<E>> = Vec::new();
    for node in &recorded.nodes {
        let mut inputs: Vec<usize> = node.inputs().iter().map(|v| root(v.index())).collect();
        let parameters = node.parameters.0..node.parameters.0 + node.parameters.1;
        // The one that is computed last: then all others are there already.
        let before = steps.iter_mut().rev();
        let mut before = before.skip_while(|step| !inputs.contains(&step.output));
        let joined = before.next().and_then(|step| {
            let alone = readers[step.output] == 1;
            let adjacent = parameters.is_empty() || step.parameters.end == parameters.start;
            let next = Next {
                op: &*node.op,
                inputs: inputs.len(),
                parameters: parameters.len(),
                backward: purpose.backward,
            };
            let op = (alone && adjacent).then(|| step.op.joined(&next)).flatten();
            op.map(|op| (step, op))
        });
        if let Some((step, op)) = joined {
            inputs.retain(|input| *input != step.output);
            step.inputs.append(&mut inputs);
            if !parameters.is_empty() {
                step.parameters.end = parameters.end;
            }
            step.op = op;
            step.output = node.output.index();
            continue;
        }
        steps.push(Step {
            op: node.op.clone(),
            role: Role::Whole,
            inputs,
            output: node.output.index(),
            parameters,
            indices: 0,
            statistics: 0..0,
            prepared: 0..0,
            gradients: Vec::new(),
        });
    }
    let mut count = 0;
    let inputs = values.iter().map(|(_, source)| {
        let place = (*source == Source::Input).then_some(count);
        count += usize::from(place.is_some());
        place
    });
    Steps {
        steps,
        outputs,
        inputs: inputs.collect(),
        lens: values.iter().map(|(dims, _)| dims.len()).collect(),
    }
}

/// Makes two steps of each that needs to know the whole batch.
pub fn halved<E: Element>(steps: Vec<Step<E>>) -> Vec<Step<E>> {
    let mut halves = Vec::with_capacity(steps.len());
    for mut step in steps {
        if step.op.whole_batch().is_some() {
            let mut gather = Step {
                role: Role::Gather,
                ..step.clone()
            };
            step.role = Role::Apply;
            if let ([_, rest @ ..], [first, ..]) =
                (&mut gather.gradients[..], &mut step.gradients[..])
            {
                rest.fill(Gradient::Unasked);
                *first = Gradient::Unasked;
            }
            halves.push(gather);
        }
        halves.push(step);
    }
    halves
}

/// Decides which gradients are computed, and which of several for one value is the first.
///
/// A value has a gradient if it depends on a parameter or an input that is no constant, and
/// something that has a gradient depends on it.
pub fn gradients<E: Element>(
    steps: &mut [Step<E>],
    outputs: &[usize],
    inputs: &[Option<usize>],
    purpose: Purpose,
) -> Vec<(usize, Option<Gradient>)> {
    let asked = |input: &Option<usize>| input.is_some() && !purpose.constant;
    let mut depends: Vec<bool> = inputs.iter().map(asked).collect();
    for step in steps.iter() {
        depends[step.output] =
            !step.parameters.is_empty() || step.inputs.iter().any(|input| depends[*input]);
    }
    let mut reached = vec![false; inputs.len()];
    let mut next = |value: usize| match (depends[value], &mut reached[value]) {
        (false, _) => Gradient::Unasked,
        (true, reached) if *reached => Gradient::Further,
        (true, reached) => {
            *reached = true;
            Gradient::First
        }
    };
    let outputs: Vec<_> = outputs
        .iter()
        .map(|value| {
            (
                *value,
                Some(next(*value)).filter(|g| *g != Gradient::Unasked),
            )
        })
        .collect();
    let mut reached_outputs: Vec<bool> = vec![false; inputs.len()];
    for (value, _) in &outputs {
        reached_outputs[*value] = true;
    }
    for step in steps.iter_mut().rev() {
        if reached_outputs[step.output] && depends[step.output] {
            step.gradients = vec![Gradient::Unasked; step.inputs.len()];
            let mut places: Vec<usize> = (0..step.inputs.len()).collect();
            if step.op.whole_batch().is_some() {
                // That of the first input comes last, see [`halved`].
                places.rotate_left(1);
            }
            for place in places {
                step.gradients[place] = next(step.inputs[place]);
            }
            for input in &step.inputs {
                reached_outputs[*input] = true;
            }
        }
    }
    outputs
}

/// The only output, where a step computes it and nobody reads it, neither another step nor backward.
pub fn direct<E: Element>(
    steps: &[Step<E>],
    outputs: &[(usize, Option<Gradient>)],
    purpose: Purpose,
) -> Option<usize> {
    let [(value, _)] = *outputs else { return None };
    let last = steps
        .iter()
        .find(|s| s.output == value && s.role != Role::Gather)?;
    let read = steps.iter().any(|step| step.inputs.contains(&value));
    let kept = purpose.backward && last.op.reads().output;
    (!read && !kept).then_some(value)
}

/// When values are alive; inputs lie elsewhere.
pub fn lives<E: Element>(
    steps: &[Step<E>],
    outputs: &[(usize, Option<Gradient>)],
    inputs: &[Option<usize>],
    lens: &[usize],
    purpose: Purpose,
) -> Vec<Option<Life>> {
    let mut lives: Vec<Option<Life>> = vec![None; lens.len()];
    for (nth, step) in steps.iter().enumerate() {
        let reads = step.op.reads();
        if step.role != Role::Gather {
            lives[step.output] = Some(Life {
                steps: (nth, nth),
                len: lens[step.output],
                kept: purpose.backward && reads.output,
            });
        }
        for (place, input) in step.inputs.iter().enumerate() {
            if let Some(life) = &mut lives[*input] {
                life.steps.1 = nth;
                life.kept |= purpose.backward && place < reads.inputs;
            }
        }
    }
    for (value, _) in outputs {
        if let Some(life) = &mut lives[*value] {
            life.kept = true;
        }
    }
    debug_assert!((lives.iter().zip(inputs)).all(|(l, i)| l.is_none() || i.is_none()));
    lives
}

/// When gradients are alive: from the last reader of a value back to the step that wrote it.
pub fn gradient_lives<E: Element>(
    steps: &[Step<E>],
    outputs: &[(usize, Option<Gradient>)],
    inputs: &[Option<usize>],
    lens: &[usize],
) -> Vec<Option<Life>> {
    let mut lives: Vec<Option<Life>> = vec![None; lens.len()];
    let alive = |lives: &mut Vec<Option<Life>>, value: usize, step: usize| {
        let life = lives[value].get_or_insert(Life {
            steps: (step, step),
            len: lens[value],
            kept: inputs[value].is_some(),
        });
        life.steps = (life.steps.0.min(step), life.steps.1.max(step));
    };
    for (nth, step) in steps.iter().enumerate() {
        if !step.gradients.is_empty() {
            alive(&mut lives, step.output, nth);
        }
        for (input, gradient) in step.inputs.iter().zip(&step.gradients) {
            if *gradient != Gradient::Unasked {
                alive(&mut lives, *input, nth);
            }
        }
    }
    for (value, gradient) in outputs {
        if gradient.is_some() {
            alive(&mut lives, *value, steps.len().saturating_sub(1));
            if let Some(life) = &mut lives[*value] {
                life.kept = true;
            }
        }
    }
    lives
}
