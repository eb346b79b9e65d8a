//! Kernels behind one face: what an engine needs to know of an operation to run it, whatever it
//! computes.
//!
//! An [`Op`] works on a batch of examples of any size. It owns no memory: what it reads and writes
//! comes with every call. Each has its name in `compiled.rs`, so that programs need not compile it.

mod activation;
mod batch_norm;
mod capsules;
mod compiled;
mod conv2d;
mod conv_transpose2d;
mod dropout;
mod join;
mod linear;
mod norm;
mod pool2d;
mod rearrange;
mod resize;
mod scale;
mod softmax;

pub use activation::Activate;
pub use batch_norm::BatchNorm;
pub use capsules::{CapsLength, Capsules, DigitCaps};
pub use compiled::shared;
pub use conv2d::Conv2d;
pub use conv_transpose2d::ConvTranspose2d;
pub use dropout::Dropout;
pub use join::{Add, Concat};
pub use linear::Linear;
pub use norm::{GroupNorm, LayerNorm};
pub use pool2d::{AvgPool2d, MaxPool2d, SumPool2d};
pub use rearrange::{
    AdaptiveAvgPool2d, ChannelShuffle, Crop2d, Filter2d, PixelShuffle, PixelUnshuffle,
};
pub use resize::{GlobalAvgPool2d, GlobalMaxPool2d, Pad2d, PadEnds, Upsample2d};
pub use scale::{PRelu, Scale};
pub use softmax::{LogSoftmax, Softmax};

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use super::crew::Crew;
use super::dropout::Draw;
use super::Number;

/// As many inputs as an op may have.
pub const MOST_INPUTS: usize = 6;

/// What [`Op::forward`] reads and writes.
pub struct Forward<'a, T> {
    /// One slice for each input.
    pub inputs: &'a [&'a [T]],
    /// The parameters in the order in which the layer named them.
    pub parameters: &'a [&'a [T]],
    /// Overwritten; it overlaps no input.
    pub output: &'a mut [T],
    /// [`Op::indices`] for each example; `None` where no backward will follow.
    pub indices: Option<&'a mut [u32]>,
    /// [`Op::statistics`] numbers, as [`WholeBatch::settle`] wrote them.
    pub statistics: &'a [T],
    /// [`Op::prepared`] numbers, as [`Op::prepare`] wrote them; or none.
    pub prepared: &'a [T],
    /// For [`Op::draws`].
    pub draw: Draw,
    /// Threads that may share the work; an op need not.
    pub crew: Option<&'a Crew>,
    /// At least [`Op::scratch`] numbers, for each thread of the crew; they hold anything.
    pub scratch: &'a mut [T],
}

/// What [`Op::backward`] reads and writes.
pub struct Backward<'a, 'i, 'p, T> {
    /// The inputs of [`Op::forward`]; those behind [`Reads::inputs`] are empty slices.
    pub inputs: &'a [&'a [T]],
    /// The parameters.
    pub parameters: &'a [&'a [T]],
    /// The output of [`Op::forward`]; empty unless [`Reads::output`].
    pub output: &'a [T],
    /// The gradient of the output; the op may use it as scratch memory.
    pub d_output: &'a mut [T],
    /// Overwritten with the gradients of the inputs; `None` where nobody asks for one.
    pub d_inputs: &'a mut [Option<&'i mut [T]>],
    /// The gradients of the parameters are **added to** these.
    pub d_parameters: &'a mut [&'p mut [T]],
    /// What forward wrote.
    pub indices: &'a [u32],
    /// What [`WholeBatch::settle`] wrote.
    pub statistics: &'a [T],
    /// What [`WholeBatch::settle_backward`] wrote, for an op that has it.
    pub sums: &'a [T],
    /// What forward had.
    pub draw: Draw,
    /// At least [`Op::scratch`] numbers; they hold anything.
    pub scratch: &'a mut [T],
}

/// What [`Op::backward`] needs of what [`Op::forward`] saw; an engine may forget the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// So many inputs, from the first on.
    pub inputs: usize,
    /// The output.
    pub output: bool,
}

impl Reads {
    /// Neither inputs nor output.
    pub const NOTHING: Reads = Reads {
        inputs: 0,
        output: false,
    };
    /// The first input only.
    pub const INPUT: Reads = Reads {
        inputs: 1,
        output: false,
    };
    /// The output only.
    pub const OUTPUT: Reads = Reads {
        inputs: 0,
        output: true,
    };
}

