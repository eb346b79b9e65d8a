use dfdx::prelude::{Axis, Dtype, SumTo, Tape};

use super::pool2d::{self, pooling};
use crate::shape::options::{LayerOption, PaddingSize, Pair};
use crate::shape::Signature;
use crate::tensor::{unfold, Device, Features};

/// The open layer.
pub mod open {
    /// Adds the values under a window.
    ///
    /// `y = Σ_k x[k]`
    ///
    /// # Shapes
    /// `C×H×W` → `C×OH×OW` with `OH = ⌊(H + 2P − K) / S⌋ + 1` and `OW` likewise.
    ///
    /// # Parameters
    /// - `K`: rows and columns of the window.
    /// - `KernelWidth<W>`: columns, where the window is not square.
    /// - `Stride<S>`: pixels from one place to the next (default: the window).
    /// - `Padding<P>`: zeros around the image (default 0, at most half of the window).
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 2, 3>, output = Chw<1, 1, 2>)]
    /// struct Net {
    ///     pool: SumPool2d<2, Stride<1>>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let x = dev.tensor([[[[1.0, 2.0, 5.0], [3.0, 4.0, 0.0]]]]);
    /// assert_eq!(net.forward(x).array(), [[[[10.0, 11.0]]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<8, 2, 2>, output = Chw<8, 1, 1>)]
    /// struct Net {
    ///     pool: SumPool2d<3>, // larger than the image
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.LPPool2d(1, K, S)` on values that are not negative, or `K·K` times `torch.nn.AvgPool2d`
    #[derive(Clone, Copy, Debug, Default)]
    pub struct SumPool2d<const K: usize, O1 = (), O2 = (), O3 = ()>(
        std::marker::PhantomData<(O1, O2, O3)>,
    );
}

pooling!(SumPool2d, |x, window, output| {
    unfold(x, &window, output)?.try_sum::<_, Axis<2>>()?
});
