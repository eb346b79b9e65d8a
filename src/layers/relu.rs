use dfdx::prelude::{PutTape, SplitTape, TryAdd, TryMul};

use super::elementwise::elementwise;
use crate::kernels::activation::Activation;
use crate::kernels::op::Activate;
use crate::shape::{Dims, Signature};
use crate::tensor::scalar;

/// Sets negative values to zero.
///
/// `y = max(0, x)`
///
/// The gradient at 0 is 0. NaN stays NaN.
///
/// # Shapes
/// Any, unchanged.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 3>, f64, _> = dev.tensor([[-1.0, 0.0, 2.0]]);
/// assert_eq!(Relu.forward(x).array(), [[0.0, 0.0, 2.0]]);
/// ```
///
/// # Same as
/// `torch.nn.ReLU()`
///
/// # Source
/// Nair and Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines", 2010.
#[derive(Clone, Copy, Debug, Default)]
pub struct Relu;

const fn signature(input: Dims) -> Signature {
    Signature::new("Relu", input)
}

elementwise!([] Relu, "Relu", signature, [], |x| {
    let (x, tape) = x.split_tape();
    // dfdx's `relu` turns NaN into 0, so that a run that diverges would look healthy. This is 0 for
    // every number and both infinities, and NaN for NaN.
    let square = x.clone().try_square()?;
    let nan_or_zero = square
        .try_add(scalar::<E>(1.0))?
        .try_recip()?
        .try_mul(scalar::<E>(0.0))?;
    x.put_tape(tape).try_relu()?.try_add(nan_or_zero)
}, |_| Activate(Activation::Relu));
