//! Boxes in which there may be something.

use std::fmt::{Debug, Display};

use dfdx::prelude::{Dim, HasShape, SumTo, Tape, Tensor, TryAdd, TryDiv};
use rand::Rng;

use super::losses::{chosen, nothing, smooth_l1};
use super::nms::surest_first;
use super::{nms, Anchors, BoxCoder, BoxError, DetectionError, Match, Matcher, Sampler};
use crate::data::BoundingBox;
use crate::shape::Chw;
use crate::tensor::{filled, scalar, Batch, Device, Element};
use crate::train::metrics::Detection;

/// What the two outputs of a region proposal network mean: for each anchor, the logit of whether there
/// is something in it, and four numbers that move it there.
///
/// # Shapes
/// `objectness` `(B, A, H, W)` and `deltas` `(B, 4·A, H, W)`, with `A = SCALES · RATIOS` anchors at
/// every pixel; the numbers of anchor `a` are channels `4·a` to `4·a + 3`. An image has `stride·H` rows
/// and `stride·W` columns.
///
/// # Parameters
/// - `coder`: default all weights 1.
/// - `matcher`, `sampler`: which anchors are learned; default [`Matcher::PROPOSALS`], and 256 of each
///   image, at most half of them around things.
/// - `before`, `after`: how many of the surest boxes of an image go into the suppression, and come out
///   of it at most; default 1,000 and 300.
/// - `iou`: what two proposals share at most; default 0.7.
/// - `min_size`: boxes that are less wide or high are no proposals; default 1 pixel.
///
/// # Does not compile
/// Nine anchors are not eight:
/// ```compile_fail,E0080
/// use shapeproof::detection::{Anchors, RegionProposals};
/// use shapeproof::prelude::*;
/// let anchors = Anchors { stride: 8., scales: [8., 16., 32.], ratios: [0.5, 1., 2.] };
/// let dev = Cpu::default();
/// let objectness: Tensor<Rank4<1, 8, 3, 4>, f32, _> = dev.zeros();
/// let deltas: Tensor<Rank4<1, 32, 3, 4>, f32, _> = dev.zeros();
/// RegionProposals::new(anchors).proposals(&objectness, &deltas);
/// ```
///
/// # Same as
/// `torchvision.models.detection.rpn.RegionProposalNetwork` without its network
///
/// # Source
/// Ren, He, Girshick and Sun, "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal
/// Networks", 2015. Anchors that reach beyond the image are learned too, as torchvision does; the
/// paper leaves them out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionProposals<const SCALES: usize, const RATIOS: usize> {
    /// The boxes that are asked about.
    pub anchors: Anchors<SCALES, RATIOS>,
    /// What the numbers of a box mean.
    pub coder: BoxCoder,
    /// Which anchors are around things.
    pub matcher: Matcher,
    /// Which anchors are learned.
    pub sampler: Sampler,
    /// Boxes of an image that go into the suppression.
    pub before: usize,
    /// Boxes of an image that come out of it.
    pub after: usize,
    /// What two proposals share at most.
    pub iou: f32,
    /// The least width and height.
    pub min_size: f32,
}

impl<const SCALES: usize, const RATIOS: usize> RegionProposals<SCALES, RATIOS> {
    /// Those of these anchors, with the defaults above.
    pub fn new(anchors: Anchors<SCALES, RATIOS>) -> Self {
        RegionProposals {
            anchors,
            coder: BoxCoder::default(),
            matcher: Matcher::PROPOSALS,
            sampler: Sampler {
                size: 256,
                positive: 0.5,
            },
            before: 1000,
            after: 300,
            iou: 0.7,
            min_size: 1.0,
        }
    }

    /// The boxes of each image in which the network sees something, cut off at the image's edges, the
    /// surest first, with the probability as score. Their class is 0.
    ///
    /// They are constants to the loss of whatever is made of them, which the paper calls approximate
    /// joint training.
    pub fn proposals<B, const A: usize, const K: usize, const H: usize, const W: usize, E, D, T>(
        &self,
        objectness: &Batch<Chw<A, H, W>, B, E, D, T>,
        deltas: &Batch<Chw<K, H, W>, B, E, D, T>,
    ) -> Vec<Vec<Detection>>
    where
        B: Dim,
        E: Element,
        D: Device<E>,
    {
        const { fits(A, K, SCALES * RATIOS) };
        let logits: Vec<f32> = single(&objectness.as_vec());
        let deltas: Vec<f32> = single(&deltas.as_vec());
        let anchors = self.anchors.grid(H, W);
        let rows = self.anchors.stride * H as f32;
        let columns = self.anchors.stride * W as f32;
        let image = |number: usize| {
            let logits = &logits[number * anchors.len()..][..anchors.len()];
            let deltas = &deltas[4 * number * anchors.len()..][..4 * anchors.len()];
            let scored = logits.iter().zip(&anchors);
            let scored: Vec<Detection> = scored
                .map(|(logit, anchor)| Detection {
                    thing: *anchor,
                    score: *logit,
                })
                .collect();
            let surest = surest_first(&scored).into_iter().take(self.before);
            let boxes: Vec<Detection> = surest
                .map(|anchor| {
                    let numbers = places(anchor, H * W).map(|place| deltas[place]);
                    let place = self.coder.decode(&anchors[anchor], numbers);
                    Detection {
                        thing: clipped(place, rows, columns),
                        score: 1.0 / (1.0 + (-logits[anchor]).exp()),
                    }
                })
                .filter(|found| {
                    let BoundingBox {
                        xmin,
                        xmax,
                        ymin,
                        ymax,
                        ..
                    } = found.thing;
                    // So that NaN is none, too.
                    xmax - xmin >= self.min_size && ymax - ymin >= self.min_size
                })
                .collect();
            let kept = nms(&boxes, self.iou).into_iter().take(self.after);
            kept.map(|i| boxes[i]).collect()
        };
        (0..objectness.shape().0.size()).map(image).collect()
    }

