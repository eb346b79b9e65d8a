//! From what layers say of themselves to steps with places: everything that is decided once.

use std::ops::Range;

use super::layout::{Layout, Segment};
use super::steps::{self, Gradient, Role, Step, Steps};
use crate::kernels::crew::MOST;
use crate::kernels::op::WholeBatch;
use crate::tensor::{Element, Recorded};

/// Numbers that a segment may touch at once, so that they stay in a core's own cache.
const CACHED: usize = 128 * 1024;
/// Examples that some kernels take side by side.
const VECTOR: usize = 16;
/// Multiplications below which another thread costs more than it brings.
const WORTH_A_THREAD: usize = 2_000_000;

/// What is kept of a forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// Whether backward will follow.
    pub backward: bool,
    /// Whether layers train.
    pub training: bool,
    /// Whether nobody asks for the gradients of the inputs.
    pub constant: bool,
}

/// A model, ready to run for batches of one size.
#[derive(Debug)]
pub struct Plan<E: Element> {
    /// The ops in order.
    pub steps: Vec<Step<E>>,
    /// The steps in runs.
    pub segments: Vec<Segment>,
    /// The segments between two barriers. All but the last end with a step that gathers.
    pub phases: Vec<Range<usize>>,
    /// Examples in each part of the batch; parts run side by side.
    pub parts: Vec<Range<usize>>,
    /// For each value, which input of the model it is.
    pub inputs: Vec<Option<usize>>,
    /// Numbers of an example of each value.
    pub lens: Vec<usize>,
    /// The value of each output, and whether its gradient is the first for that value; `None` where
    /// it has no gradient.
    pub outputs: Vec<(usize, Option<Gradient>)>,
    /// The value that is written to where the model's output is to be, where nobody reads it but the
    /// caller; it lies nowhere else.
    pub direct: Option<usize>,
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
    /// Numbers that a part gathers, at most.
    pub gathered: usize,
    /// Numbers computed from parameters.
    pub prepared: usize,
    /// Threads that share every step, where there is only one part; most often one.
    pub shared: usize,
    /// Whether a step draws random numbers.
    pub draws: bool,
    /// What it was made for.
    pub purpose: Purpose,
    batch: usize,
    work: usize,
}

/// Into how many parts a batch is split, and how many threads share every step of a part.
fn threads(batch: usize, work: usize, purpose: Purpose, fixed: Option<usize>) -> (usize, usize) {
    if let Some(fixed) = fixed {
        return (fixed.clamp(1, batch), 1);
    }
    let threads = match batch.saturating_mul(work) / WORTH_A_THREAD {
        0 | 1 => 1,
        worth => worth.min(rayon::current_num_threads()),
    };
    match batch {
        // There is nothing to split.
        1 if !purpose.backward && !purpose.training => (1, threads.min(MOST)),
        _ => (threads.clamp(1, batch), 1),
    }
}

