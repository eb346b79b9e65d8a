use dfdx::prelude::{PutTape, SplitTape, TryAdd, TryMul, TrySub};

use super::elementwise::elementwise;
use crate::kernels::activation::Activation;
use crate::kernels::op::Activate;
use crate::shape::{Dims, Signature};
use crate::tensor::{on_tape, scalar};

/// Weighs every value by the probability that a standard normal number is smaller.
///
/// `y = x · Φ(x) = x/2 · (1 + erf(x / √2))`
///
/// # Shapes
/// Any, unchanged.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 3>, f64, _> = dev.tensor([[-800.0, 0.0, 800.0]]);
/// assert_eq!(Gelu.forward(x).array(), [[0.0, 0.0, 800.0]]);
/// ```
///
/// # Same as
/// `torch.nn.GELU()`
///
/// # Source
/// Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gelu;

const fn signature(input: Dims) -> Signature {
    Signature::new("Gelu", input)
}

elementwise!([] Gelu, "Gelu", signature, [], |x| {
    let (x, tape) = x.split_tape();
    let (y, tape) = on_tape(&x, tape, |x| x.try_accurate_gelu())?;
    if !T::OWNS_TAPE {
        return Ok(y.put_tape(tape));
    }
    // The gradient is Φ(x) + x·φ(x), but dfdx 0.13 gives Φ(x) + √2·x·φ(x). With the gradient of
    // φ being −x·φ(x), adding (√2 − 1)·(φ(x) − φ(x)), where only the first counts as a function
    // of x, changes no value and mends the gradient.
    let density = (2f64.sqrt() - 1.0) / (2.0 * std::f64::consts::PI).sqrt();
    let (bump, tape) = on_tape(&x, tape, |x| {
        let exponent = x.try_square()?.try_mul(scalar::<E>(-0.5))?;
        exponent.try_exp()?.try_mul(scalar::<E>(density))
    })?;
    let constant = bump.clone().try_mul(scalar::<E>(1.0))?;
    let (zero, tape) = on_tape(&bump, tape, |bump| bump.try_sub(constant))?;
    y.put_tape(tape).try_add(zero)
}, |_| Activate(Activation::Gelu));
