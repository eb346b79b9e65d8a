//! From what layers say of themselves to steps with places: everything that is decided once.

use std::ops::Range;
use std::sync::Arc;

use super::layout::{Layout, Life, Segment};
use crate::kernels::op::Op;
use crate::tensor::{Element, Recorded, Source};

/// Numbers that a segment may touch at once, so that they stay in a core's own cache.
const CACHED: usize = 128 * 1024;
/// Multiplications below which another thread costs more than it brings.
const WORTH_A_THREAD: usize = 2_000_000;

/// What is kept of a forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// Whether backward will follow.
    pub backward: bool,
    /// Whether layers train.
    pub training: bool,
}

/// An op with the values that it reads and writes.
#[derive(Debug)]
pub struct Step<E: Element> {
    /// What it computes.
    pub op: Arc<dyn Op<E>>,
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
    /// What backward does with the gradient of each input; empty where it does nothing at all.
    pub gradients: Vec<Gradient>,
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

/// A model, ready to run for batches of one size.
#[derive(Debug)]
pub struct Plan<E: Element> {
    /// The ops in order.
    pub steps: Vec<Step<E>>,
    /// The steps in runs.
    pub segments: Vec<Segment>,
    /// Examples in each part of the batch; parts run side by side.
    pub parts: Vec<Range<usize>>,
    /// For each value, which input of the model it is.
    pub inputs: Vec<Option<usize>>,
    /// Numbers of an example of each value.
    pub lens: Vec<usize>,
    /// The value of each output, and whether its gradient is the first for that value; `None` where
    /// it has no gradient.
    pub outputs: Vec<(usize, Option<Gradient>)>,
    /// Where values lie.
    pub forward: Layout,
    /// Where their gradients lie.
    pub backward: Layout,
    /// Indices kept for an example.
    pub indices: usize,
    /// Numbers kept for the whole batch.
    pub statistics: usize,
    /// Numbers of scratch memory for the ops.
    pub scratch: usize,
    /// Numbers of memory for gradients on their way to be added.
    pub further: usize,
    /// What it was made for.
    pub purpose: Purpose,
    batch: usize,
    work: usize,
    whole_batch: bool,
}

/// Into how many parts a batch is split.
fn parts(batch: usize, work: usize, whole_batch: bool, fixed: Option<usize>) -> usize {
    let parts = if whole_batch {
        1
    } else if let Some(fixed) = fixed {
        fixed
    } else {
        match batch.saturating_mul(work) / WORTH_A_THREAD {
            0 | 1 => 1,
            worth => worth.min(rayon::current_num_threads()),
        }
    };
    parts.clamp(1, batch)
}

impl<E: Element> Plan<E> {
    /// Decides everything for batches of `batch` examples, which are not none.
    pub fn new(
        recorded: &Recorded<E>,
        batch: usize,
        purpose: Purpose,
        fixed: Option<usize>,
    ) -> Plan<E> {
        let (mut steps, outputs, inputs, lens) = fused(recorded);
        let (mut indices, mut statistics) = (0, 0);
        for step in &mut steps {
            step.indices = indices;
            indices += step.op.indices();
            step.statistics = statistics..statistics + step.op.statistics();
            statistics = step.statistics.end;
        }
        let work = steps.iter().map(|s| s.op.work().max(lens[s.output])).sum();
        let whole_batch = steps.iter().any(|s| s.op.whole_batch());
        let count = parts(batch, work, whole_batch, fixed);
        let parts = split(batch, count);
        let most = parts[0].len();
        let segments = segments(&steps, &lens, most);
        let outputs = if purpose.backward {
            gradients(&mut steps, &outputs, &inputs)
        } else {
            outputs.into_iter().map(|value| (value, None)).collect()
        };
        let lives = lives(&steps, &outputs, &inputs, &lens, purpose);
        let forward = Layout::new(&lives, &segments);
        let lives = gradient_lives(&steps, &outputs, &inputs, &lens);
        let backward = Layout::new(&lives, &segments);
        let (mut scratch, mut further) = (0, 0);
        for segment in &segments {
            for step in &steps[segment.steps.clone()] {
                scratch = scratch.max(step.op.scratch(segment.chunk));
                let pairs = step.gradients.iter().zip(&step.inputs);
                let added = pairs.filter(|(g, _)| **g == Gradient::Further);
                let added: usize = added.map(|(_, value)| lens[*value]).sum();
                further = further.max(added * segment.chunk);
            }
        }
        Plan {
            steps,
            segments,
            parts,
            inputs,
            lens,
            outputs,
            forward,
            backward,
            indices,
            statistics,
            scratch,
            further,
            purpose,
            batch,
            work,
            whole_batch,
        }
    }

