use dfdx::prelude::{ChooseFrom, PutTape, SplitTape, TryAdd, TryDiv, TryGt, TryMul};

use super::clamp::negative_part;
use super::elementwise::elementwise;
use crate::kernels::activation::Activation;
use crate::kernels::op;
use crate::shape::{Dims, Signature};
use crate::tensor::{on_tape, scalar};

/// Bends negative values towards −1 instead of dropping them.
///
/// `y = x` for `x > 0`, else `exp(x) − 1`
///
/// NaN stays NaN.
///
/// # Shapes
/// Any, unchanged.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 3>, f64, _> = dev.tensor([[-800.0, 0.0, 800.0]]);
/// assert_eq!(Elu.forward(x).array(), [[-1.0, 0.0, 800.0]]);
/// ```
///
/// # Same as
/// `torch.nn.ELU()`
///
/// # Source
/// Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by Exponential
/// Linear Units (ELUs)", 2015.
#[derive(Clone, Copy, Debug, Default)]
pub struct Elu;

const fn signature(input: Dims) -> Signature {
    Signature::new("Elu", input)
}

elementwise!([] Elu, "Elu", signature, [], |x| {
    let (x, tape) = x.split_tape();
    let positive = x.try_gt(scalar::<E>(0.0))?;
    // exp(x) − 1 = 2t / (1 − t) with t = tanh(x/2), which loses no digits where x is small. Only
    // values below 0 go this way, so that 1 − t is at least 1.
    let (t, tape) = on_tape(&x, tape, |x| {
        negative_part(x)?.try_mul(scalar::<E>(0.5))?.try_tanh()
    })?;
    let (rest, tape) = on_tape(&t, tape, |t| t.try_negate()?.try_add(scalar::<E>(1.0)))?;
    let (bent, tape) = on_tape(&t, tape, |t| t.try_mul(scalar::<E>(2.0))?.try_div(rest))?;
    positive.try_choose(x.put_tape(tape), bent)
}, |_| op::Activate(Activation::Elu { alpha: 1.0 }));
