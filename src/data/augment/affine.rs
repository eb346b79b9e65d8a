//! Turns, shifts, stretches and slants.

use std::ops::RangeInclusive;

use rand::rngs::StdRng;
use rand::Rng;

use super::motion::{travel, InterpolationMode, Motion, Resampling, Spatial};
use super::Transform;
use crate::data::sample::Sample;
use crate::shape::Chw;

/// Turns an image around its middle by a random angle.
///
/// # Same as
/// `torchvision.transforms.v2.RandomRotation(degrees, InterpolationMode.BILINEAR)`
#[derive(Clone, Debug)]
pub struct RandomRotation(RandomAffine);

impl RandomRotation {
    /// By at most `degrees` either way.
    ///
    /// # Panics
    /// When `degrees` is not a number.
    pub fn new(degrees: f64) -> Self {
        RandomRotation(RandomAffine::new(degrees))
    }

    /// With this value instead of black where nothing is known.
    pub fn fill(self, fill: u8) -> Self {
        RandomRotation(self.0.fill(fill))
    }

    /// With new pixels made so; default [`InterpolationMode::Bilinear`] (torchvision's is `NEAREST`).
    pub fn interpolation(self, interpolation: InterpolationMode) -> Self {
        RandomRotation(self.0.interpolation(interpolation))
    }
}

impl<const C: usize, const H: usize, const W: usize, T: Spatial<H, W>> Transform<Chw<C, H, W>, T>
    for RandomRotation
{
    fn apply(&self, sample: &mut Sample<Chw<C, H, W>, T>, rng: &mut StdRng) {
        self.0.apply(sample, rng);
    }
}

/// Turns, stretches, slants and shifts an image, its middle being the fixed point.
///
/// # Same as
/// `torchvision.transforms.v2.RandomAffine(degrees, translate, scale, shear)`
#[derive(Clone, Debug)]
pub struct RandomAffine {
    degrees: f64,
    translate: (f64, f64),
    scale: RangeInclusive<f64>,
    shear: f64,
    resampling: Resampling,
}

impl RandomAffine {
    /// Turns by at most `degrees` either way, and nothing else.
    ///
    /// # Panics
    /// When `degrees` is not a number.
    pub fn new(degrees: f64) -> Self {
        assert!(degrees.is_finite(), "{degrees} is no angle");
        RandomAffine {
            degrees: degrees.abs(),
            translate: (0.0, 0.0),
            scale: 1.0..=1.0,
            shear: 0.0,
            resampling: Resampling::default(),
        }
    }

    /// Shifts by at most `horizontal` of the width and `vertical` of the height either way.
    ///
    /// # Panics
    /// When one of them is not from 0 to 1.
    pub fn translate(self, horizontal: f64, vertical: f64) -> Self {
        for share in [horizontal, vertical] {
            assert!((0.0..=1.0).contains(&share), "{share} is no share");
        }
        let translate = (horizontal, vertical);
        RandomAffine { translate, ..self }
    }

    /// Stretches by a factor of this range.
    ///
    /// # Panics
    /// When the range is empty or has a factor that is not positive.
    pub fn scale(self, scale: RangeInclusive<f64>) -> Self {
        let (least, most) = (*scale.start(), *scale.end());
        assert!(
            0.0 < least && least <= most && most.is_finite(),
            "images cannot be stretched by {least} to {most}"
        );
        RandomAffine { scale, ..self }
    }

    /// Slants columns by at most `degrees` either way.
    ///
    /// # Panics
    /// When `degrees` is not less than 90 either way.
    pub fn shear(self, degrees: f64) -> Self {
        assert!(
            degrees.abs() < 90.0,
            "images cannot be slanted by {degrees}°"
        );
        let shear = degrees.abs();
        RandomAffine { shear, ..self }
    }

    /// With this value instead of black where nothing is known.
    pub fn fill(mut self, fill: u8) -> Self {
        self.resampling.fill = fill;
        self
    }

    /// With new pixels made so; default [`InterpolationMode::Bilinear`] (torchvision's is `NEAREST`).
    pub fn interpolation(mut self, interpolation: InterpolationMode) -> Self {
        self.resampling.interpolation = interpolation;
        self
    }
}

impl<const C: usize, const H: usize, const W: usize, T: Spatial<H, W>> Transform<Chw<C, H, W>, T>
    for RandomAffine
{
    fn apply(&self, sample: &mut Sample<Chw<C, H, W>, T>, rng: &mut StdRng) {
        let mut within = |most: f64| rng.gen_range(-most..=most);
        let angle = within(self.degrees).to_radians();
        let shear = within(self.shear).to_radians();
        let right = within(self.translate.0) * W as f64;
        let down = within(self.translate.1) * H as f64;
        let scale = rng.gen_range(self.scale.clone());
        let motion = Motion::around_the_middle((H, W), angle, scale, shear, (right, down));
        travel(sample, &motion, self.resampling);
    }
}
