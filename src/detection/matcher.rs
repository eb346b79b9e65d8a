use crate::data::BoundingBox;

/// What a box should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// Around the thing of this index.
    Truth(usize),
    /// Around nothing.
    Background,
    /// Neither: not to be learned.
    Ignored,
}

/// Gives each of many boxes the thing that it shares most with, if it is enough.
///
/// # Example
/// ```
/// use shapeproof::data::BoundingBox;
/// use shapeproof::detection::{Match, Matcher};
/// let thing = BoundingBox { class: 1, xmin: 0., ymin: 0., xmax: 10., ymax: 10. };
/// let boxes = [10., 5., 2.].map(|xmax| BoundingBox { xmax, ..thing });
/// assert_eq!(
///     Matcher::PROPOSALS.matches(&boxes, &[thing]),
///     [Match::Truth(0), Match::Ignored, Match::Background]
/// );
/// ```
///
/// # Same as
/// `torchvision.models.detection._utils.Matcher`, but for a thing that no box touches: there it takes
/// all boxes, here none
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matcher {
    /// A box that shares at least this with a thing is around it.
    pub foreground: f32,
    /// A box that shares less than this with everything is around nothing.
    pub background: f32,
    /// Whether the boxes that share most with a thing are around one, however little that is.
    pub low_quality: bool,
}

impl Matcher {
    /// That of the region proposal network in the paper: 0.7, 0.3, and the best boxes of each thing.
    pub const PROPOSALS: Matcher = Matcher {
        foreground: 0.7,
        background: 0.3,
        low_quality: true,
    };
    /// That of the box head: 0.5.
    pub const ROIS: Matcher = Matcher {
        foreground: 0.5,
        background: 0.5,
        low_quality: false,
    };

    /// What each of `boxes` should have been; without things all are background. Classes do not
    /// matter.
    pub fn matches(&self, boxes: &[BoundingBox], truths: &[BoundingBox]) -> Vec<Match> {
        let mut best: Vec<(f32, usize)> = vec![(0.0, 0); boxes.len()];
        let mut most = vec![0.0f32; truths.len()];
        for (number, truth) in truths.iter().enumerate() {
            for (place, best) in boxes.iter().zip(&mut best) {
                let iou = place.iou(truth);
                most[number] = most[number].max(iou);
                if iou > best.0 {
                    *best = (iou, number);
                }
            }
        }
        let verdict = |(iou, truth): &(f32, usize)| match *iou {
            iou if iou >= self.foreground && !truths.is_empty() => Match::Truth(*truth),
            iou if iou < self.background || truths.is_empty() => Match::Background,
            _ => Match::Ignored,
        };
        let mut matches: Vec<Match> = best.iter().map(verdict).collect();
        if self.low_quality {
            for (truth, most) in truths.iter().zip(most) {
                for (number, place) in boxes.iter().enumerate() {
                    if most > 0.0 && place.iou(truth) == most {
                        matches[number] = Match::Truth(best[number].1);
                    }
                }
            }
        }
        matches
    }
}
