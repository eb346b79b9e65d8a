//! What must hold for every kernel at every geometry, in `f32` and `f64`.
//!
//! `cargo test --test kernel_properties` runs a few hundred cases a property;
//! `PROPTEST_CASES=20000 cargo test --release --test kernel_properties` as many as asked for. What
//! fails is written to `tests/kernel_properties.proptest-regressions` and comes first next time.
//!
//! Wherever the arithmetic allows, the numbers are small and whole, and results are compared
//! without a tolerance.

#[allow(dead_code)] // the public module, of which this file needs most
#[path = "../src/strategies.rs"]
mod strategies;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use shapeproof::kernels::activation::Activation;
use shapeproof::kernels::batch_norm::Statistics;
use shapeproof::kernels::cross_entropy::{self, Targets};
use shapeproof::kernels::matmul::{self, Matrix, Output};
use shapeproof::kernels::{
    activation, adaptive_avg_pool2d, add, avg_pool2d, batch_norm, bias, caps_length, capsules,
    channel_shuffle, concat, conv2d, conv_transpose2d, crop2d, digit_caps, filter2d,
    global_avg_pool2d, global_max_pool2d, group_norm, layer_norm, linear, log_softmax, max_pool2d,
    optimizer, pad2d, pixel_shuffle, pool2d, prelu, roi_align, scale, shifted, softmax, sum,
    sum_pool2d, unfold, upsample2d, Axis, Image, Number, Planes, Window,
};
use strategies::{seed, values, whole_values};

/// The verdict on one case.
type Check = Result<(), TestCaseError>;

/// `cases` of a property, or as many as `PROPTEST_CASES` says.
fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config.failure_persistence = Some(Box::new(FileFailurePersistence::WithSource(
        "proptest-regressions",
    )));
    config
}

/// `properties! { 64 cases: name(argument in strategy, …); … }` tests the function `name`, which is
/// generic over [`Number`], for both of them.
macro_rules! properties {
    ($($cases:literal cases: $name:ident($($argument:ident in $strategy:expr),+ $(,)?);)+) => {$(
        mod $name {
            use super::*;
            proptest! {
                #![proptest_config(config($cases))]
                #[test]
                fn f32($($argument in $strategy),+) {
                    super::$name::<f32>($($argument),+)?;
                }
                #[test]
                fn f64($($argument in $strategy),+) {
                    super::$name::<f64>($($argument),+)?;
                }
            }
        }
    )+};
}

/// The same for functions of `f64`: gradients against differences.
macro_rules! gradients {
    ($($cases:literal cases: $name:ident($($argument:ident in $strategy:expr),+ $(,)?);)+) => {$(
        mod $name {
            use super::*;
            proptest! {
                #![proptest_config(config($cases))]
                #[test]
                fn f64($($argument in $strategy),+) {
                    super::$name($($argument),+)?;
                }
            }
        }
    )+};
}

/// `Σ a·b`, exact for small whole numbers of either type.
fn dot<T: Number>(a: &[T], b: &[T]) -> f64 {
    assert_eq!(a.len(), b.len(), "operands of a dot product");
    let wide = |x: &T| x.to_f64().expect("a number");
    a.iter().zip(b).map(|(a, b)| wide(a) * wide(b)).sum()
}

/// Rounding errors that sums of a few hundred products may gather.
fn tolerance<T: Number>() -> T {
    T::epsilon().sqrt() * T::of(0.1)
}

/// Fails unless both agree within a tolerance that is relative above 1 and absolute below.
fn near<T: Number>(what: &str, found: &[T], expected: &[T]) -> Check {
    prop_assert_eq!(found.len(), expected.len(), "{}: number of values", what);
    for (place, (f, e)) in found.iter().zip(expected).enumerate() {
        let off = (*f - *e).abs();
        prop_assert!(
            off <= tolerance::<T>() * e.abs().max(T::one()),
            "{what}: value {place} is {f}, expected {e}"
        );
    }
    Ok(())
}

/// Fails unless `analytic` is the gradient of `loss` at `x`: by central differences at up to 24
/// places spread over `x`, and along one direction through all of them.
fn is_gradient(
    what: &str,
    x: &[f64],
    analytic: &[f64],
    mut loss: impl FnMut(&[f64]) -> f64,
) -> Check {
    const EPS: f64 = 1e-6;
    const ATOL: f64 = 1e-5;
    const RTOL: f64 = 1e-3;
    prop_assert_eq!(analytic.len(), x.len(), "{}: size of the gradient", what);
    let mut moved = x.to_vec();
    for place in (0..x.len()).step_by(x.len().div_ceil(24).max(1)) {
        let mut at = |step: f64| {
            moved[place] = x[place] + step;
            loss(&moved)
        };
        let numeric = (at(EPS) - at(-EPS)) / (2.0 * EPS);
        moved[place] = x[place];
        prop_assert!(
            (analytic[place] - numeric).abs() <= ATOL + RTOL * numeric.abs(),
            "{what}: entry {place} is {}, differences say {numeric}",
            analytic[place]
        );
    }
    let direction = values::<f64>(x.len(), 5);
    let mut at = |step: f64| {
        let moved: Vec<f64> = x
            .iter()
            .zip(&direction)
            .map(|(x, d)| x + step * d)
            .collect();
        loss(&moved)
    };
    let numeric = (at(EPS) - at(-EPS)) / (2.0 * EPS);
    let slope = dot(analytic, &direction);
    prop_assert!(
        (slope - numeric).abs() <= ATOL + RTOL * numeric.abs(),
        "{what}: the slope along a direction is {slope}, differences say {numeric}"
    );
    Ok(())
}

// ---- the kernels as functions that allocate what they give ----

fn filled<T: Number>(len: usize, write: impl FnOnce(&mut [T])) -> Vec<T> {
    // Whatever is overwritten must not shine through.
    let mut values = vec![T::nan(); len];
    write(&mut values);
    values
}

fn summed<T: Number>(len: usize, add: impl FnOnce(&mut [T])) -> Vec<T> {
    let mut values = vec![T::zero(); len];
    add(&mut values);
    values
}

/// Scratch memory that ruins every result it leaks into.
fn scratch<T: Number>(len: usize) -> Vec<T> {
    vec![T::nan(); len]
}

/// The three directions of a convolution or a transposed one, fast or naive.
struct Directions<T> {
    forward: Vec<T>,
    d_input: Vec<T>,
    d_weight: Vec<T>,
}

/// What convolution and transposed convolution have in common.
trait Convolution: Copy + std::fmt::Debug {
    fn lens(&self) -> (usize, usize, usize);
    fn filters(&self) -> usize;
    fn forward<T: Number>(&self, batch: usize, x: &[T], w: &[T], b: Option<&[T]>) -> Vec<T>;
    fn backward_input<T: Number>(&self, batch: usize, w: &[T], dy: &[T]) -> Vec<T>;
    fn backward_weight<T: Number>(&self, batch: usize, x: &[T], dy: &[T]) -> Vec<T>;
    fn backward_bias<T: Number>(&self, batch: usize, dy: &[T]) -> Vec<T>;
    fn naive<T: Number>(&self, n: usize, x: &[T], w: &[T], b: &[T], dy: &[T]) -> Directions<T>;

    fn fast<T: Number>(&self, n: usize, x: &[T], w: &[T], b: &[T], dy: &[T]) -> Directions<T> {
        Directions {
            forward: self.forward(n, x, w, Some(b)),
            d_input: self.backward_input(n, w, dy),
            d_weight: self.backward_weight(n, x, dy),
        }
    }

    /// Input, weight, bias and gradient of the output.
    fn draw<T: Number>(&self, n: usize, draw: fn(usize, u64) -> Vec<T>, seed: u64) -> [Vec<T>; 4] {
        let (x, w, y) = self.lens();
        [
            draw(n * x, seed),
            draw(w, seed + 1),
            draw(self.filters(), seed + 2),
            draw(n * y, seed + 3),
        ]
    }
}

macro_rules! convolution {
    ($operation:ident) => {
        impl Convolution for $operation::Geometry {
            fn lens(&self) -> (usize, usize, usize) {
                (self.input.len(), self.weight_len(), self.output().len())
            }
            fn filters(&self) -> usize {
                self.filters
            }
            fn forward<T: Number>(&self, n: usize, x: &[T], w: &[T], b: Option<&[T]>) -> Vec<T> {
                let mut s = scratch(self.scratch_len());
                filled(n * self.output().len(), |y| {
                    $operation::forward(self, n, x, w, b, y, &mut s)
                })
            }
            fn backward_input<T: Number>(&self, n: usize, w: &[T], dy: &[T]) -> Vec<T> {
                let mut s = scratch(self.scratch_len());
                filled(n * self.input.len(), |dx| {
                    $operation::backward_input(self, n, w, dy, dx, &mut s)
                })
            }
            fn backward_weight<T: Number>(&self, n: usize, x: &[T], dy: &[T]) -> Vec<T> {
                let mut s = scratch(self.scratch_len());
                summed(self.weight_len(), |dw| {
                    $operation::backward_weight(self, n, x, dy, dw, &mut s)
                })
            }
            fn backward_bias<T: Number>(&self, n: usize, dy: &[T]) -> Vec<T> {
                summed(self.filters, |db| {
                    $operation::backward_bias(self, n, dy, db)
                })
            }
            fn naive<T: Number>(
                &self,
                n: usize,
                x: &[T],
                w: &[T],
                b: &[T],
                dy: &[T],
            ) -> Directions<T> {
                use $operation::naive::{backward_input, backward_weight, forward};
                Directions {
                    forward: filled(n * self.output().len(), |y| {
                        forward(self, n, x, w, Some(b), y)
                    }),
                    d_input: filled(n * self.input.len(), |dx| {
                        backward_input(self, n, w, dy, dx)
                    }),
                    d_weight: summed(self.weight_len(), |dw| backward_weight(self, n, x, dy, dw)),
                }
            }
        }
    };
}
convolution!(conv2d);
convolution!(conv_transpose2d);

// ---- convolution ----

fn equals_naive<T: Number>(g: impl Convolution, n: usize, seed: u64) -> Check {
    equals_naive_exactly::<T>(&g, n, seed)?;
    // With fractions, the order of additions shows in the last digits.
    let [x, w, b, dy] = g.draw::<T>(n, values, seed);
    let (fast, naive) = (g.fast(n, &x, &w, &b, &dy), g.naive(n, &x, &w, &b, &dy));
    near("forward", &fast.forward, &naive.forward)?;
    near("backward_input", &fast.d_input, &naive.d_input)?;
    near("backward_weight", &fast.d_weight, &naive.d_weight)
}

/// For whole numbers, for which there is no rounding.
fn equals_naive_exactly<T: Number>(g: &impl Convolution, n: usize, seed: u64) -> Check {
    let [x, w, b, dy] = g.draw::<T>(n, whole_values, seed);
    let (fast, naive) = (g.fast(n, &x, &w, &b, &dy), g.naive(n, &x, &w, &b, &dy));
    prop_assert_eq!(fast.forward, naive.forward, "forward");
    prop_assert_eq!(fast.d_input, naive.d_input, "backward_input");
    prop_assert_eq!(fast.d_weight, naive.d_weight, "backward_weight");
    // The gradient of a bias is that of a weight on an image of ones.
    let plane = dy.len() / n / g.filters();
    let db = summed(g.filters(), |db| {
        bias::naive::backward(&Planes::new(g.filters(), plane), n, &dy, db);
    });
    prop_assert_eq!(g.backward_bias(n, &dy), db, "backward_bias");
    Ok(())
}

