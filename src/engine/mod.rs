//! Runs a whole model on the CPU as one op of dfdx, forward and backward.
//!
//! This room knows ops, plans and memory; it must never know a layer by name. `forward` and
//! `forward_mut` of every `#[model]` come through [`try_run`] and [`try_run_mut`].
//!
//! # How it works
//!
//! 1. The model describes itself ([`Layer::describe`]): which op reads what, on which parameters.
//!    A description that equals the last one costs no allocation, and its plan is used again.
//! 2. A plan ([`plan`]) is made once for a model and a size of batch. Ops are joined (convolution,
//!    ReLU and max-pooling are one); values get places in one arena, shared by those that are never
//!    alive at once ([`layout`]); values that backward reads keep theirs.
//! 3. The batch is split into parts, one a thread ([`batch`]); small work is one part. A part takes
//!    the model segment by segment: layers whose activations outweigh their parameters in chunks
//!    of a few images, which stay in the cache from layer to layer, dense layers with all images of
//!    the part as one matrix product.
//! 4. Where batch normalisation trains, all parts wait for each other: each gathers what it sees,
//!    then the statistics of the whole batch are settled.
//! 5. Backward runs the segments in reverse ([`run`]). Every part sums its gradients of parameters
//!    by itself; the sums are added in the order of the parts.
//! 6. Inference folds batch normalisation into the convolution before it and keeps transformed
//!    weights, until a parameter changes ([`memory::Prepared`]).
//! 7. The arena is given back when backward is done, so later steps allocate nothing of it.
//!
//! # What is equal
//!
//! The same model, batch and number of threads give the same bits. [`with_parts`] fixes the number
//! of parts, and with it the bits, whatever the number of threads.
//!
//! # What runs elsewhere
//!
//! A model on another device, and a model that holds a layer without a description (as capsules),
//! runs layer by layer through dfdx's ops. [`with_disabled`] makes every model do
//! so, and so does [`observe`](crate::layers::observe).
//!
//! [`Layer::describe`]: crate::layers::Layer::describe

pub mod batch;
pub mod layout;
pub mod memory;
mod picture;
pub mod plan;
mod record;
pub mod run;
pub mod steps;

pub use picture::{picture, Picture};

use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;

use dfdx::prelude::{Cpu, HasErr, RandomU64, Storage, Tape};

use crate::kernels::op::MOST_INPUTS;
use crate::layers::{observing, Network};
use crate::tensor::{
    filled, Device, Element, Features, Graph, Parameter, Parameters, Value, Vectors,
};
use memory::{recall, remember, Memory, Planned, Remembered};
use plan::{Plan, Purpose};
use record::Record;
use run::Given;
use steps::Role;

thread_local! {
    static DISABLED: Cell<bool> = const { Cell::new(false) };
    static PARTS: Cell<Option<usize>> = const { Cell::new(None) };
    static CONSTANT: Cell<bool> = const { Cell::new(false) };
}

/// Sets a cell until it is dropped.
struct Reset<T: Copy + 'static>(&'static std::thread::LocalKey<Cell<T>>, T);

