//! One motion for an image and all that is known of its pixels.

use crate::data::sample::{Image, Sample};
use crate::data::target::{BoundingBox, Boxes, Class, Mask, Numbers, Target, IGNORE};
use crate::shape::Chw;

/// A box is kept when at least this share of it is still seen.
const SEEN: f64 = 0.5;

/// What a pixel of a moved image is, where it comes from between the middles of old ones.
///
/// Masks always take [`Nearest`](Self::Nearest): there is no class between two.
///
/// # Same as
/// `torchvision.transforms.InterpolationMode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InterpolationMode {
    /// The old pixel that it comes from. Lines stay as sharp as they were, and those of an image and
    /// of its mask stay together.
    Nearest,
    /// The weighted mean of the four old pixels around, which blurs fine lines a little.
    #[default]
    Bilinear,
}

/// How new pixels are made.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::data) struct Resampling {
    pub interpolation: InterpolationMode,
    /// What comes from outside of the image.
    pub fill: u8,
}

impl Resampling {
    /// For motions by whole pixels.
    pub fn whole_pixels(fill: u8) -> Self {
        Resampling {
            interpolation: InterpolationMode::Nearest,
            fill,
        }
    }
}

/// Where every pixel of an image comes from.
///
/// Points are in pixels from the left and upper edge of the image, so the middle of the first pixel
/// is (0.5, 0.5).
#[derive(Clone, Debug)]
pub struct Motion(Way);

#[derive(Clone, Debug)]
enum Way {
    /// `source = matrix · point + shift`
    Affine {
        matrix: [[f64; 2]; 2],
        shift: [f64; 2],
    },
    /// `source = point + offsets[point]`, the offsets by row and column.
    Field {
        width: usize,
        offsets: Vec<(f32, f32)>,
    },
}

impl Motion {
    /// The motion that brings the point `matrix · p + shift` to the point `p`.
    pub(super) fn affine(matrix: [[f64; 2]; 2], shift: [f64; 2]) -> Self {
        Motion(Way::Affine { matrix, shift })
    }

    /// Turns by `angle` (in radians, anticlockwise to the eye) around the middle of an image of
    /// `height`×`width`, stretches by `scale`, slants by `shear` (rows move along `x`), then shifts
    /// by (`right`, `down`) pixels.
    pub(crate) fn around_the_middle(
        (height, width): (usize, usize),
        angle: f64,
        scale: f64,
        shear: f64,
        (right, down): (f64, f64),
    ) -> Self {
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        let slant = libm::tan(shear);
        // Rows point downwards, so anticlockwise to the eye is clockwise in these numbers:
        // forward = scale · [cos, sin; −sin, cos] · [1, slant; 0, 1].
        let forward = [
            [scale * cos, scale * (cos * slant + sin)],
            [-scale * sin, scale * (cos - sin * slant)],
        ];
        let inverse = inverted(forward);
        let middle = [width as f64 / 2.0, height as f64 / 2.0];
        // source = inverse · (p − middle − shift) + middle
        let from = [middle[0] + right, middle[1] + down];
        let moved = product(inverse, from);
        Self::affine(inverse, [middle[0] - moved[0], middle[1] - moved[1]])
    }

    /// The motion that brings to every pixel what lies `offsets` (right, down) from it, row by row
    /// of `width` pixels.
    pub(super) fn field(width: usize, offsets: Vec<(f32, f32)>) -> Self {
        Motion(Way::Field { width, offsets })
    }

    /// The point (`x`, `y`) that the middle of a pixel comes from.
    pub fn source(&self, row: usize, column: usize) -> (f32, f32) {
        let point = [column as f64 + 0.5, row as f64 + 0.5];
        match &self.0 {
            Way::Affine { matrix, shift } => {
                let [x, y] = product(*matrix, point);
                ((x + shift[0]) as f32, (y + shift[1]) as f32)
            }
            Way::Field { width, offsets } => {
                let (dx, dy) = offsets[row * width + column];
                (point[0] as f32 + dx, point[1] as f32 + dy)
            }
        }
    }

