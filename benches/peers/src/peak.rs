//! What the machine can do: fused multiply-adds in fp32, on numbers in registers.

use std::time::Instant;

/// Fused multiply-adds that do not wait for one another: two units, four cycles each, and some.
const CHAINS: usize = 12;

/// Turns of the loop between two looks at the clock; well below a millisecond.
const TURNS: usize = 20_000;

/// Runs the loop's turns, and returns what they give and the floating-point operations.
type Loop = fn() -> (f32, usize);

/// GFLOP/s of so many threads together, the best of some tries; `None` where the processor has
/// no vectors that this module knows.
pub fn gflops(threads: usize) -> Option<f64> {
    let turns = fastest()?;
    let sum = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads)
            .map(|_| scope.spawn(move || one_thread(turns)))
            .collect();
        let all = all.into_iter();
        all.map(|thread| thread.join().expect("the loop does not panic"))
            .sum()
    });
    Some(sum)
}

/// GFLOP/s of this thread, over a hundredth of a second ten times, the best of them.
fn one_thread(turns: Loop) -> f64 {
    let mut best = 0.0f64;
    for _ in 0..10 {
        let (start, mut flop) = (Instant::now(), 0);
        while start.elapsed().as_millis() < 10 {
            let (value, done) = turns();
            std::hint::black_box(value);
            flop += done;
        }
        best = best.max(flop as f64 / start.elapsed().as_secs_f64() / 1e9);
    }
    best
}

#[cfg(not(target_arch = "x86_64"))]
fn fastest() -> Option<Loop> {
    None
}

#[cfg(target_arch = "x86_64")]
fn fastest() -> Option<Loop> {
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has AVX-512F.
        Some(|| unsafe { x86::avx512() })
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has AVX2 and FMA.
        Some(|| unsafe { x86::avx2() })
    } else {
        None
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::hint::black_box;

    use super::{CHAINS, TURNS};

    macro_rules! multiply_add {
        ($name:ident, $features:literal, $lanes:literal, $set:ident, $fma:ident, $first:ident) => {
            #[target_feature(enable = $features)]
            pub fn $name() -> (f32, usize) {
                let mut sums = [$set(black_box(1.0)); CHAINS];
                let (a, b) = ($set(black_box(0.5)), $set(black_box(0.25)));
                for _ in 0..TURNS {
                    for sum in &mut sums {
                        *sum = $fma(*sum, a, b);
                    }
                }
                let values = sums.map(|sum| $first(sum));
                (values.iter().sum(), 2 * $lanes * CHAINS * TURNS)
            }
        };
    }

    multiply_add!(
        avx512,
        "avx512f",
        16,
        _mm512_set1_ps,
        _mm512_fmadd_ps,
        _mm512_cvtss_f32
    );
    multiply_add!(
        avx2,
        "avx2,fma",
        8,
        _mm256_set1_ps,
        _mm256_fmadd_ps,
        _mm256_cvtss_f32
    );
}