impl<T: Copy> Drop for Reset<T> {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

fn with<T: Copy, R>(
    cell: &'static std::thread::LocalKey<Cell<T>>,
    value: T,
    run: impl FnOnce() -> R,
) -> R {
    let _reset = Reset(cell, cell.replace(value));
    run()
}

/// Runs models layer by layer through dfdx's ops, as on other devices, while `run` runs on this
/// thread.
///
/// ```
/// use shapeproof::prelude::*;
/// #[model(input = Flat<3>, output = Flat<2>)]
/// struct Net {
///     fc: Linear<2>,
/// }
/// let dev = Cpu::default();
/// let net: Net = Net::new(&dev);
/// let x = dev.tensor([[1.0, 2.0, 3.0]]);
/// let slow = shapeproof::engine::with_disabled(|| net.forward(x.clone())).array();
/// let fast = net.forward(x).array();
/// assert!((slow[0][0] - fast[0][0]).abs() < 1e-6);
/// ```
pub fn with_disabled<R>(run: impl FnOnce() -> R) -> R {
    with(&DISABLED, true, run)
}

/// Splits every batch into `parts` parts (as many as it has examples, if those are fewer) while
/// `run` runs on this thread, so that results are equal bit by bit whatever the number of threads.
///
/// Without it there are as many parts as threads, and one where the work is small.
///
/// # Panics
/// When `parts` is 0.
pub fn with_parts<R>(parts: usize, run: impl FnOnce() -> R) -> R {
    assert!(parts > 0, "a batch has at least one part");
    with(&PARTS, Some(parts), run)
}

/// Takes what flows into models for constants while `run` runs on this thread: their gradients are
/// neither computed nor stored, which saves the first layer's part of it.
///
/// PyTorch does so with inputs that do not require a gradient, as images of a data set; a tensor of
/// dfdx that carries a tape always has one. The gradients of all inputs stay without numbers, so
/// `Gradients::get` panics for them, and nothing behind them on the tape learns. Other devices, and
/// models that the engine does not run, compute them all the same.
///
/// ```
/// use shapeproof::prelude::*;
/// #[model(input = Flat<3>, output = Flat<2>)]
/// struct Net {
///     fc: Linear<2>,
/// }
/// let dev = Cpu::default();
/// let mut net: Net = Net::new(&dev);
/// let x = dev.tensor([[1.0, 2.0, 3.0]]);
/// let y = shapeproof::engine::with_constant_inputs(|| net.forward_mut(x.leaky_trace()));
/// let gradients = y.sum().backward();
/// assert_eq!(gradients.get(&net.fc.bias).array(), [1.0, 1.0]);
/// ```
pub fn with_constant_inputs<R>(run: impl FnOnce() -> R) -> R {
    with(&CONSTANT, true, run)
}

/// What a model puts out, and the tape.
type Ran<E, D, T> = Result<(Vec<Features<E, D>>, T), <D as HasErr>::Err>;

/// Evaluates a model, by the engine where it can.
///
/// # Errors
/// When the device is out of memory.
pub fn try_run<N, E, D, T>(model: &N, inputs: Vec<Features<E, D>>, mut tape: T) -> Ran<E, D, T>
where
    N: Network<E, D>,
    E: Element,
    D: Device<E>,
    T: Tape<E, D>,
{
    match native(model, &inputs, &mut tape, false)? {
        Some((outputs, _)) => Ok((outputs, tape)),
        None => model.try_run(inputs, tape),
    }
}

/// Runs a model that trains, by the engine where it can.
///
/// # Errors
/// When the device is out of memory.
pub fn try_run_mut<N, E, D, T>(
    model: &mut N,
    inputs: Vec<Features<E, D>>,
    mut tape: T,
) -> Ran<E, D, T>
where
    N: Network<E, D>,
    E: Element,
    D: Device<E>,
    T: Tape<E, D>,
{
    match native(model, &inputs, &mut tape, true)? {
        Some((outputs, statistics)) => {
            model.settle(&mut statistics.iter().map(Vec::as_slice));
            Ok((outputs, tape))
        }
        None => model.try_run_mut(inputs, tape),
    }
}

/// What the engine has put out, and what its ops have kept of the whole batch.
type Done<E, D> = Option<(Vec<Features<E, D>>, Vec<Vec<E>>)>;

/// Runs the model by the engine; `None` where it cannot.
fn native<N, E, D, T>(
    model: &N,
    inputs: &[Features<E, D>],
    tape: &mut T,
    training: bool,
) -> Result<Done<E, D>, D::Err>
where
    N: Network<E, D>,
    E: Element,
    D: Device<E>,
    T: Tape<E, D>,
{
    let Some(device) = inputs.first().map(Features::device) else {
        return Ok(None);
    };
    let Some(cpu) = (device as &dyn Any).downcast_ref::<Cpu>() else {
        return Ok(None);
    };
    let mut slices: [&[E]; MOST_INPUTS] = [&[]; MOST_INPUTS];
    for (slice, input) in slices.iter_mut().zip(inputs) {
        match input.on_cpu().and_then(Parameter::values) {
            Some(values) => *slice = values,
            None => return Ok(None),
        }
    }
    if DISABLED.get() || observing() || inputs.len() > MOST_INPUTS || inputs[0].batch() == 0 {
        return Ok(None);
    }
    let purpose = Purpose {
        backward: T::OWNS_TAPE,
        training,
        constant: T::OWNS_TAPE && CONSTANT.get(),
    };
    let batch = inputs[0].batch();
    let mut entry = recall::<E>(std::any::type_name::<N>(), batch, purpose);
    let mut parameters = std::mem::take(&mut entry.parameters).emptied();
    let planned = plan(model, inputs, &mut entry, &mut parameters, purpose);
    if purpose.training || purpose.backward {
        memory::forget_prepared::<E>(std::any::type_name::<N>());
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
        batch::forward(&planned, given, &mut memory);
        let outputs = outputs((cpu, device), &entry, &planned, given, &mut memory)?;
        let statistics = statistics(&planned, &memory);
        if purpose.backward {
            let record = Record {
                cpu: cpu.clone(),
                inputs: kept(inputs),
                parameters: parameters.tensors.iter().map(|p| p.kept()).collect(),
                outputs: kept(&outputs),
                memory,
                planned,
            };
            let device = device.clone();
            tape.add_backward_op(move |gradients| {
                let gradients = (gradients as &mut dyn Any).downcast_mut();
                let gradients = gradients.expect("the tape of a tensor on the CPU is, too");
                record
                    .backward(gradients)
                    .map_err(|_| out_of_memory::<E, D>(&device))
            });
        } else {
            planned.forward.give(memory);
        }
        Ok((outputs, statistics))
    });
    entry.parameters = parameters.emptied();
    remember(entry);
    result.transpose()
}