    /// The box around what was in a box of an image of `height`×`width` and is still seen; `None`
    /// when less than half of it is.
    pub fn moved(&self, old: &BoundingBox, height: usize, width: usize) -> Option<BoundingBox> {
        let (new, seen) = match &self.0 {
            Way::Affine { matrix, shift } => {
                let forward = inverted(*matrix);
                let corner = |x: f32, y: f32| {
                    let from = [f64::from(x) - shift[0], f64::from(y) - shift[1]];
                    product(forward, from)
                };
                let corners = [
                    corner(old.xmin, old.ymin),
                    corner(old.xmax, old.ymin),
                    corner(old.xmin, old.ymax),
                    corner(old.xmax, old.ymax),
                ];
                let least = |axis: usize| corners.iter().fold(f64::INFINITY, |m, c| m.min(c[axis]));
                let most = |axis: usize| {
                    corners
                        .iter()
                        .fold(f64::NEG_INFINITY, |m, c| m.max(c[axis]))
                };
                let whole = BoundingBox {
                    class: old.class,
                    xmin: least(0) as f32,
                    ymin: least(1) as f32,
                    xmax: most(0) as f32,
                    ymax: most(1) as f32,
                };
                let new = whole.clipped(height, width);
                (new, f64::from(new.area()) / f64::from(whole.area()))
            }
            Way::Field { .. } => self.seen_in_field(old, height, width)?,
        };
        (seen >= SEEN && new.area() > 0.0).then_some(new)
    }

    /// A field is not turned around: the new pixels are searched that come from the old box.
    fn seen_in_field(
        &self,
        old: &BoundingBox,
        height: usize,
        width: usize,
    ) -> Option<(BoundingBox, f64)> {
        let mut new: Option<BoundingBox> = None;
        let mut pixels = 0;
        for row in 0..height {
            for column in 0..width {
                let (x, y) = self.source(row, column);
                if x < old.xmin || x >= old.xmax || y < old.ymin || y >= old.ymax {
                    continue;
                }
                pixels += 1;
                let (left, top) = (column as f32, row as f32);
                let new = new.get_or_insert(BoundingBox {
                    class: old.class,
                    xmin: left,
                    ymin: top,
                    xmax: left + 1.0,
                    ymax: top + 1.0,
                });
                new.xmin = new.xmin.min(left);
                new.xmax = new.xmax.max(left + 1.0);
                new.ymax = new.ymax.max(top + 1.0);
            }
        }
        Some((new?, f64::from(pixels) / f64::from(old.area())))
    }
}

fn product(m: [[f64; 2]; 2], v: [f64; 2]) -> [f64; 2] {
    m.map(|row| row[0] * v[0] + row[1] * v[1])
}

fn inverted([[a, b], [c, d]]: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    let det = a * d - b * c;
    [[d / det, -b / det], [-c / det, a / det]]
}

/// A target whose value knows where in an `H`×`W` image it is, or does not depend on that.
///
/// A class and numbers stay what they are; whoever turns an image whose number is an angle has to
/// turn the number, too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not belong to images of {H}×{W}",
    label = "a mask has the height and width of its image"
)]
pub trait Spatial<const H: usize, const W: usize>: Target {
    /// Moves as the image does.
    fn travel(value: &mut Self::Value, motion: &Motion);

    /// Forgets what a box over the image hides.
    fn hide(value: &mut Self::Value, hidden: &BoundingBox);
}

impl<const H: usize, const W: usize, const N: usize> Spatial<H, W> for Class<N> {
    fn travel(_: &mut usize, _: &Motion) {}
    fn hide(_: &mut usize, _: &BoundingBox) {}
}

impl<const H: usize, const W: usize, const N: usize> Spatial<H, W> for Numbers<N> {
    fn travel(_: &mut [f32; N], _: &Motion) {}
    fn hide(_: &mut [f32; N], _: &BoundingBox) {}
}

