//! Cells side by side, with masks of what parts them.

use rand::Rng;

use crate::data::error::DataError;
use crate::data::sample::{Image, Sample};
use crate::data::seeds::{generator, Use};
use crate::data::source::Source;
use crate::data::target::Mask;
use crate::shape::Chw;

/// Pixels for each cell, on average.
const AREA: usize = 64 * 64;
/// How wide a membrane is, in pixels.
const WIDTH: f32 = 5.0;

/// Grey images of `H`×`W` that look like a cut through tissue: cells of random size with noise and
/// specks inside, and dark membranes between them. In the mask, class 1 is membrane.
///
/// # Example
/// ```
/// use shapeproof::data::{Source, SyntheticCells};
/// let sample = SyntheticCells::<96, 128>::new(10, 1).get(0).unwrap();
/// assert!(sample.target.contains(&0) && sample.target.contains(&1));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SyntheticCells<const H: usize, const W: usize> {
    count: usize,
    seed: u64,
}

impl<const H: usize, const W: usize> SyntheticCells<H, W> {
    /// `count` images; another `seed` gives others.
    pub fn new(count: usize, seed: u64) -> Self {
        SyntheticCells { count, seed }
    }
}

impl<const H: usize, const W: usize> Source for SyntheticCells<H, W> {
    type Shape = Chw<1, H, W>;
    type Target = Mask<H, W, 2>;

    fn len(&self) -> usize {
        self.count
    }

    fn get(&self, index: usize) -> Result<Sample<Chw<1, H, W>, Mask<H, W, 2>>, DataError> {
        assert!(index < self.count, "image {index} of {}", self.count);
        let rng = &mut generator(self.seed, 0, Use::Drawing, index);
        let mut points = |count: usize| -> Vec<(f32, f32)> {
            let mut place = |size| rng.gen_range(0.0..1.0f32) * size as f32;
            (0..count).map(|_| (place(W), place(H))).collect()
        };
        let middles = points((H * W).div_ceil(AREA).max(2));
        // Small and dark as a membrane, but no line.
        let specks = points(H * W / AREA * 2);
        let (ground, ink) = (rng.gen_range(140.0..190.0), rng.gen_range(50.0..90.0));
        let (mut values, mut target) = (Vec::with_capacity(H * W), Vec::with_capacity(H * W));
        for row in 0..H {
            for column in 0..W {
                let (x, y) = (column as f32 + 0.5, row as f32 + 0.5);
                let square = |(u, v): &(f32, f32)| (x - u) * (x - u) + (y - v) * (y - v);
                let (mut first, mut second) = ((f32::INFINITY, 0), (f32::INFINITY, 0));
                for (number, middle) in middles.iter().enumerate() {
                    let found = (square(middle), number);
                    if found.0 < first.0 {
                        (first, second) = (found, first);
                    } else if found.0 < second.0 {
                        second = found;
                    }
                }
                // Membranes lie where two middles are equally far: so far is this pixel from there.
                let apart = {
                    let ((a, b), (c, d)) = (middles[first.1], middles[second.1]);
                    ((a - c) * (a - c) + (b - d) * (b - d)).sqrt()
                };
                let membrane = second.0 - first.0 < WIDTH * apart;
                let dark = membrane || specks.iter().any(|speck| square(speck) < 9.0);
                let grey = if dark { ink } else { ground } + rng.gen_range(-40.0..40.0f32);
                values.push(grey.clamp(0.0, 255.0) as u8);
                target.push(u8::from(membrane));
            }
        }
        let image = Image::new(values)?;
        Ok(Sample { image, target })
    }
}