    /// How far the network is from the truth, on anchors that `rng` draws.
    ///
    /// `L = 1/n · (Σ BCE(logit, around a thing?) + Σ smooth_l1(deltas − those of the thing))` over the
    /// `n` anchors drawn, the second sum over those around things, with `β = 1/9`. A batch in which
    /// nothing is drawn has a loss of 0.
    ///
    /// # Errors
    /// When `truths` are not those of as many images, or the device is out of memory.
    pub fn loss<B, const A: usize, const K: usize, const H: usize, const W: usize, E, D, T>(
        &self,
        objectness: Batch<Chw<A, H, W>, B, E, D, T>,
        deltas: Batch<Chw<K, H, W>, B, E, D, T>,
        truths: &[Vec<BoundingBox>],
        rng: &mut impl Rng,
    ) -> Result<Tensor<(), E, D, T>, DetectionError<D::Err>>
    where
        B: Dim,
        E: Element,
        D: Device<E>,
        D::Err: Debug + Display,
        T: Tape<E, D>,
    {
        const { fits(A, K, SCALES * RATIOS) };
        let batch = objectness.shape().0.size();
        if truths.len() != batch {
            return Err(BoxError::Count {
                what: "lists of boxes",
                found: truths.len(),
                expected: batch,
                of: "images",
            }
            .into());
        }
        let anchors = self.anchors.grid(H, W);
        let (mut drawn, mut there) = (Vec::new(), Vec::new());
        let (mut moved, mut targets) = (Vec::new(), Vec::new());
        for (image, truths) in truths.iter().enumerate() {
            let matches = self.matcher.matches(&anchors, truths);
            let first = image * anchors.len();
            for anchor in self.sampler.sample(&matches, rng) {
                drawn.push(first + anchor);
                let Match::Truth(truth) = matches[anchor] else {
                    there.push(scalar(0.0));
                    continue;
                };
                there.push(scalar(1.0));
                moved.extend(places(anchor, H * W).map(|place| 4 * first + place));
                targets.extend(self.coder.encode(&anchors[anchor], &truths[truth]));
            }
        }
        let count = drawn.len();
        let loss = || {
            let said = match count {
                0 => nothing(objectness)?,
                _ => {
                    let there = filled(objectness.device(), &(count,), &there)?;
                    let said = chosen(objectness, &drawn)?.try_bce_with_logits(there)?;
                    let count: E = scalar(count as f64);
                    said.try_sum()?.try_div(count)?
                }
            };
            smooth_l1(deltas, &moved, &targets, 1.0 / 9.0, count)?.try_add(said)
        };
        loss().map_err(DetectionError::Device)
    }
}

/// Where the numbers of an anchor lie among those of an image, with `plane` pixels.
fn places(anchor: usize, plane: usize) -> [usize; 4] {
    let (kind, pixel) = (anchor / plane, anchor % plane);
    [0, 1, 2, 3].map(|k| (4 * kind + k) * plane + pixel)
}

fn clipped(place: BoundingBox, rows: f32, columns: f32) -> BoundingBox {
    place.intersection(&BoundingBox {
        class: 0,
        xmin: 0.0,
        ymin: 0.0,
        xmax: columns,
        ymax: rows,
    })
}

/// Numbers of any type as those that boxes are made of.
pub(super) fn single<E: Element>(numbers: &[E]) -> Vec<f32> {
    let as_f32 = |x: &E| num_traits::ToPrimitive::to_f32(x).unwrap_or(f32::NAN);
    numbers.iter().map(as_f32).collect()
}

/// Fails while compiling unless the network's channels are those of the anchors.
const fn fits(objectness: usize, deltas: usize, anchors: usize) {
    assert!(
        objectness == anchors,
        "the objectness has not as many channels as there are anchors at a pixel: scales times ratios"
    );
    assert!(
        deltas == 4 * anchors,
        "the deltas have not four channels for each anchor at a pixel"
    );
}
