use super::open::{Capsules, Conv2d};
use crate::block;
use crate::shape::options::{Kernel, Stride};

/// The lowest capsules: a convolution whose `F` filters are bundled into capsules of `DIM` values.
///
/// # Shapes
/// `C×H×W` → `(F/DIM·OH·OW)×DIM×1`, with `OH` and `OW` as for `Conv2d`; the parameters are those of
/// `conv`.
///
/// # Parameters
/// - `F`: filters, `DIM` for each kind of capsule.
/// - `DIM`: values of a capsule.
/// - `K`: size of the kernel.
/// - `S`: its stride.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// #[model(input = Chw<256, 20, 20>, output = Chw<1152, 8, 1>)]
/// struct Net {
///     primary: PrimaryCaps<256, 8, 9, 2>,
/// }
/// ```
///
/// # Source
/// Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", 2017.
#[block]
#[derive(Debug)]
pub struct PrimaryCaps<const F: usize, const DIM: usize, const K: usize, const S: usize> {
    /// The convolution.
    pub conv: Conv2d<F, Kernel<K>, Stride<S>>,
    /// Bundling and squashing.
    pub capsules: Capsules<DIM>,
}
