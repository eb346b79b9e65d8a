//! The properties find bugs, and say in few numbers where they are.
//!
//! Four bugs that frameworks shipped are put into a kernel here, each by one patched expression. A
//! property must find each within 256 cases and shrink it to a geometry that a person can draw;
//! the same property holds without the patch. `cargo test --test seeded_bugs -- --nocapture` shows
//! what they shrink to.

#[allow(dead_code)] // the public module, of which this file needs some
#[path = "../src/strategies.rs"]
mod strategies;

use std::cell::Cell;
use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use shapeproof::kernels::{conv2d, conv_transpose2d, max_pool2d, pad2d, Image, Window};
use strategies::{seed, values};

const CASES: u32 = 256;

/// Every bug is hunted this often, from other first numbers each time.
const HUNTS: u8 = 8;

/// Runs `property` on 256 cases, the same every time.
fn hunt<S: Strategy>(
    strategy: S,
    nth: u8,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) -> Result<(), TestError<S::Value>> {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 100_000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[nth; 32]);
    TestRunner::new_with_rng(config, rng).run(&strategy, property)
}

/// Hunts for the bug and gives what it shrinks to in every hunt to `is_minimal`. Fails unless each
/// hunt finds it, and unless the kernel without the bug has the property.
fn seeded<S: Strategy>(
    what: &str,
    strategy: fn() -> S,
    property: impl Fn(S::Value, bool) -> Result<(), TestCaseError>,
    is_minimal: impl Fn(S::Value),
) where
    S::Value: Debug + Clone,
{
    for nth in 0..HUNTS {
        if let Err(error) = hunt(strategy(), nth, |case| property(case, false)) {
            panic!("{what}: the kernel without the bug fails: {error}");
        }
        let (tried, failed) = (Cell::new(0), Cell::new(false));
        let result = hunt(strategy(), nth, |case| {
            if !failed.get() {
                tried.set(tried.get() + 1);
            }
            let result = property(case, true);
            failed.set(failed.get() || result.is_err());
            result
        });
        match result {
            Err(TestError::Fail(reason, case)) => {
                println!(
                    "{what}, hunt {nth}: found at case {}, shrunk to {case:?}: {reason}",
                    tried.get()
                );
                is_minimal(case);
            }
            other => panic!("{what}: not found in {CASES} cases: {other:?}"),
        }
    }
}

/// Fails unless both agree but for rounding.
fn near(found: &[f64], expected: &[f64]) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), expected.len(), "number of values");
    for (place, (f, e)) in found.iter().zip(expected).enumerate() {
        prop_assert!((f - e).abs() < 1e-9, "value {place} is {f}, expected {e}");
    }
    Ok(())
}

fn convolution() -> impl Strategy<Value = (conv2d::Geometry, u64)> {
    (strategies::conv2d(), seed())
}

/// Pixels of the padded image behind the last place of the window.
fn remainder(g: &conv2d::Geometry) -> (usize, usize) {
    let Window {
        kernel,
        stride,
        before,
        after,
        dilation,
    } = g.window;
    (
        (g.input.height + before.0 + after.0 - dilation.0 * (kernel.0 - 1) - 1) % stride.0,
        (g.input.width + before.1 + after.1 - dilation.1 * (kernel.1 - 1) - 1) % stride.1,
    )
}

/// The gradient of a convolution as a transposed convolution. Its output must be padded by the
/// remainder; the bug forgets that, so the last rows and columns of the image get no gradient.
#[test]
fn wrong_output_padding_where_the_stride_does_not_divide() {
    seeded(
        "output padding",
        convolution,
        |(g, seed), bug| {
            let w = values::<f64>(g.weight_len(), seed);
            let dy = values::<f64>(g.output().len(), seed + 1);
            let mut expected = vec![0.0; g.input.len()];
            conv2d::naive::backward_input(&g, 1, &w, &dy, &mut expected);

            let rest = remainder(&g);
            let dropped = if bug { rest } else { (0, 0) };
            let mut found = vec![0.0; g.input.len()];
            // Where the whole image is dropped, there is nothing to compute.
            if dropped.0 < g.input.height && dropped.1 < g.input.width {
                let transposed = conv_transpose2d::Geometry {
                    input: g.output(),
                    filters: g.input.channels,
                    window: g.window,
                    output_padding: if bug { (0, 0) } else { rest },
                    groups: g.groups,
                };
                let image = transposed.output();
                let mut dx = vec![0.0; image.len()];
                let mut scratch = vec![0.0; transposed.scratch_len()];
                conv_transpose2d::forward(&transposed, 1, &dy, &w, None, &mut dx, &mut scratch);
                for (place, dx) in dx.iter().enumerate() {
                    let (channel, pixel) = (place / image.plane(), place % image.plane());
                    let (row, column) = (pixel / image.width, pixel % image.width);
                    found[(channel * g.input.height + row) * g.input.width + column] = *dx;
                }
            }
            near(&found, &expected)
        },
        |(g, _)| {
            assert_eq!((g.input.channels, g.filters, g.groups), (1, 1, 1), "{g:?}");
            assert!(g.input.plane() <= 3, "at most three pixels: {g:?}");
            assert_eq!(g.window.taps(), 1, "one tap: {g:?}");
            assert_eq!(g.window.dilation, (1, 1), "{g:?}");
            let strides = g.window.stride.0 * g.window.stride.1;
            assert_eq!(strides, 2, "one stride of two: {g:?}");
            let padding =
                g.window.before.0 + g.window.before.1 + g.window.after.0 + g.window.after.1;
            assert!(
                padding + g.input.plane() <= 4,
                "four pixels with the padding: {g:?}"
            );
            assert_ne!(remainder(&g), (0, 0), "a remainder is left: {g:?}");
        },
    );
}

