//! Kernels that are written for vector instructions, against the naive ones: at every level of
//! instructions that this machine has, over geometries that fill neither tiles nor vectors.
//!
//! Winograd's transforms lose digits. `the_error_of_winograd` measures how many, against `f64`:
//! `cargo test --release --test fast_paths -- the_error --nocapture` prints them.

#[allow(dead_code)] // the public module, of which this file needs a part
#[path = "../src/strategies.rs"]
mod strategies;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use shapeproof::kernels::activation::{self, Activation};
use shapeproof::kernels::conv2d::{self, abreast, direct, naive, Epilogue, Geometry, Method};
use shapeproof::kernels::crew::{self, Crew};
use shapeproof::kernels::{
    add, bias, linear, max_pool2d, pool2d, winograd, Image, Level, Number, Window,
};
use strategies::{seed, values, whole_values};

/// Largest error allowed, relative to the largest number of the result.
const BOUND: f64 = 1e-4;

/// The three directions with bias, a sum and ReLU in the first.
struct Directions {
    forward: Vec<f32>,
    d_input: Vec<f32>,
    d_weight: Vec<f32>,
}

/// What a convolution reads: input, weight, bias, gradient of the output.
fn draw(g: &Geometry, n: usize, draw: fn(usize, u64) -> Vec<f32>, seed: u64) -> [Vec<f32>; 4] {
    [
        draw(n * g.input.len(), seed),
        draw(g.weight_len(), seed + 1),
        draw(g.filters, seed + 2),
        draw(n * g.output().len(), seed + 3),
    ]
}

/// All that is written before holds NaN, which would show.
fn fast(level: Level, method: Method, g: &Geometry, n: usize, read: &[Vec<f32>; 4]) -> Directions {
    let [x, w, b, dy] = read;
    let mut of = Directions {
        forward: vec![f32::NAN; dy.len()],
        d_input: vec![f32::NAN; x.len()],
        d_weight: vec![0.0; w.len()],
    };
    let epilogue = Epilogue {
        bias: Some(b),
        residual: Some(dy),
        activation: Some(Activation::Relu),
    };
    let len = match method {
        Method::Winograd => winograd::scratch_len(g),
        _ => direct::scratch_len(g),
    };
    let scratch = || vec![f32::NAN; len];
    let (y, dx, dw) = (&mut of.forward, &mut of.d_input, &mut of.d_weight);
    if method == Method::Winograd {
        winograd::forward(level, g, n, x, w, epilogue, y, &mut scratch());
        winograd::backward_input(level, g, n, w, dy, dx, &mut scratch());
        winograd::backward_weight(level, g, n, x, dy, dw, &mut scratch());
        let mut prepared = vec![f32::NAN; winograd::prepared_len(g)];
        winograd::prepare(level, g, w, &mut prepared);
        let mut again = vec![f32::NAN; dy.len()];
        let s = &mut scratch();
        winograd::forward_prepared(level, g, n, x, &prepared, epilogue, &mut again, s);
        assert_eq!(&again, y, "prepared weights give another result");
    } else {
        direct::forward(level, g, n, x, w, epilogue, y, &mut scratch());
        direct::backward_input(level, g, n, w, dy, dx, &mut scratch());
        direct::backward_weight(level, g, n, x, dy, dw, &mut scratch());
    }
    of
}

fn slow(g: &Geometry, n: usize, read: &[Vec<f32>; 4]) -> Directions {
    let [x, w, b, dy] = read;
    let mut of = Directions {
        forward: vec![f32::NAN; dy.len()],
        d_input: vec![f32::NAN; x.len()],
        d_weight: vec![0.0; w.len()],
    };
    naive::forward(g, n, x, w, Some(b), &mut of.forward);
    add::accumulate(dy, &mut of.forward);
    activation::forward_in_place(Activation::Relu, &mut of.forward);
    naive::backward_input(g, n, w, dy, &mut of.d_input);
    naive::backward_weight(g, n, x, dy, &mut of.d_weight);
    of
}

/// `Σ a·b`
fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum()
}

/// The largest difference, relative to the largest number expected.
fn error(found: &[f32], expected: &[f64]) -> f64 {
    let largest = expected.iter().fold(0.0f64, |m, e| m.max(e.abs()));
    let off = |(f, e): (&f32, &f64)| {
        let off = (f64::from(*f) - e).abs();
        if off.is_nan() {
            f64::INFINITY
        } else {
            off
        }
    };
    found.iter().zip(expected).map(off).fold(0.0, f64::max) / largest.max(1.0)
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x)).collect()
}

