//! Several numbers at once, in the widest registers that the machine has, whatever the program was
//! compiled for.

use pulp::{Arch, Simd, WithSimd};

/// A number of which a register holds several.
pub trait Lanes: Copy {
    /// A register full.
    type Register<S: Simd>: Copy;

    /// The numbers of a register.
    fn lanes<S: Simd>() -> usize;

    /// The first numbers of a slice.
    fn load<S: Simd>(simd: S, from: &[Self]) -> Self::Register<S>;

    /// All numbers of a slice of fewer than there are lanes, then zeros.
    fn load_part<S: Simd>(simd: S, from: &[Self]) -> Self::Register<S>;

    /// Overwrites the first numbers of a slice.
    fn store<S: Simd>(simd: S, value: Self::Register<S>, to: &mut [Self]);

    /// One number in all lanes.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Register<S>;

    /// `a · b + c`, rounded once where the machine can.
    fn fused<S: Simd>(
        simd: S,
        a: Self::Register<S>,
        b: Self::Register<S>,
        c: Self::Register<S>,
    ) -> Self::Register<S>;

    /// The sum over all lanes.
    fn total<S: Simd>(simd: S, value: Self::Register<S>) -> Self;

    /// `exp` of numbers that are at most 0, within a few units of the last digit, in place; what
    /// is too small for a normal number is near 0.
    fn exp_of_negative(values: &mut [Self]);
}

macro_rules! lanes {
    ($T:ty, $Register:ident, $LANES:ident, $load:ident, $load_part:ident, $store:ident, $splat:ident, $mul_add:ident, $sum:ident, $exp:expr) => {
        impl Lanes for $T {
            type Register<S: Simd> = S::$Register;

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$LANES
            }

            #[inline(always)]
            fn load<S: Simd>(_: S, from: &[Self]) -> S::$Register {
                S::$load(&from[..S::$LANES]).0[0]
            }

            #[inline(always)]
            fn load_part<S: Simd>(simd: S, from: &[Self]) -> S::$Register {
                simd.$load_part(from)
            }

            #[inline(always)]
            fn store<S: Simd>(_: S, value: S::$Register, to: &mut [Self]) {
                S::$store(&mut to[..S::$LANES]).0[0] = value;
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$Register {
                simd.$splat(value)
            }

            #[inline(always)]
            fn fused<S: Simd>(
                simd: S,
                a: S::$Register,
                b: S::$Register,
                c: S::$Register,
            ) -> S::$Register {
                simd.$mul_add(a, b, c)
            }

            #[inline(always)]
            fn total<S: Simd>(simd: S, value: S::$Register) -> Self {
                simd.$sum(value)
            }

            #[inline(always)]
            fn exp_of_negative(values: &mut [Self]) {
                for value in values {
                    *value = $exp(*value);
                }
            }
        }
    };
}
lanes!(
    f32,
    f32s,
    F32_LANES,
    as_simd_f32s,
    partial_load_f32s,
    as_mut_simd_f32s,
    splat_f32s,
    mul_add_e_f32s,
    reduce_sum_f32s,
    exp
);
lanes!(
    f64,
    f64s,
    F64_LANES,
    as_simd_f64s,
    partial_load_f64s,
    as_mut_simd_f64s,
    splat_f64s,
    mul_add_e_f64s,
    reduce_sum_f64s,
    f64::exp
);

/// `exp(x)` for `x ≤ 0` without branches, so that a loop of it runs in vectors: `2ⁿ · exp(r)` with
/// `x = n · ln 2 + r`.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// The smallest whose exponential is a normal number.
    const LEAST: f32 = -87.3;
    /// Added to a small number, it leaves the nearest whole number in the last bits.
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³
    /// The upper digits of ln 2, of which a small multiple is exact, and the rest.
    const LN_2: (f32, f32) = (0.693_359_4, -2.121_944_4e-4);
    // Turned so that NaN stays NaN.
    let x = if x < LEAST { LEAST } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN_2.0 - n * LN_2.1;
    // Taylor's polynomial: |r| is at most ln 2 / 2, so the next term is below 2e-8.
    let mut power = 1.0 / 5_040.0;
    for factor in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        power = power * r + factor;
    }
    let two_to_the_n = f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    power * two_to_the_n
}

/// The most lanes that any machine has: by so many numbers a vectorised loop may overrun.
pub const MOST_LANES: usize = 16;

/// Runs `work` with the widest registers.
pub fn widest<W: WithSimd>(work: W) -> W::Output {
    Arch::new().dispatch(work)
}
