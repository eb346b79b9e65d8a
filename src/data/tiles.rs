//! Large images in pieces.

use super::error::DataError;
use super::normalize::Scale;
use super::sample::{Image, Sample};
use super::source::Source;
use super::target::Mask;
use crate::shape::Chw;

/// The images of a source and their masks in tiles of `H`×`W`; those of an image follow each other,
/// row by row.
///
/// A network may learn on tiles and say afterwards what is in whole pictures
/// ([`predict_mask`](crate::predict::predict_mask)).
///
/// # Example
/// ```
/// use shapeproof::data::{Source, SyntheticShapes, Tiles};
/// let scenes = SyntheticShapes::<1, 40, 60, 5>::new(2, 1);
/// // Rows from 0 and 8, columns from 0, 16 and 28.
/// let tiles = Tiles::<_, 32, 32>::new(scenes, 16);
/// assert_eq!(tiles.len(), 2 * (2 * 3));
/// let (tile, whole) = (tiles.get(6 + 5)?, scenes.get(1)?);
/// assert_eq!(tile.image.values()[..32], whole.image.values()[8 * 60 + 28..][..32]);
/// assert_eq!(tile.target[..32], whole.target[8 * 60 + 28..][..32]);
/// # Ok::<(), shapeproof::data::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tiles<Src, const H: usize, const W: usize> {
    source: Src,
    /// The first rows of the tiles of an image.
    tops: Vec<usize>,
    /// Their first columns.
    lefts: Vec<usize>,
}

impl<
        const C: usize,
        const HEIGHT: usize,
        const WIDTH: usize,
        const N: usize,
        Src,
        const H: usize,
        const W: usize,
    > Tiles<Src, H, W>
where
    Src: Source<Shape = Chw<C, HEIGHT, WIDTH>, Target = Mask<HEIGHT, WIDTH, N>>,
{
    /// Tiles whose first pixels are `stride` apart in both directions; the last of a row and of a
    /// column end at the edge of the image. Does not build where a tile is larger than the image.
    ///
    /// # Panics
    /// When `stride` is 0.
    pub fn new(source: Src, stride: usize) -> Self {
        const {
            assert!(
                0 < H && H <= HEIGHT && 0 < W && W <= WIDTH,
                "a tile has at least one pixel, and at most those of its image"
            )
        };
        assert!(stride > 0, "tiles are at least one pixel apart");
        Tiles {
            source,
            tops: firsts(HEIGHT, H, stride),
            lefts: firsts(WIDTH, W, stride),
        }
    }
}

/// Where tiles of `size` begin that cover `whole`, `stride` apart; the last one ends at the edge.
pub(crate) fn firsts(whole: usize, size: usize, stride: usize) -> Vec<usize> {
    let last = whole - size;
    let mut firsts: Vec<usize> = (0..last).step_by(stride).collect();
    firsts.push(last);
    firsts
}

impl<
        const C: usize,
        const HEIGHT: usize,
        const WIDTH: usize,
        const N: usize,
        Src,
        const H: usize,
        const W: usize,
    > Source for Tiles<Src, H, W>
where
    Src: Source<Shape = Chw<C, HEIGHT, WIDTH>, Target = Mask<HEIGHT, WIDTH, N>>,
{
    type Shape = Chw<C, H, W>;
    type Target = Mask<H, W, N>;

    fn len(&self) -> usize {
        self.source.len() * self.tops.len() * self.lefts.len()
    }

    fn get(&self, index: usize) -> Result<Sample<Chw<C, H, W>, Mask<H, W, N>>, DataError> {
        let (row, column) = (index / self.lefts.len(), index % self.lefts.len());
        let whole = self.source.get(row / self.tops.len())?;
        let (top, left) = (self.tops[row % self.tops.len()], self.lefts[column]);
        // Of a plane of the whole, the rows of the tile.
        let cut = |plane: &[u8]| -> Vec<u8> {
            let rows = plane.chunks_exact(WIDTH).skip(top).take(H);
            rows.flat_map(|row| row[left..left + W].iter().copied())
                .collect()
        };
        let planes = whole.image.values().chunks_exact(HEIGHT * WIDTH);
        Ok(Sample {
            image: Image::checked(planes.flat_map(cut).collect()),
            target: cut(&whole.target),
        })
    }

    fn scales(&self) -> Vec<Scale> {
        self.source.scales()
    }
}
