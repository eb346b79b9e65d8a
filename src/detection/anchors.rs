use crate::data::BoundingBox;

/// The boxes that a region proposal network is asked about: at every pixel of its feature map, one of
/// each of `SCALES` sizes in each of `RATIOS` forms, around the middle of what the pixel stands for.
///
/// `width = scale / √ratio`, `height = scale · √ratio`
///
/// # Example
/// ```
/// use shapeproof::detection::Anchors;
/// let anchors = Anchors { stride: 8., scales: [16., 32.], ratios: [1.] };
/// let boxes = anchors.grid(1, 2);
/// // Scale by scale, pixel by pixel; they may reach beyond the image.
/// let edges: Vec<_> = boxes.iter().map(|b| (b.xmin, b.ymin, b.xmax, b.ymax)).collect();
/// assert_eq!(edges[..2], [(-4., -4., 12., 12.), (4., -4., 20., 12.)]);
/// assert_eq!(edges[2..], [(-12., -12., 20., 20.), (-4., -12., 28., 20.)]);
/// ```
///
/// # Same as
/// `torchvision.models.detection.anchor_utils.AnchorGenerator`, but for the middle, which is there
/// the upper left corner, and the order
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchors<const SCALES: usize, const RATIOS: usize> {
    /// Pixels of the image between two pixels of the feature map.
    pub stride: f32,
    /// The square roots of the boxes' areas, in pixels of the image.
    pub scales: [f32; SCALES],
    /// Heights over widths.
    pub ratios: [f32; RATIOS],
}

impl<const SCALES: usize, const RATIOS: usize> Anchors<SCALES, RATIOS> {
    /// Boxes at every pixel: the channels of the network's objectness.
    pub const PER_PIXEL: usize = SCALES * RATIOS;

    /// All boxes of a feature map of `height`×`width`, in the order of the numbers of objectness:
    /// by scale, ratio, row and column. Their class is 0.
    pub fn grid(&self, height: usize, width: usize) -> Vec<BoundingBox> {
        let mut boxes = Vec::with_capacity(Self::PER_PIXEL * height * width);
        for scale in self.scales {
            for ratio in self.ratios {
                let (half_width, half_height) =
                    (scale / ratio.sqrt() / 2.0, scale * ratio.sqrt() / 2.0);
                for pixel in 0..height * width {
                    let y = ((pixel / width) as f32 + 0.5) * self.stride;
                    let x = ((pixel % width) as f32 + 0.5) * self.stride;
                    boxes.push(BoundingBox {
                        class: 0,
                        xmin: x - half_width,
                        ymin: y - half_height,
                        xmax: x + half_width,
                        ymax: y + half_height,
                    });
                }
            }
        }
        boxes
    }
}
