//! What is in a box, and where exactly.

use std::fmt::{Debug, Display};

use dfdx::prelude::{Dim, HasShape, Tape, Tensor, TryAdd};
use rand::Rng;

use super::losses::{nothing, smooth_l1};
use super::nms::surest_first;
use super::proposals::single;
use super::{batched_nms, BoxCoder, BoxError, DetectionError, Match, Matcher, Roi, Sampler};
use crate::data::BoundingBox;
use crate::shape::Flat;
use crate::tensor::{Batch, Device, Element};
use crate::train::metrics::Detection;
use crate::train::{cross_entropy, LossError};

/// What the two outputs of a box head mean: for each region, the logits of `N` classes and, last, of
/// background; and for each class four numbers that move the region to the thing.
///
/// # Shapes
/// `classes` `(R, N + 1)` and `deltas` `(R, 4·N)`; the numbers of class `c` are `4·c` to `4·c + 3`.
///
/// # Parameters
/// - `coder`: default weights 10, 10, 5 and 5.
/// - `matcher`, `sampler`: which regions are learned; default [`Matcher::ROIS`], and 128 of each
///   image, at most a quarter of them around things.
/// - `score`: findings less sure are none; default 0.05.
/// - `iou`: what two findings of a class share at most; default 0.5.
/// - `most`: findings of an image, the surest; default 100.
///
/// # Same as
/// `torchvision.models.detection.roi_heads.RoIHeads` without its networks; background is class 0
/// there
///
/// # Source
/// Girshick, "Fast R-CNN", 2015.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoxHead<const N: usize> {
    /// What the numbers of a region mean.
    pub coder: BoxCoder,
    /// Which regions are around things.
    pub matcher: Matcher,
    /// Which regions are learned.
    pub sampler: Sampler,
    /// The least probability of a finding.
    pub score: f32,
    /// What two findings of a class share at most.
    pub iou: f32,
    /// Findings of an image.
    pub most: usize,
}

impl<const N: usize> Default for BoxHead<N> {
    fn default() -> Self {
        BoxHead {
            coder: BoxCoder {
                weights: [10.0, 10.0, 5.0, 5.0],
            },
            matcher: Matcher::ROIS,
            sampler: Sampler {
                size: 128,
                positive: 0.25,
            },
            score: 0.05,
            iou: 0.5,
            most: 100,
        }
    }
}

/// The regions that a step learns from, with what the head should say of them:
/// [`BoxHead::sample`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampledRois {
    /// The regions of all images.
    pub rois: Vec<Roi>,
    /// The class of each, `N` for background.
    pub labels: Vec<usize>,
    /// How each is to be moved; zeros for background, which do not count.
    pub targets: Vec<[f32; 4]>,
}

impl<const N: usize> BoxHead<N> {
    /// Regions of each image to learn from, which `rng` draws: of the proposals, and of the things
    /// themselves, so that there is something to learn before the proposals are any good.
    ///
    /// # Errors
    /// When `proposals` and `truths` are not of as many images, or a thing is of no class of the head.
    pub fn sample(
        &self,
        proposals: &[Vec<Detection>],
        truths: &[Vec<BoundingBox>],
        rng: &mut impl Rng,
    ) -> Result<SampledRois, BoxError> {
        if proposals.len() != truths.len() {
            return Err(BoxError::Count {
                what: "lists of proposals",
                found: proposals.len(),
                expected: truths.len(),
                of: "images",
            });
        }
        let mut sampled = SampledRois::default();
        for (image, (proposals, truths)) in proposals.iter().zip(truths).enumerate() {
            if let Some(thing) = truths.iter().find(|thing| thing.class >= N) {
                return Err(BoxError::Class {
                    image,
                    class: thing.class,
                    classes: N,
                });
            }
            let proposed = proposals.iter().map(|found| found.thing);
            let boxes: Vec<BoundingBox> = proposed.chain(truths.iter().copied()).collect();
            let matches = self.matcher.matches(&boxes, truths);
            for number in self.sampler.sample(&matches, rng) {
                let place = boxes[number];
                let (label, target) = match matches[number] {
                    Match::Truth(truth) => {
                        let thing = &truths[truth];
                        (thing.class, self.coder.encode(&place, thing))
                    }
                    _ => (N, [0.0; 4]),
                };
                sampled.rois.push(Roi { image, place });
                sampled.labels.push(label);
                sampled.targets.push(target);
            }
        }
        Ok(sampled)
    }

