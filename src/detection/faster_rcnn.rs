//! Both stages with what is between them.

use std::fmt::{Debug, Display};

use dfdx::prelude::{HasShape, Tape, Tensor, TryAdd};
use rand::Rng;

use super::{BoxHead, DetectionError, RegionProposals, Roi, RoiAlign};
use crate::data::BoundingBox;
use crate::shape::{Chw, Flat};
use crate::tensor::{Batch, Device, Element};
use crate::train::metrics::Detection;

/// A batch of any number of `S`.
type Many<S, E, D, T> = Batch<S, usize, E, D, T>;

/// What the first network puts out: features, objectness and deltas.
type First<
    const C: usize,
    const A: usize,
    const K: usize,
    const H: usize,
    const W: usize,
    E,
    D,
    T,
> = (
    Many<Chw<C, H, W>, E, D, T>,
    Many<Chw<A, H, W>, E, D, T>,
    Many<Chw<K, H, W>, E, D, T>,
);

/// What the second network puts out: classes and deltas.
type Second<const M: usize, const Q: usize, E, D, T> =
    (Many<Flat<M>, E, D, T>, Many<Flat<Q>, E, D, T>);

/// What makes two networks a Faster R-CNN: the first proposes boxes, the second looks into the features
/// of each, brought to `PH`×`PW` bins, for one of `N` classes.
///
/// # Shapes
/// The first network puts out features `(B, C, H, W)` and what [`RegionProposals`] takes; the second
/// takes `(R, C, PH, PW)` and puts out what [`BoxHead`] takes.
///
/// # Source
/// Ren, He, Girshick and Sun, "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal
/// Networks", 2015, with approximate joint training; RoI align in place of RoI pooling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FasterRcnn<
    const SCALES: usize,
    const RATIOS: usize,
    const PH: usize,
    const PW: usize,
    const N: usize,
> {
    /// What the first network says.
    pub rpn: RegionProposals<SCALES, RATIOS>,
    /// How parts of the features are cut out.
    pub align: RoiAlign<PH, PW>,
    /// What the second network says.
    pub head: BoxHead<N>,
}

impl<
        const SCALES: usize,
        const RATIOS: usize,
        const PH: usize,
        const PW: usize,
        const N: usize,
    > FasterRcnn<SCALES, RATIOS, PH, PW, N>
{
    /// The losses of both networks, added: `first` is what the first has put out, `second` runs the
    /// second. All that is drawn comes from `rng`.
    ///
    /// # Errors
    /// When `truths` are not those of as many images, a thing is of no class, the second network puts
    /// out another number of rows than it was given, or the device is out of memory.
    pub fn loss<
        const C: usize,
        const A: usize,
        const K: usize,
        const H: usize,
        const W: usize,
        const M: usize,
        const Q: usize,
        E,
        D,
        T,
    >(
        &self,
        (features, objectness, deltas): First<C, A, K, H, W, E, D, T>,
        truths: &[Vec<BoundingBox>],
        rng: &mut impl Rng,
        second: impl FnOnce(Many<Chw<C, PH, PW>, E, D, T>) -> Result<Second<M, Q, E, D, T>, D::Err>,
    ) -> Result<Tensor<(), E, D, T>, DetectionError<D::Err>>
    where
        E: Element,
        D: Device<E>,
        D::Err: Debug + Display,
        T: Tape<E, D>,
    {
        let proposals = self.rpn.proposals(&objectness, &deltas);
        let sampled = self.head.sample(&proposals, truths, rng)?;
        let proposed = self.rpn.loss(objectness, deltas, truths, rng)?;
        let parts = self.align.try_forward(features, &sampled.rois)?;
        let (classes, deltas) = second(parts).map_err(DetectionError::Device)?;
        let found = self.head.loss(classes, deltas, &sampled)?;
        found.try_add(proposed).map_err(DetectionError::Device)
    }

    /// What is found in each image, the surest first; arguments as those of [`loss`](Self::loss).
    ///
    /// # Errors
    /// When the second network puts out another number of rows than it was given, or the device is out
    /// of memory.
    pub fn detect<
        const C: usize,
        const A: usize,
        const K: usize,
        const H: usize,
        const W: usize,
        const M: usize,
        const Q: usize,
        E,
        D,
        T,
    >(
        &self,
        (features, objectness, deltas): First<C, A, K, H, W, E, D, T>,
        second: impl FnOnce(Many<Chw<C, PH, PW>, E, D, T>) -> Result<Second<M, Q, E, D, T>, D::Err>,
    ) -> Result<Vec<Vec<Detection>>, DetectionError<D::Err>>
    where
        E: Element,
        D: Device<E>,
        D::Err: Debug + Display,
        T: Tape<E, D>,
    {
        let images = features.shape().0;
        let proposals = self.rpn.proposals(&objectness, &deltas);
        let of_image = |(image, found): (usize, Vec<Detection>)| {
            (found.into_iter()).map(move |Detection { thing: place, .. }| Roi { image, place })
        };
        let rois: Vec<Roi> = proposals
            .into_iter()
            .enumerate()
            .flat_map(of_image)
            .collect();
        let parts = self.align.try_forward(features, &rois)?;
        let (classes, deltas) = second(parts).map_err(DetectionError::Device)?;
        let side = |pixels: usize| (self.rpn.anchors.stride * pixels as f32) as usize;
        let size = (side(H), side(W));
        Ok(self
            .head
            .detections(&classes, &deltas, &rois, images, size)?)
    }
}
