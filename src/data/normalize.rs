//! Pixels as numbers around zero.

use super::error::DataError;
use super::Dataset;
use crate::shape::Chw;

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
        let mut normalize = Self::NONE;
        if data.is_empty() {
            return normalize;
        }
        let pixels = (data.len() * H * W) as f64;
        for channel in 0..C {
            // Counting is exact, whatever the number of pixels.
            let mut counts = [0u64; 256];
            for i in 0..data.len() {
                for pixel in &data.image(i)[channel * H * W..(channel + 1) * H * W] {
                    counts[usize::from(*pixel)] += 1;
                }
            }
            let average = |f: &dyn Fn(f64) -> f64| {
                let values = (0..=255u8).map(|p| f(f64::from(p) / 255.0));
                values
                    .zip(counts)
                    .map(|(value, count)| value * count as f64)
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
    pub(super) fn scales(self) -> Vec<Scale> {
        let scale = |(mean, std)| Scale { mean, std };
        self.mean.into_iter().zip(self.std).map(scale).collect()
    }
}

/// The numbers of one channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    mean: f64,
    std: f64,
}

impl Scale {
    /// Pixels from 0 to 1.
    pub(super) const NONE: Scale = Scale {
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

    /// `pixel` as the number that a model sees.
    pub(super) fn apply(self, pixel: u8) -> f64 {
        let shifted = f64::from(pixel) / 255.0 - self.mean;
        if self.std == 0.0 {
            shifted
        } else {
            shifted / self.std
        }
    }
}
