//! Sliding a window over images with dfdx's public ops, on any device.
//!
//! Both ops lay the pixels of a channel in one axis and read those under the window through
//! `gather`, whose gradient dfdx knows.

use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, Dtype, GatherTo, HasShape, ReshapeTo, SplitTape, Tape, Tensor,
    TryConcatAlong,
};

use super::{filled, on_tape, scalar, Device, Images};
use crate::shape::Window2d;

/// A batch of images whose pixels lie in one axis: `(batch, channels, pixels)`.
pub(crate) type Pixels<E, D, T> = Tensor<(usize, usize, usize), E, D, T>;

/// For every tap of `window` (row by row) and every place (row by row): which pixel lies under it,
/// `None` for the padding.
fn pixels_under(
    window: &Window2d,
    (height, width): (usize, usize),
    output: (usize, usize),
) -> Vec<Option<usize>> {
    let (above, _) = window.padding(0);
    let (left, _) = window.padding(1);
    let mut pixels = Vec::with_capacity(window.taps() * output.0 * output.1);
    for ky in 0..window.kernel.0 {
        for kx in 0..window.kernel.1 {
            for oy in 0..output.0 {
                let y = (oy * window.stride.0 + ky * window.dilation.0).checked_sub(above);
                for ox in 0..output.1 {
                    let x = (ox * window.stride.1 + kx * window.dilation.1).checked_sub(left);
                    pixels.push(match (y, x) {
                        (Some(y), Some(x)) if y < height && x < width => Some(y * width + x),
                        _ => None,
                    });
                }
            }
        }
    }
    pixels
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
/// # Panics
/// When `output` is not what `window` gives for an image of `H`×`W`.
///
/// # Same as
/// `torch.nn.functional.unfold`, with the channels in an axis of their own.
pub fn unfold<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Images<E, D, T>,
    window: &Window2d,
    output: (usize, usize),
) -> Result<Images<E, D, T>, D::Err> {
    let &(batch, channels, height, width) = x.shape();
    let pixels = pixels_under(window, (height, width), output);
    let places = output.0 * output.1;
    pick(x, &pixels)?.try_reshape_like(&(batch, channels, window.taps(), places))
}

/// Takes pixels, counted row by row, out of every channel; 0 where there is `None`.
///
/// # Shapes
/// `(B, C, H, W)` → `(B, C, N)` for `N` pixels.
///
/// # Errors
/// When the device is out of memory.
pub(crate) fn pick<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Images<E, D, T>,
    pixels: &[Option<usize>],
) -> Result<Pixels<E, D, T>, D::Err> {
    let (&(batch, channels, height, width), device) = (x.shape(), x.device().clone());
    let x = x.try_reshape_like(&(batch, channels, height * width))?;
    let x = if pixels.contains(&None) {
        // One cell behind the last pixel stands for all of the padding.
        let zero = filled(&device, &(), &[scalar::<E>(0.0)])?
            .try_broadcast_like(&(batch, channels, 1usize))?;
        (x, zero).try_concat_along(Axis::<2>)?
    } else {
        x
    };
    let indices: Vec<usize> = pixels.iter().map(|p| p.unwrap_or(height * width)).collect();
    let places = filled(&device, &(indices.len(),), &indices)?
        .try_broadcast_like::<_, Axes2<0, 1>>(&(batch, channels, indices.len()))?;
    x.try_gather(places)
}

/// For every tap of the window the pixels under it: one tensor of shape `(B, C, P)` a tap.
///
/// Where a tap lies in the padding it repeats the first tap of its window that does not: so the
/// padding never adds a value to choose from, nor takes a gradient. Every window must reach into
/// the image, which the shape rule of poolings sees to.
///
/// # Errors
/// When the device is out of memory.
///
/// # Panics
/// When `output` is not what `window` gives for an image of `H`×`W`.
#[allow(clippy::type_complexity)]
pub fn taps<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Images<E, D, T>,
    window: &Window2d,
    output: (usize, usize),
) -> Result<(Vec<Tensor<(usize, usize, usize), E, D>>, T), D::Err> {
    let (&(batch, channels, height, width), device) = (x.shape(), x.device().clone());
    let pixels = pixels_under(window, (height, width), output);
    let count = output.0 * output.1;
    let first: Vec<usize> = (0..count)
        .map(|place| {
            let mut taps = pixels.iter().skip(place).step_by(count);
            taps.find_map(|pixel| *pixel).unwrap_or(0)
        })
        .collect();
    let (x, mut tape) = x
        .try_reshape_like(&(batch, channels, height * width))?
        .split_tape();
    let mut taps = Vec::with_capacity(window.taps());
    for tap in pixels.chunks(count) {
        let places = tap.iter().zip(&first);
        let places: Vec<usize> = places
            .map(|(pixel, first)| pixel.unwrap_or(*first))
            .collect();
        let places = filled(&device, &(count,), &places)?
            .try_broadcast_like::<_, Axes2<0, 1>>(&(batch, channels, count))?;
        let (tap, rest) = on_tape(&x, tape, |x| x.try_gather(places))?;
        taps.push(tap);
        tape = rest;
    }
    Ok((taps, tape))
}
