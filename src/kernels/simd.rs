//! Vector instructions: the ones that the machine has, found when the program runs.
//!
//! A binary is built for the oldest machine of its kind, so wider vectors must be asked for. A
//! [`Kernel`] is written once, for any [`Lanes`]; [`Level::run`] compiles it once for each level
//! and calls the one it stands for. What needs no more than plain loops goes through [`wide`], and
//! is vectorised by the compiler.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_mm512_mask_storeu_ps, _mm512_maskz_loadu_ps};

#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
#[cfg(target_arch = "x86_64")]
use pulp::Simd;

/// Which vector instructions a kernel is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Those that every machine has which the program was built for.
    Portable,
    /// AVX2 and FMA: 8 numbers at once.
    Avx2,
    /// AVX-512 (F, BW, CD, DQ, VL): 16 numbers at once.
    Avx512,
}

impl Level {
    /// The best that this machine has.
    pub fn best() -> Self {
        if Level::Avx512.is_available() {
            Level::Avx512
        } else if Level::Avx2.is_available() {
            Level::Avx2
        } else {
            Level::Portable
        }
    }

    /// All that this machine has.
    pub fn available() -> impl Iterator<Item = Self> {
        [Level::Portable, Level::Avx2, Level::Avx512]
            .into_iter()
            .filter(|level| level.is_available())
    }

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            Level::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => V3::is_available(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => V4::is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// Runs the kernel, compiled for this level.
    ///
    /// # Panics
    /// When the machine does not have it.
    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            Level::Portable => kernel.run(Portable),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => {
                let lanes = V3::try_new().expect("a machine with AVX2");
                lanes.vectorize(Call(kernel, lanes))
            }
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                let lanes = V4::try_new().expect("a machine with AVX-512");
                lanes.vectorize(Call(kernel, lanes))
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => panic!("a machine with {self:?}"),
        }
    }
}

/// Calls `loops` compiled for the best vector instructions. They should be a function that is
/// inlined, of plain loops over slices.
#[inline(always)]
pub(super) fn wide<R>(loops: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(lanes) = V4::try_new() {
            return pulp::x86::V4::vectorize(lanes, loops);
        }
        if let Some(lanes) = V3::try_new() {
            return pulp::x86::V3::vectorize(lanes, loops);
        }
    }
    loops()
}

/// A function that is compiled for every [`Level`]. `run` and all that it calls should be
/// `#[inline(always)]`: what is not inlined is compiled for the oldest machine.
pub(super) trait Kernel {
    /// What it gives.
    type Output;

    /// Does it with vectors of one length.
    fn run<S: Lanes>(self, simd: S) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
struct Call<K, S>(K, S);

#[cfg(target_arch = "x86_64")]
impl<K: Kernel, S: Lanes> pulp::NullaryFnOnce for Call<K, S> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.0.run(self.1)
    }
}

/// A square of numbers, rows by columns.
pub(super) type Square = [[f32; 16]; 16];

/// Vectors of a length, and what can be done with them. Its value is the proof that the machine
/// can.
pub(super) trait Lanes: Copy {
    /// Numbers in a vector; divides 16.
    const LANES: usize;
    /// Rows of the block of a product that the registers hold beside two vectors a row.
    const ROWS: usize;
    /// `LANES` numbers.
    type V: Copy;

    /// The first numbers of `x`.
    fn load(self, x: &[f32]) -> Self::V;
    /// All numbers of `x`, which may be fewer, then zeros.
    fn load_part(self, x: &[f32]) -> Self::V;
    /// To the front of `x`.
    fn store(self, v: Self::V, x: &mut [f32]);
    /// One number in all places.
    fn splat(self, x: f32) -> Self::V;
    /// `a + b`
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a − b`
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a · b + c`, rounded once or twice.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `max(0, a)`, where NaN stays NaN.
    fn relu(self, a: Self::V) -> Self::V;
    /// To the front of `x`; where `x` is shorter, only what fits.
    fn store_part(self, v: Self::V, x: &mut [f32]);
    /// The sum of its numbers.
    fn sum(self, v: Self::V) -> f32;
    /// Exchanges rows and columns.
    fn transpose(self, from: &Square, to: &mut Square);
}

