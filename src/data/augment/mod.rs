//! Augmentation: every epoch shows each image a little differently, and its target with it.
//!
//! What moves pixels moves masks (nearest pixel, [`IGNORE`](super::IGNORE) where nothing is known)
//! and boxes (clipped, and dropped when less than half is still seen) in the same way, by one
//! [`Motion`]; how a pixel of an image is made between old ones is an [`InterpolationMode`]. What
//! changes colours leaves targets alone. A [`Loader`](super::Loader) gives every sample a generator
//! that depends on the seed, the epoch and the sample's index only.
//!
//! Begin with [`Transform`]; names are those of `torchvision.transforms.v2`.

mod affine;
mod apply;
mod color;
mod crop;
mod cutout;
mod elastic;
mod flip;
mod motion;

pub use affine::{RandomAffine, RandomRotation};
pub use apply::RandomApply;
pub use color::ColorJitter;
pub use crop::RandomCrop;
pub use cutout::Cutout;
pub use elastic::ElasticTransform;
pub use flip::{Mirror, NegatingFlip, RandomHorizontalFlip, RandomVerticalFlip};
pub(super) use motion::{warp, Resampling};
pub use motion::{InterpolationMode, Motion, Spatial};

use rand::rngs::StdRng;

use super::sample::Sample;
use super::target::Target;

/// A change of a sample that leaves its target true.
///
/// # Example
/// ```
/// use rand::SeedableRng;
/// use shapeproof::data::{Image, Mask, RandomHorizontalFlip, Sample, Transform};
/// use shapeproof::prelude::*;
///
/// let mut sample = Sample::<Chw<1, 2, 3>, Mask<2, 3, 4>> {
///     image: Image::new(vec![10, 20, 30, 40, 50, 60])?,
///     target: vec![0, 1, 2, 3, 2, 1],
/// };
/// let mut rng = rand::rngs::StdRng::seed_from_u64(0);
/// RandomHorizontalFlip::new(1.0).apply(&mut sample, &mut rng);
/// assert_eq!(sample.image.values(), [30, 20, 10, 60, 50, 40]);
/// assert_eq!(sample.target, [2, 1, 0, 1, 2, 3]);
/// # Ok::<(), shapeproof::data::DataError>(())
/// ```
pub trait Transform<S, T: Target>: Send + Sync {
    /// Changes `sample`; all that is random comes from `rng`.
    fn apply(&self, sample: &mut Sample<S, T>, rng: &mut StdRng);
}

/// Panics where a probability is none.
fn probability(p: f64) -> f64 {
    assert!((0.0..=1.0).contains(&p), "{p} is no probability");
    p
}
