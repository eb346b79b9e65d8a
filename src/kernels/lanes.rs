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
}

macro_rules! lanes {
    ($T:ty, $Register:ident, $LANES:ident, $load:ident, $load_part:ident, $store:ident, $splat:ident, $mul_add:ident, $sum:ident) => {
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
    reduce_sum_f32s
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
    reduce_sum_f64s
);

/// The most lanes that any machine has: by so many numbers a vectorised loop may overrun.
pub const MOST_LANES: usize = 16;

/// Runs `work` with the widest registers.
pub fn widest<W: WithSimd>(work: W) -> W::Output {
    Arch::new().dispatch(work)
}
