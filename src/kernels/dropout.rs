//! Sets numbers to zero at random, in a way that can be repeated for any part of a batch.
//!
//! Whether a number is kept depends on a seed, the example and the place in it, and on nothing else:
//! so threads may take any examples, and backward draws again what forward drew.

use super::simd::wide;
use super::{expect_len, Number};

/// The sizes of a dropout of one example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Numbers of an example.
    pub len: usize,
    /// The probability of dropping a number, as a fraction: what is above the line.
    pub numerator: usize,
    /// What is below the line; larger.
    pub denominator: usize,
}

impl Geometry {
    /// Of so many draws from 2³², those below this drop the number.
    fn threshold(&self) -> u64 {
        (((self.numerator as u128) << 32) / self.denominator as u128) as u64
    }
}

/// What sets the random numbers of a batch, or a piece of one, apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draw {
    /// The seed of the batch.
    pub seed: u64,
    /// The number of the first example of the piece within the batch.
    pub first: usize,
}

/// Steps of the generator's counter: 2⁶⁴ divided by the golden ratio, odd.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Scatters the bits of a counter.
///
/// # Source
/// G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number generators, 2014 (SplitMix64).
#[inline(always)]
const fn mixed(counter: u64) -> u64 {
    let z = (counter ^ (counter >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Where the counter of an example begins.
fn start(draw: Draw, example: usize) -> u64 {
    let example = (draw.first + example) as u64;
    mixed(mixed(draw.seed.wrapping_add(GAMMA)).wrapping_add(example.wrapping_mul(GAMMA)))
}

/// `y = x · m / (1 − p)`, where `m` is 0 with probability `p = numerator / denominator`, else 1
///
/// It is its own backward: `d_x = d_y · m / (1 − p)`, with the same [`Draw`].
///
/// # Shapes
/// `input` and `output` `(B, len)`.
///
/// # Panics
/// When a slice has another size, or the fraction is not below 1.
///
/// # Same as
/// `torch.nn.functional.dropout(x, p)`, with other random numbers
pub fn forward<T: Number>(g: &Geometry, batch: usize, draw: Draw, input: &[T], output: &mut [T]) {
    expect_len("input", input.len(), batch * g.len);
    expect_len("output", output.len(), batch * g.len);
    let Geometry {
        numerator,
        denominator,
        ..
    } = *g;
    assert!(
        numerator < denominator,
        "the probability {numerator}/{denominator} is not below 1"
    );
    let (threshold, scale) = (
        g.threshold(),
        T::of(denominator as f64 / (denominator - numerator) as f64),
    );
    let kept = |draw: u64, x: T| {
        if draw < threshold {
            T::zero()
        } else {
            x * scale
        }
    };
    let examples = input.chunks_exact(g.len.max(1));
    for (nth, (x, y)) in examples
        .zip(output.chunks_exact_mut(g.len.max(1)))
        .enumerate()
    {
        let start = start(draw, nth);
        wide(|| {
            // Both halves of a word are drawn from.
            let pairs = x.chunks(2).zip(y.chunks_mut(2));
            for (counter, (x, y)) in (1u64..).zip(pairs) {
                let word = mixed(start.wrapping_add(counter.wrapping_mul(GAMMA)));
                for (half, (x, y)) in [word & 0xffff_ffff, word >> 32]
                    .into_iter()
                    .zip(x.iter().zip(y))
                {
                    *y = kept(half, *x);
                }
            }
        });
    }
}

/// The same for one number, from the definition.
pub mod naive {
    use super::{mixed, start, Draw, Geometry, GAMMA};

    /// Whether number `place` of example `example` of the piece is kept.
    pub fn keeps(g: &Geometry, draw: Draw, example: usize, place: usize) -> bool {
        let steps = (place / 2 + 1) as u64;
        let word = mixed(start(draw, example).wrapping_add(steps.wrapping_mul(GAMMA)));
        let half = if place.is_multiple_of(2) {
            word % (1 << 32)
        } else {
            word / (1 << 32)
        };
        half as f64 / 2f64.powi(32) >= g.threshold() as f64 / 2f64.powi(32)
    }
}
