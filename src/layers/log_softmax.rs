use dfdx::prelude::{Axis, ReduceShape};

use super::elementwise::elementwise;
use crate::kernels::{op, Image};
use crate::shape::{Dims, Signature};

/// The logarithm of `Softmax`, computed in one step, which loses no digits.
///
/// `y[i] = x[i] − ln Σ_j exp(x[j])`
///
/// # Shapes
/// Any, unchanged; the sum runs over the features of a flat input, over the channels of an image.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 2>, f64, _> = dev.tensor([[-800.0, 800.0]]);
/// assert_eq!(LogSoftmax.forward(x).array(), [[-1600.0, 0.0]]);
/// ```
///
/// # Same as
/// `torch.nn.LogSoftmax(dim=1)`
#[derive(Clone, Copy, Debug, Default)]
pub struct LogSoftmax;

const fn signature(input: Dims) -> Signature {
    Signature::new("LogSoftmax", input)
}

elementwise!([] LogSoftmax, "LogSoftmax", signature, [+ ReduceShape<Axis<1>>], |x| x.try_log_softmax::<Axis<1>>(), |dims| op::LogSoftmax(Image::from(dims).planes()));
