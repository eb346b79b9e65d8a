//! Other light, other camera.

use rand::rngs::StdRng;
use rand::Rng;

use super::Transform;
use crate::data::sample::Sample;
use crate::data::target::Target;
use crate::shape::Chw;

/// Changes brightness, contrast, saturation and hue by random amounts, in this order.
///
/// Each is 0 at first, which changes nothing. Images that are not of three channels have no
/// saturation and no hue.
///
/// # Same as
/// `torchvision.transforms.v2.ColorJitter`, which draws the order, too
#[derive(Clone, Copy, Debug, Default)]
pub struct ColorJitter {
    brightness: f32,
    contrast: f32,
    saturation: f32,
    hue: f32,
}

impl ColorJitter {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Multiplies all values by a factor from `1 − amount` to `1 + amount`, at least 0.
    ///
    /// # Panics
    /// When `amount` is not from 0 to 100.
    pub fn brightness(self, amount: f32) -> Self {
        let brightness = checked(amount, 100.0);
        ColorJitter { brightness, ..self }
    }

    /// Multiplies the distances from the image's mean grey by a factor from `1 − amount` to
    /// `1 + amount`, at least 0.
    ///
    /// # Panics
    /// When `amount` is not from 0 to 100.
    pub fn contrast(self, amount: f32) -> Self {
        let contrast = checked(amount, 100.0);
        ColorJitter { contrast, ..self }
    }

    /// Multiplies the distances from each pixel's grey by a factor from `1 − amount` to
    /// `1 + amount`, at least 0.
    ///
    /// # Panics
    /// When `amount` is not from 0 to 100.
    pub fn saturation(self, amount: f32) -> Self {
        let saturation = checked(amount, 100.0);
        ColorJitter { saturation, ..self }
    }

    /// Turns the wheel of colours by at most `amount` of it either way.
    ///
    /// # Panics
    /// When `amount` is not from 0 to 0.5.
    pub fn hue(self, amount: f32) -> Self {
        let hue = checked(amount, 0.5);
        ColorJitter { hue, ..self }
    }
}

fn checked(amount: f32, most: f32) -> f32 {
    assert!(
        (0.0..=most).contains(&amount),
        "colours cannot be changed by {amount}"
    );
    amount
}

impl<const C: usize, const H: usize, const W: usize, T: Target> Transform<Chw<C, H, W>, T>
    for ColorJitter
{
    fn apply(&self, sample: &mut Sample<Chw<C, H, W>, T>, rng: &mut StdRng) {
        let mut factor = |amount: f32| rng.gen_range((1.0 - amount).max(0.0)..=1.0 + amount);
        let factors = [
            factor(self.brightness),
            factor(self.contrast),
            factor(self.saturation),
        ];
        let turn = rng.gen_range(-self.hue..=self.hue);
        let plane = H * W;
        let bytes = sample.image.values_mut();
        let mut pixels: Vec<[f32; C]> = (0..plane)
            .map(|i| std::array::from_fn(|c| f32::from(bytes[c * plane + i])))
            .collect();

        let towards = |pixel: &mut [f32; C], middle: f32, factor: f32| {
            for value in pixel {
                *value = (middle + (*value - middle) * factor).clamp(0.0, 255.0);
            }
        };
        for pixel in &mut pixels {
            towards(pixel, 0.0, factors[0]);
        }
        let mean = pixels.iter().map(grey).sum::<f32>() / plane as f32;
        for pixel in &mut pixels {
            towards(pixel, mean, factors[1]);
            if C == 3 {
                let middle = grey(pixel);
                towards(pixel, middle, factors[2]);
                turn_hue(pixel, turn);
            }
        }
        for (i, pixel) in pixels.iter().enumerate() {
            for (c, value) in pixel.iter().enumerate() {
                bytes[c * plane + i] = (value + 0.5) as u8;
            }
        }
    }
}

/// As [`Picture::to_grey`](crate::data::Picture::to_grey) for three channels, else the mean.
fn grey<const C: usize>(pixel: &[f32; C]) -> f32 {
    match pixel[..] {
        [red, green, blue] => 0.299 * red + 0.587 * green + 0.114 * blue,
        _ => pixel.iter().sum::<f32>() / C as f32,
    }
}

/// Turns the hue of an RGB pixel by a share of the wheel; its largest and smallest value stay.
fn turn_hue<const C: usize>(pixel: &mut [f32; C], turn: f32) {
    let &mut [red, green, blue] = &mut pixel[..] else {
        return;
    };
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let chroma = most - least;
    if chroma <= 0.0 || turn == 0.0 {
        return;
    }
    // In sixths of the wheel, red being 0.
    let hue = if most == red {
        (green - blue) / chroma
    } else if most == green {
        (blue - red) / chroma + 2.0
    } else {
        (red - green) / chroma + 4.0
    } + 6.0 * turn;
    for (value, offset) in pixel.iter_mut().zip([5.0, 3.0, 1.0]) {
        let k = (offset + hue).rem_euclid(6.0);
        *value = most - chroma * k.min(4.0 - k).clamp(0.0, 1.0);
    }
}