/// For fractions: off from what `f64` gives by no more than a few rounding errors of the sum of the
/// products' sizes, however much of it cancels.
fn rounds_like_a_sum<T: Number>(g: &impl Convolution, n: usize, seed: u64) -> Check {
    let drawn = g.draw::<T>(n, values, seed);
    let wide = |v: &Vec<T>| -> Vec<f64> { v.iter().map(|v| v.to_f64().unwrap()).collect() };
    let size = |v: &Vec<T>| -> Vec<f64> { wide(v).into_iter().map(f64::abs).collect() };
    let ([x, w, b, dy], exact, sizes) = (
        &drawn,
        drawn.each_ref().map(wide),
        drawn.each_ref().map(size),
    );
    let fast = g.fast(n, x, w, b, dy);
    let exact = g.naive(n, &exact[0], &exact[1], &exact[2], &exact[3]);
    let sizes = g.naive(n, &sizes[0], &sizes[1], &sizes[2], &sizes[3]);
    let unit = 16.0 * T::epsilon().to_f64().unwrap();
    for (what, found, exact, sizes) in [
        ("forward", &fast.forward, &exact.forward, &sizes.forward),
        (
            "backward_input",
            &fast.d_input,
            &exact.d_input,
            &sizes.d_input,
        ),
        (
            "backward_weight",
            &fast.d_weight,
            &exact.d_weight,
            &sizes.d_weight,
        ),
    ] {
        for (place, (found, (exact, size))) in
            wide(found).iter().zip(exact.iter().zip(sizes)).enumerate()
        {
            let off = (found - exact).abs();
            prop_assert!(
                off <= unit * size,
                "{what}: value {place} is {found}, expected {exact}"
            );
        }
    }
    Ok(())
}

/// `⟨conv(x, w), g⟩ = ⟨x, dX(w, g)⟩ = ⟨w, dW(x, g)⟩`, without a tolerance.
fn is_adjoint<T: Number>(g: impl Convolution, n: usize, seed: u64) -> Check {
    let [x, w, _, dy] = g.draw::<T>(n, whole_values, seed);
    let expected = dot(&g.forward(n, &x, &w, None), &dy);
    let by_input = dot(&x, &g.backward_input(n, &w, &dy));
    prop_assert_eq!(by_input, expected, "backward_input");
    let by_weight = dot(&w, &g.backward_weight(n, &x, &dy));
    prop_assert_eq!(by_weight, expected, "backward_weight");
    Ok(())
}

/// `2a − 3b`
fn combined<T: Number>(a: &[T], b: &[T]) -> Vec<T> {
    let both = a.iter().zip(b);
    both.map(|(a, b)| T::of(2.0) * *a - T::of(3.0) * *b)
        .collect()
}

fn is_linear<T: Number>(g: impl Convolution, n: usize, seed: u64) -> Check {
    let [x, w, _, _] = g.draw::<T>(n, whole_values, seed);
    let [x2, w2, _, _] = g.draw::<T>(n, whole_values, seed + 9);
    let y = g.forward(n, &x, &w, None);
    let found = g.forward(n, &combined(&x, &x2), &w, None);
    let expected = combined(&y, &g.forward(n, &x2, &w, None));
    prop_assert_eq!(found, expected, "in the input");
    let found = g.forward(n, &x, &combined(&w, &w2), None);
    let expected = combined(&y, &g.forward(n, &x, &w2, None));
    prop_assert_eq!(found, expected, "in the weight");
    Ok(())
}

/// A batch of n is n batches of 1; the gradients of parameters add up.
fn is_batch_independent<T: Number>(g: impl Convolution, n: usize, seed: u64) -> Check {
    let [x, w, b, dy] = g.draw::<T>(n, whole_values, seed);
    let whole = g.fast(n, &x, &w, &b, &dy);
    let (mut forward, mut d_input) = (Vec::new(), Vec::new());
    let mut d_weight = vec![T::zero(); w.len()];
    let mut d_bias = vec![T::zero(); b.len()];
    let (len, out) = (x.len() / n, dy.len() / n);
    for (x, dy) in x.chunks(len).zip(dy.chunks(out)) {
        let one = g.fast(1, x, &w, &b, dy);
        forward.extend(one.forward);
        d_input.extend(one.d_input);
        add::accumulate(&one.d_weight, &mut d_weight);
        add::accumulate(&g.backward_bias(1, dy), &mut d_bias);
    }
    prop_assert_eq!(whole.forward, forward, "forward");
    prop_assert_eq!(whole.d_input, d_input, "backward_input");
    prop_assert_eq!(whole.d_weight, d_weight, "backward_weight");
    prop_assert_eq!(g.backward_bias(n, &dy), d_bias, "backward_bias");
    Ok(())
}

/// The second run gives the same bits as the first.
fn repeats<T: Number>(g: impl Convolution, n: usize, seed: u64) -> Check {
    let [x, w, b, dy] = g.draw::<T>(n, values, seed);
    let (first, second) = (g.fast(n, &x, &w, &b, &dy), g.fast(n, &x, &w, &b, &dy));
    prop_assert_eq!(first.forward, second.forward, "forward");
    prop_assert_eq!(first.d_input, second.d_input, "backward_input");
    prop_assert_eq!(first.d_weight, second.d_weight, "backward_weight");
    Ok(())
}

fn has_gradients(g: impl Convolution, n: usize, seed: u64) -> Check {
    let [x, w, b, dy] = g.draw::<f64>(n, values, seed);
    is_gradient("input", &x, &g.backward_input(n, &w, &dy), |x| {
        dot(&g.forward(n, x, &w, Some(&b)), &dy)
    })?;
    is_gradient("weight", &w, &g.backward_weight(n, &x, &dy), |w| {
        dot(&g.forward(n, &x, w, Some(&b)), &dy)
    })?;
    is_gradient("bias", &b, &g.backward_bias(n, &dy), |b| {
        dot(&g.forward(n, &x, &w, Some(b)), &dy)
    })
}

fn conv2d_equals_naive<T: Number>(g: conv2d::Geometry, n: usize, seed: u64) -> Check {
    equals_naive::<T>(g, n, seed)
}
fn conv2d_is_adjoint<T: Number>(g: conv2d::Geometry, n: usize, seed: u64) -> Check {
    is_adjoint::<T>(g, n, seed)
}
fn conv2d_is_linear<T: Number>(g: conv2d::Geometry, n: usize, seed: u64) -> Check {
    is_linear::<T>(g, n, seed)
}
fn conv2d_is_batch_independent<T: Number>(g: conv2d::Geometry, n: usize, seed: u64) -> Check {
    is_batch_independent::<T>(g, n, seed)
}
fn conv2d_repeats<T: Number>(g: conv2d::Geometry, n: usize, seed: u64) -> Check {
    repeats::<T>(g, n, seed)
}
fn conv2d_gradients(g: conv2d::Geometry, n: usize, seed: u64) -> Check {
    has_gradients(g, n, seed)
}

/// An image moved down and right by a pixel gives an output moved down and right by a pixel.
fn conv2d_moves_with_its_input<T: Number>(g: conv2d::Geometry, seed: u64) -> Check {
    let image = g.input;
    let canvas = Image::new(image.channels, image.height + 1, image.width + 1);
    let x = whole_values::<T>(image.len(), seed);
    let w = whole_values::<T>(g.weight_len(), seed + 1);
    let on_canvas = |offset: usize| {
        let mut pixels = vec![T::zero(); canvas.len()];
        for (place, x) in x.iter().enumerate() {
            let (channel, pixel) = (place / image.plane(), place % image.plane());
            let (row, column) = (pixel / image.width + offset, pixel % image.width + offset);
            pixels[(channel * canvas.height + row) * canvas.width + column] = *x;
        }
        pixels
    };
    let g = conv2d::Geometry { input: canvas, ..g };
    let still = g.forward(1, &on_canvas(0), &w, None);
    let moved = g.forward(1, &on_canvas(1), &w, None);
    let out = g.output();
    for filter in 0..g.filters {
        for row in 1..out.height {
            for column in 1..out.width {
                let at =
                    |row: usize, column: usize| (filter * out.height + row) * out.width + column;
                prop_assert_eq!(moved[at(row, column)], still[at(row - 1, column - 1)]);
            }
        }
    }
    Ok(())
}

fn conv_transpose2d_equals_naive<T: Number>(
    g: conv_transpose2d::Geometry,
    n: usize,
    seed: u64,
) -> Check {
    equals_naive::<T>(g, n, seed)
}
fn conv_transpose2d_is_adjoint<T: Number>(
    g: conv_transpose2d::Geometry,
    n: usize,
    seed: u64,
) -> Check {
    is_adjoint::<T>(g, n, seed)
}
fn conv_transpose2d_is_linear<T: Number>(
    g: conv_transpose2d::Geometry,
    n: usize,
    seed: u64,
) -> Check {
    is_linear::<T>(g, n, seed)
}
fn conv_transpose2d_is_batch_independent<T: Number>(
    g: conv_transpose2d::Geometry,
    n: usize,
    seed: u64,
) -> Check {
    is_batch_independent::<T>(g, n, seed)
}
fn conv_transpose2d_repeats<T: Number>(
    g: conv_transpose2d::Geometry,
    n: usize,
    seed: u64,
) -> Check {
    repeats::<T>(g, n, seed)
}
fn conv_transpose2d_gradients(g: conv_transpose2d::Geometry, n: usize, seed: u64) -> Check {
    has_gradients(g, n, seed)
}

/// `⟨convᵀ(x, w), z⟩ = ⟨x, conv(z, w)⟩` with the naive convolution: what gives the operation its
/// name.
fn conv_transpose2d_transposes_conv2d<T: Number>(
    g: conv_transpose2d::Geometry,
    seed: u64,
) -> Check {
    let x = whole_values::<T>(g.input.len(), seed);
    let w = whole_values::<T>(g.weight_len(), seed + 1);
    let z = whole_values::<T>(g.output().len(), seed + 2);
    prop_assert_eq!(g.adjoint().output(), g.input, "sizes");
    let convolved = filled(x.len(), |y| {
        conv2d::naive::forward(&g.adjoint(), 1, &z, &w, None, y);
    });
    prop_assert_eq!(dot(&g.forward(1, &x, &w, None), &z), dot(&x, &convolved));
    Ok(())
}

properties! {
    512 cases: conv2d_equals_naive(g in strategies::conv2d(), n in strategies::batch(), s in seed());
    512 cases: conv2d_is_adjoint(g in strategies::conv2d(), n in strategies::batch(), s in seed());
    256 cases: conv2d_is_linear(g in strategies::conv2d(), n in strategies::batch(), s in seed());
    256 cases: conv2d_is_batch_independent(
        g in strategies::conv2d(), n in strategies::batch(), s in seed());
    256 cases: conv2d_repeats(g in strategies::conv2d(), n in strategies::batch(), s in seed());
    512 cases: conv2d_moves_with_its_input(g in strategies::conv2d_stride_1(), s in seed());
    512 cases: conv_transpose2d_equals_naive(
        g in strategies::conv_transpose2d(), n in strategies::batch(), s in seed());
    512 cases: conv_transpose2d_is_adjoint(
        g in strategies::conv_transpose2d(), n in strategies::batch(), s in seed());
    256 cases: conv_transpose2d_is_linear(
        g in strategies::conv_transpose2d(), n in strategies::batch(), s in seed());
    256 cases: conv_transpose2d_is_batch_independent(
        g in strategies::conv_transpose2d(), n in strategies::batch(), s in seed());
    256 cases: conv_transpose2d_repeats(
        g in strategies::conv_transpose2d(), n in strategies::batch(), s in seed());
    512 cases: conv_transpose2d_transposes_conv2d(
        g in strategies::conv_transpose2d(), s in seed());
}
gradients! {
    256 cases: conv2d_gradients(g in strategies::conv2d(), n in strategies::batch(), s in seed());
    256 cases: conv_transpose2d_gradients(
        g in strategies::conv_transpose2d(), n in strategies::batch(), s in seed());
}

// ---- convolution by shifted rows ----

/// A convolution that is computed by [`shifted`], whatever would be faster.
#[derive(Clone, Copy, Debug)]
struct Shifted(conv2d::Geometry);

