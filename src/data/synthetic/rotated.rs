//! Images turned by an angle that is to be found.

use rand::Rng;

use crate::data::augment::{warp, Motion, Resampling};
use crate::data::error::DataError;
use crate::data::normalize::Scale;
use crate::data::sample::{Image, Sample};
use crate::data::seeds::{generator, Use};
use crate::data::source::Source;
use crate::data::target::Numbers;
use crate::shape::Chw;

/// The images of a source, each turned around its middle by an angle of its own, which is the
/// target: in degrees, positive where it is anticlockwise.
///
/// # Example
/// ```
/// use shapeproof::data::{synthetic_digits, Numbers, Rotated, Source};
///
/// let digits = Rotated::new(synthetic_digits(10, 1), 45.0, 1);
/// let [degrees] = digits.get(3).unwrap().target;
/// assert!((-45.0..=45.0).contains(&degrees));
///
/// // An angle has a seam where it starts over; its sine and cosine have none.
/// let directions = digits.with_targets::<Numbers<2>, _>(|[degrees]| {
///     let (sin, cos) = degrees.to_radians().sin_cos();
///     [sin, cos]
/// });
/// let [sin, cos] = directions.get(3).unwrap().target;
/// assert!((sin.atan2(cos).to_degrees() - degrees).abs() < 1e-4);
/// ```
#[derive(Clone, Debug)]
pub struct Rotated<Src> {
    source: Src,
    degrees: f64,
    seed: u64,
}

impl<Src> Rotated<Src> {
    /// Turns by at most `degrees` either way; `seed` decides by how much.
    ///
    /// # Panics
    /// When `degrees` is not a number.
    pub fn new(source: Src, degrees: f64, seed: u64) -> Self {
        assert!(degrees.is_finite(), "{degrees} is no angle");
        Rotated {
            source,
            degrees: degrees.abs(),
            seed,
        }
    }
}

impl<const C: usize, const H: usize, const W: usize> Image<Chw<C, H, W>> {
    /// The image turned around its middle by so many degrees, anticlockwise; black comes in at the
    /// corners. Pixels between pixels are interpolated.
    ///
    /// # Example
    /// ```
    /// use shapeproof::data::Image;
    /// use shapeproof::prelude::*;
    /// let image = Image::<Chw<1, 2, 2>>::new(vec![10, 20, 30, 40])?;
    /// assert_eq!(image.rotated(90.0).values(), [20, 40, 10, 30]);
    /// # Ok::<(), shapeproof::data::DataError>(())
    /// ```
    ///
    /// # Same as
    /// `torchvision.transforms.functional.rotate(image, degrees, InterpolationMode.BILINEAR)`
    pub fn rotated(mut self, degrees: f64) -> Self {
        let motion = Motion::around_the_middle((H, W), degrees.to_radians(), 1.0, 0.0, (0.0, 0.0));
        warp(&mut self, &motion, Resampling::default());
        self
    }
}

impl<const C: usize, const H: usize, const W: usize, Src> Source for Rotated<Src>
where
    Src: Source<Shape = Chw<C, H, W>>,
{
    type Shape = Chw<C, H, W>;
    type Target = Numbers<1>;

    fn len(&self) -> usize {
        self.source.len()
    }

    fn get(&self, index: usize) -> Result<Sample<Chw<C, H, W>, Numbers<1>>, DataError> {
        let image = self.source.get(index)?.image;
        let mut rng = generator(self.seed, 0, Use::Drawing, index);
        let degrees = rng.gen_range(-self.degrees..=self.degrees);
        Ok(Sample {
            image: image.rotated(degrees),
            target: [degrees as f32],
        })
    }

    fn scales(&self) -> Vec<Scale> {
        self.source.scales()
    }
}
