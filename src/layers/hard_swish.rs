use dfdx::prelude::{PutTape, SplitTape, TryAdd, TryDiv, TryMul};

use super::clamp::clamped;
use super::elementwise::elementwise;
use crate::kernels::activation::Activation;
use crate::kernels::op;
use crate::shape::{Dims, Signature};
use crate::tensor::{on_tape, scalar};

/// Weighs every value by its own hard sigmoid.
///
/// `y = x · min(max(0, x + 3), 6) / 6`
///
/// The gradient at −3 is 0, at 3 it is 1. NaN stays NaN.
///
/// # Shapes
/// Any, unchanged.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 4>, f64, _> = dev.tensor([[-4.0, -1.0, 0.0, 4.0]]);
/// assert_eq!(HardSwish.forward(x).array(), [[0.0, -1.0 / 3.0, 0.0, 4.0]]);
/// ```
///
/// # Same as
/// `torch.nn.Hardswish()`
///
/// # Source
/// Howard et al., "Searching for MobileNetV3", 2019.
#[derive(Clone, Copy, Debug, Default)]
pub struct HardSwish;

const fn signature(input: Dims) -> Signature {
    Signature::new("HardSwish", input)
}

elementwise!([] HardSwish, "HardSwish", signature, [], |x| {
    let (x, tape) = x.split_tape();
    let (weight, tape) =
        on_tape(&x, tape, |x| clamped(x.try_add(scalar::<E>(3.0))?, 6.0))?;
    x.put_tape(tape).try_mul(weight)?.try_div(scalar::<E>(6.0))
}, |_| op::Activate(Activation::HardSwish));