impl<const H: usize, const W: usize, const N: usize> Spatial<H, W> for Mask<H, W, N> {
    fn travel(value: &mut Vec<u8>, motion: &Motion) {
        let old = value.clone();
        for row in 0..H {
            for column in 0..W {
                let (x, y) = motion.source(row, column);
                value[row * W + column] = if inside(x, y, H, W) {
                    old[nearest(x, y, H, W)]
                } else {
                    IGNORE
                };
            }
        }
    }

    fn hide(value: &mut Vec<u8>, hidden: &BoundingBox) {
        for row in hidden.ymin as usize..hidden.ymax as usize {
            value[row * W..][hidden.xmin as usize..hidden.xmax as usize].fill(IGNORE);
        }
    }
}

impl<const H: usize, const W: usize, const N: usize> Spatial<H, W> for Boxes<N> {
    fn travel(value: &mut Vec<BoundingBox>, motion: &Motion) {
        *value = value
            .iter()
            .filter_map(|old| motion.moved(old, H, W))
            .collect();
    }

    fn hide(value: &mut Vec<BoundingBox>, hidden: &BoundingBox) {
        value.retain(|thing| {
            let seen = 1.0 - f64::from(thing.intersection(hidden).area() / thing.area());
            seen >= SEEN
        });
    }
}

fn inside(x: f32, y: f32, height: usize, width: usize) -> bool {
    (0.0..=width as f32).contains(&x) && (0.0..=height as f32).contains(&y)
}

/// The place of the pixel that a point of an image of `height`×`width` lies in.
fn nearest(x: f32, y: f32, height: usize, width: usize) -> usize {
    (y as usize).min(height - 1) * width + (x as usize).min(width - 1)
}

/// Moves a sample's image and target.
pub(super) fn travel<const C: usize, const H: usize, const W: usize, T: Spatial<H, W>>(
    sample: &mut Sample<Chw<C, H, W>, T>,
    motion: &Motion,
    resampling: Resampling,
) {
    warp(&mut sample.image, motion, resampling);
    T::travel(&mut sample.target, motion);
}

/// Moves an image.
pub(in crate::data) fn warp<const C: usize, const H: usize, const W: usize>(
    image: &mut Image<Chw<C, H, W>>,
    motion: &Motion,
    Resampling {
        interpolation,
        fill,
    }: Resampling,
) {
    let old = image.values().to_vec();
    let new = image.values_mut();
    for row in 0..H {
        for column in 0..W {
            let (x, y) = motion.source(row, column);
            let at = row * W + column;
            if !inside(x, y, H, W) {
                for c in 0..C {
                    new[c * H * W + at] = fill;
                }
                continue;
            }
            if interpolation == InterpolationMode::Nearest {
                let from = nearest(x, y, H, W);
                for c in 0..C {
                    new[c * H * W + at] = old[c * H * W + from];
                }
                continue;
            }
            let (left, right, x) = neighbours(x, W);
            let (upper, lower, y) = neighbours(y, H);
            for c in 0..C {
                let plane = &old[c * H * W..(c + 1) * H * W];
                let value = |row: usize, column: usize| f32::from(plane[row * W + column]);
                let above = value(upper, left) * (1.0 - x) + value(upper, right) * x;
                let below = value(lower, left) * (1.0 - x) + value(lower, right) * x;
                new[c * H * W + at] = (above * (1.0 - y) + below * y + 0.5) as u8;
            }
        }
    }
}

/// The pixels whose middles are before and after a point, and how far it is on the way between.
fn neighbours(point: f32, size: usize) -> (usize, usize, f32) {
    let from_first = (point - 0.5).clamp(0.0, (size - 1) as f32);
    let before = from_first as usize;
    (
        before,
        (before + 1).min(size - 1),
        from_first - before as f32,
    )
}