/// The plan for a model as it describes itself now, the old one where it is still right; `None`
/// where the model holds a layer that does not describe itself.
fn plan<'m, N, E, D>(
    model: &'m N,
    inputs: &[Features<E, D>],
    entry: &mut Remembered<E>,
    parameters: &mut Parameters<'m, E>,
    purpose: Purpose,
) -> Option<Arc<Planned<E>>>
where
    N: Network<E, D>,
    E: Element,
    D: Device<E>,
{
    let mut graph = Graph::new(&mut entry.recorded, parameters, purpose.training);
    let mut values = [Value::default(); MOST_INPUTS];
    for (value, input) in values.iter_mut().zip(inputs) {
        *value = graph.input(input.dims());
    }
    entry.outputs.clear();
    model.describe(&mut graph, &values[..inputs.len()], &mut entry.outputs)?;
    let changed = graph.finish(&entry.outputs);
    let (batch, fixed) = (inputs[0].batch(), PARTS.get());
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

/// The outputs as tensors of the device `D`, which is the CPU.
fn outputs<E: Element, D: Device<E>>(
    (cpu, device): (&Cpu, &D),
    entry: &Remembered<E>,
    planned: &Planned<E>,
    given: Given<'_, E>,
    memory: &mut Memory<E>,
) -> Result<Vec<Features<E, D>>, D::Err> {
    let batch = planned.plan.batch();
    let all = entry.recorded.outputs.iter().enumerate();
    all.map(|(nth, value)| {
        let (dims, _) = entry.recorded.values[value.index()];
        let tensor = batch::output(planned, given, memory, nth, |values| {
            filled(cpu, &(batch, dims.len()), values)
        });
        let mut tensor = Some(tensor.map_err(|_| out_of_memory(device))?);
        let tensor = (&mut tensor as &mut dyn Any).downcast_mut::<Option<Vectors<E, D>>>();
        let tensor = tensor.and_then(Option::take);
        Features::with_dims(tensor.expect("the device is the CPU"), batch, dims)
    })
    .collect()
}

/// The tensors of a model's inputs or outputs, which are on the CPU.
fn kept<E: Element, D: Device<E>>(features: &[Features<E, D>]) -> Vec<Box<dyn Parameter<E>>> {
    let tensors = features.iter().filter_map(Features::on_cpu);
    tensors.map(Parameter::kept).collect()
}

/// What every op that keeps statistics has kept, in order.
fn statistics<E: Element>(planned: &Planned<E>, memory: &Memory<E>) -> Vec<Vec<E>> {
    let steps = planned.plan.steps.iter();
    steps
        .filter(|step| step.role == Role::Apply)
        .map(|step| memory.statistics[step.statistics.clone()].to_vec())
        .collect()
}

/// The error of a device that has no memory left.
fn out_of_memory<E: Element, D: Device<E>>(device: &D) -> D::Err {
    // Only the device can make its error: no device has memory for this many numbers.
    match Storage::<E>::try_alloc_len(device, usize::MAX / size_of::<E>()) {
        Err(error) => error,
        Ok(_) => unreachable!("memory for more numbers than there are addresses"),
    }
}
