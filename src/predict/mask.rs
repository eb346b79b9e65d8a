//! The class of every pixel of a picture.

use dfdx::nn::Module;

use super::classifier::failed;
use super::PredictError;
use crate::data::{firsts, Image, Normalize, Picture};
use crate::model::Model;
use crate::shape::Chw;
use crate::tensor::{Batch, Device, Element};
use crate::train::metrics::argmax;
use crate::vision::to_tensor;

/// The class of every pixel of a picture, row by row, by a model that tells it for images of `H`×`W`.
///
/// The picture may be larger than that: it is seen in tiles whose first pixels are `stride` apart in
/// both directions, the last of which end at its edges. Where tiles overlap, their logits are added up:
/// at the edge of a tile a model knows little of what is around. The picture becomes grey where the
/// model takes one channel.
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
///
/// # Source
/// Overlapping tiles: Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical
/// Image Segmentation", 2015.
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
    const { assert!(N <= 256, "the number of a class is a byte") };
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
    let (plane, mut sums) = (height * width, vec![E::zero(); N * height * width]);
    for top in firsts(height, H, stride) {
        for left in firsts(width, W, stride) {
            let tile = Image::<Chw<C, H, W>>::of(&picture.cropped((top, left), (H, W)));
            let images = to_tensor(device, &[tile], normalize).map_err(failed)?;
            let logits = net.try_forward(images).map_err(failed)?.as_vec();
            for (line, row) in logits.chunks_exact(W).enumerate() {
                let first = line / H * plane + (top + line % H) * width + left;
                let sums = sums[first..first + W].iter_mut();
                sums.zip(row).for_each(|(sum, logit)| *sum += *logit);
            }
        }
    }
    let class = |at| argmax::<E>(&std::array::from_fn::<E, N, _>(|n| sums[n * plane + at])) as u8;
    Ok((0..plane).map(class).collect())
}
