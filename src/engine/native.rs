//! A model on the CPU, whatever its type: compiled with this crate, so that a program that defines
//! a model need not compile the engine again.

use std::sync::Arc;

use dfdx::prelude::{Cpu, CpuError, Gradients, RandomU64, Tensor, ZerosTensor};

use super::batch;
use super::memory::{self, recall, remember, Memory, Planned, Remembered};
use super::plan::{Plan, Purpose};
use super::record::Record;
use super::run::Given;
use super::steps::Role;
use crate::kernels::op::MOST_INPUTS;
use crate::shape::Dims;
use crate::tensor::{
    contiguous_mut, Device, Element, Features, Graph, Parameter, Parameters, Value,
};

/// How a model adds itself to a graph: inputs, then where its outputs go.
pub type Describe<'a, 'm, E> =
    dyn FnMut(&mut Graph<'_, 'm, E>, &[Value], &mut Vec<Value>) -> Option<()> + 'a;

/// What flows into a model.
#[derive(Clone, Copy)]
pub struct Input<'a, E: Element> {
    tensor: &'a dyn Parameter<E>,
    values: &'a [E],
    dims: Dims,
}

impl<'a, E: Element> Input<'a, E> {
    /// `None` where its numbers cannot be read on the CPU.
    pub fn new<D: Device<E>>(features: &'a Features<E, D>) -> Option<Self> {
        let tensor = features.on_cpu()?;
        Some(Input {
            tensor,
            values: tensor.values()?,
            dims: features.dims(),
        })
    }
}

/// What the engine has done.
pub struct Done<E: Element> {
    /// What the model puts out.
    pub outputs: Vec<Features<E, Cpu>>,
    /// What its ops have kept of the whole batch.
    pub statistics: Vec<Vec<E>>,
    /// What backward needs, where there will be one.
    pub record: Option<Record<E>>,
}

/// Runs the model of that name for a batch; `None` where it holds a layer that does not describe
/// itself.
///
/// `fixed` is the number of parts, where that is asked for.
// Never inlined, so that the programs above take it from this crate; see `kernels::op::shared`.
#[inline(never)]
pub fn forward<'m, E: Element>(
    cpu: &Cpu,
    name: &'static str,
    describe: &mut Describe<'_, 'm, E>,
    batch: usize,
    inputs: &[Input<'_, E>],
    purpose: Purpose,
    fixed: Option<usize>,
) -> Result<Option<Done<E>>, CpuError> {
    let mut slices: [&[E]; MOST_INPUTS] = [&[]; MOST_INPUTS];
    for (slice, input) in slices.iter_mut().zip(inputs) {
        *slice = input.values;
    }
    let mut entry = recall::<E>(name, batch, purpose);
    let mut parameters: Parameters<'m, E> = std::mem::take(&mut entry.parameters).emptied();
    let wanted = (batch, purpose, fixed);
    let planned = plan(describe, inputs, &mut entry, &mut parameters, wanted);
    if purpose.training || purpose.backward {
        memory::forget_prepared::<E>(name);
    }
    let result = planned.map(|planned| {
        let mut memory = planned.forward.take();
        let prepared = entry.prepared(&planned.plan, &parameters);
        memory.seed = match planned.plan.draws {
            true => cpu.random_u64(),
            false => 0,
        };
        let given = Given {
            inputs: &slices[..inputs.len()],
            parameters: &parameters.values,
            prepared: &prepared.values,
            seed: memory.seed,
        };
        let mut direct = match (planned.plan.direct, &entry.recorded.outputs[..]) {
            (Some(_), [value, ..]) => Some(blank(cpu, &entry, &planned, *value)?),
            _ => None,
        };
        let output = direct.as_mut().map(numbers);
        batch::forward(&planned, given, &mut memory, output);
        let mut kept = Vec::new();
        let outputs = outputs(cpu, &entry, &planned, given, &memory, direct, &mut kept)?;
        let statistics = statistics(&planned, &memory);
        let record = if purpose.backward {
            Some(Record {
                cpu: cpu.clone(),
                inputs: inputs.iter().map(|input| input.tensor.kept()).collect(),
                parameters: parameters.tensors.iter().map(|p| p.kept()).collect(),
                outputs: kept,
                memory,
                planned,
            })
        } else {
            planned.forward.give(memory);
            None
        };
        Ok(Done {
            outputs,
            statistics,
            record,
        })
    });
    entry.parameters = parameters.emptied();
    remember(entry);
    result.transpose()
}

