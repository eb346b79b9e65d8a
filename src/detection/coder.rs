use crate::data::BoundingBox;

/// The largest `dw` and `dh` that are believed, so that no network makes a box of infinite size.
const MOST: f32 = 4.135_166_6; // ln(1000 / 16)

/// A box as numbers that say where it lies from another, and back.
///
/// With the middle `(x, y)` and the size `(w, h)` of the box, and those of the other one with an
/// index `a`:
///
/// `dx = (x − xₐ) / wₐ`, `dy = (y − yₐ) / hₐ`, `dw = ln(w / wₐ)`, `dh = ln(h / hₐ)`, each times its
/// weight
///
/// # Parameters
/// - `weights`: of `dx`, `dy`, `dw` and `dh`; default 1. Fast R-CNN takes 10, 10, 5 and 5, which
///   makes numbers of about 1 of the small steps from a proposal.
///
/// # Example
/// ```
/// use shapeproof::data::BoundingBox;
/// use shapeproof::detection::BoxCoder;
/// let anchor = BoundingBox { class: 0, xmin: 0., ymin: 0., xmax: 10., ymax: 20. };
/// let thing = BoundingBox { class: 2, xmin: 5., ymin: 0., xmax: 15., ymax: 20. };
/// let coder = BoxCoder::default();
/// assert_eq!(coder.encode(&anchor, &thing), [0.5, 0., 0., 0.]);
/// assert_eq!(coder.decode(&anchor, [0.5, 0., 0., 0.]), BoundingBox { class: 0, ..thing });
/// ```
///
/// # Same as
/// `torchvision.models.detection._utils.BoxCoder(weights)`
///
/// # Source
/// Girshick, Donahue, Darrell and Malik, "Rich feature hierarchies for accurate object detection and
/// semantic segmentation", 2014.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoxCoder {
    /// What `dx`, `dy`, `dw` and `dh` are multiplied by.
    pub weights: [f32; 4],
}

impl Default for BoxCoder {
    fn default() -> Self {
        BoxCoder { weights: [1.0; 4] }
    }
}

/// The middle and the size: `(x, y, w, h)`.
fn middle_and_size(of: &BoundingBox) -> (f32, f32, f32, f32) {
    let (width, height) = (of.xmax - of.xmin, of.ymax - of.ymin);
    (of.xmin + 0.5 * width, of.ymin + 0.5 * height, width, height)
}

impl BoxCoder {
    /// Where `thing` lies from `anchor`. The numbers are finite when both have an area.
    pub fn encode(&self, anchor: &BoundingBox, thing: &BoundingBox) -> [f32; 4] {
        let (ax, ay, aw, ah) = middle_and_size(anchor);
        let (x, y, w, h) = middle_and_size(thing);
        let [wx, wy, ww, wh] = self.weights;
        [
            wx * (x - ax) / aw,
            wy * (y - ay) / ah,
            ww * (w / aw).ln(),
            wh * (h / ah).ln(),
        ]
    }

    /// The box that lies so from `anchor`, with the anchor's class. A box is made at most 1000/16
    /// times as wide or high; it may reach beyond the image.
    pub fn decode(&self, anchor: &BoundingBox, deltas: [f32; 4]) -> BoundingBox {
        let (ax, ay, aw, ah) = middle_and_size(anchor);
        let [wx, wy, ww, wh] = self.weights;
        let [dx, dy, dw, dh] = deltas;
        let (x, y) = (ax + dx / wx * aw, ay + dy / wy * ah);
        let half_width = 0.5 * aw * (dw / ww).min(MOST).exp();
        let half_height = 0.5 * ah * (dh / wh).min(MOST).exp();
        BoundingBox {
            class: anchor.class,
            xmin: x - half_width,
            ymin: y - half_height,
            xmax: x + half_width,
            ymax: y + half_height,
        }
    }
}
