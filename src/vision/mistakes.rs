//! What was taken for something else.

use dfdx::prelude::{Const, Tensor};

use super::grid::{captioned, make_grid};
use super::sheets::numbers;
use super::tensors::to_pictures;
use crate::data::{Normalize, Picture};
use crate::shape::Chw;
use crate::tensor::{Batch, Device, Element};
use crate::train::metrics::argmax;

/// An image that was taken for another class than its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// The image.
    pub picture: Picture,
    /// Its place among all that were seen, from 0.
    pub index: usize,
    /// Its class.
    pub truth: usize,
    /// The class that it was taken for.
    pub guess: usize,
    /// How sure of it the model was, by softmax.
    pub probability: f32,
}

/// The misclassified images of a set, of which those are kept that the model was surest of.
///
/// # Example
/// ```
/// use shapeproof::data::Normalize;
/// use shapeproof::prelude::*;
/// use shapeproof::vision::Mistakes;
///
/// let dev = Cpu::default();
/// let images: Batch<Chw<1, 2, 2>, usize, f32, Cpu> = dev.ones_like(&(3, Const, Const, Const));
/// let logits: Batch<Flat<2>, usize, f32, Cpu> =
///     dev.tensor_from_vec(vec![4., 0., 0., 1., 2., 0.], (3, Const));
/// let mut mistakes = Mistakes::<2>::new(10);
/// mistakes.add(&images, &[0, 0, 1], &logits, Normalize::NONE);
///
/// assert_eq!((mistakes.seen(), mistakes.wrong()), (3, 2));
/// let worst = &mistakes.worst()[0]; // e² / (e² + e⁰)
/// assert_eq!((worst.index, worst.truth, worst.guess), (2, 1, 0));
/// assert!((worst.probability - 0.8808).abs() < 1e-4);
/// let sheet = mistakes.sheet(["cat", "dog"], 2);
/// assert!(sheet.width() > 2 * 64);
/// ```
#[derive(Clone, Debug)]
pub struct Mistakes<const N: usize> {
    most: usize,
    seen: usize,
    wrong: usize,
    worst: Vec<Mistake>,
}

/// Pixels that a picture on a sheet has at least, so that its caption has room.
const SIDE: usize = 64;

impl<const N: usize> Mistakes<N> {
    /// Keeps `most` of them.
    pub fn new(most: usize) -> Self {
        Mistakes {
            most,
            seen: 0,
            wrong: 0,
            worst: Vec::new(),
        }
    }

    /// Looks at a batch: the class that an image is taken for is that of its largest logit.
    ///
    /// `normalize` is what made the images, to turn them back into pictures. Does not build where
    /// `C` is neither 1 nor 3.
    ///
    /// # Shapes
    /// `images` `(B, C, H, W)`, `logits` `(B, N)`, `labels` are `B`.
    ///
    /// # Panics
    /// When there are not as many labels and images as rows of logits.
    pub fn add<const C: usize, const H: usize, const W: usize, E, D>(
        &mut self,
        images: &Batch<Chw<C, H, W>, usize, E, D>,
        labels: &[usize],
        logits: &Tensor<(usize, Const<N>), E, D>,
        normalize: Normalize<C>,
    ) where
        E: Element,
        D: Device<E>,
    {
        let logits = numbers(logits);
        assert_eq!(logits.len(), labels.len() * N, "one label for each row");
        // Most batches bring few mistakes: pictures are made when one is kept.
        let mut pictures = None;
        for (i, (row, truth)) in logits.chunks_exact(N.max(1)).zip(labels).enumerate() {
            let (index, guess) = (self.seen, argmax(row));
            self.seen += 1;
            if guess == *truth {
                continue;
            }
            self.wrong += 1;
            let sum: f32 = row.iter().map(|x| (x - row[guess]).exp()).sum();
            // NaN, where a logit is, counts as the least sure.
            let probability = (1.0 / sum).max(0.0);
            let place = self.worst.partition_point(|m| m.probability >= probability);
            if place >= self.most {
                continue;
            }
            let pictures = pictures.get_or_insert_with(|| to_pictures(images, normalize));
            let mistake = Mistake {
                picture: pictures[i].clone(),
                index,
                truth: *truth,
                guess,
                probability,
            };
            self.worst.insert(place, mistake);
            self.worst.truncate(self.most);
        }
    }

    /// Images looked at.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// Images taken for another class.
    pub fn wrong(&self) -> usize {
        self.wrong
    }

    /// Those that are kept, the surest first.
    pub fn worst(&self) -> &[Mistake] {
        &self.worst
    }

    /// A sheet of those that are kept, in rows of `columns`: below each picture its class, and the
    /// class it was taken for with the probability.
    ///
    /// # Panics
    /// When `columns` is 0, or a class is not below `N`.
    pub fn sheet(&self, names: [&str; N], columns: usize) -> Picture {
        let pictures = self.worst.iter().map(|mistake| {
            let (height, width) = (mistake.picture.height(), mistake.picture.width());
            let zoom = SIDE.div_ceil(height.min(width)).max(1);
            let picture = mistake.picture.resized_nearest(height * zoom, width * zoom);
            let guess = format!("as {} {:.2}", names[mistake.guess], mistake.probability);
            captioned(&captioned(&picture, names[mistake.truth]), &guess)
        });
        make_grid(&pictures.collect::<Vec<_>>(), columns)
    }
}
