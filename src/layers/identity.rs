use super::elementwise::elementwise;
use crate::shape::{Dims, Signature};

/// Changes nothing: the layer for a place where a generic block wants one.
///
/// `y = x`
///
/// # Shapes
/// Any, unchanged.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let x: Tensor<Rank2<1, 2>, f64, _> = dev.tensor([[3.0, -5.0]]);
/// assert_eq!(Identity.forward(x).array(), [[3.0, -5.0]]);
/// ```
///
/// # Same as
/// `torch.nn.Identity()`
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity;

const fn signature(input: Dims) -> Signature {
    Signature::new("Identity", input)
}

elementwise!([] Identity, "Identity", signature, [], |x| Ok(x), same);