impl Convolution for Shifted {
    fn lens(&self) -> (usize, usize, usize) {
        self.0.lens()
    }
    fn filters(&self) -> usize {
        self.0.filters
    }
    fn forward<T: Number>(&self, n: usize, x: &[T], w: &[T], b: Option<&[T]>) -> Vec<T> {
        let g = &self.0;
        let mut s = scratch(shifted::forward_scratch(g));
        let mut y = Vec::with_capacity(n * g.output().len());
        for x in x.chunks_exact(g.input.len()) {
            let output = shifted::forward(g, x, w, b, &mut s);
            y.extend(output.rows().flatten());
        }
        y
    }
    fn backward_input<T: Number>(&self, n: usize, w: &[T], dy: &[T]) -> Vec<T> {
        let g = &self.0;
        let mut s = scratch(shifted::input_scratch(g));
        filled(n * g.input.len(), |dx| {
            let images = dx.chunks_exact_mut(g.input.len());
            for (dx, dy) in images.zip(dy.chunks_exact(g.output().len())) {
                shifted::backward_input(g, w, dy, dx, &mut s);
            }
        })
    }
    fn backward_weight<T: Number>(&self, n: usize, x: &[T], dy: &[T]) -> Vec<T> {
        let g = &self.0;
        let mut s = scratch(shifted::weight_scratch(g, n));
        summed(g.weight_len(), |dw| {
            shifted::backward_weight(g, n, x, dy, dw, &mut s);
        })
    }
    fn backward_bias<T: Number>(&self, n: usize, dy: &[T]) -> Vec<T> {
        self.0.backward_bias(n, dy)
    }
    fn naive<T: Number>(&self, n: usize, x: &[T], w: &[T], b: &[T], dy: &[T]) -> Directions<T> {
        self.0.naive(n, x, w, b, dy)
    }
}

/// Up to 13 filters, so that there are blocks of 6, of 4 and of 1, and places for several registers;
/// a padding smaller than the kernel.
fn shifted() -> impl Strategy<Value = Shifted> {
    let sizes = (1usize..=3, 1usize..=13, 1usize..=9, 1usize..=33);
    let kernel = (1usize..=5, 1usize..=5).prop_filter("more than a pixel", |k| *k != (1, 1));
    let padding = (0usize..5, 0usize..5, 0usize..5, 0usize..5);
    (sizes, kernel, padding).prop_map(|(sizes, kernel, padding)| {
        let (channels, filters, height, width) = sizes;
        let before = (padding.0 % kernel.0, padding.1 % kernel.1);
        let after = (padding.2 % kernel.0, padding.3 % kernel.1);
        let size = |out: usize, kernel: usize, padding: usize| {
            (out + kernel - 1).saturating_sub(padding).max(1)
        };
        let height = size(height, kernel.0, before.0 + after.0);
        let width = size(width, kernel.1, before.1 + after.1);
        Shifted(conv2d::Geometry {
            input: Image::new(channels, height, width),
            filters,
            window: Window {
                before,
                after,
                ..Window::new(kernel.0, kernel.1)
            },
            groups: 1,
        })
    })
}

fn shifted_equals_naive<T: Number>(g: Shifted, n: usize, seed: u64) -> Check {
    prop_assert!(shifted::fits(&g.0), "a geometry that fits");
    equals_naive_exactly::<T>(&g, n, seed)?;
    rounds_like_a_sum::<T>(&g, n, seed)
}
fn shifted_is_adjoint<T: Number>(g: Shifted, n: usize, seed: u64) -> Check {
    is_adjoint::<T>(g, n, seed)
}
fn shifted_is_batch_independent<T: Number>(g: Shifted, n: usize, seed: u64) -> Check {
    is_batch_independent::<T>(g, n, seed)
}
fn shifted_repeats<T: Number>(g: Shifted, n: usize, seed: u64) -> Check {
    repeats::<T>(g, n, seed)
}

properties! {
    512 cases: shifted_equals_naive(g in shifted(), n in 1usize..=11, s in seed());
    256 cases: shifted_is_adjoint(g in shifted(), n in 1usize..=11, s in seed());
    128 cases: shifted_is_batch_independent(g in shifted(), n in 1usize..=11, s in seed());
    128 cases: shifted_repeats(g in shifted(), n in 1usize..=11, s in seed());
}

// ---- matrix products, unfolding, sums ----

fn matmul_equals_naive<T: Number>(
    (m, n, k): (usize, usize, usize),
    (left, right, adds): (bool, bool, bool),
    seed: u64,
) -> Check {
    let (a, b) = (
        whole_values::<T>(m * k, seed),
        whole_values::<T>(k * n, seed + 1),
    );
    let a = match left {
        true => Matrix::new(k, m, &a).transposed(),
        false => Matrix::new(m, k, &a),
    };
    let b = match right {
        true => Matrix::new(n, k, &b).transposed(),
        false => Matrix::new(k, n, &b),
    };
    let output = if adds { Output::Add } else { Output::Overwrite };
    let start = || {
        if adds {
            whole_values::<T>(m * n, seed + 2)
        } else {
            vec![T::nan(); m * n]
        }
    };
    let (mut found, mut expected) = (start(), start());
    matmul::matmul(a, b, output, &mut found);
    matmul::naive::matmul(a, b, output, &mut expected);
    prop_assert_eq!(found, expected);
    Ok(())
}

fn unfold_equals_naive_and_is_adjoint<T: Number>(g: pool2d::Geometry, seed: u64) -> Check {
    let (image, window) = (g.input, g.window);
    let len = image.channels * window.taps() * g.output().plane();
    let x = whole_values::<T>(image.len(), seed);
    let d = whole_values::<T>(len, seed + 1);
    let columns = filled(len, |c| unfold::forward(&image, &window, &x, c));
    let expected = filled(len, |c| unfold::naive::forward(&image, &window, &x, c));
    prop_assert_eq!(&columns, &expected, "forward");
    let dx = filled(x.len(), |dx| unfold::backward(&image, &window, &d, dx));
    let expected = filled(x.len(), |dx| {
        unfold::naive::backward(&image, &window, &d, dx)
    });
    prop_assert_eq!(&dx, &expected, "backward");
    prop_assert_eq!(dot(&columns, &d), dot(&x, &dx), "adjoint");
    Ok(())
}

fn sums_equal_naive<T: Number>(len: usize, seed: u64) -> Check {
    let (a, b) = (
        whole_values::<T>(len, seed),
        whole_values::<T>(len, seed + 1),
    );
    prop_assert_eq!(sum::sum(&a), sum::naive::sum(&a));
    prop_assert_eq!(sum::dot(&a, &b), sum::naive::dot(&a, &b));
    Ok(())
}

fn bias_equals_naive_and_is_adjoint<T: Number>(p: Planes, n: usize, seed: u64) -> Check {
    let b = whole_values::<T>(p.channels, seed);
    let x = whole_values::<T>(n * p.len(), seed + 1);
    let (mut y, mut expected) = (x.clone(), x.clone());
    bias::forward(&p, n, &b, &mut y);
    bias::naive::forward(&p, n, &b, &mut expected);
    prop_assert_eq!(&y, &expected, "forward");
    let db = summed(p.channels, |db| bias::backward(&p, n, &x, db));
    let expected = summed(p.channels, |db| bias::naive::backward(&p, n, &x, db));
    prop_assert_eq!(&db, &expected, "backward");
    let added: Vec<T> = y.iter().zip(&x).map(|(y, x)| *y - *x).collect();
    prop_assert_eq!(dot(&added, &x), dot(&b, &db), "adjoint");
    Ok(())
}

properties! {
    512 cases: matmul_equals_naive(
        sizes in (0usize..40, 0usize..40, 0usize..20),
        kind in (any::<bool>(), any::<bool>(), any::<bool>()),
        s in seed());
    512 cases: unfold_equals_naive_and_is_adjoint(g in strategies::pool2d(), s in seed());
    512 cases: sums_equal_naive(len in 0usize..100, s in seed());
    512 cases: bias_equals_naive_and_is_adjoint(
        p in strategies::planes(), n in strategies::batch(), s in seed());
}

// ---- linear ----

fn linear_forward<T: Number>(
    g: &linear::Geometry,
    n: usize,
    x: &[T],
    w: &[T],
    b: Option<&[T]>,
) -> Vec<T> {
    filled(n * g.outputs, |y| linear::forward(g, n, x, w, b, y))
}

fn linear_equals_naive_and_is_adjoint<T: Number>(
    g: linear::Geometry,
    n: usize,
    seed: u64,
) -> Check {
    let x = whole_values::<T>(n * g.inputs, seed);
    let w = whole_values::<T>(g.weight_len(), seed + 1);
    let b = whole_values::<T>(g.outputs, seed + 2);
    let dy = whole_values::<T>(n * g.outputs, seed + 3);
    let y = linear_forward(&g, n, &x, &w, Some(&b));
    let expected = filled(y.len(), |y| {
        linear::naive::forward(&g, n, &x, &w, Some(&b), y)
    });
    prop_assert_eq!(y, expected, "forward");
    let dx = filled(x.len(), |dx| linear::backward_input(&g, n, &w, &dy, dx));
    let expected = filled(x.len(), |dx| {
        linear::naive::backward_input(&g, n, &w, &dy, dx)
    });
    prop_assert_eq!(&dx, &expected, "backward_input");
    let dw = summed(w.len(), |dw| linear::backward_weight(&g, n, &x, &dy, dw));
    let expected = summed(w.len(), |dw| {
        linear::naive::backward_weight(&g, n, &x, &dy, dw)
    });
    prop_assert_eq!(&dw, &expected, "backward_weight");
    let without_bias = linear_forward(&g, n, &x, &w, None);
    prop_assert_eq!(dot(&without_bias, &dy), dot(&x, &dx), "adjoint");
    prop_assert_eq!(dot(&w, &dw), dot(&x, &dx), "adjoint");

    // One image at a time.
    let mut y = Vec::new();
    let mut sum = vec![T::zero(); w.len()];
    for (x, dy) in x.chunks(g.inputs).zip(dy.chunks(g.outputs)) {
        y.extend(linear_forward(&g, 1, x, &w, None));
        linear::backward_weight(&g, 1, x, dy, &mut sum);
    }
    prop_assert_eq!(y, without_bias, "batch independence");
    prop_assert_eq!(sum, dw, "accumulation");
    Ok(())
}

fn linear_gradients(g: linear::Geometry, n: usize, seed: u64) -> Check {
    let x = values::<f64>(n * g.inputs, seed);
    let w = values::<f64>(g.weight_len(), seed + 1);
    let b = values::<f64>(g.outputs, seed + 2);
    let dy = values::<f64>(n * g.outputs, seed + 3);
    let dx = filled(x.len(), |dx| linear::backward_input(&g, n, &w, &dy, dx));
    is_gradient("input", &x, &dx, |x| {
        dot(&linear_forward(&g, n, x, &w, Some(&b)), &dy)
    })?;
    let dw = summed(w.len(), |dw| linear::backward_weight(&g, n, &x, &dy, dw));
    is_gradient("weight", &w, &dw, |w| {
        dot(&linear_forward(&g, n, &x, w, Some(&b)), &dy)
    })?;
    let db = summed(b.len(), |db| linear::backward_bias(&g, n, &dy, db));
    is_gradient("bias", &b, &db, |b| {
        dot(&linear_forward(&g, n, &x, &w, Some(b)), &dy)
    })
}

properties! {
    512 cases: linear_equals_naive_and_is_adjoint(
        g in strategies::linear(), n in strategies::batch(), s in seed());
}
gradients! {
    256 cases: linear_gradients(g in strategies::linear(), n in strategies::batch(), s in seed());
}

// ---- poolings ----

fn max_pool<T: Number>(g: &pool2d::Geometry, n: usize, x: &[T]) -> (Vec<T>, Vec<u32>) {
    let mut indices = vec![7; n * g.output().len()];
    let y = filled(indices.len(), |y| {
        max_pool2d::forward(g, n, x, y, &mut indices)
    });
    (y, indices)
}

fn max_pool2d_equals_naive<T: Number>(
    g: pool2d::Geometry,
    n: usize,
    nan: usize,
    seed: u64,
) -> Check {
    let len = n * g.input.len();
    let distinct = values::<T>(len, seed);
    // Of few different numbers, many tie.
    let tied = whole_values::<T>(len, seed);
    let mut with_nan = tied.clone();
    with_nan[nan % len] = T::nan();
    let dy = whole_values::<T>(n * g.output().len(), seed + 1);
    for (what, x) in [("distinct", distinct), ("tied", tied), ("NaN", with_nan)] {
        let (y, indices) = max_pool(&g, n, &x);
        let mut expected_indices = vec![7; y.len()];
        let expected = filled(y.len(), |y| {
            max_pool2d::naive::forward(&g, n, &x, y, &mut expected_indices)
        });
        prop_assert_eq!(&indices, &expected_indices, "indices of {}", what);
        for (y, e) in y.iter().zip(&expected) {
            prop_assert!(y == e || (y.is_nan() && e.is_nan()), "{what}: {y}, not {e}");
        }
        let dx = filled(len, |dx| max_pool2d::backward(&g, n, &indices, &dy, dx));
        let expected = filled(len, |dx| max_pool2d::naive::backward(&g, n, &x, &dy, dx));
        prop_assert_eq!(dx, expected, "backward of {}", what);
    }
    Ok(())
}

