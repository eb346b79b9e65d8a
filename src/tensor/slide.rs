//! Sliding a window over images with dfdx's public ops, on any device.
//!
//! Both ops extend every channel by one cell that stands for the padding and read the places of
//! the window through `gather`, whose gradient dfdx knows.

use dfdx::prelude::{Axis, Const, Dim, Dtype, GatherTo, ReshapeTo, Tape, Tensor, TryConcatAlong};
use dfdx::tensor_ops::BroadcastTo;

use super::{filled, on_tape, scalar, Device};
use crate::shape::Window2d;

/// A batch of images whose pixels lie in one axis.
type Pixels<B, const C: usize, E, D, T> = Tensor<(B, Const<C>, usize), E, D, T>;

/// For every tap of `window` (row by row) and every place (row by row): which pixel lies under it,
/// `height·width` for the padding.
fn indices(window: &Window2d, input: (usize, usize), output: (usize, usize)) -> Vec<usize> {
    let (height, width) = input;
    let (above, _) = window.padding(0);
    let (left, _) = window.padding(1);
    let mut indices = Vec::with_capacity(window.taps() * output.0 * output.1);
    for ky in 0..window.kernel.0 {
        for kx in 0..window.kernel.1 {
            for oy in 0..output.0 {
                let y = (oy * window.stride.0 + ky * window.dilation.0).checked_sub(above);
                for ox in 0..output.1 {
                    let x = (ox * window.stride.1 + kx * window.dilation.1).checked_sub(left);
                    indices.push(match (y, x) {
                        (Some(y), Some(x)) if y < height && x < width => y * width + x,
                        _ => height * width,
                    });
                }
            }
        }
    }
    indices
}

/// The images with their pixels in one axis, and behind them one cell of `padding` where the
/// window ever leaves the image.
#[allow(clippy::type_complexity)]
fn padded<B, const C: usize, const H: usize, const W: usize, E, D, T>(
    x: Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>,
    indices: &[usize],
    padding: f64,
) -> Result<Pixels<B, C, E, D, T>, D::Err>
where
    B: Dim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    let (batch, device) = (x.shape_batch(), x.device().clone());
    let x = x.try_reshape_like(&(batch, Const::<C>, H * W))?;
    if !indices.contains(&(H * W)) {
        return Ok(x);
    }
    let cell = filled(&device, &(), &[scalar::<E>(padding)])?
        .try_broadcast_like(&(batch, Const::<C>, 1usize))?;
    (x, cell).try_concat_along(Axis::<2>)
}

/// The dimension of the batch.
trait ShapeBatch<B> {
    fn shape_batch(&self) -> B;
}

impl<B: Dim, const C: usize, const H: usize, const W: usize, E: Dtype, D: Device<E>, T>
    ShapeBatch<B> for Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>
{
    fn shape_batch(&self) -> B {
        use dfdx::prelude::HasShape;
        self.shape().0
    }
}

/// Lays the pixels under every place of the window side by side.
///
/// # Shapes
/// `(B, C, H, W)` → `(B, C, K, P)` with `K` taps, row by row, and `P = output.0 · output.1`
/// places, row by row. The padding is 0.
///
/// # Errors
/// When the device is out of memory.
///
/// # Same as
/// `torch.nn.functional.unfold`, with the channels in an axis of their own.
#[allow(clippy::type_complexity)]
pub fn unfold<B, const C: usize, const H: usize, const W: usize, E, D, T>(
    x: Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>,
    window: &Window2d,
    output: (usize, usize),
) -> Result<Tensor<(B, Const<C>, usize, usize), E, D, T>, D::Err>
where
    B: Dim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    let (batch, device) = (x.shape_batch(), x.device().clone());
    let indices = indices(window, (H, W), output);
    let x = padded(x, &indices, 0.0)?;
    let places = filled(&device, &(indices.len(),), &indices)?.try_broadcast_like(&(
        batch,
        Const::<C>,
        indices.len(),
    ))?;
    let x: Pixels<B, C, E, D, T> = x.try_gather(places)?;
    x.try_reshape_like(&(batch, Const::<C>, window.taps(), output.0 * output.1))
}

/// For every tap of the window the pixels under it: one tensor of shape `(B, C, P)` a tap.
///
/// The padding is `−∞`, so that it never is a maximum.
///
/// # Errors
/// When the device is out of memory.
#[allow(clippy::type_complexity)]
pub fn taps<B, const C: usize, const H: usize, const W: usize, E, D, T>(
    x: Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>,
    window: &Window2d,
    output: (usize, usize),
) -> Result<(Vec<Tensor<(B, Const<C>, usize), E, D>>, T), D::Err>
where
    B: Dim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    let (batch, device) = (x.shape_batch(), x.device().clone());
    let indices = indices(window, (H, W), output);
    let x = padded(x, &indices, f64::NEG_INFINITY)?;
    let (x, mut tape) = dfdx::prelude::SplitTape::split_tape(x);
    let mut taps = Vec::with_capacity(window.taps());
    for places in indices.chunks(output.0 * output.1) {
        let places = filled(&device, &(places.len(),), places)?.try_broadcast_like(&(
            batch,
            Const::<C>,
            places.len(),
        ))?;
        let (tap, rest) = on_tape(&x, tape, |x| x.try_gather(places))?;
        taps.push(tap);
        tape = rest;
    }
    Ok((taps, tape))
}