impl<E: Element> Plan<E> {
    /// Decides everything for batches of `batch` examples, which are not none.
    pub fn new(
        recorded: &Recorded<E>,
        batch: usize,
        purpose: Purpose,
        fixed: Option<usize>,
    ) -> Plan<E> {
        let Steps {
            mut steps,
            outputs,
            inputs,
            lens,
        } = steps::fused(recorded, purpose);
        let (mut indices, mut statistics, mut prepared) = (0, 0, 0);
        for step in &mut steps {
            step.indices = indices;
            indices += step.op.indices();
            step.statistics = statistics..statistics + step.op.statistics();
            statistics = step.statistics.end;
            if !(purpose.backward || purpose.training) {
                step.prepared = prepared..prepared + step.op.prepared(batch);
                prepared = step.prepared.end;
            }
        }
        let work = steps.iter().map(|s| s.op.work().max(lens[s.output])).sum();
        let (parts, shared) = threads(batch, work, purpose, fixed);
        let parts = split(batch, parts);
        let most = parts[0].len();
        let outputs = if purpose.backward {
            steps::gradients(&mut steps, &outputs, &inputs, purpose)
        } else {
            outputs.into_iter().map(|value| (value, None)).collect()
        };
        let steps = steps::halved(steps);
        let segments = segments(&steps, &lens, most);
        let mut lives = steps::lives(&steps, &outputs, &inputs, &lens, purpose);
        let direct = steps::direct(&steps, &outputs, purpose);
        if let Some(value) = direct {
            lives[value] = None;
        }
        let forward = Layout::new(&lives, &segments);
        let lives = steps::gradient_lives(&steps, &outputs, &inputs, &lens);
        let backward = Layout::new(&lives, &segments);
        let (mut scratch, mut further, mut gathered) = (0, 0, 0);
        for segment in &segments {
            for step in &steps[segment.steps.clone()] {
                scratch = scratch.max(step.op.scratch(segment.chunk));
                let pairs = step.gradients.iter().zip(&step.inputs);
                let added = pairs.filter(|(g, _)| **g == Gradient::Further);
                let added: usize = added.map(|(_, value)| lens[*value]).sum();
                further = further.max(added * segment.chunk);
                if let Some(whole) = step.op.whole_batch() {
                    gathered = gathered
                        .max(whole.gathered())
                        .max(whole.gathered_backward());
                }
            }
        }
        Plan {
            phases: phases(&steps, &segments),
            shared,
            draws: steps.iter().any(|step| step.op.draws()),
            steps,
            segments,
            parts,
            inputs,
            lens,
            outputs,
            direct,
            forward,
            backward,
            indices,
            statistics,
            scratch: scratch * shared,
            further,
            gathered,
            prepared,
            purpose,
            batch,
            work,
        }
    }

    /// The step at the end of a phase that gathers what must be known before the next; `None` for
    /// the last.
    pub fn gathers(&self, phase: usize) -> Option<(&Step<E>, &dyn WholeBatch<E>)> {
        let end = self.segments[..self.phases[phase].end].last()?.steps.end;
        let step = &self.steps[end - 1];
        let whole = step.op.whole_batch().filter(|_| step.role == Role::Gather);
        whole.map(|whole| (step, whole))
    }

    /// Whether the plan is still right for a batch, on the threads that there are now.
    pub fn fits(&self, batch: usize, purpose: Purpose, fixed: Option<usize>) -> bool {
        self.batch == batch
            && self.purpose == purpose
            && (self.parts.len(), self.shared) == threads(batch, self.work, purpose, fixed)
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

/// How many examples that touch so many numbers each are taken at once; whole vectors of examples,
/// if there are that many.
fn cached(touched: usize, most: usize) -> usize {
    let examples = CACHED / touched.max(1);
    let vectors = examples / VECTOR * VECTOR;
    let examples = if vectors > 0 { vectors } else { examples };
    examples.clamp(1, most)
}

/// Runs of steps: as long as what they touch stays in the cache with as many examples as they want
/// to see at once.
fn segments<E: Element>(steps: &[Step<E>], lens: &[usize], most: usize) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    // What the last segment touches for an example, and how many examples its steps want.
    let (mut touched, mut wanted) = (0, 1);
    for (nth, step) in steps.iter().enumerate() {
        let inputs: usize = step.inputs.iter().map(|input| lens[*input]).sum();
        let touches = inputs + lens[step.output];
        let wants = step.op.at_least().min(most);
        let chunk = cached(touched + touches, most);
        match segments.last_mut() {
            Some(segment) if steps[nth - 1].role != Role::Gather && wants.max(wanted) <= chunk => {
                segment.steps.end = nth + 1;
                segment.chunk = chunk;
                (touched, wanted) = (touched + touches, wanted.max(wants));
            }
            _ => {
                (touched, wanted) = (touches, wants);
                segments.push(Segment {
                    steps: nth..nth + 1,
                    chunk: cached(touches, most).max(wants),
                });
            }
        }
    }
    segments
}

/// Runs of segments, each of which ends behind a step that gathers.
fn phases<E: Element>(steps: &[Step<E>], segments: &[Segment]) -> Vec<Range<usize>> {
    let mut phases = Vec::new();
    let mut first = 0;
    for (nth, segment) in segments.iter().enumerate() {
        if steps[segment.steps.end - 1].role == Role::Gather || nth + 1 == segments.len() {
            phases.push(first..nth + 1);
            first = nth + 1;
        }
    }
    phases
}
