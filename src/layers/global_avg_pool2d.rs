use dfdx::prelude::{Axes2, MeanTo};

use super::global_pool2d::global_pooling;
use crate::kernels::op;

/// The open layer.
pub mod open {
    /// Averages every channel to one number.
    ///
    /// `y[c] = 1/(H·W) Σ_hw x[c,h,w]`
    ///
    /// # Shapes
    /// `C×H×W` → `C`, flat.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<2, 1, 2>, output = Flat<2>)]
    /// struct Net {
    ///     pool: GlobalAvgPool2d,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let x = dev.tensor([[[[1.0, 2.0]], [[5.0, -5.0]]]]);
    /// assert_eq!(net.forward(x).array(), [[1.5, 0.0]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Flat<8>, output = Flat<8>)]
    /// struct Net {
    ///     pool: GlobalAvgPool2d, // a vector has no rows and columns
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())`
    ///
    /// # Source
    /// Lin, Chen and Yan, "Network In Network", 2013.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct GlobalAvgPool2d;
}

global_pooling!(
    GlobalAvgPool2d,
    |x| x.try_mean::<_, Axes2<2, 3>>(),
    |image| op::GlobalAvgPool2d(image.planes())
);
