//! Where a network looks: one number for each pixel.

use super::draw::draw_heat;
use crate::data::Picture;

/// A number for each place of an image, row by row: how much a network's answer hangs on it.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    height: usize,
    width: usize,
    values: Vec<f32>,
}

impl HeatMap {
    /// A map of these numbers, row by row.
    ///
    /// # Panics
    /// When there are not `height · width` of them, or none.
    pub fn new(height: usize, width: usize, values: Vec<f32>) -> Self {
        assert!(
            values.len() == height * width && !values.is_empty(),
            "{} numbers for a map of {height}×{width}",
            values.len()
        );
        HeatMap {
            height,
            width,
            values,
        }
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All numbers, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// In another size: straight between the middles of the old places, and as the nearest of them
    /// beyond the outer ones.
    ///
    /// # Panics
    /// When one of the sizes is 0.
    ///
    /// # Example
    /// ```
    /// use shapeproof::vision::HeatMap;
    /// let map = HeatMap::new(1, 2, vec![0.0, 4.0]);
    /// assert_eq!(map.resized(1, 4).values(), [0.0, 1.0, 3.0, 4.0]);
    /// ```
    ///
    /// # Same as
    /// `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`
    pub fn resized(&self, height: usize, width: usize) -> Self {
        let rows = places(height, self.height);
        let columns = places(width, self.width);
        let old = |row: usize, column: usize| self.values[row * self.width + column];
        let mut values = Vec::with_capacity(height * width);
        for (top, down) in rows {
            for (left, right) in &columns {
                let across = |row| {
                    let (a, b) = (old(row, *left), old(row, (left + 1).min(self.width - 1)));
                    a + (b - a) * right
                };
                let (above, below) = (across(top), across((top + 1).min(self.height - 1)));
                values.push(above + (below - above) * down);
            }
        }
        HeatMap::new(height, width, values)
    }

    /// Over a photo, to whose size it is brought: its least number dark blue, its largest yellow,
    /// `alpha` of these colours and the rest of the photo.
    ///
    /// # Same as
    /// `draw_heat` of the resized map
    pub fn over(&self, photo: &Picture, alpha: f32) -> Picture {
        let map = self.resized(photo.height(), photo.width());
        draw_heat(photo, map.values(), alpha)
    }
}

/// For each of `new` places along an axis of `old` ones, the old one before it and how far it is
/// on the way to the next.
fn places(new: usize, old: usize) -> Vec<(usize, f32)> {
    let last = (old - 1) as f32;
    let place = |i: usize| {
        let at = (i as f32 + 0.5) * old as f32 / new as f32 - 0.5;
        let at = at.clamp(0.0, last);
        (at as usize, at.fract())
    };
    (0..new).map(place).collect()
}
