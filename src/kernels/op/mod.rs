//! Kernels behind one face: what an engine needs to know of an operation to run it, whatever it
//! computes.
//!
//! An [`Op`] works on a batch of examples of any size. It owns no memory: what it reads and writes
//! comes with every call.

mod activation;
mod batch_norm;
mod conv2d;
mod conv_transpose2d;
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
pub use conv2d::Conv2d;
pub use conv_transpose2d::ConvTranspose2d;
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
    /// [`Op::statistics`] numbers.
    pub statistics: &'a mut [T],
    /// At least [`Op::scratch`] numbers; they hold anything.
    pub scratch: &'a mut [T],
}

/// What [`Op::backward`] reads and writes.
pub struct Backward<'a, 'i, 'p, T> {
    /// The inputs of [`Op::forward`]; empty slices unless [`Reads::input`].
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
    /// What forward wrote.
    pub statistics: &'a [T],
    /// At least [`Op::scratch`] numbers; they hold anything.
    pub scratch: &'a mut [T],
}

/// What [`Op::backward`] needs of what [`Op::forward`] saw; an engine may forget the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// The inputs.
    pub input: bool,
    /// The output.
    pub output: bool,
}

impl Reads {
    /// Neither inputs nor output.
    pub const NOTHING: Reads = Reads {
        input: false,
        output: false,
    };
    /// The inputs only.
    pub const INPUT: Reads = Reads {
        input: true,
        output: false,
    };
    /// The output only.
    pub const OUTPUT: Reads = Reads {
        input: false,
        output: true,
    };
}

/// An operation from inputs to one output, for a batch of any size.
///
/// All examples are treated alike and apart from each other, unless [`Op::whole_batch`].
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

    /// Numbers that forward keeps for backward, and for the layer to settle, for the whole batch.
    fn statistics(&self) -> usize {
        0
    }

    /// Whether examples depend on each other, as in batch normalisation while training.
    fn whole_batch(&self) -> bool {
        false
    }

    /// Whether it costs less to see many examples at once than to find the few it sees in the
    /// cache: true where parameters outweigh activations.
    fn prefers_batch(&self) -> bool {
        false
    }

    /// About how many multiplications an example costs; tells whether threads pay.
    fn work(&self) -> usize {
        0
    }

    /// This op and the `next`, which alone reads its output, as one op that costs less than both.
    fn joined(&self, _next: &dyn Op<T>) -> Option<Arc<dyn Op<T>>> {
        None
    }
}

/// The op behind the trait object, where it is an `O`.
pub fn downcast<O: 'static, T: Number>(op: &dyn Op<T>) -> Option<&O> {
    (op as &dyn Any).downcast_ref()
}
