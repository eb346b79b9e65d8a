//! Images as tensors, and tensors as pictures.

use dfdx::prelude::{Const, CopySlice, Tensor};

use crate::data::{Image, Normalize, Picture};
use crate::shape::Chw;
use crate::tensor::{filled, Batch, Batched, Device, Element};

/// Images as a batch for a model: bytes become numbers from 0 to 1, which are then normalised.
///
/// # Shapes
/// `B` images of `C`×`H`×`W` → `(B, C, H, W)`
///
/// # Errors
/// When the device is out of memory.
///
/// # Example
/// ```
/// use shapeproof::data::{Image, Normalize, Picture};
/// use shapeproof::prelude::*;
/// use shapeproof::vision::{to_pictures, to_tensor};
///
/// let dev = Cpu::default();
/// let image = Image::<Chw<1, 1, 2>>::new(vec![0, 255]).unwrap();
/// let normalize = Normalize { mean: [0.5], std: [0.25] };
/// let batch: Tensor<_, f32, _> = to_tensor(&dev, &[image.clone()], normalize)?;
/// assert_eq!(batch.as_vec(), [-2.0, 2.0]);
/// assert_eq!(to_pictures(&batch, normalize), [image.to_picture()]);
/// # Ok::<(), CpuError>(())
/// ```
///
/// # Same as
/// `torchvision.transforms.ToTensor()`, then `Normalize(mean, std)`
pub fn to_tensor<const C: usize, const H: usize, const W: usize, E: Element, D: Device<E>>(
    device: &D,
    images: &[Image<Chw<C, H, W>>],
    normalize: Normalize<C>,
) -> Result<Batch<Chw<C, H, W>, usize, E, D>, D::Err> {
    let scales = normalize.scales();
    let mut numbers = Vec::with_capacity(images.len() * C * H * W);
    for image in images {
        for (plane, scale) in image.values().chunks_exact((H * W).max(1)).zip(&scales) {
            numbers.extend(
                plane
                    .iter()
                    .map(|p| crate::tensor::scalar::<E>(scale.apply(*p))),
            );
        }
    }
    filled(device, &Chw::<C, H, W>::batched(images.len()), &numbers)
}

/// The images of a batch as pictures: what [`to_tensor`] made of them is undone, and numbers beyond
/// black and white are cut off. Does not build where `C` is neither 1 nor 3.
///
/// # Shapes
/// `(B, C, H, W)` → `B` pictures of `H`×`W`
///
/// # Panics
/// When `H` or `W` is 0.
pub fn to_pictures<const C: usize, const H: usize, const W: usize, E, D, T>(
    images: &Tensor<(usize, Const<C>, Const<H>, Const<W>), E, D, T>,
    normalize: Normalize<C>,
) -> Vec<Picture>
where
    E: Element,
    D: CopySlice<E>,
{
    const { assert!(C == 1 || C == 3, "pictures have 1 channel or 3") };
    let scales = normalize.scales();
    let picture = |numbers: &[E]| {
        let planes = numbers.chunks_exact(H * W).zip(&scales);
        let bytes = planes.flat_map(|(plane, scale)| {
            let byte = |x: &E| scale.pixel(x.to_f64().unwrap_or(0.0));
            plane.iter().map(byte)
        });
        Picture::new(C, H, W, bytes.collect()).expect("a tensor has the values of its shape")
    };
    images
        .as_vec()
        .chunks_exact(C * H * W)
        .map(picture)
        .collect()
}