/// A window of so many taps at stride 1, with a padding up to `most` on each side, and up to so many
/// groups of up to so many channels.
fn geometry(
    channels: usize,
    kernel: impl Strategy<Value = (usize, usize)>,
    most: usize,
    groups: usize,
) -> impl Strategy<Value = Geometry> {
    let sizes = (1..=channels, 1..=channels, 0usize..=9, 0usize..=18);
    let pads = (0..=most, 0..=most, 0..=most, 0..=most);
    (kernel, sizes, pads, 1..=groups).prop_map(|(kernel, sizes, pads, groups)| {
        let (channels, filters, down, right) = sizes;
        let before = (pads.0.min(kernel.0 - 1), pads.1.min(kernel.1 - 1));
        let after = (pads.2.min(kernel.0 - 1), pads.3.min(kernel.1 - 1));
        let least = |kernel: usize, padding: usize| kernel.saturating_sub(padding).max(1);
        let height = least(kernel.0, before.0 + after.0) + down;
        let width = least(kernel.1, before.1 + after.1) + right;
        Geometry {
            input: Image::new(groups * channels, height, width),
            filters: groups * filters,
            window: Window {
                before,
                after,
                ..Window::new(kernel.0, kernel.1)
            },
            groups,
        }
    })
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 48,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource(
            "proptest-regressions",
        ))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn direct_equals_naive(
        g in geometry(14, (1usize..=6, 1usize..=6), 5, 3),
        n in strategies::batch(),
        seed in seed(),
    ) {
        let read = draw(&g, n, whole_values, seed);
        let expected = slow(&g, n, &read);
        for level in Level::available() {
            let found = fast(level, Method::Direct, &g, n, &read);
            prop_assert_eq!(&found.forward, &expected.forward, "forward, {:?}", level);
            prop_assert_eq!(&found.d_input, &expected.d_input, "backward_input, {:?}", level);
            prop_assert_eq!(&found.d_weight, &expected.d_weight, "backward_weight, {:?}", level);
        }
    }

    #[test]
    fn direct_with_a_stride_equals_naive(
        g in geometry(14, (1usize..=6, 1usize..=6), 5, 3),
        stride in (1usize..=4, 1usize..=4),
        n in strategies::batch(),
        seed in seed(),
    ) {
        let g = Geometry { window: Window { stride, ..g.window }, ..g };
        let read = draw(&g, n, whole_values, seed);
        let [x, w, b, dy] = &read;
        let expected = slow(&g, n, &read).forward;
        let epilogue = Epilogue {
            bias: Some(&b[..]),
            residual: Some(&dy[..]),
            activation: Some(Activation::Relu),
        };
        for level in Level::available() {
            let mut y = vec![f32::NAN; dy.len()];
            let mut s = vec![f32::NAN; direct::forward_scratch(&g)];
            direct::forward(level, &g, n, x, w, epilogue, &mut y, &mut s);
            prop_assert_eq!(&y, &expected, "{:?}", level);
        }
    }

    #[test]
    fn winograd_is_near_naive(
        g in geometry(36, Just((3, 3)), 2, 1),
        n in strategies::batch(),
        seed in seed(),
    ) {
        let read = draw(&g, n, values, seed);
        let expected = slow(&g, n, &read);
        for level in Level::available() {
            let found = fast(level, Method::Winograd, &g, n, &read);
            let off = error(&found.forward, &wide(&expected.forward));
            prop_assert!(off < BOUND, "forward, {level:?}: {off:e}");
            let off = error(&found.d_input, &wide(&expected.d_input));
            prop_assert!(off < BOUND, "backward_input, {level:?}: {off:e}");
            let off = error(&found.d_weight, &wide(&expected.d_weight));
            prop_assert!(off < BOUND, "backward_weight, {level:?}: {off:e}");
        }
    }

    /// `⟨conv(x, w), g⟩ = ⟨x, dX(w, g)⟩ = ⟨w, dW(x, g)⟩`, within the error of Winograd.
    #[test]
    fn winograd_is_adjoint(
        g in geometry(24, Just((3, 3)), 2, 1),
        n in strategies::batch(),
        seed in seed(),
    ) {
        let [x, w, _, dy] = draw(&g, n, values, seed);
        for level in Level::available() {
            let mut s = vec![f32::NAN; winograd::scratch_len(&g)];
            let (mut y, mut dx, mut dw) =
                (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()], vec![0.0; w.len()]);
            winograd::forward(level, &g, n, &x, &w, Epilogue::NONE, &mut y, &mut s);
            winograd::backward_input(level, &g, n, &w, &dy, &mut dx, &mut s);
            winograd::backward_weight(level, &g, n, &x, &dy, &mut dw, &mut s);
            let norm = (dot(&y, &y) * dot(&dy, &dy)).sqrt().max(1.0);
            let (forward, by_input, by_weight) = (dot(&y, &dy), dot(&x, &dx), dot(&w, &dw));
            prop_assert!((forward - by_input).abs() < 1e-4 * norm, "{forward} {by_input}");
            prop_assert!((forward - by_weight).abs() < 1e-4 * norm, "{forward} {by_weight}");
        }
    }
}