    /// Whether the plan is still right for a batch, on the threads that there are now.
    pub fn fits(&self, batch: usize, purpose: Purpose, fixed: Option<usize>) -> bool {
        self.batch == batch
            && self.purpose == purpose
            && self.parts.len() == parts(batch, self.work, self.whole_batch, fixed)
    }

    /// Number of examples.
    pub fn batch(&self) -> usize {
        self.batch
    }
}

/// `count` parts of a batch, the first ones perhaps larger by one.
fn split(batch: usize, count: usize) -> Vec<Range<usize>> {
    let mut first = 0;
    (0..count)
        .map(|part| {
            let len = batch / count + usize::from(part < batch % count);
            first += len;
            first - len..first
        })
        .collect()
}

/// The steps with ops joined where that is possible, the values of the outputs, which values are
/// inputs, and the lengths of the values.
#[allow(clippy::type_complexity)]
fn fused<E: Element>(
    recorded: &Recorded<E>,
) -> (Vec<Step<E>>, Vec<usize>, Vec<Option<usize>>, Vec<usize>) {
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
        let inputs: Vec<usize> = node.inputs().iter().map(|v| root(v.index())).collect();
        if let ([input], (_, 0)) = (&inputs[..], node.parameters) {
            let before = steps.iter_mut().find(|step| step.output == *input);
            let before = before.filter(|_| readers[*input] == 1);
            if let Some((step, op)) = before.and_then(|s| s.op.joined(&*node.op).map(|op| (s, op)))
            {
                step.op = op;
                step.output = node.output.index();
                continue;
            }
        }
        steps.push(Step {
            op: node.op.clone(),
            inputs,
            output: node.output.index(),
            parameters: node.parameters.0..node.parameters.0 + node.parameters.1,
            indices: 0,
            statistics: 0..0,
            gradients: Vec::new(),
        });
    }
    let mut count = 0;
    let inputs = values.iter().map(|(_, source)| {
        let place = (*source == Source::Input).then_some(count);
        count += usize::from(place.is_some());
        place
    });
    let lens = values.iter().map(|(dims, _)| dims.len()).collect();
    (steps, outputs, inputs.collect(), lens)
}

/// Runs of steps that want as many examples at once.
fn segments<E: Element>(steps: &[Step<E>], lens: &[usize], most: usize) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut first = 0;
    let alone = |step: &Step<E>| step.op.prefers_batch() || step.op.whole_batch();
    while first < steps.len() {
        let kind = alone(&steps[first]);
        let count = steps[first..]
            .iter()
            .take_while(|s| alone(s) == kind)
            .count();
        let run = first..first + count;
        let touched = steps[run.clone()].iter();
        let touched: usize = touched.map(|s| lens[s.output] + lens[s.inputs[0]]).sum();
        let chunk = if kind { most } else { CACHED / touched.max(1) };
        segments.push(Segment {
            steps: run,
            chunk: chunk.clamp(1, most),
        });
        first += count;
    }
    segments
}

/// Decides which gradients are computed, and which of several for one value is the first.
///
/// A value has a gradient if it depends on a parameter or an input, and something that has a
/// gradient depends on it.
fn gradients<E: Element>(
    steps: &mut [Step<E>],
    outputs: &[usize],
    inputs: &[Option<usize>],
) -> Vec<(usize, Option<Gradient>)> {
    let mut depends: Vec<bool> = inputs.iter().map(Option::is_some).collect();
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
            step.gradients = step.inputs.iter().map(|input| next(*input)).collect();
            for input in &step.inputs {
                reached_outputs[*input] = true;
            }
        }
    }
    outputs
}

/// When values are alive; inputs lie elsewhere.
fn lives<E: Element>(
    steps: &[Step<E>],
    outputs: &[(usize, Option<Gradient>)],
    inputs: &[Option<usize>],
    lens: &[usize],
    purpose: Purpose,
) -> Vec<Option<Life>> {
    let mut lives: Vec<Option<Life>> = vec![None; lens.len()];
    for (nth, step) in steps.iter().enumerate() {
        let reads = step.op.reads();
        lives[step.output] = Some(Life {
            steps: (nth, nth),
            len: lens[step.output],
            kept: purpose.backward && reads.output,
        });
        for input in &step.inputs {
            if let Some(life) = &mut lives[*input] {
                life.steps.1 = nth;
                life.kept |= purpose.backward && reads.input;
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
fn gradient_lives<E: Element>(
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