/// The op that alone reads an op's output; see [`Op::joined`].
pub struct Next<'a, T> {
    /// The op.
    pub op: &'a dyn Op<T>,
    /// How many inputs it has; the output is one of them.
    pub inputs: usize,
    /// How many parameters it has; they follow those of the op that it reads.
    pub parameters: usize,
    /// Whether a backward will follow.
    pub backward: bool,
}

/// An operation from inputs to one output, for a batch of any size.
///
/// All examples are treated alike and, but for what [`Op::whole_batch`] says, apart from each other.
pub trait Op<T: Number>: Any + Debug + Send + Sync {
    /// Computes the output.
    fn forward(&self, batch: usize, call: Forward<'_, T>);

    /// Computes the gradients.
    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>);

    /// What backward reads.
    fn reads(&self) -> Reads;

    /// Numbers of scratch memory for a batch.
    fn scratch(&self, _batch: usize) -> usize {
        0
    }

    /// Indices that forward keeps for backward, for each example.
    fn indices(&self) -> usize {
        0
    }

    /// Numbers that are kept of the whole batch, for forward, backward and the layer.
    fn statistics(&self) -> usize {
        0
    }

    /// What it wants to know of the whole batch, where examples depend on each other, as in batch
    /// normalisation while training.
    fn whole_batch(&self) -> Option<&dyn WholeBatch<T>> {
        None
    }

    /// Whether it draws random numbers.
    fn draws(&self) -> bool {
        false
    }

    /// As many examples as it wants to see at once: where the work for a call outweighs that for an
    /// example, it costs less to see many than to find a few in the cache.
    fn at_least(&self) -> usize {
        1
    }

    /// About how many multiplications an example costs; tells whether threads pay.
    fn work(&self) -> usize {
        0
    }

    /// Numbers that are computed from the parameters alone, for inference of so many examples.
    fn prepared(&self, _batch: usize) -> usize {
        0
    }

    /// Computes these numbers.
    fn prepare(&self, _parameters: &[&[T]], _prepared: &mut [T]) {}

    /// What it is called, with what is joined to it.
    fn name(&self) -> String {
        let path = std::any::type_name::<Self>();
        path.rsplit("::").next().unwrap_or(path).to_owned()
    }

    /// This op and the next, which alone reads its output, as one op that costs less than both.
    ///
    /// Its inputs and parameters are those of this op, then the further ones of the next.
    fn joined(&self, _next: &Next<'_, T>) -> Option<Arc<dyn Op<T>>> {
        None
    }
}

/// What an op learns of a whole batch that several threads see in pieces.
///
/// Forward, every thread gathers from the first input, piece by piece; then what all of them have
/// gathered is settled, and then they compute the output. Backward likewise.
pub trait WholeBatch<T: Number> {
    /// Numbers that a thread gathers; they are 0 at first.
    fn gathered(&self) -> usize;

    /// Gathers from a piece of the first input.
    fn gather(&self, batch: usize, input: &[T], gathered: &mut [T]);

    /// Computes [`Op::statistics`] from what the threads have gathered, one after the other.
    fn settle(&self, parameters: &[&[T]], gathered: &[T], statistics: &mut [T]);

    /// Numbers that a thread gathers backward; they are 0 at first.
    fn gathered_backward(&self) -> usize;

    /// Gathers from the gradient of a piece of the output, and computes the gradients of all inputs
    /// but the first.
    fn gather_backward(&self, batch: usize, call: Backward<'_, '_, '_, T>, gathered: &mut [T]);

    /// Adds to the gradients of the parameters, and sums what the threads have gathered for
    /// [`Backward::sums`].
    fn settle_backward(&self, gathered: &[T], d_parameters: &mut [&mut [T]], sums: &mut [T]);
}

/// `name`, and what follows it where that is true.
fn joined_name(name: &str, behind: &[(bool, &str)]) -> String {
    let behind = behind.iter().filter(|(is, _)| *is).map(|(_, name)| *name);
    let names: Vec<&str> = std::iter::once(name).chain(behind).collect();
    names.join(" + ")
}

/// The op behind the trait object, where it is an `O`.
pub fn downcast<O: 'static, T: Number>(op: &dyn Op<T>) -> Option<&O> {
    (op as &dyn Any).downcast_ref()
}
