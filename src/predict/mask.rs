//! The class of every pixel of a picture.

use dfdx::nn::Module;

use super::classifier::failed;
use super::PredictError;
use crate::data::{firsts, Image, Normalize, Picture};
use crate::model::Model;
use crate::shape::Chw;
use crate::tensor::{scalar, Batch, Device, Element};
use crate::train::metrics::argmax_mask;
use crate::vision::to_tensor;

/// The class of every pixel of a picture, row by row, by a model that tells it for images of `H`×`W`:
/// that of the largest of its [`predict_logits`].
///
/// # Errors
/// When the picture is smaller than a tile, or the device is out of memory.
///
/// # Panics
/// When `stride` is 0, or so large that pixels between tiles would be left out.
///
/// # Example
/// ```
/// use shapeproof::data::{Normalize, Picture};
/// use shapeproof::predict::predict_mask;
/// use shapeproof::prelude::*;
///
/// #[model(input = Chw<1, 8, 8>, output = Chw<3, 8, 8>)]
/// struct Net {
///     classes: Conv2d<3, Kernel<3>, Padding<1>>,
/// }
/// let dev = Cpu::default();
/// let net: Net = Net::new(&dev);
/// let photo = Picture::filled(20, 30, [90, 120, 150]);
/// let mask = predict_mask(&net, &dev, &photo, Normalize { mean: [0.5], std: [0.3] }, 6)?;
/// assert_eq!(mask.len(), 20 * 30);
/// assert!(mask.iter().all(|class| *class < 3));
/// # Ok::<(), shapeproof::predict::PredictError>(())
/// ```
pub fn predict_mask<const C: usize, const H: usize, const W: usize, const N: usize, E, D, M>(
    net: &M,
    device: &D,
    picture: &Picture,
    normalize: Normalize<C>,
    stride: usize,
) -> Result<Vec<u8>, PredictError>
where
    M: Model<Input = Chw<C, H, W>, Output = Chw<N, H, W>>,
    M: Module<Batch<Chw<C, H, W>, usize, E, D>, Output = Batch<Chw<N, H, W>, usize, E, D>>,
    E: Element,
    D: Device<E>,
{
    let logits = predict_logits(net, device, picture, normalize, stride)?;
    Ok(argmax_mask::<N, E>(&logits))
}

