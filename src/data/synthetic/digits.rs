//! Digits drawn by the program, for tests and examples that must not need a download.
//!
//! A digit is a handful of strokes in a unit square (`x` to the right, `y` down). Every image bends
//! the strokes a little, then turns, stretches, slants and shifts the square, and draws it with
//! a pen of its own width. Only `+ − × ÷ √` touch the numbers, which IEEE 754 rounds the same
//! everywhere; hence no sine and no cosine.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, RngCore, SeedableRng};

use crate::data::{Dataset, Digits};

/// Rows and columns of a digit.
pub(super) const SIDE: usize = 28;
/// Straight pieces that stand for one piece of a curve.
const PIECES: usize = 5;

type Point = (f32, f32);

/// What a pen draws without being lifted.
enum Stroke {
    /// Straight from point to point.
    Line(&'static [Point]),
    /// Smoothly through the points.
    Curve(&'static [Point]),
    /// Smoothly through the points and back to the first.
    Loop(&'static [Point]),
}
use Stroke::{Curve, Line, Loop};

/// The ways to write each digit.
#[rustfmt::skip] // one stroke a line
const DIGITS: [&[&[Stroke]]; 10] = [
    &[
        &[Loop(&[(0.5, 0.08), (0.71, 0.2), (0.78, 0.5), (0.71, 0.8), (0.5, 0.92), (0.29, 0.8), (0.22, 0.5), (0.29, 0.2)])],
    ],
    &[
        &[Line(&[(0.5, 0.08), (0.5, 0.92)])],
        &[Line(&[(0.33, 0.27), (0.52, 0.08), (0.52, 0.92)])],
        &[
            Line(&[(0.33, 0.27), (0.52, 0.08), (0.52, 0.92)]),
            Line(&[(0.32, 0.92), (0.72, 0.92)]),
        ],
    ],
    &[
        &[
            Curve(&[(0.25, 0.28), (0.35, 0.12), (0.55, 0.08), (0.72, 0.2), (0.7, 0.4), (0.5, 0.64), (0.25, 0.9)]),
            Line(&[(0.25, 0.9), (0.78, 0.9)]),
        ],
        &[Curve(&[(0.26, 0.26), (0.38, 0.11), (0.57, 0.09), (0.7, 0.22), (0.64, 0.46), (0.38, 0.8), (0.24, 0.84), (0.3, 0.72), (0.48, 0.82), (0.62, 0.92), (0.8, 0.84)])],
    ],
    &[
        &[
            Curve(&[(0.26, 0.18), (0.45, 0.08), (0.67, 0.15), (0.7, 0.32), (0.58, 0.45), (0.42, 0.48)]),
            Curve(&[(0.42, 0.48), (0.62, 0.51), (0.75, 0.65), (0.72, 0.83), (0.5, 0.93), (0.25, 0.84)]),
        ],
        &[
            Line(&[(0.26, 0.1), (0.7, 0.1), (0.46, 0.44)]),
            Curve(&[(0.46, 0.44), (0.65, 0.5), (0.74, 0.66), (0.68, 0.85), (0.48, 0.93), (0.25, 0.84)]),
        ],
    ],
    &[
        &[Line(&[(0.62, 0.94), (0.62, 0.08), (0.2, 0.65), (0.82, 0.65)])],
        &[
            Line(&[(0.3, 0.1), (0.24, 0.52), (0.76, 0.52)]),
            Line(&[(0.7, 0.1), (0.66, 0.94)]),
        ],
    ],
    &[
        &[
            Line(&[(0.73, 0.1), (0.34, 0.1), (0.3, 0.45)]),
            Curve(&[(0.3, 0.45), (0.5, 0.4), (0.7, 0.5), (0.74, 0.7), (0.6, 0.88), (0.4, 0.92), (0.24, 0.83)]),
        ],
    ],
    &[
        &[Curve(&[(0.66, 0.08), (0.43, 0.24), (0.29, 0.5), (0.27, 0.74), (0.4, 0.91), (0.58, 0.91), (0.71, 0.76), (0.65, 0.58), (0.47, 0.54), (0.3, 0.68)])],
    ],
    &[
        &[Line(&[(0.24, 0.1), (0.76, 0.1), (0.42, 0.92)])],
        &[
            Line(&[(0.24, 0.1), (0.76, 0.1), (0.42, 0.92)]),
            Line(&[(0.38, 0.5), (0.74, 0.5)]),
        ],
    ],
    &[
        &[
            Loop(&[(0.5, 0.08), (0.67, 0.17), (0.67, 0.36), (0.5, 0.47), (0.33, 0.36), (0.33, 0.17)]),
            Loop(&[(0.5, 0.47), (0.72, 0.6), (0.72, 0.82), (0.5, 0.93), (0.28, 0.82), (0.28, 0.6)]),
        ],
    ],
    &[
        &[
            Loop(&[(0.52, 0.08), (0.7, 0.18), (0.71, 0.38), (0.55, 0.51), (0.36, 0.47), (0.28, 0.3), (0.35, 0.14)]),
            Line(&[(0.71, 0.26), (0.66, 0.93)]),
        ],
        &[
            Loop(&[(0.52, 0.08), (0.7, 0.18), (0.71, 0.38), (0.55, 0.51), (0.36, 0.47), (0.28, 0.3), (0.35, 0.14)]),
            Curve(&[(0.72, 0.28), (0.71, 0.58), (0.58, 0.85), (0.34, 0.92)]),
        ],
    ],
];

/// Draws `count` digits: grey 28×28 images, white on black, all classes equally often (but for a
/// remainder of `count / 10`) and in no order.
///
/// The same `seed` gives the same bytes; different seeds give different images, so a set to test on
/// is one of another seed.
///
/// # Example
/// ```
/// use shapeproof::data::synthetic_digits;
///
/// let digits = synthetic_digits(20, 7);
/// assert_eq!(digits.len(), 20);
/// for class in 0..10 {
///     assert_eq!(digits.labels().iter().filter(|label| **label == class).count(), 2);
/// }
/// assert_eq!(digits.image(3), synthetic_digits(20, 7).image(3));
/// ```
pub fn synthetic_digits(count: usize, seed: u64) -> Digits {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut labels: Vec<usize> = (0..count).map(|i| i % DIGITS.len()).collect();
    labels.shuffle(&mut rng);
    let mut pixels = Vec::with_capacity(count * SIDE * SIDE);
    for label in &labels {
        pixels.extend_from_slice(&draw_digit(*label, &mut rng));
    }
    Dataset::checked(pixels, labels)
}

/// Draws one digit, which is below 10.
pub(super) fn draw_digit(digit: usize, rng: &mut StdRng) -> [u8; SIDE * SIDE] {
    draw(DIGITS[digit], rng)
}

fn draw(ways: &[&[Stroke]], rng: &mut StdRng) -> [u8; SIDE * SIDE] {
    let strokes = ways[rng.gen_range(0..ways.len() as u32) as usize];
    let square = Square::random(rng);
    let pen = Pen::random(rng);

    // The squared distance of every pixel to the nearest stroke, as far as the pen reaches.
    let mut nearest = [f32::INFINITY; SIDE * SIDE];
    for stroke in strokes {
        let (points, smooth, closed) = match stroke {
            Line(points) => (points, false, false),
            Curve(points) => (points, true, false),
            Loop(points) => (points, true, true),
        };
        let points: Vec<Point> = points
            .iter()
            .map(|(x, y)| square.place((x + jitter(rng), y + jitter(rng))))
            .collect();
        let path = if smooth {
            smoothed(&points, closed)
        } else {
            points
        };
        for piece in path.windows(2) {
            touch(&mut nearest, piece[0], piece[1], pen.reach());
        }
    }

    let mut noise = [0; SIDE * SIDE];
    rng.fill_bytes(&mut noise);
    std::array::from_fn(|i| pen.shade(nearest[i].sqrt(), noise[i]))
}

fn jitter(rng: &mut StdRng) -> f32 {
    rng.gen_range(-0.025..0.025)
}

/// Where the unit square lies in the image: `origin + x · right + y · down`.
struct Square {
    origin: Point,
    right: Point,
    down: Point,
}

impl Square {
    fn random(rng: &mut StdRng) -> Self {
        // The tangent of half the angle, up to 15°, gives its sine and cosine by division.
        let t: f32 = rng.gen_range(-0.1317..0.1317);
        let (sin, cos) = (2.0 * t / (1.0 + t * t), (1.0 - t * t) / (1.0 + t * t));
        let height: f32 = rng.gen_range(18.0..24.0);
        let width = height * rng.gen_range(0.8..1.15);
        let slant: f32 = rng.gen_range(-0.25..0.25);
        let right = (cos * width, sin * width);
        let down = ((-sin + slant * cos) * height, (cos + slant * sin) * height);
        let middle = (SIDE as f32 - 1.0) / 2.0;
        let mut shift = || rng.gen_range(-2.0..2.0);
        Square {
            origin: (
                middle - (right.0 + down.0) / 2.0 + shift(),
                middle - (right.1 + down.1) / 2.0 + shift(),
            ),
            right,
            down,
        }
    }

    fn place(&self, (x, y): Point) -> Point {
        (
            self.origin.0 + x * self.right.0 + y * self.down.0,
            self.origin.1 + x * self.right.1 + y * self.down.1,
        )
    }
}

struct Pen {
    /// Half the width of a stroke in pixels.
    radius: f32,
    /// How white the ink is, at most 255.
    ink: f32,
    /// How far a pixel can be off.
    noise: f32,
}

impl Pen {
    fn random(rng: &mut StdRng) -> Self {
        Pen {
            radius: rng.gen_range(0.7..1.7),
            ink: rng.gen_range(190.0..255.0),
            noise: rng.gen_range(0.0..20.0),
        }
    }

    /// The distance at which a pixel stays black.
    fn reach(&self) -> f32 {
        self.radius + 0.5
    }

    /// A pixel of one unit's width is covered as far as it lies inside of the stroke's edge.
    fn shade(&self, distance: f32, noise: u8) -> u8 {
        let covered = (self.reach() - distance).clamp(0.0, 1.0);
        let off = (f32::from(noise) / 127.5 - 1.0) * self.noise;
        // `as` cuts off below 0 and above 255.
        (covered * self.ink + off + 0.5) as u8
    }
}

/// A path through the points whose direction at each is that from its neighbour to its neighbour
/// (a Catmull–Rom spline), in straight pieces.
fn smoothed(points: &[Point], closed: bool) -> Vec<Point> {
    let last = points.len() as isize - 1;
    let at = |i: isize| {
        points[if closed {
            i.rem_euclid(last + 1)
        } else {
            i.clamp(0, last)
        } as usize]
    };
    let spans = if closed { last + 1 } else { last };
    let mut path = vec![points[0]];
    for i in 0..spans {
        let (before, from, to, after) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        for piece in 1..=PIECES {
            let t = piece as f32 / PIECES as f32;
            let through = |before: f32, from: f32, to: f32, after: f32| {
                let cubic = 3.0 * (from - to) + after - before;
                let square = 2.0 * before - 5.0 * from + 4.0 * to - after;
                from + 0.5 * t * (to - before + t * (square + t * cubic))
            };
            path.push((
                through(before.0, from.0, to.0, after.0),
                through(before.1, from.1, to.1, after.1),
            ));
        }
    }
    path
}

/// Lowers the squared distances of the pixels that a pen of `reach` touches between two points.
fn touch(nearest: &mut [f32; SIDE * SIDE], from: Point, to: Point, reach: f32) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    // `as` cuts off at 0; a stroke left or above of the image touches row or column 0 in vain.
    let pixels = |a: f32, b: f32| {
        let first = (a.min(b) - reach).ceil() as usize;
        let end = (a.max(b) + reach).floor() as usize + 1;
        first..end.min(SIDE)
    };
    for y in pixels(from.1, to.1) {
        for x in pixels(from.0, to.0) {
            let (px, py) = (x as f32 - from.0, y as f32 - from.1);
            let along = if length > 0.0 {
                ((px * dx + py * dy) / length).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let (ex, ey) = (px - along * dx, py - along * dy);
            let pixel = &mut nearest[y * SIDE + x];
            *pixel = pixel.min(ex * ex + ey * ey);
        }
    }
}
