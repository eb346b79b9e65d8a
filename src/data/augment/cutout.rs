//! Hides a part, so that a network learns to look at all of them.

use rand::rngs::StdRng;
use rand::Rng;

use super::motion::Spatial;
use super::Transform;
use crate::data::sample::Sample;
use crate::data::target::BoundingBox;
use crate::shape::Chw;

/// Hides a square of an image at a random place; a part of the square can lie outside.
///
/// What is hidden is not asked for: its pixels in a mask are ignored, and boxes are dropped of
/// which less than half is left.
///
/// # Source
/// DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout",
/// 2017.
#[derive(Clone, Copy, Debug)]
pub struct Cutout {
    side: usize,
    fill: u8,
}

impl Cutout {
    /// Hides a black square of `side` pixels.
    pub fn new(side: usize) -> Self {
        Cutout { side, fill: 0 }
    }

    /// With this value instead of black.
    pub fn fill(self, fill: u8) -> Self {
        Cutout { fill, ..self }
    }
}

impl<const C: usize, const H: usize, const W: usize, T: Spatial<H, W>> Transform<Chw<C, H, W>, T>
    for Cutout
{
    fn apply(&self, sample: &mut Sample<Chw<C, H, W>, T>, rng: &mut StdRng) {
        // Drawn as `u32`, which is the same on machines of 32 and 64 bits.
        let mut span = |size: usize| {
            let middle = rng.gen_range(0..size as u32) as usize;
            let start = middle.saturating_sub(self.side / 2);
            let end = (middle + self.side.div_ceil(2)).min(size);
            start..end.max(start)
        };
        let (rows, columns) = (span(H), span(W));
        for channel in sample.image.values_mut().chunks_exact_mut(H * W) {
            for row in rows.clone() {
                channel[row * W..][columns.clone()].fill(self.fill);
            }
        }
        let hidden = BoundingBox {
            class: 0,
            xmin: columns.start as f32,
            ymin: rows.start as f32,
            xmax: columns.end as f32,
            ymax: rows.end as f32,
        };
        T::hide(&mut sample.target, &hidden);
    }
}
