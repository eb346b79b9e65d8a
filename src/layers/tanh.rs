use super::elementwise::elementwise;
use crate::kernels::activation::Activation;
use crate::kernels::op::Activate;
use crate::shape::{Dims, Signature};

/// Squashes every value into −1..1.
///
/// `y = tanh(x)`
///
/// # Shapes
/// Any, unchanged.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 3>, f64, _> = dev.tensor([[-800.0, 0.0, 800.0]]);
/// assert_eq!(Tanh.forward(x).array(), [[-1.0, 0.0, 1.0]]);
/// ```
///
/// # Same as
/// `torch.nn.Tanh()`
#[derive(Clone, Copy, Debug, Default)]
pub struct Tanh;

const fn signature(input: Dims) -> Signature {
    Signature::new("Tanh", input)
}

elementwise!([] Tanh, "Tanh", signature, [], |x| x.try_tanh(), |_| Activate(Activation::Tanh));
