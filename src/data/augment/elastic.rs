//! Wobbles, as of paper or tissue.

use rand::rngs::StdRng;
use rand::Rng;

use super::motion::{travel, InterpolationMode, Motion, Resampling, Spatial};
use super::Transform;
use crate::data::sample::Sample;
use crate::shape::Chw;

/// Moves every pixel by a random offset, neighbours by nearly the same one.
///
/// Offsets are drawn from −1 to 1 pixels for each pixel, blurred by a Gaussian of `sigma` pixels,
/// and multiplied by `alpha`. Blurring takes most of their size: about 1.6 pixels are left
/// of an `alpha` of 50 with a `sigma` of 5.
///
/// # Same as
/// `torchvision.transforms.v2.ElasticTransform(alpha, sigma)`
///
/// # Source
/// Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks Applied to
/// Visual Document Analysis", 2003.
#[derive(Clone, Copy, Debug)]
pub struct ElasticTransform {
    alpha: f32,
    sigma: f32,
    resampling: Resampling,
}

impl ElasticTransform {
    /// With offsets multiplied by `alpha` after a blur of `sigma` pixels.
    ///
    /// # Panics
    /// When `alpha` is no number, or `sigma` is not positive or more than 1,000.
    pub fn new(alpha: f32, sigma: f32) -> Self {
        assert!(alpha.is_finite(), "{alpha} is no factor");
        assert!(
            sigma > 0.0 && sigma <= 1000.0,
            "offsets cannot be blurred by {sigma} pixels"
        );
        ElasticTransform {
            alpha,
            sigma,
            resampling: Resampling::default(),
        }
    }

    /// With this value instead of black where nothing is known.
    pub fn fill(mut self, fill: u8) -> Self {
        self.resampling.fill = fill;
        self
    }

    /// With new pixels made so; default [`InterpolationMode::Bilinear`].
    pub fn interpolation(mut self, interpolation: InterpolationMode) -> Self {
        self.resampling.interpolation = interpolation;
        self
    }

    fn offsets(&self, height: usize, width: usize, rng: &mut StdRng) -> Vec<f32> {
        let noise = (0..height * width)
            .map(|_| rng.gen_range(-1.0..=1.0))
            .collect();
        let kernel = gaussian(self.sigma);
        // Along the rows, then along the columns.
        let blurred = blur(noise, (height, width), (width, 1), &kernel);
        let blurred = blur(blurred, (width, height), (1, width), &kernel);
        blurred.into_iter().map(|x| x * self.alpha).collect()
    }
}

/// The weights at distances 0, 1, … up to three `sigma`; those of both sides add up to 1.
fn gaussian(sigma: f32) -> Vec<f32> {
    let reach = libm::ceilf(3.0 * sigma) as usize;
    let weight = |d: usize| libm::expf(-0.5 * (d as f32 / sigma) * (d as f32 / sigma));
    let weights: Vec<f32> = (0..=reach).map(weight).collect();
    let sum = 2.0 * weights.iter().sum::<f32>() - weights[0];
    weights.into_iter().map(|w| w / sum).collect()
}

/// Blurs `lines` lines of `len` values, which are `next_line` and `next` apart. At its ends a line
/// turns around: were its last value to go on, offsets would be several times as large there.
fn blur(
    values: Vec<f32>,
    (lines, len): (usize, usize),
    (next_line, next): (usize, usize),
    kernel: &[f32],
) -> Vec<f32> {
    let mut blurred = vec![0.0; values.len()];
    let reach = kernel.len() - 1;
    // A line with what follows on both sides, so that the inner loop runs along neighbours.
    let (mut long, mut sums) = (vec![0.0; len + 2 * reach], vec![0.0; len]);
    for line in 0..lines {
        let at = |i: usize| line * next_line + i * next;
        for (i, value) in long.iter_mut().enumerate() {
            *value = values[at(turned(i as isize - reach as isize, len))];
        }
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum = kernel[0] * long[reach + i];
        }
        for (distance, weight) in kernel.iter().enumerate().skip(1) {
            let pairs = long[reach - distance..]
                .iter()
                .zip(&long[reach + distance..]);
            for (sum, (before, after)) in sums.iter_mut().zip(pairs) {
                *sum += weight * (before + after);
            }
        }
        for (i, sum) in sums.iter().enumerate() {
            blurred[at(i)] = *sum;
        }
    }
    blurred
}

/// The place of `i` on a line that is read to and fro: 2, 1, 0, 1, …, `len − 1`, `len − 2`, …
fn turned(i: isize, len: usize) -> usize {
    let last = len - 1;
    let there_and_back = (2 * last).max(1) as isize;
    let i = i.rem_euclid(there_and_back) as usize;
    i.min(2 * last - i)
}

impl<const C: usize, const H: usize, const W: usize, T: Spatial<H, W>> Transform<Chw<C, H, W>, T>
    for ElasticTransform
{
    fn apply(&self, sample: &mut Sample<Chw<C, H, W>, T>, rng: &mut StdRng) {
        let right = self.offsets(H, W, rng);
        let down = self.offsets(H, W, rng);
        let motion = Motion::field(W, right.into_iter().zip(down).collect());
        travel(sample, &motion, self.resampling);
    }
}
