use dfdx::prelude::{ChooseFrom, Dtype, PutTape, Tape, TryGt, TryNe};

use super::pool2d::{self, pooling};
use crate::shape::options::{LayerOption, PaddingSize, Pair};
use crate::shape::Signature;
use crate::tensor::{on_tape, taps, Device, Features};

/// The open layer.
pub mod open {
    /// Keeps the largest value under a window.
    ///
    /// `y = max_k x[k]`
    ///
    /// Where several values are the largest, the gradient goes to the first of them, row by row, as
    /// in PyTorch. NaN is larger than any number.
    ///
    /// # Shapes
    /// `C×H×W` → `C×OH×OW` with `OH = ⌊(H + 2P − K) / S⌋ + 1` and `OW` likewise.
    ///
    /// # Parameters
    /// - `K`: rows and columns of the window.
    /// - `KernelWidth<W>`: columns, where the window is not square.
    /// - `Stride<S>`: pixels from one place to the next (default: the window).
    /// - `Padding<P>`: rows and columns around the image that are never the largest (default 0, at most half of the window).
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 2, 3>, output = Chw<1, 1, 2>)]
    /// struct Net {
    ///     pool: MaxPool2d<2, Stride<1>>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let x = dev.tensor([[[[1.0, 2.0, 5.0], [3.0, 4.0, 0.0]]]]);
    /// assert_eq!(net.forward(x).array(), [[[[4.0, 5.0]]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<8, 2, 2>, output = Chw<8, 1, 1>)]
    /// struct Net {
    ///     pool: MaxPool2d<3>, // larger than the image
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.MaxPool2d(K, S, P)`
    #[derive(Clone, Copy, Debug, Default)]
    pub struct MaxPool2d<const K: usize, O1 = (), O2 = (), O3 = ()>(
        std::marker::PhantomData<(O1, O2, O3)>,
    );
}

pooling!(MaxPool2d, |x, window, output| {
    let (taps, mut tape) = taps(x, &window, output)?;
    let mut taps = taps.into_iter();
    let mut largest = taps
        .next()
        .expect("the shape rule admits no window without taps");
    for tap in taps {
        // Strictly larger, so that the first of equal values wins; NaN differs from itself.
        let better = tap.try_gt(&largest)? | tap.try_ne(&tap)?;
        (largest, tape) = on_tape(&tap, tape, |tap| better.try_choose(tap, largest))?;
    }
    largest.put_tape(tape)
});