fn sum_pool2d_equals_naive_and_is_adjoint<T: Number>(
    g: pool2d::Geometry,
    n: usize,
    seed: u64,
) -> Check {
    let x = whole_values::<T>(n * g.input.len(), seed);
    let dy = whole_values::<T>(n * g.output().len(), seed + 1);
    let y = filled(dy.len(), |y| sum_pool2d::forward(&g, n, &x, y));
    let expected = filled(dy.len(), |y| sum_pool2d::naive::forward(&g, n, &x, y));
    prop_assert_eq!(&y, &expected, "forward");
    let dx = filled(x.len(), |dx| sum_pool2d::backward(&g, n, &dy, dx));
    let expected = filled(x.len(), |dx| sum_pool2d::naive::backward(&g, n, &dy, dx));
    prop_assert_eq!(&dx, &expected, "backward");
    prop_assert_eq!(dot(&y, &dy), dot(&x, &dx), "adjoint");
    Ok(())
}

fn avg_pool2d_equals_naive_and_sum_by_window<T: Number>(
    g: pool2d::Geometry,
    n: usize,
    seed: u64,
) -> Check {
    let x = values::<T>(n * g.input.len(), seed);
    let dy = values::<T>(n * g.output().len(), seed + 1);
    let y = filled(dy.len(), |y| avg_pool2d::forward(&g, n, &x, y));
    let expected = filled(dy.len(), |y| avg_pool2d::naive::forward(&g, n, &x, y));
    near("forward", &y, &expected)?;
    let dx = filled(x.len(), |dx| avg_pool2d::backward(&g, n, &dy, dx));
    let expected = filled(x.len(), |dx| avg_pool2d::naive::backward(&g, n, &dy, dx));
    near("backward", &dx, &expected)?;
    let taps = T::of(g.window.taps() as f64);
    let mut sums = filled(dy.len(), |y| sum_pool2d::forward(&g, n, &x, y));
    sums.iter_mut().for_each(|y| *y /= taps);
    near("sum by window", &y, &sums)?;
    let by_input = dot(&x, &dx);
    near("adjoint", &[T::of(dot(&y, &dy))], &[T::of(by_input)])
}

/// A constant image stays constant: under a maximum always, under an average away from the padding.
fn pooling_keeps_a_constant<T: Number>(g: pool2d::Geometry, n: usize, value: i8) -> Check {
    let value = T::of(f64::from(value));
    let x = vec![value; n * g.input.len()];
    let (y, _) = max_pool(&g, n, &x);
    prop_assert_eq!(&y, &vec![value; y.len()], "max");
    let (mut g, mut unpadded) = (g, g.window);
    (unpadded.before, unpadded.after) = ((0, 0), (0, 0));
    g.window = unpadded;
    g.input.height += unpadded.kernel.0 * unpadded.dilation.0;
    g.input.width += unpadded.kernel.1 * unpadded.dilation.1;
    let x = vec![value; n * g.input.len()];
    let len = n * g.output().len();
    let y = filled(len, |y| avg_pool2d::forward(&g, n, &x, y));
    near("avg", &y, &vec![value; len])?;
    let y = filled(n * g.input.channels, |y| {
        global_avg_pool2d::forward(&g.input.planes(), n, &x, y);
    });
    near("global", &y, &vec![value; y.len()])
}

fn global_avg_pool2d_equals_naive_and_is_adjoint<T: Number>(
    p: Planes,
    n: usize,
    seed: u64,
) -> Check {
    let x = values::<T>(n * p.len(), seed);
    let dy = values::<T>(n * p.channels, seed + 1);
    let y = filled(dy.len(), |y| global_avg_pool2d::forward(&p, n, &x, y));
    let expected = filled(dy.len(), |y| {
        global_avg_pool2d::naive::forward(&p, n, &x, y)
    });
    near("forward", &y, &expected)?;
    let dx = filled(x.len(), |dx| global_avg_pool2d::backward(&p, n, &dy, dx));
    let expected = filled(x.len(), |dx| {
        global_avg_pool2d::naive::backward(&p, n, &dy, dx)
    });
    near("backward", &dx, &expected)?;
    near("adjoint", &[T::of(dot(&y, &dy))], &[T::of(dot(&x, &dx))])
}

fn global_max_pool2d_equals_naive<T: Number>(
    p: Planes,
    n: usize,
    nan: [usize; 2],
    seed: u64,
) -> Check {
    let len = n * p.len();
    let tied = whole_values::<T>(len, seed);
    let mut with_nan = tied.clone();
    for place in nan {
        with_nan[place % len] = T::nan();
    }
    let dy = values::<T>(n * p.channels, seed + 1);
    for (what, x) in [("tied", tied), ("NaN", with_nan)] {
        let (mut indices, mut expected_indices) = (vec![7; dy.len()], vec![7; dy.len()]);
        let y = filled(dy.len(), |y| {
            global_max_pool2d::forward(&p, n, &x, y, Some(&mut indices))
        });
        let expected = filled(dy.len(), |y| {
            global_max_pool2d::naive::forward(&p, n, &x, y, &mut expected_indices)
        });
        prop_assert_eq!(&indices, &expected_indices, "indices of {}", what);
        for (y, e) in y.iter().zip(&expected) {
            prop_assert!(y == e || (y.is_nan() && e.is_nan()), "{what}: {y}, not {e}");
        }
        let dx = filled(len, |dx| {
            global_max_pool2d::backward(&p, n, &indices, &dy, dx)
        });
        for (channel, dx) in dx.chunks_exact(p.plane).enumerate() {
            let taken = indices[channel] as usize;
            for (pixel, dx) in dx.iter().enumerate() {
                let expected = if pixel == taken {
                    dy[channel]
                } else {
                    T::zero()
                };
                prop_assert_eq!(*dx, expected, "backward of {}", what);
            }
        }
    }
    Ok(())
}

fn pooling_gradients(g: pool2d::Geometry, n: usize, seed: u64) -> Check {
    let x = values::<f64>(n * g.input.len(), seed);
    let dy = values::<f64>(n * g.output().len(), seed + 1);
    let (_, indices) = max_pool(&g, n, &x);
    let dx = filled(x.len(), |dx| max_pool2d::backward(&g, n, &indices, &dy, dx));
    is_gradient("max", &x, &dx, |x| dot(&max_pool(&g, n, x).0, &dy))?;
    let dx = filled(x.len(), |dx| avg_pool2d::backward(&g, n, &dy, dx));
    is_gradient("avg", &x, &dx, |x| {
        dot(&filled(dy.len(), |y| avg_pool2d::forward(&g, n, x, y)), &dy)
    })
}

properties! {
    512 cases: max_pool2d_equals_naive(
        g in strategies::pool2d(), n in strategies::batch(), nan in 0usize..1000, s in seed());
    512 cases: sum_pool2d_equals_naive_and_is_adjoint(
        g in strategies::pool2d(), n in strategies::batch(), s in seed());
    512 cases: avg_pool2d_equals_naive_and_sum_by_window(
        g in strategies::pool2d(), n in strategies::batch(), s in seed());
    512 cases: pooling_keeps_a_constant(
        g in strategies::pool2d(), n in strategies::batch(), value in any::<i8>());
    512 cases: global_max_pool2d_equals_naive(
        p in strategies::planes(), n in strategies::batch(), nan in any::<[usize; 2]>(), s in seed());
    512 cases: global_avg_pool2d_equals_naive_and_is_adjoint(
        p in strategies::planes(), n in strategies::batch(), s in seed());
}
gradients! {
    256 cases: pooling_gradients(g in strategies::pool2d(), n in strategies::batch(), s in seed());
}

// ---- activations ----

/// Every activation, with parameters that are not the default.
const ACTIVATIONS: [Activation; 11] = [
    Activation::Relu,
    Activation::LeakyRelu { slope: 0.25 },
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Gelu,
    Activation::Silu,
    Activation::HardSwish,
    Activation::Elu { alpha: 1.5 },
    Activation::Softplus,
    Activation::Relu6,
    Activation::HardSigmoid,
];

/// Numbers between −6 and 6, away from the kinks at 0 and ±3.
fn around_kinks<T: Number>(len: usize, seed: u64) -> Vec<T> {
    let x = values::<f64>(len, seed).into_iter().map(|x| 3.0 * x);
    let x = x.map(|x| {
        if (x.abs() - 3.0).abs() < 0.01 {
            x + 0.02
        } else {
            x
        }
    });
    x.map(T::of).collect()
}

fn activations_equal_naive<T: Number>(len: usize, seed: u64) -> Check {
    let x = around_kinks::<T>(len, seed);
    for function in ACTIVATIONS {
        let y = filled(len, |y| activation::forward(function, &x, y));
        let expected: Vec<T> = x
            .iter()
            .map(|x| x.to_f64().expect("a number"))
            .map(|x| T::of(activation::naive::forward(function, x)))
            .collect();
        near(&format!("{function:?}"), &y, &expected)?;
        let mut in_place = x.clone();
        activation::forward_in_place(function, &mut in_place);
        prop_assert_eq!(in_place, y, "{:?} in place", function);
    }
    Ok(())
}

fn activation_gradients(len: usize, seed: u64) -> Check {
    let (x, dy) = (around_kinks(len, seed), values::<f64>(len, seed + 1));
    for function in ACTIVATIONS {
        let dx = filled(len, |dx| activation::backward(function, &x, &dy, dx));
        is_gradient(&format!("{function:?}"), &x, &dx, |x| {
            dot(&filled(len, |y| activation::forward(function, x, y)), &dy)
        })?;
    }
    Ok(())
}

properties! {
    256 cases: activations_equal_naive(len in 1usize..40, s in seed());
}
gradients! {
    256 cases: activation_gradients(len in 1usize..24, s in seed());
}

// ---- softmax and cross-entropy ----

fn softmax_of<T: Number>(axis: &Axis, x: &[T]) -> Vec<T> {
    filled(x.len(), |y| softmax::forward(axis, x, y))
}

fn log_softmax_of<T: Number>(axis: &Axis, x: &[T]) -> Vec<T> {
    filled(x.len(), |y| log_softmax::forward(axis, x, y))
}

fn softmax_equals_naive<T: Number>(axis: Axis, seed: u64) -> Check {
    let x = values::<T>(axis.numbers(), seed);
    let dy = values::<T>(x.len(), seed + 1);
    let y = softmax_of(&axis, &x);
    let expected = filled(x.len(), |y| softmax::naive::forward(&axis, &x, y));
    near("softmax", &y, &expected)?;
    let dx = filled(x.len(), |dx| softmax::backward(&axis, &y, &dy, dx));
    let expected = filled(x.len(), |dx| softmax::naive::backward(&axis, &y, &dy, dx));
    near("softmax backward", &dx, &expected)?;
    let log = log_softmax_of(&axis, &x);
    let expected = filled(x.len(), |y| log_softmax::naive::forward(&axis, &x, y));
    near("log_softmax", &log, &expected)?;
    let dx = filled(x.len(), |dx| log_softmax::backward(&axis, &log, &dy, dx));
    let expected = filled(x.len(), |dx| {
        log_softmax::naive::backward(&axis, &log, &dy, dx)
    });
    near("log_softmax backward", &dx, &expected)
}