/// What a model that tells the class of every pixel says of a picture: `N` planes of logits, one for
/// each class, as large as the picture, row by row.
///
/// The picture may be larger than the `H`×`W` that the model takes: it is seen in tiles whose first
/// pixels are `stride` apart in both directions, the last of which end at its edges. Where tiles
/// overlap, the mean of their logits is taken, weighed by the distance from the edge of each, for there
/// a model knows little of what is around. The picture becomes grey where the model takes one channel.
///
/// Logits of several models, or of a picture and its mirror image ([`with_hflip`]), are added up before
/// [`argmax_mask`] decides.
///
/// # Errors
/// When the picture is smaller than a tile, or the device is out of memory.
///
/// # Panics
/// When `stride` is 0, or so large that pixels between tiles would be left out.
///
/// # Example
/// ```
/// use shapeproof::data::{Normalize, Picture};
/// use shapeproof::predict::{predict_logits, with_hflip};
/// use shapeproof::prelude::*;
/// use shapeproof::train::metrics::argmax_mask;
///
/// #[model(input = Chw<1, 8, 8>, output = Chw<3, 8, 8>)]
/// struct Net {
///     classes: Conv2d<3, Kernel<3>, Padding<1>>,
/// }
/// let dev = Cpu::default();
/// let net: Net = Net::new(&dev);
/// let photo = Picture::filled(20, 30, [90, 120, 150]);
/// let logits = |photo: &Picture| {
///     predict_logits(&net, &dev, photo, Normalize { mean: [0.5], std: [0.3] }, 6)
/// };
/// let mask = argmax_mask::<3, _>(&with_hflip(&photo, logits)?);
/// assert_eq!(mask.len(), 20 * 30);
/// # Ok::<(), shapeproof::predict::PredictError>(())
/// ```
///
/// # Source
/// Overlapping tiles: Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical
/// Image Segmentation", 2015. Weights: Isensee et al., "nnU-Net: a self-configuring method for deep
/// learning-based biomedical image segmentation", 2021, which takes a Gaussian.
pub fn predict_logits<const C: usize, const H: usize, const W: usize, const N: usize, E, D, M>(
    net: &M,
    device: &D,
    picture: &Picture,
    normalize: Normalize<C>,
    stride: usize,
) -> Result<Vec<E>, PredictError>
where
    M: Model<Input = Chw<C, H, W>, Output = Chw<N, H, W>>,
    M: Module<Batch<Chw<C, H, W>, usize, E, D>, Output = Batch<Chw<N, H, W>, usize, E, D>>,
    E: Element,
    D: Device<E>,
{
    assert!(
        stride > 0 && stride <= H.min(W),
        "tiles of {H}×{W} that are {stride} pixels apart"
    );
    let (height, width) = (picture.height(), picture.width());
    if height < H || width < W {
        return Err(PredictError::PictureSize {
            height,
            width,
            tile: (H, W),
        });
    }
    let (tops, lefts) = (firsts(height, H, stride), firsts(width, W, stride));
    let (plane, mut logits) = (height * width, vec![E::zero(); N * height * width]);
    for top in &tops {
        for left in &lefts {
            let tile = Image::<Chw<C, H, W>>::of(&picture.cropped((*top, *left), (H, W)));
            let images = to_tensor(device, &[tile], normalize).map_err(failed)?;
            let seen = net.try_forward(images).map_err(failed)?.as_vec();
            for (line, row) in seen.chunks_exact(W).enumerate() {
                let first = line / H * plane + (top + line % H) * width + left;
                let sums = logits[first..first + W].iter_mut();
                let down = weight::<E>(line % H, H);
                for (x, (sum, logit)) in sums.zip(row).enumerate() {
                    *sum += down * weight(x, W) * *logit;
                }
            }
        }
    }
    let columns = weights::<E>(&lefts, W, width);
    let rows = weights::<E>(&tops, H, height);
    for (line, row) in logits.chunks_exact_mut(width).enumerate() {
        let down = rows[line % height];
        let sums = row.iter_mut().zip(&columns);
        sums.for_each(|(sum, across)| *sum /= down * *across);
    }
    Ok(logits)
}

/// How much the `nth` of `size` pixels of a tile counts: 1 at the edge, and one more with every pixel
/// from there.
fn weight<E: Element>(nth: usize, size: usize) -> E {
    scalar((nth + 1).min(size - nth) as f64)
}

/// The sum of the weights of all tiles of `size` pixels at every of `len` pixels.
fn weights<E: Element>(firsts: &[usize], size: usize, len: usize) -> Vec<E> {
    let mut sums = vec![E::zero(); len];
    for first in firsts {
        let tile = sums[*first..first + size].iter_mut().enumerate();
        tile.for_each(|(nth, sum)| *sum += weight(nth, size));
    }
    sums
}

/// What `logits` says of a picture, plus what it says of the picture's mirror image, turned back: for
/// things that a mirror leaves what they are.
///
/// # Errors
/// Those of `logits`.
///
/// # Panics
/// When there are no planes of logits as large as the picture.
pub fn with_hflip<E: Element, Err>(
    picture: &Picture,
    logits: impl Fn(&Picture) -> Result<Vec<E>, Err>,
) -> Result<Vec<E>, Err> {
    let (width, plane) = (picture.width(), picture.width() * picture.height());
    let (mut sums, mirrored) = (logits(picture)?, logits(&picture.hflip())?);
    let numbers = [sums.len(), mirrored.len()];
    assert!(
        numbers[0] == numbers[1] && numbers[0].is_multiple_of(plane),
        "{numbers:?} logits of {plane} pixels"
    );
    let rows = sums
        .chunks_exact_mut(width)
        .zip(mirrored.chunks_exact(width));
    rows.flat_map(|(row, mirrored)| row.iter_mut().zip(mirrored.iter().rev()))
        .for_each(|(sum, logit)| *sum += *logit);
    Ok(sums)
}