/// Each group convolves its own channels. The bug counts the channels of a group in strides.
#[test]
fn groups_sliced_by_the_stride() {
    seeded(
        "groups × stride",
        convolution,
        |(g, seed), bug| {
            let x = values::<f64>(g.input.len(), seed);
            let dy = values::<f64>(g.output().len(), seed + 1);
            let mut expected = vec![0.0; g.weight_len()];
            conv2d::naive::backward_weight(&g, 1, &x, &dy, &mut expected);

            let filters = g.filters / g.groups;
            let one = conv2d::Geometry {
                input: Image::new(g.seen(), g.input.height, g.input.width),
                filters,
                groups: 1,
                ..g
            };
            let step = if bug { g.window.stride.1 } else { 1 };
            let mut found = vec![0.0; g.weight_len()];
            let mut scratch = vec![0.0; one.scratch_len()];
            for group in 0..g.groups {
                let channel = group * g.seen() * step % g.input.channels;
                let x = &x[channel * g.input.plane()..][..one.input.len()];
                let dy = &dy[group * one.output().len()..][..one.output().len()];
                let dw = &mut found[group * one.weight_len()..][..one.weight_len()];
                conv2d::backward_weight(&one, 1, x, dy, dw, &mut scratch);
            }
            near(&found, &expected)
        },
        |(g, _)| {
            assert_eq!((g.input.channels, g.filters, g.groups), (2, 2, 2), "{g:?}");
            assert_eq!(g.input.plane(), 2, "two pixels: {g:?}");
            assert_eq!(g.window.taps(), 1, "one tap: {g:?}");
            assert_eq!(g.window.stride, (1, 2), "{g:?}");
            assert_eq!((g.window.before, g.window.after), ((0, 0), (0, 0)), "{g:?}");
        },
    );
}

/// A padded image, convolved without padding. The bug puts all of the padding above and left.
#[test]
fn padding_on_one_side_only() {
    seeded(
        "padding",
        convolution,
        |(g, seed), bug| {
            let x = values::<f64>(g.input.len(), seed);
            let w = values::<f64>(g.weight_len(), seed + 1);
            let mut expected = vec![0.0; g.output().len()];
            conv2d::naive::forward(&g, 1, &x, &w, None, &mut expected);

            let Window { before, after, .. } = g.window;
            let padding = pad2d::Geometry {
                input: g.input,
                before: if bug {
                    (before.0 + after.0, before.1 + after.1)
                } else {
                    before
                },
                after: if bug { (0, 0) } else { after },
                border: pad2d::Border::Constant,
            };
            let mut padded = vec![0.0; padding.output().len()];
            pad2d::forward(&padding, 1, 0.0, &x, &mut padded);
            let mut inside = g;
            inside.input = padding.output();
            (inside.window.before, inside.window.after) = ((0, 0), (0, 0));
            let mut found = vec![0.0; expected.len()];
            let mut scratch = vec![0.0; inside.scratch_len()];
            conv2d::forward(&inside, 1, &padded, &w, None, &mut found, &mut scratch);
            near(&found, &expected)
        },
        |(g, _)| {
            assert_eq!((g.input.channels, g.filters, g.groups), (1, 1, 1), "{g:?}");
            assert_eq!(g.input.plane(), 2, "two pixels: {g:?}");
            assert_eq!(g.window.taps(), 1, "one tap: {g:?}");
            assert_eq!(g.window.before, (0, 0), "{g:?}");
            assert_eq!(g.window.after.0 + g.window.after.1, 1, "{g:?}");
            assert_eq!(g.window.stride, (1, 1), "{g:?}");
        },
    );
}

/// Windows that overlap may pick the same pixel. The bug lets the last window win instead of adding
/// up what they send back.
#[test]
fn overlapping_windows_that_pick_one_pixel() {
    let pooling = || (strategies::pool2d(), seed());
    seeded(
        "overlap",
        pooling,
        |(g, seed), bug| {
            let x = values::<f64>(g.input.len(), seed);
            let dy = values::<f64>(g.output().len(), seed + 1);
            let mut expected = vec![0.0; x.len()];
            max_pool2d::naive::backward(&g, 1, &x, &dy, &mut expected);

            let (mut y, mut indices) = (vec![0.0; dy.len()], vec![0; dy.len()]);
            max_pool2d::forward(&g, 1, &x, &mut y, &mut indices);
            let mut found = vec![0.0; x.len()];
            if bug {
                for (place, (dy, index)) in dy.iter().zip(&indices).enumerate() {
                    let plane = place / g.output().plane();
                    found[plane * g.input.plane() + *index as usize] = *dy;
                }
            } else {
                max_pool2d::backward(&g, 1, &indices, &dy, &mut found);
            }
            near(&found, &expected)
        },
        |(g, _)| {
            assert_eq!(g.input.channels, 1, "{g:?}");
            assert!(g.input.plane() <= 4, "at most four pixels: {g:?}");
            assert_eq!(g.window.taps(), 2, "two taps: {g:?}");
            assert_eq!(g.window.stride, (1, 1), "windows overlap: {g:?}");
            assert_eq!(g.window.dilation, (1, 1), "{g:?}");
            assert!(g.output().plane() <= 4, "at most four windows: {g:?}");
        },
    );
}