/// Probabilities add up to 1, and a number added to all scores changes nothing, however large.
fn softmax_is_shift_invariant<T: Number>(axis: Axis, shift: i16, seed: u64) -> Check {
    // Quarters, so that the shift itself does not round.
    let quarter = |x: T| x * T::of(0.25);
    let x: Vec<T> = whole_values(axis.numbers(), seed);
    let x: Vec<T> = x.into_iter().map(quarter).collect();
    let shift = T::of(f64::from(shift));
    let shifted: Vec<T> = x.iter().map(|x| *x + shift).collect();
    let y = softmax_of(&axis, &x);
    prop_assert_eq!(&y, &softmax_of(&axis, &shifted), "softmax");
    prop_assert_eq!(
        log_softmax_of(&axis, &x),
        log_softmax_of(&axis, &shifted),
        "log_softmax"
    );
    let mut sums = vec![T::zero(); axis.outer * axis.inner];
    for (place, y) in y.iter().enumerate() {
        let (outer, inner) = (place / (axis.len * axis.inner), place % axis.inner);
        sums[outer * axis.inner + inner] += *y;
    }
    near("sum", &sums, &vec![T::one(); sums.len()])
}

fn softmax_gradients(axis: Axis, seed: u64) -> Check {
    let x = values::<f64>(axis.numbers(), seed);
    let dy = values::<f64>(x.len(), seed + 1);
    let y = softmax_of(&axis, &x);
    let dx = filled(x.len(), |dx| softmax::backward(&axis, &y, &dy, dx));
    is_gradient("softmax", &x, &dx, |x| dot(&softmax_of(&axis, x), &dy))?;
    let y = log_softmax_of(&axis, &x);
    let dx = filled(x.len(), |dx| log_softmax::backward(&axis, &y, &dy, dx));
    is_gradient("log_softmax", &x, &dx, |x| {
        dot(&log_softmax_of(&axis, x), &dy)
    })
}

fn cross_entropy_equals_naive<T: Number>(batch: usize, classes: usize, seed: u64) -> Check {
    let x = values::<T>(batch * classes, seed);
    let right: Vec<usize> = (0..batch)
        .map(|b| (b * 7 + seed as usize) % classes)
        .collect();
    let mut one_hot = vec![T::zero(); x.len()];
    for (row, class) in right.iter().enumerate() {
        one_hot[row * classes + class] = T::one();
    }
    let mut d_classes = vec![T::nan(); x.len()];
    let loss =
        cross_entropy::forward_backward(classes, &x, Targets::Classes(&right), &mut d_classes);
    let expected = cross_entropy::naive::forward(classes, &x, Targets::Classes(&right));
    near("loss", &[loss], &[expected])?;
    let mut d_one_hot = vec![T::nan(); x.len()];
    let same = cross_entropy::forward_backward(
        classes,
        &x,
        Targets::Probabilities(&one_hot),
        &mut d_one_hot,
    );
    near("loss of one-hot", &[same], &[loss])?;
    near("gradient of one-hot", &d_one_hot, &d_classes)?;
    for row in d_classes.chunks(classes) {
        near(
            "sum of a gradient",
            &[row.iter().copied().sum()],
            &[T::zero()],
        )?;
    }
    Ok(())
}

fn cross_entropy_gradients(batch: usize, classes: usize, seed: u64) -> Check {
    let x = values::<f64>(batch * classes, seed);
    let right: Vec<usize> = (0..batch)
        .map(|b| (b * 7 + seed as usize) % classes)
        .collect();
    // Not even of sum 1: the gradient holds for any weights.
    let soft: Vec<f64> = values::<f64>(x.len(), seed + 1)
        .iter()
        .map(|t| t.abs())
        .collect();
    for targets in [Targets::Classes(&right), Targets::Probabilities(&soft)] {
        let mut dx = vec![f64::NAN; x.len()];
        cross_entropy::forward_backward(classes, &x, targets, &mut dx);
        let mut unused = vec![0.0; x.len()];
        is_gradient("logits", &x, &dx, |x| {
            cross_entropy::forward_backward(classes, x, targets, &mut unused)
        })?;
    }
    Ok(())
}

/// Scores with labels, some of them ignored where one of them is.
fn with_labels<R>(
    axis: Axis,
    seed: u64,
    smoothing: f64,
    run: impl FnOnce(&cross_entropy::Classes) -> R,
) -> R {
    let rows = axis.outer * axis.inner;
    // The first label is a class, so that there is something to average over.
    let label = |row: usize| (row * 7 + row / 3 + seed as usize) % axis.len.max(2);
    let labels: Vec<usize> = (0..rows)
        .map(|row| if row == 0 { 0 } else { label(row) })
        .collect();
    // The first class weighs something, so that the loss is finite.
    let weight = (0..axis.len).map(|class| (class * 5 + 3) as f64 % 4.0 / 2.0);
    let weight: Vec<f64> = weight.filter(|_| seed.is_multiple_of(3)).collect();
    run(&cross_entropy::Classes {
        axis,
        labels: &labels,
        label_smoothing: smoothing,
        ignore_index: (axis.len == 1 || seed % 2 == 1).then_some(1),
        weight: &weight,
    })
}

fn loss_of<T: Number>(classes: &cross_entropy::Classes, x: &[T]) -> (T, Vec<T>, Vec<T>) {
    let mut largest = vec![T::nan(); classes.labels.len()];
    let mut sums = largest.clone();
    let loss = classes.forward(x, &mut largest, &mut sums);
    (loss, largest, sums)
}

fn class_loss_equals_naive<T: Number>(axis: Axis, smoothing: f64, seed: u64) -> Check {
    let x = values::<T>(axis.numbers(), seed);
    // Thousands of pixels one after the other are too much for the sum of a naive `f32`.
    let wide: Vec<f64> = x.iter().map(|x| x.to_f64().unwrap()).collect();
    with_labels(axis, seed, smoothing, |classes| {
        let expected = T::of(cross_entropy::naive::of_classes(classes, &wide));
        near("loss", &[loss_of(classes, &x).0], &[expected])
    })
}

fn class_loss_gradients(axis: Axis, smoothing: f64, seed: u64) -> Check {
    let x = values::<f64>(axis.numbers(), seed);
    with_labels(axis, seed, smoothing, |classes| {
        let (_, largest, sums) = loss_of(classes, &x);
        let mut dx = vec![1.0; x.len()];
        classes.backward(&x, &largest, &sums, 3.0, &mut dx);
        dx.iter_mut().for_each(|d| *d = (*d - 1.0) / 3.0);
        is_gradient("logits", &x, &dx, |x| loss_of(classes, x).0)
    })
}

/// As [`strategies::axis`], and sometimes with more pixels than are taken at once.
fn pixels() -> impl Strategy<Value = Axis> {
    let more = prop_oneof![9 => Just(0), 1 => Just(1022usize)];
    (strategies::axis(), more).prop_map(|(axis, more)| Axis {
        inner: axis.inner + more,
        ..axis
    })
}

properties! {
    256 cases: class_loss_equals_naive(a in pixels(), e in 0.0..1.0, s in seed());
    512 cases: softmax_equals_naive(a in strategies::axis(), s in seed());
    512 cases: softmax_is_shift_invariant(a in strategies::axis(), shift in any::<i16>(), s in seed());
    512 cases: cross_entropy_equals_naive(n in 1usize..6, classes in 1usize..8, s in seed());
}
gradients! {
    256 cases: softmax_gradients(a in strategies::axis(), s in seed());
    128 cases: class_loss_gradients(a in pixels(), e in 0.0..1.0, s in seed());
    256 cases: cross_entropy_gradients(n in 1usize..5, classes in 1usize..7, s in seed());
}

// ---- optimisers ----

/// A share from 0 to 0.99, often 0.
fn share() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), 0.0..0.99]
}

/// Takes seven numbers through a few gradients, and compares them with what `naive` says of each.
/// No gradient is near 0, where Adam and RMSprop divide by it.
fn follow<T: Number>(
    seed: u64,
    mut step: impl FnMut(u64, &mut [T], &[T]),
    naive: impl Fn(f64, &[f64]) -> f64,
) -> Check {
    let wide = |v: &T| v.to_f64().expect("a number");
    let mut p = values::<T>(7, seed);
    let gradients: Vec<Vec<T>> = (1..6)
        .map(|s| values::<T>(7, seed + s))
        .map(|g| g.iter().map(|g| *g + g.signum()).collect())
        .collect();
    let expected = (0..7).map(|i| {
        let gradients: Vec<f64> = gradients.iter().map(|g| wide(&g[i])).collect();
        T::of(naive(wide(&p[i]), &gradients))
    });
    let expected: Vec<T> = expected.collect();
    for (t, gradient) in (1..).zip(&gradients) {
        step(t, &mut p, gradient);
    }
    near("parameter", &p, &expected)
}

fn sgd_equals_naive<T: Number>(lr: f64, rest: (f64, f64, f64), nesterov: bool, seed: u64) -> Check {
    let (momentum, dampening, weight_decay) = rest;
    let rule = optimizer::Sgd {
        lr,
        momentum,
        dampening,
        weight_decay,
        nesterov,
    };
    let mut buffer = vec![T::nan(); 7];
    follow::<T>(
        seed,
        |t, p, g| rule.step(t == 1, p, g, &mut buffer),
        |p, gradients| optimizer::naive::sgd(&rule, p, gradients),
    )
}

/// Whether digits are few.
fn is_f32<T: Number>() -> bool {
    T::epsilon().to_f64() == Some(f64::from(f32::EPSILON))
}

fn adam_equals_naive<T: Number>(
    lr: f64,
    betas: (f64, f64),
    weight_decay: f64,
    decoupled: bool,
    seed: u64,
) -> Check {
    let rule = optimizer::Adam {
        lr,
        betas,
        // Weight decay may bring the gradient near 0, and digits are lost in dividing by it.
        eps: if is_f32::<T>() { 0.5 } else { 1e-3 },
        weight_decay,
        decoupled,
    };
    let mut averages = (vec![T::zero(); 7], vec![T::zero(); 7]);
    follow::<T>(
        seed,
        |t, p, g| rule.step(t, p, g, &mut averages.0, &mut averages.1),
        |p, gradients| optimizer::naive::adam(&rule, p, gradients),
    )
}

fn rms_prop_equals_naive<T: Number>(
    lr: f64,
    rest: (f64, f64, f64),
    centered: bool,
    seed: u64,
) -> Check {
    let (alpha, momentum, weight_decay) = rest;
    let rule = optimizer::RmsProp {
        lr,
        // Where it is centred, the size comes near 0, and digits are lost; less so where it remembers
        // for long that there was no gradient before the first.
        alpha: if is_f32::<T>() {
            0.5 + 0.45 * alpha
        } else {
            0.1 + 0.8 * alpha
        },
        eps: 0.5,
        weight_decay,
        momentum,
        centered,
    };
    let mut state = [0; 3].map(|_| vec![T::zero(); 7]);
    follow::<T>(
        seed,
        |_, p, g| {
            let [square, buffer, average] = &mut state;
            rule.step(p, g, square, buffer, average)
        },
        |p, gradients| optimizer::naive::rms_prop(&rule, p, gradients),
    )
}

properties! {
    256 cases: sgd_equals_naive(
        lr in 0.0..0.5, rest in (share(), share(), share()), nesterov in any::<bool>(), s in seed(),
    );
    256 cases: adam_equals_naive(
        lr in 0.0..0.5, betas in (share(), share()), decay in share(), decoupled in any::<bool>(),
        s in seed(),
    );
    256 cases: rms_prop_equals_naive(
        lr in 0.0..0.5, rest in (share(), share(), share()), centered in any::<bool>(), s in seed(),
    );
}

// ---- normalisations ----

/// The sizes of a batch normalisation with at least two numbers a channel.
fn batch_norm() -> impl Strategy<Value = (batch_norm::Geometry, usize)> {
    (1usize..=4, 1usize..=6, 2usize..=4).prop_map(|(channels, plane, batch)| {
        let planes = Planes::new(channels, plane);
        (batch_norm::Geometry { planes, eps: 1e-5 }, batch)
    })
}

fn layer_norm() -> impl Strategy<Value = layer_norm::Geometry> {
    (2usize..=12).prop_map(|features| layer_norm::Geometry {
        features,
        eps: 1e-5,
    })
}

fn batch_statistics<T: Number>(g: &batch_norm::Geometry, n: usize, x: &[T]) -> (Vec<T>, Vec<T>) {
    let mut variance = vec![T::nan(); g.planes.channels];
    let mean = filled(g.planes.channels, |mean| {
        batch_norm::statistics(g, n, x, mean, &mut variance)
    });
    (mean, variance)
}