/// Batches beyond a group of tiles, and through the doors that users take.
#[test]
fn the_error_of_winograd() {
    for (n, channels, size, filters) in [(2, 16, 32, 32), (2, 64, 20, 64), (3, 256, 8, 256)] {
        let g = Geometry {
            input: Image::new(channels, size, size + 1),
            filters,
            window: Window {
                before: (1, 1),
                after: (1, 1),
                ..Window::new(3, 3)
            },
            groups: 1,
        };
        assert_eq!(g.method(), Method::Winograd);
        let [x, w, b, dy] = draw(&g, n, values, 7);
        let mut s = vec![f32::NAN; g.scratch_len()];
        let mut y = vec![f32::NAN; dy.len()];
        let mut dx = vec![f32::NAN; x.len()];
        let mut dw = vec![0.0; w.len()];
        conv2d::forward(&g, n, &x, &w, Some(&b), &mut y, &mut s);
        conv2d::backward_input(&g, n, &w, &dy, &mut dx, &mut s);
        conv2d::backward_weight(&g, n, &x, &dy, &mut dw, &mut s);

        let [x, w, b, dy] = [x, w, b, dy].map(|x| wide(&x));
        let mut s = vec![f64::NAN; g.scratch_len()];
        let mut expected = vec![f64::NAN; dy.len()];
        conv2d::forward(&g, n, &x, &w, Some(&b), &mut expected, &mut s);
        let forward = error(&y, &expected);
        let mut expected = vec![f64::NAN; x.len()];
        conv2d::backward_input(&g, n, &w, &dy, &mut expected, &mut s);
        let backward_input = error(&dx, &expected);
        let mut expected = vec![0.0; w.len()];
        conv2d::backward_weight(&g, n, &x, &dy, &mut expected, &mut s);
        let backward_weight = error(&dw, &expected);
        println!(
            "{channels} channels, {filters} filters: forward {forward:.1e}, \
             backward_input {backward_input:.1e}, backward_weight {backward_weight:.1e}"
        );
        let worst = forward.max(backward_input).max(backward_weight);
        assert!(worst < BOUND, "{channels} channels: {worst:e}");
    }
}