/// Adds the gradients of the inputs and the parameters to `gradients`.
///
/// # Errors
/// When the device is out of memory.
#[inline(never)]
pub fn backward<E: Element>(
    record: Record<E>,
    gradients: &mut Gradients<E, Cpu>,
) -> Result<(), CpuError> {
    record.backward(gradients)
}

/// The plan for a model as it describes itself now, the old one where it is still right; `None`
/// where the model holds a layer that does not describe itself.
fn plan<'m, E: Element>(
    describe: &mut Describe<'_, 'm, E>,
    inputs: &[Input<'_, E>],
    entry: &mut Remembered<E>,
    parameters: &mut Parameters<'m, E>,
    (batch, purpose, fixed): (usize, Purpose, Option<usize>),
) -> Option<Arc<Planned<E>>> {
    let mut graph = Graph::new(&mut entry.recorded, parameters, purpose.training);
    let mut values = [Value::default(); MOST_INPUTS];
    for (value, input) in values.iter_mut().zip(inputs) {
        *value = graph.input(input.dims);
    }
    entry.outputs.clear();
    describe(&mut graph, &values[..inputs.len()], &mut entry.outputs)?;
    let changed = graph.finish(&entry.outputs);
    let right = |planned: &Arc<Planned<E>>| !changed && planned.plan.fits(batch, purpose, fixed);
    if !entry.planned.as_ref().is_some_and(right) {
        entry.planned = Some(Arc::new(Planned {
            plan: Plan::new(&entry.recorded, batch, purpose, fixed),
            forward: memory::Pool::default(),
            backward: memory::Pool::default(),
        }));
    }
    entry.planned.clone()
}

/// The tensor that an output becomes.
type Blank<E> = Tensor<(usize, usize, usize, usize), E, Cpu>;

/// That of one output, of zeros.
fn blank<E: Element>(
    cpu: &Cpu,
    entry: &Remembered<E>,
    planned: &Planned<E>,
    value: Value,
) -> Result<Blank<E>, CpuError> {
    let (dims, _) = entry.recorded.values[value.index()];
    cpu.try_zeros_like(&(
        planned.plan.batch(),
        dims.size(0),
        dims.size(1),
        dims.size(2),
    ))
}

/// Its numbers.
fn numbers<E: Element>(images: &mut Blank<E>) -> &mut [E] {
    contiguous_mut(images).expect("what is new lies row by row")
}

/// The outputs as tensors; the first may be there already. They are also `kept` for backward, where
/// there will be one.
fn outputs<E: Element>(
    cpu: &Cpu,
    entry: &Remembered<E>,
    planned: &Planned<E>,
    given: Given<'_, E>,
    memory: &Memory<E>,
    mut direct: Option<Blank<E>>,
    kept: &mut Vec<Box<dyn Parameter<E>>>,
) -> Result<Vec<Features<E, Cpu>>, CpuError> {
    let all = entry.recorded.outputs.iter().enumerate();
    all.map(|(nth, value)| {
        let (dims, _) = entry.recorded.values[value.index()];
        let images = match direct.take() {
            Some(images) => images,
            None => {
                let mut images = blank(cpu, entry, planned, *value)?;
                batch::output(planned, given, memory, nth, numbers(&mut images));
                images
            }
        };
        if planned.plan.purpose.backward {
            kept.push(images.kept());
        }
        Ok(Features::laid_out(images, dims))
    })
    .collect()
}

/// What every op that keeps statistics has kept, in order.
fn statistics<E: Element>(planned: &Planned<E>, memory: &Memory<E>) -> Vec<Vec<E>> {
    let steps = planned.plan.steps.iter();
    steps
        .filter(|step| step.role == Role::Apply)
        .map(|step| memory.statistics[step.statistics.clone()].to_vec())
        .collect()
}

type Forward<E> = for<'m> fn(
    &Cpu,
    &'static str,
    &mut Describe<'_, 'm, E>,
    usize,
    &[Input<'_, E>],
    Purpose,
    Option<usize>,
) -> Result<Option<Done<E>>, CpuError>;
type Backward<E> = fn(Record<E>, &mut Gradients<E, Cpu>) -> Result<(), CpuError>;

#[used]
static F32: (Forward<f32>, Backward<f32>) = (forward, backward);
#[used]
static F64: (Forward<f64>, Backward<f64>) = (forward, backward);
