use dfdx::prelude::{TryAdd, TryDiv};

use super::clamp::clamped;
use super::elementwise::elementwise;
use crate::kernels::activation::Activation;
use crate::kernels::op;
use crate::shape::{Dims, Signature};
use crate::tensor::scalar;

/// Squashes every value into 0..1 by straight lines.
///
/// `y = min(max(0, x + 3), 6) / 6`
///
/// The gradient at −3 and 3 is 0. NaN stays NaN.
///
/// # Shapes
/// Any, unchanged.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 4>, f64, _> = dev.tensor([[-4.0, 0.0, 1.5, 4.0]]);
/// assert_eq!(HardSigmoid.forward(x).array(), [[0.0, 0.5, 0.75, 1.0]]);
/// ```
///
/// # Same as
/// `torch.nn.Hardsigmoid()`
///
/// # Source
/// Howard et al., "Searching for MobileNetV3", 2019.
#[derive(Clone, Copy, Debug, Default)]
pub struct HardSigmoid;

const fn signature(input: Dims) -> Signature {
    Signature::new("HardSigmoid", input)
}

elementwise!([] HardSigmoid, "HardSigmoid", signature, [], |x| {
    clamped(x.try_add(scalar::<E>(3.0))?, 6.0)?.try_div(scalar::<E>(6.0))
}, |_| op::Activate(Activation::HardSigmoid));