/// Four numbers, which is what every machine of the last twenty years adds at once.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Lanes for Portable {
    const LANES: usize = 4;
    const ROWS: usize = 4;
    type V = [f32; 4];

    #[inline(always)]
    fn load(self, x: &[f32]) -> [f32; 4] {
        [x[0], x[1], x[2], x[3]]
    }
    #[inline(always)]
    fn load_part(self, x: &[f32]) -> [f32; 4] {
        let mut v = [0.0; 4];
        v[..x.len()].copy_from_slice(x);
        v
    }
    #[inline(always)]
    fn store(self, v: [f32; 4], x: &mut [f32]) {
        x[..4].copy_from_slice(&v);
    }
    #[inline(always)]
    fn splat(self, x: f32) -> [f32; 4] {
        [x; 4]
    }
    #[inline(always)]
    fn add(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn sub(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| a[i] - b[i])
    }
    #[inline(always)]
    fn mul_add(self, a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        // Not `f32::mul_add`: without the instruction that is a call.
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    fn relu(self, a: [f32; 4]) -> [f32; 4] {
        a.map(|a| if a <= 0.0 { 0.0 } else { a })
    }
    #[inline(always)]
    fn sum(self, v: [f32; 4]) -> f32 {
        (v[0] + v[2]) + (v[1] + v[3])
    }
    #[inline(always)]
    fn store_part(self, v: [f32; 4], x: &mut [f32]) {
        let len = x.len().min(4);
        x[..len].copy_from_slice(&v[..len]);
    }
    #[inline(always)]
    fn transpose(self, from: &Square, to: &mut Square) {
        for (i, row) in to.iter_mut().enumerate() {
            for (j, x) in row.iter_mut().enumerate() {
                *x = from[j][i];
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V3 {
    const LANES: usize = 8;
    const ROWS: usize = 4;
    type V = pulp::f32x8;

    #[inline(always)]
    fn load(self, x: &[f32]) -> Self::V {
        let x: &[f32; 8] = x[..8].try_into().expect("eight numbers");
        pulp::cast(*x)
    }
    #[inline(always)]
    fn load_part(self, x: &[f32]) -> Self::V {
        if x.len() >= 8 {
            return self.load(x);
        }
        self.partial_load_f32s(x)
    }
    #[inline(always)]
    fn store(self, v: Self::V, x: &mut [f32]) {
        x[..8].copy_from_slice(&pulp::cast::<Self::V, [f32; 8]>(v));
    }
    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        self.splat_f32s(x)
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        self.add_f32s(a, b)
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        self.sub_f32s(a, b)
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        self.mul_add_e_f32s(a, b, c)
    }
    #[inline(always)]
    fn relu(self, a: Self::V) -> Self::V {
        // Of two numbers of which one is NaN, the instruction gives the second.
        pulp::cast(
            self.avx
                ._mm256_max_ps(pulp::cast(self.splat_f32s(0.0)), pulp::cast(a)),
        )
    }
    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        self.reduce_sum_f32s(v)
    }
    #[inline(always)]
    fn store_part(self, v: Self::V, x: &mut [f32]) {
        if x.len() >= 8 {
            return self.store(v, x);
        }
        self.partial_store_f32s(x, v);
    }
    #[inline(always)]
    fn transpose(self, from: &Square, to: &mut Square) {
        let avx = self.avx;
        for (down, across) in [(0, 0), (0, 8), (8, 0), (8, 8)] {
            let mut quads = [[avx._mm256_setzero_ps(); 4]; 2];
            for (half, quads) in quads.iter_mut().enumerate() {
                let mut r = [avx._mm256_setzero_ps(); 4];
                for (i, r) in r.iter_mut().enumerate() {
                    let row = &from[down + half * 4 + i][across..across + 8];
                    *r = pulp::cast(<[f32; 8]>::try_from(row).expect("eight numbers"));
                }
                // Pairs of rows, interleaved; then pairs of pairs: squares of 4 are transposed.
                let (a, b) = (
                    avx._mm256_unpacklo_ps(r[0], r[1]),
                    avx._mm256_unpackhi_ps(r[0], r[1]),
                );
                let (c, d) = (
                    avx._mm256_unpacklo_ps(r[2], r[3]),
                    avx._mm256_unpackhi_ps(r[2], r[3]),
                );
                *quads = [
                    avx._mm256_shuffle_ps::<0x44>(a, c),
                    avx._mm256_shuffle_ps::<0xee>(a, c),
                    avx._mm256_shuffle_ps::<0x44>(b, d),
                    avx._mm256_shuffle_ps::<0xee>(b, d),
                ];
            }
            let [top, bottom] = quads;
            for i in 0..4 {
                let left = avx._mm256_permute2f128_ps::<0x20>(top[i], bottom[i]);
                let right = avx._mm256_permute2f128_ps::<0x31>(top[i], bottom[i]);
                let columns = down..down + 8;
                to[across + i][columns.clone()].copy_from_slice(&pulp::cast::<_, [f32; 8]>(left));
                to[across + i + 4][columns].copy_from_slice(&pulp::cast::<_, [f32; 8]>(right));
            }
        }
    }
}

/// A mask of the first `len` of sixteen numbers, or of all.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn first_bits(len: usize) -> u16 {
    ((1u32 << len.min(16)) - 1) as u16
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V4 {
    const LANES: usize = 16;
    const ROWS: usize = 12;
    type V = pulp::f32x16;

    #[inline(always)]
    fn load(self, x: &[f32]) -> Self::V {
        let x: &[f32; 16] = x[..16].try_into().expect("sixteen numbers");
        pulp::cast(*x)
    }
    #[inline(always)]
    fn load_part(self, x: &[f32]) -> Self::V {
        if x.len() >= 16 {
            return self.load(x);
        }
        let some = first_bits(x.len());
        // SAFETY: `self` proves that the machine has AVX-512, and of `x` the instruction reads only
        // the numbers whose bit is set: the first of them, at most all.
        pulp::cast(unsafe { _mm512_maskz_loadu_ps(some, x.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, v: Self::V, x: &mut [f32]) {
        x[..16].copy_from_slice(&pulp::cast::<Self::V, [f32; 16]>(v));
    }
    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        self.splat_f32s(x)
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        self.add_f32s(a, b)
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        self.sub_f32s(a, b)
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        self.mul_add_e_f32s(a, b, c)
    }
    #[inline(always)]
    fn relu(self, a: Self::V) -> Self::V {
        // Of two numbers of which one is NaN, the instruction gives the second.
        pulp::cast(
            self.avx512f
                ._mm512_max_ps(pulp::cast(self.splat_f32s(0.0)), pulp::cast(a)),
        )
    }
    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        self.reduce_sum_f32s(v)
    }
    #[inline(always)]
    fn store_part(self, v: Self::V, x: &mut [f32]) {
        if x.len() >= 16 {
            return self.store(v, x);
        }
        let some = first_bits(x.len());
        // SAFETY: `self` proves that the machine has AVX-512, and of `x` the instruction writes
        // only the numbers whose bit is set: the first of them, at most all.
        unsafe { _mm512_mask_storeu_ps(x.as_mut_ptr(), some, pulp::cast(v)) }
    }
    #[inline(always)]
    fn transpose(self, from: &Square, to: &mut Square) {
        let f = self.avx512f;
        let mut q = [[f._mm512_setzero_ps(); 4]; 4];
        for (i, q) in q.iter_mut().enumerate() {
            let [r0, r1, r2, r3]: [std::arch::x86_64::__m512; 4] = [
                pulp::cast(from[4 * i]),
                pulp::cast(from[4 * i + 1]),
                pulp::cast(from[4 * i + 2]),
                pulp::cast(from[4 * i + 3]),
            ];
            // Pairs of rows, interleaved; then pairs of pairs: squares of 4 are transposed.
            let (a, b) = (f._mm512_unpacklo_ps(r0, r1), f._mm512_unpackhi_ps(r0, r1));
            let (c, d) = (f._mm512_unpacklo_ps(r2, r3), f._mm512_unpackhi_ps(r2, r3));
            *q = [
                f._mm512_shuffle_ps::<0x44>(a, c),
                f._mm512_shuffle_ps::<0xee>(a, c),
                f._mm512_shuffle_ps::<0x44>(b, d),
                f._mm512_shuffle_ps::<0xee>(b, d),
            ];
        }
        // Then the squares of 4 change places.
        for j in 0..4 {
            let a = f._mm512_shuffle_f32x4::<0x88>(q[0][j], q[1][j]);
            let b = f._mm512_shuffle_f32x4::<0x88>(q[2][j], q[3][j]);
            let c = f._mm512_shuffle_f32x4::<0xdd>(q[0][j], q[1][j]);
            let d = f._mm512_shuffle_f32x4::<0xdd>(q[2][j], q[3][j]);
            to[j] = pulp::cast(f._mm512_shuffle_f32x4::<0x88>(a, b));
            to[4 + j] = pulp::cast(f._mm512_shuffle_f32x4::<0x88>(c, d));
            to[8 + j] = pulp::cast(f._mm512_shuffle_f32x4::<0xdd>(a, b));
            to[12 + j] = pulp::cast(f._mm512_shuffle_f32x4::<0xdd>(c, d));
        }
    }
}