fn batch_norm_training<T: Number>(
    g: &batch_norm::Geometry,
    n: usize,
    x: &[T],
    w: &[T],
    b: &[T],
) -> Vec<T> {
    let (mean, variance) = batch_statistics(g, n, x);
    let statistics = Statistics {
        mean: &mean,
        variance: &variance,
    };
    filled(x.len(), |y| {
        batch_norm::forward(g, n, x, statistics, w, b, y)
    })
}

fn batch_norm_equals_naive<T: Number>((g, n): (batch_norm::Geometry, usize), seed: u64) -> Check {
    let x = values::<T>(n * g.planes.len(), seed);
    let w = values::<T>(g.planes.channels, seed + 1);
    let b = values::<T>(g.planes.channels, seed + 2);
    let y = batch_norm_training(&g, n, &x, &w, &b);
    let expected = filled(x.len(), |y| {
        batch_norm::naive::forward_training(&g, n, &x, &w, &b, y)
    });
    near("forward", &y, &expected)?;
    // The output has the bias for a mean and nearly the weight for a deviation.
    let (mean, variance) = batch_statistics(&g, n, &y);
    near("mean", &mean, &b)?;
    let (_, of_x) = batch_statistics(&g, n, &x);
    let expected: Vec<T> = w
        .iter()
        .zip(&of_x)
        .map(|(w, v)| *w * *w * *v / (*v + T::of(g.eps)))
        .collect();
    near("variance", &variance, &expected)
}

fn batch_norm_gradients((g, n): (batch_norm::Geometry, usize), seed: u64) -> Check {
    let x = values::<f64>(n * g.planes.len(), seed);
    let w = values::<f64>(g.planes.channels, seed + 1);
    let b = values::<f64>(g.planes.channels, seed + 2);
    let dy = values::<f64>(x.len(), seed + 3);
    let (mean, variance) = batch_statistics(&g, n, &x);
    let of_batch = Statistics {
        mean: &mean,
        variance: &variance,
    };
    let dx = filled(x.len(), |dx| {
        batch_norm::backward_input(&g, n, &x, of_batch, &w, &dy, dx)
    });
    is_gradient("input", &x, &dx, |x| {
        dot(&batch_norm_training(&g, n, x, &w, &b), &dy)
    })?;
    let mut db = vec![0.0; b.len()];
    let dw = summed(w.len(), |dw| {
        batch_norm::backward_parameters(&g, n, &x, of_batch, &dy, dw, &mut db)
    });
    is_gradient("weight", &w, &dw, |w| {
        dot(&batch_norm_training(&g, n, &x, w, &b), &dy)
    })?;
    is_gradient("bias", &b, &db, |b| {
        dot(&batch_norm_training(&g, n, &x, &w, b), &dy)
    })?;

    // With running statistics, which do not move with the input.
    let mean = values::<f64>(g.planes.channels, seed + 4);
    let variance: Vec<f64> = values::<f64>(g.planes.channels, seed + 5)
        .iter()
        .map(|v| v.abs())
        .collect();
    let running = Statistics {
        mean: &mean,
        variance: &variance,
    };
    let dx = filled(x.len(), |dx| {
        batch_norm::backward_input_frozen(&g, n, &variance, &w, &dy, dx)
    });
    let loss = |x: &[f64], w: &[f64]| {
        let y = filled(x.len(), |y| {
            batch_norm::forward(&g, n, x, running, w, &b, y)
        });
        dot(&y, &dy)
    };
    is_gradient("frozen input", &x, &dx, |x| loss(x, &w))?;
    let mut db = vec![0.0; b.len()];
    let dw = summed(w.len(), |dw| {
        batch_norm::backward_parameters(&g, n, &x, running, &dy, dw, &mut db)
    });
    is_gradient("frozen weight", &w, &dw, |w| loss(&x, w))
}

/// Forward, backward_input and backward_parameters of a normalisation that looks at one image.
macro_rules! normalisation {
    ($equals_naive:ident, $gradients:ident, $operation:ident, $len:expr, $parameters:expr) => {
        fn $equals_naive<T: Number>(g: $operation::Geometry, n: usize, seed: u64) -> Check {
            let (len, parameters): (usize, usize) = ($len(&g), $parameters(&g));
            let x = values::<T>(n * len, seed);
            let w = values::<T>(parameters, seed + 1);
            let b = values::<T>(parameters, seed + 2);
            let y = filled(x.len(), |y| $operation::forward(&g, n, &x, &w, &b, y));
            let expected = filled(x.len(), |y| {
                $operation::naive::forward(&g, n, &x, &w, &b, y)
            });
            near("forward", &y, &expected)?;
            let mut one_by_one = Vec::new();
            for x in x.chunks(len) {
                one_by_one.extend(filled(len, |y| $operation::forward(&g, 1, x, &w, &b, y)));
            }
            prop_assert_eq!(one_by_one, y, "batch independence");
            Ok(())
        }

        fn $gradients(g: $operation::Geometry, n: usize, seed: u64) -> Check {
            let (len, parameters): (usize, usize) = ($len(&g), $parameters(&g));
            let x = values::<f64>(n * len, seed);
            let w = values::<f64>(parameters, seed + 1);
            let b = values::<f64>(parameters, seed + 2);
            let dy = values::<f64>(x.len(), seed + 3);
            let loss = |x: &[f64], w: &[f64], b: &[f64]| {
                let y = filled(x.len(), |y| $operation::forward(&g, n, x, w, b, y));
                dot(&y, &dy)
            };
            let dx = filled(x.len(), |dx| {
                $operation::backward_input(&g, n, &x, &w, &dy, dx)
            });
            is_gradient("input", &x, &dx, |x| loss(x, &w, &b))?;
            let mut db = vec![0.0; b.len()];
            let dw = summed(w.len(), |dw| {
                $operation::backward_parameters(&g, n, &x, &dy, dw, &mut db)
            });
            is_gradient("weight", &w, &dw, |w| loss(&x, w, &b))?;
            is_gradient("bias", &b, &db, |b| loss(&x, &w, b))
        }
    };
}
normalisation!(
    layer_norm_equals_naive,
    layer_norm_gradients,
    layer_norm,
    |g: &layer_norm::Geometry| g.features,
    |g: &layer_norm::Geometry| g.features
);
normalisation!(
    group_norm_equals_naive,
    group_norm_gradients,
    group_norm,
    |g: &group_norm::Geometry| g.planes.len(),
    |g: &group_norm::Geometry| g.planes.channels
);

properties! {
    512 cases: batch_norm_equals_naive(g in batch_norm(), s in seed());
    512 cases: layer_norm_equals_naive(g in layer_norm(), n in strategies::batch(), s in seed());
    512 cases: group_norm_equals_naive(
        g in strategies::group_norm(), n in strategies::batch(), s in seed());
}
gradients! {
    256 cases: batch_norm_gradients(g in batch_norm(), s in seed());
    256 cases: layer_norm_gradients(g in layer_norm(), n in strategies::batch(), s in seed());
    256 cases: group_norm_gradients(
        g in strategies::group_norm(), n in strategies::batch(), s in seed());
}

// ---- capsules ----

fn capsules_equal_naive<T: Number>(g: capsules::Geometry, n: usize, seed: u64) -> Check {
    let x = values::<T>(n * g.len(), seed);
    let y = filled(x.len(), |y| capsules::forward(&g, n, &x, y));
    let expected = filled(x.len(), |y| capsules::naive::forward(&g, n, &x, y));
    near("forward", &y, &expected)
}

fn capsules_gradients(g: capsules::Geometry, n: usize, seed: u64) -> Check {
    let x = values::<f64>(n * g.len(), seed);
    let dy = values::<f64>(x.len(), seed + 1);
    let dx = filled(x.len(), |dx| capsules::backward(&g, n, &x, &dy, dx));
    is_gradient("input", &x, &dx, |x| {
        dot(&filled(x.len(), |y| capsules::forward(&g, n, x, y)), &dy)
    })
}

fn caps_length_equals_naive<T: Number>(planes: Planes, n: usize, seed: u64) -> Check {
    let x = values::<T>(n * planes.len(), seed);
    let lengths = n * planes.channels;
    let y = filled(lengths, |y| caps_length::forward(&planes, n, &x, y));
    let expected = filled(lengths, |y| caps_length::naive::forward(&planes, n, &x, y));
    near("forward", &y, &expected)
}

fn caps_length_gradients(planes: Planes, n: usize, seed: u64) -> Check {
    let x = values::<f64>(n * planes.len(), seed);
    let lengths = n * planes.channels;
    let dy = values::<f64>(lengths, seed + 1);
    let y = filled(lengths, |y| caps_length::forward(&planes, n, &x, y));
    let dx = filled(x.len(), |dx| {
        caps_length::backward(&planes, n, &x, &y, &dy, dx)
    });
    is_gradient("input", &x, &dx, |x| {
        let y = filled(lengths, |y| caps_length::forward(&planes, n, x, y));
        dot(&y, &dy)
    })
}

/// The images of a routing, its weight and a gradient of its output. The weights are so small that
/// the shares are neither alike nor all or nothing.
fn routed<T: Number>(g: &digit_caps::Geometry, n: usize, seed: u64) -> [Vec<T>; 3] {
    let small = |w: T| w * T::of(0.3);
    let weight = values::<T>(g.weight_len(), seed + 1).into_iter();
    [
        values(n * g.input_len(), seed),
        weight.map(small).collect(),
        values(n * g.output_len(), seed + 2),
    ]
}

fn route<T: Number>(g: &digit_caps::Geometry, n: usize, x: &[T], w: &[T]) -> Vec<T> {
    filled(n * g.output_len(), |y| {
        digit_caps::forward(g, n, x, w, y, &mut scratch(g.scratch_len(n)));
    })
}

/// What the plain routing puts out, and its gradients of the input and of the weight.
fn plain_routing<T: Number>(
    g: &digit_caps::Geometry,
    n: usize,
    [x, w, dy]: [&[T]; 3],
) -> [Vec<T>; 3] {
    let y = filled(dy.len(), |y| digit_caps::naive::forward(g, n, x, w, y));
    let mut dx = vec![T::nan(); x.len()];
    let dw = summed(w.len(), |dw| {
        digit_caps::naive::backward(g, n, x, w, dy, &mut dx, dw);
    });
    [y, dx, dw]
}

/// Fails unless `found` is as near to what is exact as `plain`, of the same type, but for a factor:
/// each round makes rounding errors larger, and a batch adds up terms of both signs.
fn as_near<T: Number>(what: &str, found: &[T], plain: &[T], exact: &[f64]) -> Check {
    prop_assert_eq!(found.len(), exact.len(), "{}: number of values", what);
    let off = |of: &[T]| -> Vec<f64> {
        let pairs = of.iter().zip(exact);
        pairs
            .map(|(x, e)| (x.to_f64().unwrap() - e).abs())
            .collect()
    };
    let plain = off(plain).into_iter().fold(0.0, f64::max);
    let tolerance = tolerance::<T>().to_f64().unwrap();
    for (place, (off, exact)) in off(found).iter().zip(exact).enumerate() {
        prop_assert!(
            *off <= (tolerance * exact.abs().max(1.0)).max(4.0 * plain),
            "{what}: value {place} is off by {off} from {exact}, plain ones by {plain} at most"
        );
    }
    Ok(())
}

