use dfdx::prelude::{Dtype, ModuleVisitor, Storage, Tape, Tensor, TensorCollection, TensorOptions};

use super::batch_norm::{self, batch_norm};
use crate::tensor::{Device, Element, Features, Sizes};

/// The open layer.
pub mod open {
    /// Brings every channel to mean 0 and variance 1 over the batch, then scales and shifts it by
    /// learned numbers.
    ///
    /// `y = (x − mean) / √(var + ε) · weight + bias`, all of them one number a channel
    ///
    /// `forward_mut`, which trains, takes mean and variance (divided by the number of values) from the
    /// batch, whether there is a tape or not, and moves the running statistics towards them:
    /// `running ← (1 − momentum) · running + momentum · batch`, the variance divided by one value less.
    /// `forward`, which evaluates, takes the running statistics and leaves them as they are.
    ///
    /// One value a channel has no variance: a batch of one image of one pixel is trained by the running
    /// statistics, which it leaves as they are. PyTorch refuses it.
    ///
    /// # Shapes
    /// `C×H×W`, unchanged; `weight`, `bias`, `running_mean` and `running_var` `C`.
    ///
    /// # Parameters
    /// - `EPSILON`: ε is `1 / EPSILON` (default 100 000, ε = 1e-5).
    /// - `MOMENTUM`: the momentum is `1 / MOMENTUM` (default 10, 0.1).
    ///
    /// `weight` starts at 1, `bias` at 0. `running_mean` starts at 0, `running_var` at 1; they are
    /// saved and loaded with the parameters, but not learned.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 1, 2>, output = Chw<1, 1, 2>)]
    /// struct Net {
    ///     norm: BatchNorm2d<1>, // ε = 1
    /// }
    /// let dev = Cpu::default();
    /// let mut net: Net = Net::new(&dev);
    /// net.norm.weight = dev.tensor([5.0]);
    /// let x: Tensor<Rank4<1, 1, 1, 2>, f32, _> = dev.tensor([[[[2.25, 3.75]]]]);
    /// // Mean 3 and variance 9/16, of which an ε of 1 makes 25/16: the deviation is 5/4.
    /// assert_eq!(net.forward_mut(x).array(), [[[[-3.0, 3.0]]]]);
    /// assert_eq!(net.norm.running_mean.array(), [0.1 * 3.0]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Flat<8>, output = Flat<8>)]
    /// struct Net {
    ///     norm: BatchNorm2d, // `BatchNorm1d` is for vectors
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.BatchNorm2d(C, eps, momentum)`
    ///
    /// # Source
    /// Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
    /// Internal Covariate Shift", 2015.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct BatchNorm2d<const EPSILON: usize = 100_000, const MOMENTUM: usize = 10>;
}

batch_norm!(BatchNorm2d, chw, true);
