use super::elementwise::elementwise;
use crate::shape::{Dims, Signature};

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

elementwise!([] Gelu, "Gelu", signature, |_layer, x| x.try_accurate_gelu());
