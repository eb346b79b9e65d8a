//! Shifts by whole pixels.

use rand::rngs::StdRng;
use rand::Rng;

use super::motion::{travel, Motion, Resampling, Spatial};
use super::Transform;
use crate::data::sample::Sample;
use crate::shape::Chw;

/// Pads an image on all sides, then cuts its size out of it at a random place.
///
/// # Same as
/// `torchvision.transforms.v2.RandomCrop(size, padding)`, where `size` is the image's own
///
/// # Source
/// He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2015, section 4.2.
#[derive(Clone, Copy, Debug)]
pub struct RandomCrop {
    padding: u32,
    fill: u8,
}

impl RandomCrop {
    /// With `padding` black pixels on every side.
    pub fn new(padding: u32) -> Self {
        RandomCrop { padding, fill: 0 }
    }

    /// With padding of this value instead of black.
    pub fn fill(self, fill: u8) -> Self {
        RandomCrop { fill, ..self }
    }
}

impl<const C: usize, const H: usize, const W: usize, T: Spatial<H, W>> Transform<Chw<C, H, W>, T>
    for RandomCrop
{
    fn apply(&self, sample: &mut Sample<Chw<C, H, W>, T>, rng: &mut StdRng) {
        let padding = i64::from(self.padding);
        let mut offset = || rng.gen_range(-padding..=padding) as f64;
        let shift = [offset(), offset()];
        let motion = Motion::affine([[1.0, 0.0], [0.0, 1.0]], shift);
        travel(sample, &motion, Resampling::whole_pixels(self.fill));
    }
}