    /// How far the head is from the truth.
    ///
    /// `L = 1/R · (Σ cross_entropy(classes, label) + Σ smooth_l1(deltas of the label − target))` over
    /// the `R` regions, the second sum over those around things, with `β = 1`; 0 where there are none.
    ///
    /// # Errors
    /// When `sampled` has another number of regions than the tensors, or when the device is out of
    /// memory.
    pub fn loss<B, const M: usize, const K: usize, E, D, T>(
        &self,
        classes: Batch<Flat<M>, B, E, D, T>,
        deltas: Batch<Flat<K>, B, E, D, T>,
        sampled: &SampledRois,
    ) -> Result<Tensor<(), E, D, T>, DetectionError<D::Err>>
    where
        B: Dim,
        E: Element,
        D: Device<E>,
        D::Err: Debug + Display,
        T: Tape<E, D>,
    {
        const { fits(M, K, N) };
        let count = counted(classes.shape().0.size(), sampled.rois.len())?;
        let (mut places, mut targets) = (Vec::new(), Vec::new());
        let labelled = sampled.labels.iter().zip(&sampled.targets).enumerate();
        for (region, (label, target)) in labelled.filter(|(_, (label, _))| **label < N) {
            places.extend([0, 1, 2, 3].map(|k| region * K + 4 * label + k));
            targets.extend(target);
        }
        let said = match count {
            0 => nothing(classes).map_err(DetectionError::Device)?,
            _ => cross_entropy(classes, &sampled.labels).map_err(|error| match error {
                LossError::Device(error) => DetectionError::Device(error),
                error => DetectionError::Loss(error),
            })?,
        };
        let far = smooth_l1(deltas, &places, &targets, 1.0, count);
        far.and_then(|far| far.try_add(said))
            .map_err(DetectionError::Device)
    }

    /// What is found in each of `images` images of `size` (rows and columns): the surest first, after
    /// the suppression, with the probability of the class as score.
    ///
    /// # Errors
    /// When `rois` are not as many as the tensors have rows, or one is of no image.
    pub fn detections<B, const M: usize, const K: usize, E, D, T>(
        &self,
        classes: &Batch<Flat<M>, B, E, D, T>,
        deltas: &Batch<Flat<K>, B, E, D, T>,
        rois: &[Roi],
        images: usize,
        (rows, columns): (usize, usize),
    ) -> Result<Vec<Vec<Detection>>, BoxError>
    where
        B: Dim,
        E: Element,
        D: Device<E>,
    {
        const { fits(M, K, N) };
        counted(classes.shape().0.size(), rois.len())?;
        let logits = single(&classes.as_vec());
        let deltas = single(&deltas.as_vec());
        let mut found: Vec<Vec<Detection>> = vec![Vec::new(); images];
        for (number, roi) in rois.iter().enumerate() {
            let found = found.get_mut(roi.image).ok_or(BoxError::Image {
                number,
                image: roi.image,
                batch: images,
            })?;
            let scores = softmax(&logits[number * M..(number + 1) * M]);
            for class in 0..N {
                let numbers = [0, 1, 2, 3].map(|k| deltas[number * K + 4 * class + k]);
                let place = self.coder.decode(&roi.place, numbers);
                let thing = BoundingBox { class, ..place }.clipped(rows, columns);
                if scores[class] >= self.score && thing.area() > 0.0 {
                    let score = scores[class];
                    found.push(Detection { thing, score });
                }
            }
        }
        let surest = |found: Vec<Detection>| -> Vec<Detection> {
            let kept: Vec<Detection> = batched_nms(&found, self.iou)
                .into_iter()
                .map(|i| found[i])
                .collect();
            let order = surest_first(&kept).into_iter().take(self.most);
            order.map(|i| kept[i]).collect()
        };
        Ok(found.into_iter().map(surest).collect())
    }
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|x| (x - most).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|x| x / sum).collect()
}

/// The number of regions, if it is that of the tensors' rows.
fn counted(rows: usize, regions: usize) -> Result<usize, BoxError> {
    if rows == regions {
        return Ok(rows);
    }
    Err(BoxError::Count {
        what: "regions",
        found: regions,
        expected: rows,
        of: "rows of the head's output",
    })
}

/// Fails while compiling unless the head's features are those of the classes.
const fn fits(classes: usize, deltas: usize, things: usize) {
    assert!(
        classes == things + 1,
        "the head has not one logit for each class and one for background"
    );
    assert!(
        deltas == 4 * things,
        "the head has not four deltas for each class"
    );
}
