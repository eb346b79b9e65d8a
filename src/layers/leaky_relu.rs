use dfdx::prelude::{ChooseFrom, PutTape, SplitTape, TryGt, TryMul};

use super::elementwise::elementwise;
use crate::kernels::activation::Activation;
use crate::kernels::op::Activate;
use crate::shape::{Dims, Misfit, Signature};
use crate::tensor::{on_tape, scalar};

/// Scales negative values down instead of dropping them.
///
/// `y = x` for `x > 0`, else `slope · x`, with `slope = NUMERATOR / DENOMINATOR`
///
/// # Shapes
/// Any, unchanged.
///
/// # Parameters
/// - `NUMERATOR`, `DENOMINATOR`: the slope below zero as a fraction (default 1/100).
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 3>, f64, _> = dev.tensor([[-1.0, 0.0, 2.0]]);
/// assert_eq!(LeakyRelu::<1, 4>.forward(x).array(), [[-0.25, 0.0, 2.0]]);
/// ```
///
/// # Same as
/// `torch.nn.LeakyReLU(negative_slope)`
///
/// # Source
/// Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeakyRelu<const NUMERATOR: usize = 1, const DENOMINATOR: usize = 100>;

const fn signature<const N: usize, const M: usize>(input: Dims) -> Signature {
    if M == 0 {
        let what = "denominator of the slope";
        return Signature::misfit("LeakyRelu", Misfit::Zero { what }, input);
    }
    Signature::new("LeakyRelu", input)
}

elementwise!([const N: usize, const M: usize] LeakyRelu<N, M>, "LeakyRelu", signature::<N, M>, [], |x| {
    let (x, tape) = x.split_tape();
    let positive = x.try_gt(scalar::<E>(0.0))?;
    let (scaled, tape) =
        on_tape(&x, tape, |x| x.try_mul(scalar::<E>(N as f64 / M as f64)))?;
    positive.try_choose(x.put_tape(tape), scaled)
}, |_| Activate(Activation::LeakyRelu { slope: N as f64 / M as f64 }));
