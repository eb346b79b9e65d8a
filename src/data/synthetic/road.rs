//! A road as the camera of a car sees it, with the steering that keeps the car on it.

use rand::Rng;

use crate::data::error::DataError;
use crate::data::sample::{Image, Sample};
use crate::data::seeds::{generator, Use};
use crate::data::source::Source;
use crate::data::target::Numbers;
use crate::shape::Chw;

/// Frames of `C`×`H`×`W` of a drive along a winding road, in their order, and the steering from −1
/// (left) to 1 (right): it answers to how the road bends and to how far the car is off its middle.
///
/// # Example
/// ```
/// use shapeproof::data::{Source, SyntheticRoad};
/// let drive = SyntheticRoad::<3, 60, 80>::new(100, 1);
/// assert!(drive.get(99).unwrap().target[0].abs() <= 1.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SyntheticRoad<const C: usize, const H: usize, const W: usize> {
    count: usize,
    seed: u64,
}

impl<const C: usize, const H: usize, const W: usize> SyntheticRoad<C, H, W> {
    /// `count` frames; another `seed` is another road.
    pub fn new(count: usize, seed: u64) -> Self {
        SyntheticRoad { count, seed }
    }

    /// From −1 to 1 and smooth in time: a sum of three waves, which `seed` and `what` choose.
    fn winding(&self, frame: usize, what: usize) -> f64 {
        let mut rng = generator(self.seed, 1, Use::Drawing, what);
        let waves = [0.5, 0.3, 0.2].map(|height| {
            let length = rng.gen_range(15.0..120.0);
            let phase = rng.gen_range(0.0..std::f64::consts::TAU);
            height * libm::sin(frame as f64 * std::f64::consts::TAU / length + phase)
        });
        waves.iter().sum()
    }
}

impl<const C: usize, const H: usize, const W: usize> Source for SyntheticRoad<C, H, W> {
    type Shape = Chw<C, H, W>;
    type Target = Numbers<1>;

    fn len(&self) -> usize {
        self.count
    }

    fn get(&self, index: usize) -> Result<Sample<Chw<C, H, W>, Numbers<1>>, DataError> {
        assert!(index < self.count, "frame {index} of {}", self.count);
        let (bend, off) = (self.winding(index, 0), self.winding(index, 1));
        let steering = 0.6 * bend + 0.4 * off;
        let mut rng = generator(self.seed, 0, Use::Drawing, index);
        let light: f32 = rng.gen_range(0.7..1.1);
        let horizon = H as f64 * 0.35;
        let mut values = vec![0; C * H * W];
        for row in 0..H {
            for column in 0..W {
                // 0 at the horizon, 1 at the car.
                let near = (row as f64 + 0.5 - horizon) / (H as f64 - horizon);
                let colour = if near <= 0.0 {
                    [120.0, 160.0, 220.0]
                } else {
                    let far = 1.0 - near;
                    let middle = 0.5 + 0.3 * off * near + 0.5 * bend * far * far;
                    let half = 0.04 + 0.36 * near;
                    // −1 and 1 are the edges of the road.
                    let across = ((column as f64 + 0.5) / W as f64 - middle) / half;
                    // Dashes that come nearer from frame to frame.
                    let along = 2.0 / near + index as f64 * 0.3;
                    surface(across, along)
                };
                for c in 0..C {
                    // One channel is grey; more than three begin again.
                    let value = if C == 1 {
                        (colour[0] + colour[1] + colour[2]) / 3.0
                    } else {
                        colour[c % 3]
                    };
                    let value = value * light + rng.gen_range(-8.0..8.0);
                    values[c * H * W + row * W + column] = value as u8;
                }
            }
        }
        Ok(Sample {
            image: Image::checked(values),
            target: [steering as f32],
        })
    }
}

fn surface(across: f64, along: f64) -> [f32; 3] {
    let side = across.abs();
    if side > 1.0 {
        [60.0, 130.0, 50.0]
    } else if side > 0.88 {
        [230.0, 230.0, 230.0]
    } else if side < 0.05 && along.rem_euclid(2.0) < 1.0 {
        [230.0, 200.0, 60.0]
    } else {
        [90.0, 90.0, 95.0]
    }
}