/// Bias and any activation in one call are the three calls one by one.
#[test]
fn what_is_fused_is_what_is_done_afterwards() {
    let window = Window {
        before: (1, 1),
        after: (1, 1),
        ..Window::new(3, 3)
    };
    for (channels, method) in [(3, Method::Direct), (16, Method::Winograd)] {
        let g = Geometry {
            input: Image::new(channels, 12, 13),
            filters: 16,
            window,
            groups: 1,
        };
        assert_eq!(g.method(), method);
        let [x, w, b, dy] = draw(&g, 2, values, 3);
        let mut s = vec![f32::NAN; g.scratch_len()];
        let mut plain = vec![f32::NAN; dy.len()];
        conv2d::forward(&g, 2, &x, &w, Some(&b), &mut plain, &mut s);
        let mut prepared = vec![f32::NAN; g.prepared_len()];
        conv2d::prepare(&g, &w, &mut prepared);
        for (activation, residual) in [
            (Activation::Relu, None),
            (Activation::Silu, Some(&dy[..])),
            (Activation::Relu, Some(&dy[..])),
        ] {
            let mut expected = plain.clone();
            if let Some(residual) = residual {
                add::accumulate(residual, &mut expected);
            }
            activation::forward_in_place(activation, &mut expected);
            let epilogue = Epilogue {
                bias: Some(&b[..]),
                residual,
                activation: Some(activation),
            };
            let mut y = vec![f32::NAN; dy.len()];
            conv2d::forward_fused(&g, 2, &x, &w, epilogue, &mut y, &mut s);
            assert_eq!(y, expected, "{method:?} {activation:?}");
            y.fill(f32::NAN);
            conv2d::forward_prepared(&g, 2, &x, &w, &prepared, epilogue, &mut y, &mut s);
            assert_eq!(y, expected, "{method:?} {activation:?}, prepared");
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn abreast_equals_naive(
        g in geometry(7, (1usize..=5, 1usize..=6), 3, 1),
        n in 1usize..=35,
        relu in any::<bool>(),
        seed in seed(),
    ) {
        prop_assume!(g.output().height > 1 && g.output().width > 1);
        let pool = pool2d::Geometry {
            input: g.output(),
            window: Window { stride: (2, 2), ..Window::new(2, 2) },
        };
        let [x, w, b, dy] = draw(&g, n, whole_values, seed);
        let len = n * pool.output().len();
        let d = &dy[..len];
        let (mut whole, mut y, mut at) = (dy.clone(), vec![0.0; len], vec![0; len]);
        naive::forward(&g, n, &x, &w, Some(&b), &mut whole);
        max_pool2d::naive::forward(&pool, n, &whole, &mut y, &mut at);
        if relu {
            activation::forward_in_place(Activation::Relu, &mut y);
        }
        max_pool2d::backward(&pool, n, &at, d, &mut whole);
        let (mut dx, mut dw, mut db) = (x.clone(), w.clone(), b.clone());
        naive::backward_input(&g, n, &w, &whole, &mut dx);
        naive::backward_weight(&g, n, &x, &whole, &mut dw);
        bias::naive::backward(&g.output().planes(), n, &whole, &mut db);
        for level in Level::available() {
            let activation = relu.then_some(Activation::Relu);
            let epilogue = Epilogue { bias: Some(&b), activation, ..Epilogue::NONE };
            let (mut found, mut indices) = (vec![f32::NAN; len], vec![9; len]);
            let s = &mut vec![f32::NAN; abreast::forward_scratch(&g)];
            abreast::forward(level, &g, n, &x, &w, epilogue, &mut found, Some(&mut indices), s);
            prop_assert_eq!(&found, &y, "forward, {:?}", level);
            prop_assert_eq!(&indices, &at, "indices, {:?}", level);
            found.fill(f32::NAN);
            abreast::forward(level, &g, n, &x, &w, epilogue, &mut found, None, s);
            prop_assert_eq!(&found, &y, "forward without indices, {:?}", level);

            let s = &mut vec![f32::NAN; abreast::backward_scratch(&g)];
            let (mut d_x, mut d_w, mut d_b) = (vec![f32::NAN; x.len()], w.clone(), b.clone());
            let (read, pooled) = ((&x[..], &w[..]), (d, &indices[..]));
            let (d_input, d_bias) = (Some(&mut d_x[..]), Some(&mut d_b[..]));
            abreast::backward(level, &g, n, read, pooled, d_input, &mut d_w, d_bias, s);
            prop_assert_eq!(&d_x, &dx, "backward_input, {:?}", level);
            prop_assert_eq!(&d_w, &dw, "backward_weight, {:?}", level);
            prop_assert_eq!(&d_b, &db, "backward_bias, {:?}", level);
            d_w.copy_from_slice(&w);
            abreast::backward(level, &g, n, read, pooled, None, &mut d_w, None, s);
            prop_assert_eq!(&d_w, &dw, "backward_weight alone, {:?}", level);
        }
    }

    #[test]
    fn halves_equal_naive(
        (channels, height, width) in (1usize..=3, 2usize..=7, 2usize..=71),
        n in strategies::batch(),
        nan in any::<prop::sample::Index>(),
        seed in seed(),
    ) {
        let g = pool2d::Geometry {
            input: Image::new(channels, height, width),
            window: Window { stride: (2, 2), ..Window::new(2, 2) },
        };
        // Of few different numbers, many tie.
        let tied: Vec<f32> = whole_values(n * g.input.len(), seed);
        let mut with_nan = tied.clone();
        let place = nan.index(with_nan.len());
        with_nan[place] = f32::NAN;
        let mut lowest = tied.clone();
        lowest[place] = f32::NEG_INFINITY;
        let len = n * g.output().len();
        for x in [tied, with_nan, lowest] {
            let (mut expected, mut places) = (vec![0.0; len], vec![7; len]);
            max_pool2d::naive::forward(&g, n, &x, &mut expected, &mut places);
            let (mut y, mut indices) = (vec![0.0; len], vec![9; len]);
            max_pool2d::forward(&g, n, &x, &mut y, &mut indices);
            prop_assert_eq!(&indices, &places);
            let bits = |y: &[f32]| y.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&y), bits(&expected));
            y.fill(0.0);
            max_pool2d::forward_values(&g, n, &x, &mut y);
            prop_assert_eq!(bits(&y), bits(&expected));
        }
    }
}

