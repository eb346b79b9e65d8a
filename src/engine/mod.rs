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
//! A single image is not split: where a step has enough to do, the threads share it.
//!
//! The same model, batch and number of threads give the same bits. [`with_parts`] fixes the number
//! of parts, and with it the bits, whatever the number of threads.
//!
//! # What runs elsewhere
//!
//! A model on another device, and a model that holds a layer without a description, runs layer by
//! layer through dfdx's ops. All layers of this crate describe themselves. [`with_disabled`] makes
//! every model run so, and so does [`observe`](crate::layers::observe).
//!
//! [`Layer::describe`]: crate::layers::Layer::describe

pub mod batch;
pub mod layout;
pub mod memory;
mod native;
mod picture;
pub mod plan;
mod record;
pub mod run;
pub mod steps;

pub use picture::{picture, Picture};

use std::any::Any;
use std::cell::Cell;

use dfdx::prelude::{Cpu, HasErr, Storage, Tape};

use crate::kernels::op::MOST_INPUTS;
use crate::layers::{observing, Network};
use crate::tensor::{Device, Element, Features};
use native::Input;
use plan::Purpose;

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
    let batch = inputs[0].batch();
    if DISABLED.get() || observing() || inputs.len() > MOST_INPUTS || batch == 0 {
        return Ok(None);
    }
    let Some(first) = Input::new(&inputs[0]) else {
        return Ok(None);
    };
    let mut all = [first; MOST_INPUTS];
    for (place, input) in all.iter_mut().zip(inputs) {
        match Input::new(input) {
            Some(input) => *place = input,
            None => return Ok(None),
        }
    }
    let purpose = Purpose {
        backward: T::OWNS_TAPE,
        training,
        constant: T::OWNS_TAPE && CONSTANT.get(),
    };
    let done = native::forward(
        cpu,
        std::any::type_name::<N>(),
        &mut |graph, values, outputs| model.describe(graph, values, outputs),
        batch,
        &all[..inputs.len()],
        purpose,
        PARTS.get(),
    );
    let Some(done) = done.map_err(|_| out_of_memory(device))? else {
        return Ok(None);
    };
    if let Some(record) = done.record {
        let device = device.clone();
        tape.add_backward_op(move |gradients| {
            let gradients = (gradients as &mut dyn Any).downcast_mut();
            let gradients = gradients.expect("the tape of a tensor on the CPU is, too");
            native::backward(record, gradients).map_err(|_| out_of_memory::<E, D>(&device))
        });
    }
    let mut outputs = Some(done.outputs);
    let outputs = (&mut outputs as &mut dyn Any).downcast_mut::<Option<Vec<Features<E, D>>>>();
    let outputs = outputs.and_then(Option::take);
    Ok(Some((
        outputs.expect("the device is the CPU"),
        done.statistics,
    )))
}

/// The error of a device that has no memory left.
fn out_of_memory<E: Element, D: Device<E>>(device: &D) -> D::Err {
    // Only the device can make its error: no device has memory for this many numbers.
    match Storage::<E>::try_alloc_len(device, usize::MAX / size_of::<E>()) {
        Err(error) => error,
        Ok(_) => unreachable!("memory for more numbers than there are addresses"),
    }
}
