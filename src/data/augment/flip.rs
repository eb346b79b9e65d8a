//! Left and right, or top and bottom, change places.

use rand::rngs::StdRng;
use rand::Rng;

use super::motion::{travel, Motion, Resampling, Spatial};
use super::{probability, Transform};
use crate::data::sample::Sample;
use crate::data::target::{Boxes, Class, Mask, Numbers, Target};
use crate::shape::Chw;

/// A target that a mirror leaves true.
#[diagnostic::on_unimplemented(
    message = "a mirror can change the sign of `{Self}`",
    label = "say which numbers change theirs: `RandomHorizontalFlip::new(0.5).negating([true])`"
)]
pub trait Mirror: Target {}
impl<const N: usize> Mirror for Class<N> {}
impl<const N: usize> Mirror for Boxes<N> {}
impl<const H: usize, const W: usize, const N: usize> Mirror for Mask<H, W, N> {}

/// Mirrors an image and its target left to right, with a probability.
///
/// # Same as
/// `torchvision.transforms.v2.RandomHorizontalFlip(p)`
#[derive(Clone, Copy, Debug)]
pub struct RandomHorizontalFlip {
    p: f64,
}

impl RandomHorizontalFlip {
    /// Mirrors with the probability `p`.
    ///
    /// # Panics
    /// When `p` is not from 0 to 1.
    pub fn new(p: f64) -> Self {
        RandomHorizontalFlip { p: probability(p) }
    }

    /// For targets that are numbers: those of `which` change their sign in the mirror, such as a
    /// steering angle; the others stay, such as a throttle.
    ///
    /// # Example
    /// ```
    /// use rand::SeedableRng;
    /// use shapeproof::data::{Image, Numbers, RandomHorizontalFlip, Sample, Transform};
    /// use shapeproof::prelude::*;
    /// let image = Image::new(vec![1, 2])?;
    /// let mut frame = Sample::<Chw<1, 1, 2>, Numbers<2>> { image, target: [0.25, 0.5] };
    /// let flip = RandomHorizontalFlip::new(1.0).negating([true, false]);
    /// flip.apply(&mut frame, &mut rand::rngs::StdRng::seed_from_u64(0));
    /// assert_eq!((frame.image.values(), frame.target), (&[2, 1][..], [-0.25, 0.5]));
    /// # Ok::<(), shapeproof::data::DataError>(())
    /// ```
    pub fn negating<const N: usize>(self, which: [bool; N]) -> NegatingFlip<N> {
        NegatingFlip { p: self.p, which }
    }
}

fn mirrored(width: usize) -> Motion {
    Motion::affine([[-1.0, 0.0], [0.0, 1.0]], [width as f64, 0.0])
}

impl<const C: usize, const H: usize, const W: usize, T> Transform<Chw<C, H, W>, T>
    for RandomHorizontalFlip
where
    T: Spatial<H, W> + Mirror,
{
    fn apply(&self, sample: &mut Sample<Chw<C, H, W>, T>, rng: &mut StdRng) {
        if rng.gen_bool(self.p) {
            travel(sample, &mirrored(W), Resampling::whole_pixels(0));
        }
    }
}

/// Mirrors an image left to right and changes signs: [`RandomHorizontalFlip::negating`].
#[derive(Clone, Copy, Debug)]
pub struct NegatingFlip<const N: usize> {
    p: f64,
    which: [bool; N],
}

impl<const C: usize, const H: usize, const W: usize, const N: usize>
    Transform<Chw<C, H, W>, Numbers<N>> for NegatingFlip<N>
{
    fn apply(&self, sample: &mut Sample<Chw<C, H, W>, Numbers<N>>, rng: &mut StdRng) {
        if rng.gen_bool(self.p) {
            travel(sample, &mirrored(W), Resampling::whole_pixels(0));
            for (number, negated) in sample.target.iter_mut().zip(self.which) {
                if negated {
                    *number = -*number;
                }
            }
        }
    }
}

/// Mirrors an image and its target top to bottom, with a probability: for what has no up and down,
/// such as cells.
///
/// # Same as
/// `torchvision.transforms.v2.RandomVerticalFlip(p)`
#[derive(Clone, Copy, Debug)]
pub struct RandomVerticalFlip {
    p: f64,
}

impl RandomVerticalFlip {
    /// Mirrors with the probability `p`.
    ///
    /// # Panics
    /// When `p` is not from 0 to 1.
    pub fn new(p: f64) -> Self {
        RandomVerticalFlip { p: probability(p) }
    }
}

impl<const C: usize, const H: usize, const W: usize, T> Transform<Chw<C, H, W>, T>
    for RandomVerticalFlip
where
    T: Spatial<H, W> + Mirror,
{
    fn apply(&self, sample: &mut Sample<Chw<C, H, W>, T>, rng: &mut StdRng) {
        if rng.gen_bool(self.p) {
            let motion = Motion::affine([[1.0, 0.0], [0.0, -1.0]], [0.0, H as f64]);
            travel(sample, &motion, Resampling::whole_pixels(0));
        }
    }
}
