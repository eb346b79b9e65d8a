use dfdx::prelude::{Axis, ReduceShape};

use super::elementwise::elementwise;
use crate::kernels::{op, Image};
use crate::shape::{Dims, Signature};

/// Turns the features of a vector, or the channels of each pixel, into probabilities.
///
/// `y[i] = exp(x[i]) / Σ_j exp(x[j])`
///
/// A model that is trained by `cross_entropy_with_logits_loss` ends without it: that loss takes
/// the logits and does this itself, more exactly.
///
/// # Shapes
/// Any, unchanged; the sum runs over the features of a flat input, over the channels of an image.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 2>, f64, _> = dev.tensor([[3.0, 3.0]]);
/// assert_eq!(Softmax.forward(x).array(), [[0.5, 0.5]]);
/// ```
///
/// # Same as
/// `torch.nn.Softmax(dim=1)`
#[derive(Clone, Copy, Debug, Default)]
pub struct Softmax;

const fn signature(input: Dims) -> Signature {
    Signature::new("Softmax", input)
}

elementwise!([] Softmax, "Softmax", signature, [+ ReduceShape<Axis<1>>], |x| x.try_softmax::<Axis<1>>(), |dims| op::Softmax(Image::from(dims).planes()));
