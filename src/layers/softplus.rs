use dfdx::prelude::{ChooseFrom, PutTape, SplitTape, TryAdd, TryDiv, TryGt, TrySub};

use super::clamp::{constant, positive_part};
use super::elementwise::elementwise;
use crate::kernels::activation::Activation;
use crate::kernels::op;
use crate::shape::{Dims, Signature};
use crate::tensor::{on_tape, scalar};

/// A smooth `Relu`.
///
/// `y = ln(1 + exp(x))` for `x ≤ 20`, else `x`
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
/// assert_eq!(Softplus.forward(x).array(), [[0.0, 2f64.ln(), 800.0]]);
/// ```
///
/// # Same as
/// `torch.nn.Softplus()`
///
/// # Source
/// Dugas et al., "Incorporating Second-Order Functional Knowledge for Better Option Pricing", 2000.
#[derive(Clone, Copy, Debug, Default)]
pub struct Softplus;

const fn signature(input: Dims) -> Signature {
    Signature::new("Softplus", input)
}

// max(0, x) + ln(1 + u) with u = exp(−|x|), which never overflows.
elementwise!([] Softplus, "Softplus", signature, [], |x| {
    let (x, tape) = x.split_tape();
    let positive = x.try_gt(scalar::<E>(0.0))?;
    let straight = x.try_gt(scalar::<E>(20.0))?;
    let (mirrored, tape) = on_tape(&x, tape, |x| x.try_negate())?;
    let (below, tape) = on_tape(&mirrored, tape, |mirrored| positive.try_choose(mirrored, x.clone()))?;
    let (u, tape) = on_tape(&below, tape, |below| below.try_exp())?;
    let (sum, tape) = on_tape(&u, tape, |u| u.try_add(scalar::<E>(1.0)))?;
    // What rounding takes from 1 + u is missing in the logarithm, too: all of it where u is tiny.
    // As a constant it leaves the gradient, which is exact, alone.
    let lost = u.try_sub(sum.clone().try_sub(scalar::<E>(1.0))?)?.try_div(sum.clone())?;
    let (curve, tape) = on_tape(&sum, tape, |sum| sum.try_ln()?.try_add(lost))?;
    let zero = constant(&x, 0.0)?;
    let (curve, tape) = on_tape(&curve, tape, |curve| straight.try_choose(zero.put_tape(Default::default()), curve))?;
    positive_part(x.put_tape(tape))?.try_add(curve)
}, |_| op::Activate(Activation::Softplus));
