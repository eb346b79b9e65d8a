use super::elementwise::elementwise;
use crate::kernels::activation::Activation;
use crate::kernels::op::Activate;
use crate::shape::{Dims, Signature};

/// Squashes every value into 0..1.
///
/// `y = 1 / (1 + exp(−x))`
///
/// # Shapes
/// Any, unchanged.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 3>, f64, _> = dev.tensor([[-800.0, 0.0, 800.0]]);
/// assert_eq!(Sigmoid.forward(x).array(), [[0.0, 0.5, 1.0]]);
/// ```
///
/// # Same as
/// `torch.nn.Sigmoid()`
#[derive(Clone, Copy, Debug, Default)]
pub struct Sigmoid;

const fn signature(input: Dims) -> Signature {
    Signature::new("Sigmoid", input)
}

elementwise!([] Sigmoid, "Sigmoid", signature, [], |x| x.try_sigmoid(), |_| Activate(Activation::Sigmoid));
