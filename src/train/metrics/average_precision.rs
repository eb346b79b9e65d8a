//! How well things are found, and how well the surest findings come first.

use super::confusion::mean;
use crate::data::BoundingBox;

/// COCO counts no more findings than these in each image, the surest ones.
const MOST: usize = 100;

/// A thing that a model has found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// What and where.
    pub thing: BoundingBox,
    /// How sure the model is; only the order matters.
    pub score: f32,
}

/// How the area under the curve of precision over recall is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The mean precision at recalls 0, 0.01, …, 1, as COCO does; a finding goes to the best thing
    /// that is not yet found, and of each image and class 100 count.
    Coco,
    /// The whole area, as PASCAL VOC does since 2010; a finding goes to the best thing, and is
    /// wrong when that one is found already.
    Voc,
}

/// Average precision of boxes of `N` classes.
///
/// A finding is right when its class is, and when its box and that of a thing not yet found share
/// at least a threshold of what they cover together. From the surest finding to the least sure,
/// recall (the share of things found) rises, and precision (the share of findings that are right)
/// falls; the precision at a recall is the best one at this or a higher recall.
///
/// # Example
/// ```
/// use shapeproof::data::BoundingBox;
/// use shapeproof::train::metrics::{AveragePrecision, Detection};
///
/// let thing = BoundingBox { class: 0, xmin: 0., ymin: 0., xmax: 10., ymax: 10. };
/// let mut ap = AveragePrecision::<1>::new();
/// // The right half is missing: half of the box is shared.
/// ap.add(&[thing], &[Detection { thing: BoundingBox { xmax: 5., ..thing }, score: 0.9 }]);
/// assert_eq!(ap.map50(), Some(1.0));
/// assert_eq!(ap.map(), Some(0.1));
/// ```
///
/// # Same as
/// `pycocotools.cocoeval.COCOeval`, without crowds, for areas of all sizes
///
/// # Source
/// Lin and others, "Microsoft COCO: Common Objects in Context", 2014; Everingham and others, "The
/// PASCAL Visual Object Classes (VOC) Challenge", 2010.
#[derive(Clone, Debug)]
pub struct AveragePrecision<const N: usize> {
    images: Vec<(Vec<BoundingBox>, Vec<Detection>)>,
}

impl<const N: usize> Default for AveragePrecision<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> AveragePrecision<N> {
    /// Nothing added yet.
    pub fn new() -> Self {
        AveragePrecision { images: Vec::new() }
    }

    /// Adds an image: what is in it, and what was found. Findings whose score is NaN count as the
    /// least sure.
    ///
    /// # Panics
    /// When a class is not below `N`.
    pub fn add(&mut self, truths: &[BoundingBox], found: &[Detection]) {
        let classes = truths.iter().chain(found.iter().map(|f| &f.thing));
        if let Some(thing) = classes.into_iter().find(|thing| thing.class >= N) {
            panic!("class {} of {N}", thing.class);
        }
        self.images.push((truths.to_vec(), found.to_vec()));
    }

    /// The average precision of one class where boxes share at least `iou`; `None` when nothing is
    /// of the class.
    pub fn of_class(&self, class: usize, iou: f64, how: Interpolation) -> Option<f64> {
        let mut ranked: Vec<(f32, bool)> = Vec::new();
        let mut things = 0;
        for (truths, found) in &self.images {
            let truths: Vec<_> = truths.iter().filter(|t| t.class == class).collect();
            let mut found: Vec<_> = found.iter().filter(|f| f.thing.class == class).collect();
            things += truths.len();
            found.sort_by(|a, b| surer(a.score, b.score));
            if how == Interpolation::Coco {
                found.truncate(MOST);
            }
            let mut taken = vec![false; truths.len()];
            for finding in found {
                let hit = matched(finding, &truths, &mut taken, iou, how);
                ranked.push((finding.score, hit));
            }
        }
        if things == 0 {
            return None;
        }
        // Stable, so that of equal scores the first image's count first.
        ranked.sort_by(|a, b| surer(a.0, b.0));
        let mut curve = Vec::with_capacity(ranked.len());
        let mut hits = 0u32;
        for (before, (_, hit)) in ranked.iter().enumerate() {
            hits += u32::from(*hit);
            let recall = f64::from(hits) / things as f64;
            curve.push((recall, f64::from(hits) / (before + 1) as f64));
        }
        // The best precision at this or a higher recall.
        let mut best = 0.0;
        for (_, precision) in curve.iter_mut().rev() {
            best = precision.max(best);
            *precision = best;
        }
        Some(match how {
            Interpolation::Coco => at_101_recalls(&curve),
            Interpolation::Voc => area(&curve),
        })
    }