fn digit_caps_equal_naive<T: Number>(g: digit_caps::Geometry, n: usize, seed: u64) -> Check {
    let [x, w, dy] = routed::<T>(&g, n, seed);
    let wide = |of: &[T]| -> Vec<f64> { of.iter().map(|x| x.to_f64().unwrap()).collect() };
    let [wide_x, wide_w, wide_dy] = [&x, &w, &dy].map(|of| wide(of));
    let exact = plain_routing(&g, n, [&wide_x, &wide_w, &wide_dy]);
    let plain = plain_routing(&g, n, [&x, &w, &dy]);

    let y = route(&g, n, &x, &w);
    as_near("forward", &y, &plain[0], &exact[0])?;
    let mut one_by_one = Vec::new();
    for x in x.chunks(g.input_len()) {
        one_by_one.extend(route(&g, 1, x, &w));
    }
    prop_assert_eq!(one_by_one, y, "batch independence");

    let mut dx = vec![T::nan(); x.len()];
    let dw = summed(w.len(), |dw| {
        let (dx, mut scratch) = (&mut dx[..], scratch(g.scratch_len(n)));
        digit_caps::backward(&g, n, &x, &w, &dy, Some(dx), dw, &mut scratch);
    });
    as_near("d_input", &dx, &plain[1], &exact[1])?;
    as_near("d_weight", &dw, &plain[2], &exact[2])?;

    let twice = filled(w.len(), |twice| {
        twice.copy_from_slice(&dw);
        let mut scratch = scratch(g.scratch_len(n));
        digit_caps::backward(&g, n, &x, &w, &dy, None, twice, &mut scratch);
    });
    let double: Vec<T> = dw.iter().map(|dw| *dw + *dw).collect();
    prop_assert_eq!(twice, double, "weights' gradients are added to");
    Ok(())
}

fn digit_caps_gradients(g: digit_caps::Geometry, n: usize, seed: u64) -> Check {
    let [x, w, dy] = routed::<f64>(&g, n, seed);
    let mut dx = vec![f64::NAN; x.len()];
    let dw = summed(w.len(), |dw| {
        let (dx, mut scratch) = (&mut dx[..], scratch(g.scratch_len(n)));
        digit_caps::backward(&g, n, &x, &w, &dy, Some(dx), dw, &mut scratch);
    });
    is_gradient("input", &x, &dx, |x| dot(&route(&g, n, x, &w), &dy))?;
    is_gradient("weight", &w, &dw, |w| dot(&route(&g, n, &x, w), &dy))
}

properties! {
    256 cases: capsules_equal_naive(
        g in strategies::capsules(), n in strategies::batch(), s in seed());
    256 cases: caps_length_equals_naive(
        planes in strategies::planes(), n in strategies::batch(), s in seed());
    256 cases: digit_caps_equal_naive(g in strategies::digit_caps(), n in 1usize..40, s in seed());
}
gradients! {
    256 cases: capsules_gradients(
        g in strategies::capsules(), n in strategies::batch(), s in seed());
    256 cases: caps_length_gradients(
        planes in strategies::planes(), n in strategies::batch(), s in seed());
    64 cases: digit_caps_gradients(g in strategies::digit_caps(), n in 1usize..20, s in seed());
}

// ---- images of another size, sums and concatenations ----

fn pad2d_equals_naive_and_is_adjoint<T: Number>(g: pad2d::Geometry, n: usize, seed: u64) -> Check {
    let x = whole_values::<T>(n * g.input.len(), seed);
    let dy = whole_values::<T>(n * g.output().len(), seed + 1);
    let fill = T::of(9.0);
    let y = filled(dy.len(), |y| pad2d::forward(&g, n, fill, &x, y));
    let expected = filled(dy.len(), |y| pad2d::naive::forward(&g, n, fill, &x, y));
    prop_assert_eq!(y, expected, "forward");
    let linear = filled(dy.len(), |y| pad2d::forward(&g, n, T::zero(), &x, y));
    let dx = filled(x.len(), |dx| pad2d::backward(&g, n, &dy, dx));
    prop_assert_eq!(dot(&linear, &dy), dot(&x, &dx), "adjoint");
    Ok(())
}

fn roi_align_equals_naive_and_is_adjoint<T: Number>(
    g: roi_align::Geometry,
    edges: Vec<[f64; 4]>,
    n: usize,
    seed: u64,
) -> Check {
    let regions: Vec<roi_align::Region> = (edges.iter().enumerate())
        .map(|(i, edges)| roi_align::Region {
            image: (i + 1) % n,
            edges: *edges,
        })
        .collect();
    let x = values::<T>(n * g.input.len(), seed);
    let dy = values::<T>(regions.len() * g.output().len(), seed + 1);
    let y = filled(dy.len(), |y| roi_align::forward(&g, n, &x, &regions, y));
    let expected = filled(dy.len(), |y| roi_align::naive::forward(&g, &x, &regions, y));
    near("forward", &y, &expected)?;
    let dx = filled(x.len(), |dx| roi_align::backward(&g, n, &regions, &dy, dx));
    near("adjoint", &[T::of(dot(&y, &dy))], &[T::of(dot(&x, &dx))])?;
    let mut from_taps = Vec::new();
    for region in &regions {
        let image = &x[region.image * g.input.len()..][..g.input.len()];
        let taps = g.taps(region);
        for plane in image.chunks(g.input.plane()) {
            let of =
                |taps: &Vec<(usize, f64)>| taps.iter().map(|(p, w)| plane[*p] * T::of(*w)).sum();
            from_taps.extend(taps.iter().map(of).collect::<Vec<T>>());
        }
    }
    near("taps", &from_taps, &y)
}

fn upsample2d_equals_naive_and_is_adjoint<T: Number>(
    g: upsample2d::Geometry,
    n: usize,
    seed: u64,
) -> Check {
    let x = values::<T>(n * g.input.len(), seed);
    let dy = values::<T>(n * g.output().len(), seed + 1);
    let y = filled(dy.len(), |y| upsample2d::forward(&g, n, &x, y));
    let expected = filled(dy.len(), |y| upsample2d::naive::forward(&g, n, &x, y));
    near("forward", &y, &expected)?;
    let dx = filled(x.len(), |dx| upsample2d::backward(&g, n, &dy, dx));
    near("adjoint", &[T::of(dot(&y, &dy))], &[T::of(dot(&x, &dx))])?;
    let constant = vec![T::of(3.0); x.len()];
    let y = filled(dy.len(), |y| upsample2d::forward(&g, n, &constant, y));
    near("constant", &y, &vec![T::of(3.0); y.len()])?;
    let same = upsample2d::Geometry {
        size: (g.input.height, g.input.width),
        ..g
    };
    let y = filled(x.len(), |y| upsample2d::forward(&same, n, &x, y));
    prop_assert_eq!(y, x, "the same size changes nothing");
    Ok(())
}

fn add_equals_naive<T: Number>(parts: usize, len: usize, seed: u64) -> Check {
    let all: Vec<Vec<T>> = (0..parts)
        .map(|nth| whole_values(len, seed + nth as u64))
        .collect();
    let all: Vec<&[T]> = all.iter().map(Vec::as_slice).collect();
    let y = filled(len, |y| add::forward(&all, y));
    let expected = filled(len, |y| add::naive::forward(&all, y));
    prop_assert_eq!(y, expected);
    Ok(())
}

fn concat_equals_naive_and_comes_apart<T: Number>(n: usize, lens: Vec<usize>, seed: u64) -> Check {
    let parts: Vec<Vec<T>> = lens
        .iter()
        .zip(seed..)
        .map(|(len, seed)| whole_values(n * len, seed))
        .collect();
    let slices: Vec<&[T]> = parts.iter().map(Vec::as_slice).collect();
    let len = n * lens.iter().sum::<usize>();
    let y = filled(len, |y| concat::forward(n, &slices, y));
    let expected = filled(len, |y| concat::naive::forward(n, &slices, y));
    prop_assert_eq!(&y, &expected, "forward");
    let mut apart: Vec<Vec<T>> = lens.iter().map(|len| vec![T::nan(); n * len]).collect();
    let mut slices: Vec<&mut [T]> = apart.iter_mut().map(Vec::as_mut_slice).collect();
    concat::backward(n, &y, &mut slices);
    prop_assert_eq!(apart, parts, "backward");
    Ok(())
}

properties! {
    512 cases: pad2d_equals_naive_and_is_adjoint(
        g in strategies::pad2d(), n in strategies::batch(), s in seed());
    64 cases: roi_align_equals_naive_and_is_adjoint(
        g in strategies::roi_align(),
        edges in strategies::edges(),
        n in strategies::batch(),
        seed in seed(),
    );
    512 cases: upsample2d_equals_naive_and_is_adjoint(
        g in strategies::upsample2d(), n in strategies::batch(), s in seed());
    512 cases: add_equals_naive(parts in 0usize..5, len in 0usize..20, s in seed());
    512 cases: concat_equals_naive_and_comes_apart(
        n in strategies::batch(), lens in prop::collection::vec(0usize..8, 1..5), s in seed());
}

// ---- pixels and channels that move about or are scaled ----

/// Whole numbers go through an op that changes no number, or sums few of them: as `naive` says, and
/// with the adjoint as gradient.
fn moves<T: Number>(
    (inputs, outputs): (usize, usize),
    seed: u64,
    forward: impl Fn(&[T], &mut [T]),
    naive: impl Fn(&[T], &mut [T]),
    backward: impl Fn(&[T], &mut [T]),
) -> Check {
    let x = whole_values::<T>(inputs, seed);
    let dy = whole_values::<T>(outputs, seed + 1);
    let y = filled(outputs, |y| forward(&x, y));
    let expected = filled(outputs, |y| naive(&x, y));
    prop_assert_eq!(&y, &expected, "forward");
    let dx = filled(inputs, |dx| backward(&dy, dx));
    prop_assert_eq!(dot(&y, &dy), dot(&x, &dx), "adjoint");
    Ok(())
}

fn channel_shuffle_moves<T: Number>(of: Planes, groups: usize, n: usize, seed: u64) -> Check {
    let planes = Planes::new(of.channels * groups, of.plane);
    moves::<T>(
        (n * planes.len(), n * planes.len()),
        seed,
        |x, y| channel_shuffle::forward(&planes, groups, n, x, y),
        |x, y| channel_shuffle::naive::forward(&planes, groups, n, x, y),
        |dy, dx| channel_shuffle::backward(&planes, groups, n, dy, dx),
    )
}

fn pixel_shuffle_moves<T: Number>(image: Image, factor: usize, n: usize, seed: u64) -> Check {
    let channels = image.channels * factor * factor;
    let g = pixel_shuffle::Geometry {
        coarse: Image::new(channels, image.height, image.width),
        factor,
    };
    moves::<T>(
        (n * g.coarse.len(), n * g.fine().len()),
        seed,
        |x, y| pixel_shuffle::forward(&g, n, x, y),
        |x, y| pixel_shuffle::naive::forward(&g, n, x, y),
        |dy, dx| pixel_shuffle::backward(&g, n, dy, dx),
    )?;
    let x = whole_values::<T>(n * g.coarse.len(), seed);
    let y = filled(x.len(), |y| pixel_shuffle::forward(&g, n, &x, y));
    let back = filled(x.len(), |x| pixel_shuffle::backward(&g, n, &y, x));
    prop_assert_eq!(back, x, "there and back");
    Ok(())
}

fn crop2d_moves<T: Number>(input: Image, part: (usize, usize), n: usize, seed: u64) -> Check {
    let first = (part.0 % input.height, part.1 % input.width);
    let size = (
        1 + part.1 % (input.height - first.0),
        1 + part.0 % (input.width - first.1),
    );
    let g = crop2d::Geometry { input, first, size };
    moves::<T>(
        (n * input.len(), n * g.output().len()),
        seed,
        |x, y| crop2d::forward(&g, n, x, y),
        |x, y| crop2d::naive::forward(&g, n, x, y),
        |dy, dx| crop2d::backward(&g, n, dy, dx),
    )
}

fn filter2d_moves<T: Number>(g: pool2d::Geometry, n: usize, seed: u64) -> Check {
    let weights = whole_values::<f64>(g.window.taps(), seed + 2);
    moves::<T>(
        (n * g.input.len(), n * g.output().len()),
        seed,
        |x, y| filter2d::forward(&g, n, &weights, x, y),
        |x, y| filter2d::naive::forward(&g, n, &weights, x, y),
        |dy, dx| filter2d::backward(&g, n, &weights, dy, dx),
    )
}

fn adaptive_avg_pool2d_equals_naive_and_is_adjoint<T: Number>(
    input: Image,
    size: (usize, usize),
    n: usize,
    seed: u64,
) -> Check {
    let g = adaptive_avg_pool2d::Geometry { input, size };
    let x = values::<T>(n * input.len(), seed);
    let dy = values::<T>(n * g.output().len(), seed + 1);
    let y = filled(dy.len(), |y| adaptive_avg_pool2d::forward(&g, n, &x, y));
    let expected = filled(dy.len(), |y| {
        adaptive_avg_pool2d::naive::forward(&g, n, &x, y)
    });
    near("forward", &y, &expected)?;
    let dx = filled(x.len(), |dx| adaptive_avg_pool2d::backward(&g, n, &dy, dx));
    near("adjoint", &[T::of(dot(&y, &dy))], &[T::of(dot(&x, &dx))])
}

