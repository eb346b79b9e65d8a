//! Grad-CAM and saliency: which places of an image speak for a class.

use std::fmt;

use dfdx::prelude::{
    Backward, Const, Gradients, HasShape, Module, OwnedTape, Shape, SumTo, Tensor, Trace, TryMul,
};

use super::heat::HeatMap;
use super::sheets::numbers;
use crate::layers::{observe, Observed, UnknownLayer};
use crate::shape::{Chw, Dims, Flat};
use crate::tensor::{filled, Batch, Device, Element};

/// Why a network could not be looked into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SightError {
    /// The layer is not there.
    #[error(transparent)]
    Layer(#[from] UnknownLayer),
    /// The layer puts out no maps.
    #[error("`{path}` puts out {dims}; a map needs a layer that puts out images")]
    NoImage {
        /// The layer.
        path: String,
        /// What it puts out for one example.
        dims: Dims,
    },
    /// There is not one class for each image.
    #[error("{classes} classes for {images} images")]
    Counts {
        /// Images given.
        images: usize,
        /// Classes given.
        classes: usize,
    },
    /// The model knows no such class.
    #[error("class {class} for image {image}; the model knows {known}, from 0")]
    Class {
        /// The class.
        class: usize,
        /// For which image.
        image: usize,
        /// How many there are.
        known: usize,
    },
    /// The device has failed.
    #[error("the device failed: {reason}")]
    Device {
        /// What it says.
        reason: String,
    },
}

/// Where in each image `net` finds the class: the maps of the layer at `path`, weighted by how much
/// the class's logit hangs on each.
///
/// `map = ReLU(Σ_k α_k A_k)`, `α_k = mean over all places of ∂ logit / ∂ A_k`
///
/// The last layer before the image is flattened or averaged is the usual one; a block counts as a
/// layer, `stage3.2`. The model evaluates, layer by layer through dfdx's ops
/// ([`observe`]).
///
/// # Shapes
/// `images` `(B, C, H, W)` with a class for each → `B` maps of the layer's height and width;
/// [`HeatMap::over`] brings them to a photo's.
///
/// # Errors
/// When no layer is at `path` (the error lists those that are), when it puts out vectors, when a
/// class is not one of the model's or there is not one for each image.
///
/// # Example
/// ```
/// use shapeproof::models::LeNet5;
/// use shapeproof::prelude::*;
/// use shapeproof::vision::grad_cam;
/// let dev = Cpu::seed_from_u64(1);
/// let net: LeNet5 = LeNet5::new(&dev);
/// let images: Batch<Chw<1, 28, 28>, usize, f32, Cpu> =
///     dev.sample_uniform_like(&(2, Const, Const, Const));
/// let maps = grad_cam(&net, &images, "relu2", &[7, 1])?;
/// assert_eq!((maps.len(), maps[0].height(), maps[0].width()), (2, 10, 10));
///
/// let error = grad_cam(&net, &images, "relu9", &[7, 1]).unwrap_err().to_string();
/// assert!(error.starts_with("no layer `relu9` has run; there are `conv1`, `relu1`, `pool1`"));
/// # Ok::<(), shapeproof::vision::SightError>(())
/// ```
///
/// # Source
/// Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
/// Localization", 2017.
pub fn grad_cam<const C: usize, const H: usize, const W: usize, const N: usize, E, D, M>(
    net: &M,
    images: &Batch<Chw<C, H, W>, usize, E, D>,
    path: &str,
    classes: &[usize],
) -> Result<Vec<HeatMap>, SightError>
where
    E: Element,
    D: Device<E>,
    M: Module<Traced<C, H, W, E, D>, Output = Logits<N, E, D>>,
{
    let Some((mut gradients, seen)) = class_gradients(net, images, classes)? else {
        return Ok(Vec::new());
    };
    let features = seen.get(path)?;
    let dims = features.dims();
    let Dims::Chw { height, width, .. } = dims else {
        return Err(SightError::NoImage {
            path: path.to_owned(),
            dims,
        });
    };
    let maps = features.clone().into_images();
    let slopes = gradient(&mut gradients, &maps)?;
    let (maps, area) = (numbers(&maps), height * width);
    let images = maps.chunks_exact(dims.len()).zip(slopes.chunks(dims.len()));
    let heat = images.map(|(maps, slopes)| {
        let mut heat = vec![0.0; area];
        for (map, slopes) in maps.chunks_exact(area).zip(slopes.chunks_exact(area)) {
            let weight = slopes.iter().sum::<f32>() / area as f32;
            heat.iter_mut().zip(map).for_each(|(h, m)| *h += weight * m);
        }
        heat.iter_mut().for_each(|h| *h = h.max(0.0));
        HeatMap::new(height, width, heat)
    });
    Ok(heat.collect())
}

