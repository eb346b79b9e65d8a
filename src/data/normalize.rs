//! Pixels as numbers around zero.

use super::error::DataError;
use super::source::Source;
use super::Dataset;
use crate::shape::Chw;
use crate::tensor::{scalar, Element};

/// Gives every channel a mean of zero and a spread of one.
///
/// `y = (pixel / 255 − mean[c]) / std[c]`
///
/// A channel whose `std` is zero holds one value only; it is shifted, not divided.
///
/// # Example
/// ```
/// use shapeproof::data::{synthetic_digits, Normalize};
///
/// let train = synthetic_digits(100, 1);
/// let test = synthetic_digits(20, 2);
/// // Both by the numbers of the training set: the test set must not be looked at.
/// let normalize = Normalize::of(&train);
/// let (train, test) = (train.normalized(normalize), test.normalized(normalize));
/// assert!(0.0 < normalize.mean[0] && normalize.mean[0] < 0.5);
/// # assert_eq!((train.len(), test.len()), (100, 20));
/// ```
///
/// # Same as
/// `torchvision.transforms.Normalize(mean, std)` after `ToTensor()`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalize<const C: usize> {
    /// What is taken away from every channel, on the scale of 0 to 1.
    pub mean: [f64; C],
    /// What every channel is then divided by, on the scale of 0 to 1.
    pub std: [f64; C],
}

impl Normalize<1> {
    /// The mean and standard deviation of MNIST's 60,000 training images.
    pub const MNIST: Self = Normalize {
        mean: [0.1307],
        std: [0.3081],
    };
}

impl Normalize<3> {
    /// The mean and standard deviation of ImageNet's training images, which most trained networks
    /// expect.
    pub const IMAGENET: Self = Normalize {
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
    };
}

impl<const C: usize> Normalize<C> {
    /// Pixels from 0 to 255, as they are in the files.
    pub const BYTES: Self = Normalize {
        mean: [0.0; C],
        std: [1.0 / 255.0; C],
    };

    /// Pixels from 0 to 1, as they are before any normalisation.
    pub const NONE: Self = Normalize {
        mean: [0.0; C],
        std: [1.0; C],
    };

    /// The mean and the (population) standard deviation of every channel of `data`, on the scale
    /// of 0 to 1; [`NONE`](Self::NONE) when `data` has no example.
    pub fn of<const H: usize, const W: usize, const CLASSES: usize>(
        data: &Dataset<Chw<C, H, W>, CLASSES>,
    ) -> Self {
        let mut counts = Counts::new(C);
        for i in 0..data.len() {
            counts.add(data.image(i));
        }
        Self::counted(&counts)
    }

    /// The same of any source, every image of which is fetched once.
    ///
    /// # Errors
    /// The first image that cannot be read.
    pub fn of_source<const H: usize, const W: usize>(
        source: &impl Source<Shape = Chw<C, H, W>>,
    ) -> Result<Self, DataError> {
        let mut counts = Counts::new(C);
        for i in 0..source.len() {
            counts.add(source.get(i)?.image.values());
        }
        Ok(Self::counted(&counts))
    }

    fn counted(counts: &Counts) -> Self {
        let mut normalize = Self::NONE;
        for (channel, counts) in counts.0.iter().enumerate() {
            let pixels = counts.iter().sum::<u64>() as f64;
            if pixels == 0.0 {
                continue;
            }
            let average = |f: &dyn Fn(f64) -> f64| {
                let values = (0..=255u8).map(|p| f(f64::from(p) / 255.0));
                values
                    .zip(counts)
                    .map(|(value, count)| value * *count as f64)
                    .sum::<f64>()
                    / pixels
            };
            let mean = average(&|x| x);
            normalize.mean[channel] = mean;
            normalize.std[channel] = average(&|x| (x - mean) * (x - mean)).sqrt();
        }
        normalize
    }

    /// Mean and divisor of every channel.
    pub fn scales(self) -> Vec<Scale> {
        let scale = |(mean, std)| Scale { mean, std };
        self.mean.into_iter().zip(self.std).map(scale).collect()
    }
}

/// How often each byte comes in each channel: exact, whatever the number of pixels.
struct Counts(Vec<[u64; 256]>);

impl Counts {
    fn new(channels: usize) -> Self {
        Counts(vec![[0; 256]; channels])
    }

    fn add(&mut self, image: &[u8]) {
        let channel = image.len() / self.0.len().max(1);
        for (c, counts) in self.0.iter_mut().enumerate() {
            for pixel in &image[c * channel..(c + 1) * channel] {
                counts[usize::from(*pixel)] += 1;
            }
        }
    }
}

/// By which numbers one channel is normalised: [`Normalize`] for a single channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    mean: f64,
    std: f64,
}

impl Scale {
    /// Pixels from 0 to 1.
    pub const NONE: Scale = Scale {
        mean: 0.0,
        std: 1.0,
    };

    /// Refuses what would make every number NaN or infinite, or turn pictures into negatives.
    pub(super) fn check(&self, channel: usize) -> Result<(), DataError> {
        let Scale { mean, std } = *self;
        if mean.is_finite() && std.is_finite() && std >= 0.0 {
            return Ok(());
        }
        Err(DataError::Normalization { channel, mean, std })
    }

    /// The number that a model sees for every byte.
    pub(super) fn numbers<E: Element>(self) -> [E; 256] {
        std::array::from_fn(|pixel| scalar(self.apply(pixel as u8)))
    }

    /// The pixel that a model sees as `number`, the nearest there is.
    pub fn pixel(self, number: f64) -> u8 {
        let std = if self.std == 0.0 { 1.0 } else { self.std };
        // `as` cuts off below 0 and above 255.
        ((number * std + self.mean) * 255.0 + 0.5) as u8
    }

    /// `pixel` as the number that a model sees.
    pub fn apply(self, pixel: u8) -> f64 {
        let shifted = f64::from(pixel) / 255.0 - self.mean;
        if self.std == 0.0 {
            shifted
        } else {
            shifted / self.std
        }
    }
}