fn scale_equals_naive_and_is_adjoint<T: Number>(planes: Planes, n: usize, seed: u64) -> Check {
    let x = whole_values::<T>(n * planes.len(), seed);
    let factors = whole_values::<T>(n * planes.channels, seed + 1);
    let dy = whole_values::<T>(x.len(), seed + 2);
    let y = filled(x.len(), |y| scale::forward(&planes, n, &x, &factors, y));
    let expected = filled(x.len(), |y| {
        scale::naive::forward(&planes, n, &x, &factors, y)
    });
    prop_assert_eq!(&y, &expected, "forward");
    let d_factors = filled(factors.len(), |d| {
        scale::backward_factors(&planes, n, &x, &dy, d)
    });
    let expected = filled(factors.len(), |d| {
        scale::naive::backward_factors(&planes, n, &x, &dy, d)
    });
    prop_assert_eq!(&d_factors, &expected, "gradient of the factors");
    prop_assert_eq!(dot(&y, &dy), dot(&factors, &d_factors), "adjoint");
    Ok(())
}

fn prelu_equals_naive<T: Number>(planes: Planes, n: usize, seed: u64) -> Check {
    let x = whole_values::<T>(n * planes.len(), seed);
    let weight = whole_values::<T>(planes.channels, seed + 1);
    let y = filled(x.len(), |y| prelu::forward(&planes, n, &x, &weight, y));
    let expected = filled(x.len(), |y| {
        prelu::naive::forward(&planes, n, &x, &weight, y)
    });
    prop_assert_eq!(y, expected, "forward");
    Ok(())
}

fn prelu_gradients(planes: Planes, n: usize, seed: u64) -> Check {
    let x = around_kinks::<f64>(n * planes.len(), seed);
    let weight = values::<f64>(planes.channels, seed + 1);
    let dy = values::<f64>(x.len(), seed + 2);
    let loss = |x: &[f64], weight: &[f64]| {
        let y = filled(x.len(), |y| prelu::forward(&planes, n, x, weight, y));
        dot(&y, &dy)
    };
    let dx = filled(x.len(), |dx| {
        prelu::backward_input(&planes, n, &x, &weight, &dy, dx)
    });
    is_gradient("input", &x, &dx, |x| loss(x, &weight))?;
    let dw = summed(weight.len(), |dw| {
        prelu::backward_weight(&planes, n, &x, &dy, dw)
    });
    is_gradient("weight", &weight, &dw, |weight| loss(&x, weight))
}

properties! {
    256 cases: channel_shuffle_moves(
        of in strategies::planes(), groups in 1usize..5, n in strategies::batch(), s in seed());
    256 cases: pixel_shuffle_moves(
        i in strategies::image(), factor in 1usize..4, n in strategies::batch(), s in seed());
    256 cases: crop2d_moves(
        i in strategies::image(), part in (0usize..9, 0usize..9), n in strategies::batch(),
        s in seed());
    512 cases: filter2d_moves(g in strategies::pool2d(), n in strategies::batch(), s in seed());
    512 cases: adaptive_avg_pool2d_equals_naive_and_is_adjoint(
        i in strategies::image(), size in (1usize..9, 1usize..9), n in strategies::batch(),
        s in seed());
    256 cases: scale_equals_naive_and_is_adjoint(
        p in strategies::planes(), n in strategies::batch(), s in seed());
    256 cases: prelu_equals_naive(p in strategies::planes(), n in strategies::batch(), s in seed());
}
gradients! {
    128 cases: prelu_gradients(p in strategies::planes(), n in strategies::batch(), s in seed());
}

// ---- one image at a time ----

/// Fails unless a batch of `n` is `n` batches of 1, and the second run gives the same bits.
fn looks_at_one_image<T: Number>(
    what: &str,
    n: usize,
    (from, to): (usize, usize),
    seed: u64,
    run: impl Fn(usize, &[T], &mut [T]),
) -> Check {
    let x = values::<T>(n * from, seed);
    let whole = filled(n * to, |y| run(n, &x, y));
    let again = filled(n * to, |y| run(n, &x, y));
    prop_assert_eq!(&whole, &again, "{}: second run", what);
    let mut one_by_one = Vec::new();
    for x in x.chunks(from) {
        one_by_one.extend(filled(to, |y| run(1, x, y)));
    }
    prop_assert_eq!(whole, one_by_one, "{}: batch independence", what);
    Ok(())
}

fn poolings_look_at_one_image<T: Number>(g: pool2d::Geometry, n: usize, s: u64) -> Check {
    let (x, y) = (g.input.len(), g.output().len());
    looks_at_one_image::<T>("max", n, (x, y), s, |n, x, out| {
        out.copy_from_slice(&max_pool(&g, n, x).0);
    })?;
    looks_at_one_image::<T>("sum", n, (x, y), s, |n, x, y| {
        sum_pool2d::forward(&g, n, x, y);
    })?;
    looks_at_one_image::<T>("sum backward", n, (y, x), s, |n, dy, dx| {
        sum_pool2d::backward(&g, n, dy, dx);
    })?;
    looks_at_one_image::<T>("avg", n, (x, y), s, |n, x, y| {
        avg_pool2d::forward(&g, n, x, y);
    })?;
    looks_at_one_image::<T>("avg backward", n, (y, x), s, |n, dy, dx| {
        avg_pool2d::backward(&g, n, dy, dx);
    })?;
    // The same image in the batch gives every gradient to the same pixels.
    let image = values::<T>(x, s);
    looks_at_one_image::<T>("max backward", n, (y, x), s, |n, dy, dx| {
        let (_, indices) = max_pool(&g, n, &image.repeat(n));
        max_pool2d::backward(&g, n, &indices, dy, dx);
    })
}

fn resizings_look_at_one_image<T: Number>(
    pad: pad2d::Geometry,
    up: upsample2d::Geometry,
    n: usize,
    s: u64,
) -> Check {
    let (x, y) = (pad.input.len(), pad.output().len());
    looks_at_one_image::<T>("pad", n, (x, y), s, |n, x, y| {
        pad2d::forward(&pad, n, T::one(), x, y);
    })?;
    looks_at_one_image::<T>("pad backward", n, (y, x), s, |n, dy, dx| {
        pad2d::backward(&pad, n, dy, dx);
    })?;
    let (x, y) = (up.input.len(), up.output().len());
    looks_at_one_image::<T>("upsample", n, (x, y), s, |n, x, y| {
        upsample2d::forward(&up, n, x, y);
    })?;
    looks_at_one_image::<T>("upsample backward", n, (y, x), s, |n, dy, dx| {
        upsample2d::backward(&up, n, dy, dx);
    })
}

fn softmaxes_look_at_one_row<T: Number>(axis: Axis, n: usize, s: u64) -> Check {
    let of = |n: usize| Axis {
        outer: n * axis.outer,
        ..axis
    };
    let len = axis.numbers();
    looks_at_one_image::<T>("softmax", n, (len, len), s, |n, x, y| {
        softmax::forward(&of(n), x, y);
    })?;
    looks_at_one_image::<T>("softmax backward", n, (len, len), s, |n, dy, dx| {
        softmax::backward(&of(n), dy, dy, dx);
    })?;
    looks_at_one_image::<T>("log_softmax", n, (len, len), s, |n, x, y| {
        log_softmax::forward(&of(n), x, y);
    })?;
    looks_at_one_image::<T>("log_softmax backward", n, (len, len), s, |n, dy, dx| {
        log_softmax::backward(&of(n), dy, dy, dx);
    })
}

/// Summing and standardising backward, twice.
fn normalisations_repeat<T: Number>((g, n): (batch_norm::Geometry, usize), s: u64) -> Check {
    let x = values::<T>(n * g.planes.len(), s);
    let w = values::<T>(g.planes.channels, s + 1);
    let dy = values::<T>(x.len(), s + 2);
    let (mean, variance) = batch_statistics(&g, n, &x);
    let statistics = Statistics {
        mean: &mean,
        variance: &variance,
    };
    let run = || {
        let dx = filled(x.len(), |dx| {
            batch_norm::backward_input(&g, n, &x, statistics, &w, &dy, dx)
        });
        let mut db = vec![T::zero(); w.len()];
        let dw = summed(w.len(), |dw| {
            batch_norm::backward_parameters(&g, n, &x, statistics, &dy, dw, &mut db)
        });
        (dx, dw, db)
    };
    prop_assert_eq!(run(), run());
    Ok(())
}

properties! {
    128 cases: poolings_look_at_one_image(
        g in strategies::pool2d(), n in strategies::batch(), s in seed());
    128 cases: resizings_look_at_one_image(
        pad in strategies::pad2d(), up in strategies::upsample2d(), n in strategies::batch(),
        s in seed());
    128 cases: softmaxes_look_at_one_row(
        a in strategies::axis(), n in strategies::batch(), s in seed());
    128 cases: normalisations_repeat(g in batch_norm(), s in seed());
}

// ---- the strategies themselves ----

/// Draws `count` values with a fixed seed.
fn drawn<S: Strategy>(strategy: S, count: usize) -> Vec<S::Value> {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).expect("a value").current())
        .collect()
}

#[test]
fn convolutions_are_drawn_awkward() {
    let all = drawn(strategies::conv2d(), 1000);
    let share = |what: &str, least: usize, is: &dyn Fn(&conv2d::Geometry) -> bool| {
        let count = all.iter().filter(|g| is(g)).count();
        assert!(count >= least, "{what}: {count} of 1000, at least {least}");
    };
    let remainder = |g: &conv2d::Geometry| {
        let w = g.window;
        let left = |size: usize, kernel: usize, stride: usize, padding: usize, dilation: usize| {
            (size + padding - dilation * (kernel - 1) - 1) % stride
        };
        let rows = left(
            g.input.height,
            w.kernel.0,
            w.stride.0,
            w.before.0 + w.after.0,
            w.dilation.0,
        );
        let columns = left(
            g.input.width,
            w.kernel.1,
            w.stride.1,
            w.before.1 + w.after.1,
            w.dilation.1,
        );
        rows + columns > 0
    };
    share("remainder", 300, &remainder);
    share("groups with stride", 300, &|g| {
        g.groups > 1 && g.window.stride != (1, 1)
    });
    share("kernel not square", 400, &|g| {
        g.window.kernel.0 != g.window.kernel.1
    });
    share("padding not symmetric", 400, &|g| {
        g.window.before != g.window.after
    });
    share("dilation", 400, &|g| {
        g.window.dilation.0 > 1 && g.window.kernel.0 > 1
            || g.window.dilation.1 > 1 && g.window.kernel.1 > 1
    });
    share("image not square", 1000, &|g| {
        g.input.height != g.input.width
    });
    for method in [
        conv2d::Method::Pointwise,
        conv2d::Method::Depthwise,
        conv2d::Method::Unfold,
    ] {
        share(&format!("{method:?}"), 150, &|g| g.method() == method);
    }
    let transposed = drawn(strategies::conv_transpose2d(), 1000);
    let padded = transposed.iter().filter(|g| g.output_padding != (0, 0));
    assert!(padded.count() >= 300, "output padding is drawn");
}

#[test]
fn values_are_distinct_and_away_from_zero() {
    for len in [1, 2, 3, 17, 500] {
        for seed in [0, 1, 99] {
            let mut x = values::<f32>(len, seed);
            assert!(x.iter().all(|x| (0.1..=2.0).contains(&x.abs())));
            assert_eq!(
                x,
                values::<f32>(len, seed),
                "the same seed, the same values"
            );
            x.sort_by(f32::total_cmp);
            x.dedup();
            assert_eq!(x.len(), len, "values are distinct");
        }
    }
    assert_ne!(values::<f64>(9, 1), values::<f64>(9, 2));
    assert!(whole_values::<f64>(99, 3)
        .iter()
        .all(|x| x.abs() <= 4.0 && *x != 0.0));
}
