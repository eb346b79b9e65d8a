//! Several digits in one image, with boxes.

use rand::Rng;

use super::digits::{draw_digit, SIDE};
use crate::data::error::DataError;
use crate::data::sample::{Image, Sample};
use crate::data::seeds::{generator, Use};
use crate::data::source::Source;
use crate::data::target::{BoundingBox, Boxes};
use crate::shape::Chw;

/// A pixel of more than this is ink.
const INK: u8 = 96;
/// How often a free place for a digit is looked for.
const TRIES: usize = 20;

/// Images of `C`×`H`×`W` with up to `most` digits from 0 to `N − 1`, and the boxes around them.
/// Digits hardly overlap; an image without a place for one more has fewer, but always one.
///
/// Does not build for more than ten classes, nor for images smaller than 28×28.
///
/// # Example
/// ```
/// use shapeproof::data::{DigitScenes, Source};
/// let scene = DigitScenes::<1, 64, 96, 10>::new(10, 4, 1).get(0).unwrap();
/// assert!((1..=4).contains(&scene.target.len()));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DigitScenes<const C: usize, const H: usize, const W: usize, const N: usize> {
    count: usize,
    most: u32,
    seed: u64,
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> DigitScenes<C, H, W, N> {
    /// `count` images of one to `most` digits; another `seed` gives others.
    ///
    /// # Panics
    /// When `most` is 0.
    pub fn new(count: usize, most: u32, seed: u64) -> Self {
        const {
            assert!(1 <= N && N <= 10, "there are 1 to 10 classes of digits");
            assert!(H >= SIDE && W >= SIDE, "a digit takes 28×28 pixels");
        }
        assert!(most > 0, "a scene has at least one digit");
        DigitScenes { count, most, seed }
    }
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> Source
    for DigitScenes<C, H, W, N>
{
    type Shape = Chw<C, H, W>;
    type Target = Boxes<N>;

    fn len(&self) -> usize {
        self.count
    }

    fn get(&self, index: usize) -> Result<Sample<Chw<C, H, W>, Boxes<N>>, DataError> {
        assert!(index < self.count, "scene {index} of {}", self.count);
        let rng = &mut generator(self.seed, 0, Use::Drawing, index);
        let noise: f32 = rng.gen_range(5.0..40.0);
        let mut values: Vec<u8> = (0..C * H * W)
            .map(|_| rng.gen_range(0.0..noise) as u8)
            .collect();
        let mut target: Vec<BoundingBox> = Vec::new();
        let digits = rng.gen_range(1..=self.most);
        for _ in 0..digits {
            let class = rng.gen_range(0..N as u32) as usize;
            let glyph = draw_digit(class, rng);
            // From 28 pixels up to half of the image.
            let side = rng.gen_range(SIDE as u32..=(H.min(W) / 2).max(SIDE) as u32) as usize;
            let glyph = enlarged(&glyph, side);
            let Some(ink) = around_ink(&glyph, side, class) else {
                continue;
            };
            let free = (0..TRIES).find_map(|_| {
                let left = rng.gen_range(0..=(W - side) as u32) as usize;
                let top = rng.gen_range(0..=(H - side) as u32) as usize;
                let place = BoundingBox {
                    class,
                    xmin: ink.xmin + left as f32,
                    ymin: ink.ymin + top as f32,
                    xmax: ink.xmax + left as f32,
                    ymax: ink.ymax + top as f32,
                };
                let free = target.iter().all(|other| place.iou(other) < 0.05);
                free.then_some((left, top, place))
            });
            let Some((left, top, place)) = free else {
                continue;
            };
            target.push(place);
            let colour: [f32; C] =
                std::array::from_fn(|_| if C == 1 { 1.0 } else { rng.gen_range(0.4..1.0) });
            for (c, share) in colour.into_iter().enumerate() {
                for row in 0..side {
                    let start = c * H * W + (top + row) * W + left;
                    let line = &mut values[start..start + side];
                    for (value, ink) in line.iter_mut().zip(&glyph[row * side..]) {
                        *value = (*value).max((f32::from(*ink) * share) as u8);
                    }
                }
            }
        }
        Ok(Sample {
            image: Image::checked(values),
            target,
        })
    }
}

/// A glyph in `side`×`side` pixels, those between the old ones as their weighted means.
fn enlarged(glyph: &[u8; SIDE * SIDE], side: usize) -> Vec<u8> {
    let old = |new: usize| {
        let point = (new as f32 + 0.5) * SIDE as f32 / side as f32 - 0.5;
        let point = point.clamp(0.0, (SIDE - 1) as f32);
        let before = point as usize;
        (before, (before + 1).min(SIDE - 1), point - before as f32)
    };
    let mut values = Vec::with_capacity(side * side);
    for row in 0..side {
        let (upper, lower, y) = old(row);
        for column in 0..side {
            let (left, right, x) = old(column);
            let value = |row: usize, column: usize| f32::from(glyph[row * SIDE + column]);
            let above = value(upper, left) * (1.0 - x) + value(upper, right) * x;
            let below = value(lower, left) * (1.0 - x) + value(lower, right) * x;
            values.push((above * (1.0 - y) + below * y + 0.5) as u8);
        }
    }
    values
}

fn around_ink(glyph: &[u8], side: usize, class: usize) -> Option<BoundingBox> {
    let inked = |row: usize, column: usize| glyph[row * side + column] > INK;
    let rows: Vec<usize> = (0..side)
        .filter(|row| (0..side).any(|column| inked(*row, column)))
        .collect();
    let columns: Vec<usize> = (0..side)
        .filter(|column| (0..side).any(|row| inked(row, *column)))
        .collect();
    Some(BoundingBox {
        class,
        xmin: *columns.first()? as f32,
        ymin: *rows.first()? as f32,
        xmax: *columns.last()? as f32 + 1.0,
        ymax: *rows.last()? as f32 + 1.0,
    })
}
