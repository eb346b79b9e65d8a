use super::clamp::clamped;
use super::elementwise::elementwise;
use crate::kernels::activation::Activation;
use crate::kernels::op;
use crate::shape::{Dims, Signature};

/// Sets negative values to zero and those above 6 to 6.
///
/// `y = min(max(0, x), 6)`
///
/// The gradient at 0 and at 6 is 0. NaN stays NaN.
///
/// # Shapes
/// Any, unchanged.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 3>, f64, _> = dev.tensor([[-1.0, 2.0, 7.0]]);
/// assert_eq!(Relu6.forward(x).array(), [[0.0, 2.0, 6.0]]);
/// ```
///
/// # Same as
/// `torch.nn.ReLU6()`
///
/// # Source
/// Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
/// Applications", 2017.
#[derive(Clone, Copy, Debug, Default)]
pub struct Relu6;

const fn signature(input: Dims) -> Signature {
    Signature::new("Relu6", input)
}

elementwise!([] Relu6, "Relu6", signature, [], |x| clamped(x, 6.0), |_| op::Activate(Activation::Relu6));
