//! Shapes on a ground, with masks.

use rand::rngs::StdRng;
use rand::Rng;

use crate::data::error::DataError;
use crate::data::sample::{Image, Sample};
use crate::data::seeds::{generator, Use};
use crate::data::source::Source;
use crate::data::target::Mask;
use crate::shape::Chw;

/// Disc, square, triangle, cross.
const FORMS: usize = 4;
/// Plain, striped, checked.
const FILLS: usize = 3;

/// Images of `C`×`H`×`W` with two to five shapes of random place, size, turn and colour, and their
/// masks: class 0 is the ground, 1 to 4 are discs, squares, triangles and crosses, 5 to 8 the same
/// with stripes, 9 to 12 with checks. With fewer than 13 classes there are the first `N` only.
///
/// Does not build for fewer than 2 or more than 13 classes.
///
/// # Example
/// ```
/// use shapeproof::data::{Source, SyntheticShapes};
/// let sample = SyntheticShapes::<3, 32, 48, 5>::new(10, 1).get(0).unwrap();
/// assert!(sample.target.contains(&0) && sample.target.iter().any(|class| *class > 0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SyntheticShapes<const C: usize, const H: usize, const W: usize, const N: usize> {
    count: usize,
    seed: u64,
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> SyntheticShapes<C, H, W, N> {
    /// `count` images; another `seed` gives others.
    pub fn new(count: usize, seed: u64) -> Self {
        const {
            assert!(
                2 <= N && N <= 1 + FORMS * FILLS,
                "there are 2 to 13 classes of shapes"
            )
        };
        SyntheticShapes { count, seed }
    }
}

struct Form {
    class: usize,
    /// The middle.
    x: f32,
    y: f32,
    /// Half of the height and width, in pixels.
    size: f32,
    cos: f32,
    sin: f32,
}

impl Form {
    fn random(class: usize, height: usize, width: usize, rng: &mut StdRng) -> Self {
        let least = height.min(width) as f32;
        // A half-turn is enough: the tangent of a quarter of it gives sine and cosine by division.
        let t: f32 = rng.gen_range(-1.0..1.0);
        Form {
            class,
            x: rng.gen_range(0.1..0.9) * width as f32,
            y: rng.gen_range(0.1..0.9) * height as f32,
            size: rng.gen_range(0.12..0.25) * least,
            cos: (1.0 - t * t) / (1.0 + t * t),
            sin: 2.0 * t / (1.0 + t * t),
        }
    }

    /// Where a pixel is in a shape that reaches from −1 to 1; `None` outside of it.
    fn place(&self, row: usize, column: usize) -> Option<(f32, f32)> {
        let (x, y) = (column as f32 + 0.5 - self.x, row as f32 + 0.5 - self.y);
        let u = (x * self.cos + y * self.sin) / self.size;
        let v = (y * self.cos - x * self.sin) / self.size;
        let inside = match (self.class - 1) % FORMS {
            0 => u * u + v * v <= 1.0,
            1 => u.abs() <= 0.85 && v.abs() <= 0.85,
            2 => (-0.6..=1.0).contains(&v) && u.abs() <= 0.65 * (1.0 - v),
            _ => u.abs().min(v.abs()) <= 0.3 && u.abs().max(v.abs()) <= 1.0,
        };
        inside.then_some((u, v))
    }

    /// Whether a point has the second colour.
    fn second(&self, (u, v): (f32, f32)) -> bool {
        let odd = |x: f32| (x * 3.0).floor().rem_euclid(2.0) == 1.0;
        match (self.class - 1) / FORMS {
            0 => false,
            1 => odd(u),
            _ => odd(u) != odd(v),
        }
    }
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> Source
    for SyntheticShapes<C, H, W, N>
{
    type Shape = Chw<C, H, W>;
    type Target = Mask<H, W, N>;

    fn len(&self) -> usize {
        self.count
    }

    fn get(&self, index: usize) -> Result<Sample<Chw<C, H, W>, Mask<H, W, N>>, DataError> {
        assert!(index < self.count, "image {index} of {}", self.count);
        let rng = &mut generator(self.seed, 0, Use::Drawing, index);
        let mut target = vec![0; H * W];
        let mut values = vec![0f32; C * H * W];
        // Dark ground and bright shapes, or the other way around.
        let dark: f32 = rng.gen_range(20.0..90.0);
        let bright = 255.0 - rng.gen_range(20.0..90.0);
        let (ground, ink) = if rng.gen_bool(0.5) {
            (dark, bright)
        } else {
            (bright, dark)
        };
        let grounds: [f32; C] = std::array::from_fn(|_| ground + rng.gen_range(-20.0..20.0));
        for (plane, ground) in values.chunks_exact_mut(H * W).zip(grounds) {
            plane.fill(ground);
        }
        for number in 0..rng.gen_range(2..=5u32) {
            // The first image of the set has the first class, so that none is missing.
            let class = if number == 0 {
                1 + index % (N - 1)
            } else {
                1 + rng.gen_range(0..N as u32 - 1) as usize
            };
            let form = Form::random(class, H, W, rng);
            let colour: [f32; C] = std::array::from_fn(|_| ink + rng.gen_range(-20.0..20.0));
            for row in 0..H {
                for column in 0..W {
                    let Some(place) = form.place(row, column) else {
                        continue;
                    };
                    let at = row * W + column;
                    target[at] = class as u8;
                    for c in 0..C {
                        let other = 0.5 * (colour[c] + grounds[c]);
                        let second = form.second(place);
                        values[c * H * W + at] = if second { other } else { colour[c] };
                    }
                }
            }
        }
        let bytes = values
            .into_iter()
            .map(|value| (value + rng.gen_range(-12.0..12.0)) as u8);
        Ok(Sample {
            image: Image::checked(bytes.collect()),
            target,
        })
    }
}
