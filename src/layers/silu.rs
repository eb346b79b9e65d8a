use dfdx::prelude::{PutTape, SplitTape, TryMul};

use super::elementwise::elementwise;
use crate::kernels::activation::Activation;
use crate::kernels::op;
use crate::shape::{Dims, Signature};
use crate::tensor::on_tape;

/// Weighs every value by its own sigmoid: the swish.
///
/// `y = x · σ(x) = x / (1 + exp(−x))`
///
/// # Shapes
/// Any, unchanged.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 3>, f64, _> = dev.tensor([[-800.0, 0.0, 800.0]]);
/// assert_eq!(Silu.forward(x).array(), [[0.0, 0.0, 800.0]]);
/// ```
///
/// # Same as
/// `torch.nn.SiLU()`
///
/// # Source
/// Ramachandran, Zoph and Le, "Searching for Activation Functions", 2017.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silu;

const fn signature(input: Dims) -> Signature {
    Signature::new("Silu", input)
}

elementwise!([] Silu, "Silu", signature, [], |x| {
    let (x, tape) = x.split_tape();
    let (weight, tape) = on_tape(&x, tape, |x| x.try_sigmoid())?;
    x.put_tape(tape).try_mul(weight)
}, |_| op::Activate(Activation::Silu));
