//! Of boxes around the same thing, the surest.

use crate::train::metrics::Detection;

/// The findings that stay when, from the surest to the least sure, each removes those that share more
/// than `iou` with it: their indices, the surest first.
///
/// Of equal scores the first comes first; a score that is NaN comes last.
///
/// # Example
/// ```
/// use shapeproof::data::BoundingBox;
/// use shapeproof::detection::nms;
/// use shapeproof::train::metrics::Detection;
/// let thing = BoundingBox { class: 0, xmin: 0., ymin: 0., xmax: 10., ymax: 10. };
/// let other = BoundingBox { xmin: 20., xmax: 30., ..thing };
/// let nearly = BoundingBox { xmax: 9., ..thing };
/// let found = [(nearly, 0.7), (other, 0.2), (thing, 0.9)];
/// let found = found.map(|(thing, score)| Detection { thing, score });
/// assert_eq!(nms(&found, 0.5), [2, 1]);
/// ```
///
/// # Same as
/// `torchvision.ops.nms(boxes, scores, iou)`
pub fn nms(found: &[Detection], iou: f32) -> Vec<usize> {
    suppressed(found, |kept, other| kept.thing.iou(&other.thing) > iou)
}

/// [`nms`] where a finding removes those of its own class only.
///
/// # Same as
/// `torchvision.ops.batched_nms(boxes, scores, classes, iou)`
pub fn batched_nms(found: &[Detection], iou: f32) -> Vec<usize> {
    suppressed(found, |kept, other| {
        kept.thing.class == other.thing.class && kept.thing.iou(&other.thing) > iou
    })
}

/// The indices of findings from the surest to the least sure.
pub(super) fn surest_first(found: &[Detection]) -> Vec<usize> {
    let score = |i: usize| match found[i].score {
        score if score.is_nan() => f32::NEG_INFINITY,
        score => score,
    };
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
    order
}

fn suppressed(found: &[Detection], removes: impl Fn(&Detection, &Detection) -> bool) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for i in surest_first(found) {
        if !kept.iter().any(|k| removes(&found[*k], &found[i])) {
            kept.push(i);
        }
    }
    kept
}