/// How much the class's logit changes with each pixel, for each image.
///
/// `map = max over the channels of |∂ logit / ∂ pixel|`
///
/// The pixels are those of `images`, so after normalisation. The model evaluates, layer by layer
/// through dfdx's ops.
///
/// # Shapes
/// `images` `(B, C, H, W)` with a class for each → `B` maps of `H`×`W`
///
/// # Errors
/// When a class is not one of the model's or there is not one for each image.
///
/// # Source
/// Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks: Visualising Image
/// Classification Models and Saliency Maps", 2013.
pub fn saliency<const C: usize, const H: usize, const W: usize, const N: usize, E, D, M>(
    net: &M,
    images: &Batch<Chw<C, H, W>, usize, E, D>,
    classes: &[usize],
) -> Result<Vec<HeatMap>, SightError>
where
    E: Element,
    D: Device<E>,
    M: Module<Traced<C, H, W, E, D>, Output = Logits<N, E, D>>,
{
    let Some((mut gradients, _)) = class_gradients(net, images, classes)? else {
        return Ok(Vec::new());
    };
    let slopes = gradient(&mut gradients, images)?;
    let heat = slopes.chunks_exact(C * H * W).map(|slopes| {
        let mut heat = vec![0f32; H * W];
        for channel in slopes.chunks_exact(H * W) {
            let both = heat.iter_mut().zip(channel);
            both.for_each(|(h, slope)| *h = h.max(slope.abs()));
        }
        HeatMap::new(H, W, heat)
    });
    Ok(heat.collect())
}

/// Images whose way through a model is recorded.
type Traced<const C: usize, const H: usize, const W: usize, E, D> =
    Batch<Chw<C, H, W>, usize, E, D, OwnedTape<E, D>>;

/// A number for each class.
type Logits<const N: usize, E, D> = Batch<Flat<N>, usize, E, D, OwnedTape<E, D>>;

/// The gradients of every image's logit of its class, and what the layers have put out. In
/// evaluation no image touches another, so the sum over the batch keeps them apart. `None` without
/// an image, which dfdx's kernels cannot take.
#[allow(clippy::type_complexity)]
fn class_gradients<const C: usize, const H: usize, const W: usize, const N: usize, E, D, M>(
    net: &M,
    images: &Batch<Chw<C, H, W>, usize, E, D>,
    classes: &[usize],
) -> Result<Option<(Gradients<E, D>, Observed<E, D>)>, SightError>
where
    E: Element,
    D: Device<E>,
    M: Module<Traced<C, H, W, E, D>, Output = Logits<N, E, D>>,
{
    let count = images.shape().0;
    if classes.len() != count {
        return Err(SightError::Counts {
            images: count,
            classes: classes.len(),
        });
    }
    let mut chosen = vec![E::zero(); count * N];
    for (image, class) in classes.iter().copied().enumerate() {
        if class >= N {
            return Err(SightError::Class {
                class,
                image,
                known: N,
            });
        }
        chosen[image * N + class] = E::one();
    }
    if count == 0 {
        return Ok(None);
    }
    let (logits, seen) = observe(|| net.try_forward(images.leaky_trace()));
    let logits = logits.map_err(failed)?;
    let chosen = filled(images.device(), &(count, Const), &chosen).map_err(failed)?;
    let sum = logits.try_mul(chosen).and_then(|logits| logits.try_sum());
    let gradients = sum.and_then(|sum| sum.try_backward()).map_err(failed)?;
    Ok(Some((gradients, seen)))
}

/// The gradient with respect to `tensor`: zeros where nothing hangs on it.
fn gradient<S: Shape, E: Element, D: Device<E>>(
    gradients: &mut Gradients<E, D>,
    tensor: &Tensor<S, E, D>,
) -> Result<Vec<f32>, SightError> {
    gradients.try_alloc_for(tensor).map_err(failed)?;
    Ok(numbers(&gradients.get(tensor)))
}

fn failed(error: impl fmt::Debug) -> SightError {
    SightError::Device {
        reason: format!("{error:?}"),
    }
}