/// Large enough to be shared: by rows of tiles, by filters, by the channels of an unfolded image.
fn shared_geometries() -> Vec<(Geometry, Method)> {
    let three = |stride| Window {
        stride: (stride, stride),
        before: (1, 1),
        after: (1, 1),
        ..Window::new(3, 3)
    };
    let holes = Window {
        dilation: (2, 2),
        ..three(1)
    };
    let of = |channels, height, width, filters, window| Geometry {
        input: Image::new(channels, height, width),
        filters,
        window,
        groups: 1,
    };
    vec![
        (of(16, 31, 34, 17, three(1)), Method::Winograd),
        (of(100, 9, 12, 120, three(1)), Method::Winograd),
        (of(64, 5, 7, 128, three(1)), Method::Winograd),
        (of(3, 34, 31, 21, three(1)), Method::Direct),
        (of(13, 32, 30, 35, three(2)), Method::Strided),
        (of(3, 40, 30, 64, three(2)), Method::Strided),
        (of(13, 32, 30, 35, holes), Method::Unfold),
        (of(3, 40, 30, 64, holes), Method::Unfold),
        (of(50, 18, 17, 43, Window::new(1, 1)), Method::Pointwise),
        // Nothing is shared of what is small.
        (of(2, 5, 4, 3, three(1)), Method::Direct),
    ]
}

fn sharing_changes_nothing<T: Number>() {
    for (g, method) in shared_geometries() {
        assert_eq!(g.method(), method, "{g:?}");
        let x = whole_values::<T>(g.input.len(), 1);
        let w = whole_values::<T>(g.weight_len(), 2);
        let b = whole_values::<T>(g.filters, 3);
        let mut prepared = vec![T::zero(); g.prepared_len()];
        conv2d::prepare(&g, &w, &mut prepared);
        let residual = whole_values::<T>(g.output().len(), 4);
        for (bias, residual, activation) in [
            (None, None, None),
            (Some(&b[..]), None, Some(Activation::Relu)),
            (Some(&b[..]), Some(&residual[..]), Some(Activation::Relu)),
            (Some(&b[..]), Some(&residual[..]), Some(Activation::Silu)),
        ] {
            let epilogue = Epilogue {
                bias,
                residual,
                activation,
            };
            let unknown = T::of(f64::NAN);
            let mut expected = vec![unknown; g.output().len()];
            let mut s = vec![unknown; g.scratch_len()];
            let (y, p) = (&mut expected, &prepared);
            conv2d::forward_prepared(&g, 1, &x, &w, p, epilogue, y, &mut s);
            for threads in [1, 2, 3, 5, crew::MOST] {
                let mut y = vec![unknown; g.output().len()];
                let mut s = vec![unknown; threads * g.scratch_len()];
                on_threads(threads, |crew| {
                    let y = &mut y;
                    conv2d::forward_shared(crew, &g, &x, &w, p, epilogue, y, &mut s);
                });
                assert!(y == expected, "{g:?} {activation:?} {threads} threads");
            }
        }
    }
}

fn on_threads(threads: usize, run: impl FnOnce(&Crew) + Send) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.expect("threads can be started");
    pool.install(|| crew::run(threads, run));
}

/// Whole numbers, so that no order of sums rounds.
#[test]
fn what_threads_share_is_what_one_computes() {
    sharing_changes_nothing::<f32>();
    sharing_changes_nothing::<f64>();
    for (inputs, outputs) in [(1003, 109), (3000, 40), (10, 3)] {
        let g = linear::Geometry { inputs, outputs };
        let x = values::<f32>(inputs, 1);
        let w = values::<f32>(g.weight_len(), 2);
        let b = values::<f32>(outputs, 3);
        for bias in [None, Some(&b[..])] {
            let mut expected = vec![f32::NAN; outputs];
            linear::forward(&g, 1, &x, &w, bias, &mut expected);
            for threads in [2, 3, 5] {
                let mut y = vec![f32::NAN; outputs];
                on_threads(threads, |crew| {
                    linear::forward_shared(crew, &g, &x, &w, bias, &mut y);
                });
                assert_eq!(y, expected, "{g:?} {threads} threads");
            }
        }
    }
}