    /// The mean of [`of_class`](Self::of_class) over the classes that are there.
    pub fn at(&self, iou: f64, how: Interpolation) -> Option<f64> {
        mean((0..N).filter_map(|class| self.of_class(class, iou, how)))
    }

    /// COCO's mAP@0.5: boxes share at least half.
    pub fn map50(&self) -> Option<f64> {
        self.at(0.5, Interpolation::Coco)
    }

    /// COCO's mAP@[.5:.95]: the mean over thresholds 0.5, 0.55, …, 0.95.
    pub fn map(&self) -> Option<f64> {
        let thresholds = (0..10).map(|i| 0.5 + 0.05 * f64::from(i));
        let maps: Option<Vec<f64>> = thresholds
            .map(|iou| self.at(iou, Interpolation::Coco))
            .collect();
        mean(maps?.into_iter())
    }
}

/// From the highest score to the lowest, NaN last.
fn surer(a: f32, b: f32) -> std::cmp::Ordering {
    let known = |score: f32| {
        if score.is_nan() {
            f32::NEG_INFINITY
        } else {
            score
        }
    };
    known(b).total_cmp(&known(a))
}

fn matched(
    finding: &Detection,
    truths: &[&BoundingBox],
    taken: &mut [bool],
    least: f64,
    how: Interpolation,
) -> bool {
    let mut best: Option<(usize, f64)> = None;
    for (i, truth) in truths.iter().enumerate() {
        if how == Interpolation::Coco && taken[i] {
            continue;
        }
        let iou = overlap(&finding.thing, truth);
        // Of equal ones COCO takes the last, VOC the first.
        let better = |old: f64| match how {
            Interpolation::Coco => iou >= old,
            Interpolation::Voc => iou > old,
        };
        if iou >= least.min(1.0 - 1e-10) && best.is_none_or(|(_, old)| better(old)) {
            best = Some((i, iou));
        }
    }
    match best {
        Some((i, _)) if !taken[i] => {
            taken[i] = true;
            true
        }
        _ => false,
    }
}

/// As [`BoundingBox::iou`], in the `f64` that COCO's thresholds are compared in.
fn overlap(a: &BoundingBox, b: &BoundingBox) -> f64 {
    let span = |min: f32, max: f32| (f64::from(max) - f64::from(min)).max(0.0);
    let area = |x: &BoundingBox| span(x.xmin, x.xmax) * span(x.ymin, x.ymax);
    let shared = area(&a.intersection(b));
    let covered = area(a) + area(b) - shared;
    if covered > 0.0 {
        shared / covered
    } else {
        0.0
    }
}

fn at_101_recalls(curve: &[(f64, f64)]) -> f64 {
    let precisions = (0..=100).map(|percent| {
        // As numpy's `linspace` rounds it.
        let least = if percent == 100 {
            1.0
        } else {
            f64::from(percent) * 0.01
        };
        let at = curve.partition_point(|(recall, _)| *recall < least);
        curve.get(at).map_or(0.0, |(_, precision)| *precision)
    });
    precisions.sum::<f64>() / 101.0
}

fn area(curve: &[(f64, f64)]) -> f64 {
    let mut before = 0.0;
    let mut area = 0.0;
    for (recall, precision) in curve {
        area += (recall - before) * precision;
        before = *recall;
    }
    area
}
