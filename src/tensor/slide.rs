//! Sliding a window over images with dfdx's public ops, on any device.
//!
//! All of them read the pixels under the window through `gather`, whose gradient dfdx knows.

use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, Dtype, GatherTo, HasShape, ReshapeTo, SplitTape, SumTo, Tape, Tensor,
};

use super::{filled, on_tape, rearrange, Device, Images, Pixels};
use crate::shape::Window2d;

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
    rearrange(x, channels, &pixels, 0.0)?.try_reshape_like(&(
        batch,
        channels,
        window.taps(),
        output.0 * output.1,
    ))
}

/// Lays what stands for the places of the window back where they were, and adds up what falls on
/// one pixel: the gradient of [`unfold`]. What falls on the padding is lost.
///
/// # Shapes
/// `(B, C, K, P)` → `(B, C, H·W)` with `K` taps and `P = places.0 · places.1` places, row by row,
/// and `H`×`W` pixels in `image`.
///
/// # Errors
/// When the device is out of memory.
///
/// # Panics
/// When `places` is not what `window` gives for an image of `H`×`W`.
///
/// # Same as
/// `torch.nn.functional.fold`, with the channels in an axis of their own.
pub fn fold<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Images<E, D, T>,
    window: &Window2d,
    places: (usize, usize),
    image: (usize, usize),
) -> Result<Pixels<E, D, T>, D::Err> {
    let &(batch, channels, ..) = x.shape();
    let count = image.0 * image.1;
    let mut falling = vec![Vec::new(); count];
    for (from, pixel) in pixels_under(window, image, places).iter().enumerate() {
        if let Some(pixel) = pixel {
            falling[*pixel].push(from);
        }
    }
    let most = falling.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let table: Vec<Option<usize>> = (0..most)
        .flat_map(|nth| falling.iter().map(move |from| from.get(nth).copied()))
        .collect();
    rearrange(x, channels, &table, 0.0)?
        .try_reshape_like(&(batch, channels, most, count))?
        .try_sum::<_, Axis<2>>()
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
