use dfdx::prelude::{
    Axes3, Axis, BroadcastTo, ChooseFrom, Dtype, HasShape, MaxTo, MinTo, PutTape, ReshapeTo,
    SplitTape, SumTo, Tape, TryAdd, TryEq, TryNe,
};

use super::clamp::constant;
use super::global_pool2d::global_pooling;
use crate::kernels::op;
use crate::tensor::{filled, scalar, Device, Images, Pixels};

/// The open layer.
pub mod open {
    /// Keeps the largest value of every channel.
    ///
    /// `y[c] = max_hw x[c,h,w]`
    ///
    /// Where several values are the largest, the gradient goes to the first of them, row by row, as
    /// in PyTorch. NaN is larger than any number; of several NaN the first takes the gradient.
    ///
    /// # Shapes
    /// `C×H×W` → `C`, flat.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<2, 1, 2>, output = Flat<2>)]
    /// struct Net {
    ///     pool: GlobalMaxPool2d,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let x = dev.tensor([[[[1.0, 2.0]], [[-4.0, -5.0]]]]);
    /// assert_eq!(net.forward(x).array(), [[2.0, -4.0]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Flat<8>, output = Flat<8>)]
    /// struct Net {
    ///     pool: GlobalMaxPool2d, // a vector has no rows and columns
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.Sequential(torch.nn.AdaptiveMaxPool2d(1), torch.nn.Flatten())`
    #[derive(Clone, Copy, Debug, Default)]
    pub struct GlobalMaxPool2d;
}

global_pooling!(
    GlobalMaxPool2d,
    |x| {
        let &(batch, channels, height, _) = x.shape();
        let rows = largest_in_rows(x)?.try_reshape_like(&(batch, channels, 1, height))?;
        largest_in_rows(rows)?.try_reshape_like(&(batch, channels))
    },
    |image| op::GlobalMaxPool2d(image.planes())
);

/// The largest value of every row: `(B, C, H, W)` → `(B, C, H)`.
///
/// Every pixel gets a rank by its place: NaN first, then the largest, then all others. The pixel of
/// the lowest rank is the one that counts.
fn largest_in_rows<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Images<E, D, T>,
) -> Result<Pixels<E, D, T>, D::Err> {
    let (x, tape) = x.split_tape();
    let (shape, width) = (*x.shape(), x.shape().3);
    let places: Vec<E> = (0..width).map(|place| scalar(place as f64)).collect();
    let places =
        filled(x.device(), &(width,), &places)?.try_broadcast_like::<_, Axes3<0, 1, 2>>(&shape)?;
    let largest = x.clone().try_max::<_, Axis<3>>()?;
    let largest = x.try_eq(&largest.try_broadcast_like::<_, Axis<3>>(&shape)?)?;
    let nan = x.try_ne(&x)?;
    let second = places.clone().try_add(constant(&x, width as f64)?)?;
    let rank = largest.try_choose(second, constant(&x, 2.0 * width as f64)?)?;
    let rank = nan.try_choose(places, rank)?;
    let first = rank.clone().try_min::<_, Axis<3>>()?;
    let counts = rank.try_eq(&first.try_broadcast_like::<_, Axis<3>>(&shape)?)?;
    let zero = constant(&x, 0.0)?;
    counts
        .try_choose(x.put_tape(tape), zero)?
        .try_sum::<_, Axis<3>>()
}
