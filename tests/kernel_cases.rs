//! Kernels on small whole numbers that a person can check, and what they say when sizes are wrong.

use shapeproof::kernels::activation::{self, Activation};
use shapeproof::kernels::batch_norm::{self, Statistics};
use shapeproof::kernels::cross_entropy::{self, Targets};
use shapeproof::kernels::{
    avg_pool2d, conv2d, conv_transpose2d, dropout, global_avg_pool2d, global_max_pool2d,
    group_norm, layer_norm, linear, log_softmax, max_pool2d, pad2d, pool2d, roi_align, softmax,
    sum_pool2d, upsample2d, Axis, Image, Planes, Window,
};
use shapeproof::shape::window::{Padding2d, Window2d};

/// 1, 2, 3, …
fn counting(len: usize) -> Vec<f32> {
    (1..=len).map(|x| x as f32).collect()
}

// ---- convolution ----

/// One row of five pixels, a stride of 3 that leaves one pixel over, padding on the left only.
#[test]
fn a_stride_that_does_not_divide() {
    let g = conv2d::Geometry {
        input: Image::new(1, 1, 5),
        filters: 1,
        window: Window {
            stride: (1, 3),
            before: (0, 1),
            ..Window::new(1, 2)
        },
        groups: 1,
    };
    assert_eq!(g.output(), Image::new(1, 1, 2));
    let x = counting(5);
    let mut scratch = vec![0.0; g.scratch_len()];
    let mut y = [0.0; 2];
    conv2d::forward(
        &g,
        1,
        &x,
        &[10.0, 1.0],
        Some(&[100.0]),
        &mut y,
        &mut scratch,
    );
    // Under the window: (padding, 1) and (3, 4); 2 and 5 are under no window.
    assert_eq!(y, [101.0, 134.0]);
    let mut dx = [9.0; 5];
    conv2d::backward_input(&g, 1, &[10.0, 1.0], &[1.0, 2.0], &mut dx, &mut scratch);
    assert_eq!(dx, [1.0, 0.0, 20.0, 2.0, 0.0]);
    // Added to what is there.
    let mut dw = [1000.0, 1000.0];
    conv2d::backward_weight(&g, 1, &x, &[1.0, 2.0], &mut dw, &mut scratch);
    assert_eq!(dw, [1006.0, 1009.0]);
    let mut db = [1000.0];
    conv2d::backward_bias(&g, 1, &[1.0, 2.0], &mut db);
    assert_eq!(db, [1003.0]);
}

/// Two groups of two channels with one filter each, a stride of 2.
#[test]
fn groups_with_a_stride() {
    let g = conv2d::Geometry {
        input: Image::new(4, 1, 3),
        filters: 2,
        window: Window {
            stride: (1, 2),
            ..Window::new(1, 1)
        },
        groups: 2,
    };
    assert_eq!(g.method(), conv2d::Method::Unfold);
    let x = counting(12);
    let w = [1.0, 10.0, 100.0, 1000.0];
    let mut scratch = vec![0.0; g.scratch_len()];
    let mut y = [0.0; 4];
    conv2d::forward(&g, 1, &x, &w, None, &mut y, &mut scratch);
    // Channels: 1 2 3, 4 5 6 | 7 8 9, 10 11 12; the stride takes the first and the last pixel.
    assert_eq!(y, [41.0, 63.0, 10_700.0, 12_900.0]);
    let dy = [1.0, 2.0, 3.0, 4.0];
    let mut dx = [9.0; 12];
    conv2d::backward_input(&g, 1, &w, &dy, &mut dx, &mut scratch);
    let expected = [
        1.0, 0.0, 2.0, 10.0, 0.0, 20.0, 300.0, 0.0, 400.0, 3000.0, 0.0, 4000.0,
    ];
    assert_eq!(dx, expected);
    let mut dw = [0.0; 4];
    conv2d::backward_weight(&g, 1, &x, &dy, &mut dw, &mut scratch);
    assert_eq!(dw, [7.0, 16.0, 57.0, 78.0]);
}

#[test]
fn every_method_has_its_geometries() {
    let g = |channels, filters, groups, window| conv2d::Geometry {
        input: Image::new(channels, 5, 7),
        filters,
        window,
        groups,
    };
    let square = Window::new(3, 3);
    let strided = Window {
        stride: (2, 1),
        ..Window::new(1, 1)
    };
    use conv2d::Method::{Depthwise, Direct, Pointwise, Strided, Unfold, Winograd};
    assert_eq!(g(4, 6, 1, Window::new(1, 1)).method(), Pointwise);
    assert_eq!(g(4, 6, 2, Window::new(1, 1)).method(), Pointwise);
    assert_eq!(g(4, 6, 1, strided).method(), Unfold);
    assert_eq!(g(4, 4, 4, square).method(), Depthwise);
    assert_eq!(g(4, 8, 4, square).method(), Depthwise);
    assert_eq!(g(4, 8, 2, square).method(), Unfold);
    // Many filters share the one channel of a grey image.
    assert_eq!(g(1, 6, 1, square).method(), Direct);
    assert_eq!(g(1, 64, 1, square).method(), Unfold);
    assert_eq!(g(64, 64, 1, strided).method(), Unfold);
    assert_eq!(g(64, 6, 1, square).method(), Unfold);
    let skipping = Window {
        stride: (2, 2),
        ..square
    };
    assert_eq!(g(64, 64, 1, skipping).method(), Strided);
    assert_eq!(g(4, 4, 2, skipping).method(), Unfold);
    assert_eq!(g(512, 512, 1, skipping).method(), Unfold);
    // Of an output of 3×5, tiles of 4×4 are half in vain, and no more.
    assert_eq!(g(64, 64, 1, square).method(), Unfold);
    let padded = Window {
        before: (1, 1),
        after: (1, 1),
        ..square
    };
    assert_eq!(g(64, 64, 1, padded).method(), Winograd);
    assert_eq!(g(4, 8, 2, square).scratch_len(), 2 * 9 * 3 * 5);
    assert_eq!(g(4, 6, 1, Window::new(1, 1)).scratch_len(), 0);
}

/// PyTorch pads `same` with the odd pixel behind the image.
#[test]
fn same_padding_of_an_even_kernel() {
    let window = Window::from(Window2d {
        kernel: (1, 2),
        stride: (1, 1),
        padding: Padding2d::Same,
        dilation: (1, 1),
    });
    let g = conv2d::Geometry {
        input: Image::new(1, 1, 3),
        filters: 1,
        window,
        groups: 1,
    };
    let mut y = [0.0; 3];
    let mut scratch = vec![0.0; g.scratch_len()];
    conv2d::forward(
        &g,
        1,
        &counting(3),
        &[10.0, 1.0],
        None,
        &mut y,
        &mut scratch,
    );
    assert_eq!(y, [12.0, 23.0, 30.0]);
}

/// Each pixel stamps the kernel onto the output, two columns further each time.
#[test]
fn a_transposed_convolution_stamps_its_kernel() {
    let g = conv_transpose2d::Geometry {
        input: Image::new(1, 1, 2),
        filters: 1,
        window: Window {
            stride: (1, 2),
            ..Window::new(1, 3)
        },
        output_padding: (0, 1),
        groups: 1,
    };
    assert_eq!(g.output(), Image::new(1, 1, 6));
    let w = [100.0, 10.0, 1.0];
    let mut scratch = vec![0.0; g.scratch_len()];
    let mut y = [9.0; 6];
    let x = [1.0, 2.0];
    conv_transpose2d::forward(&g, 1, &x, &w, Some(&[0.5]), &mut y, &mut scratch);
    assert_eq!(y, [100.5, 10.5, 201.5, 20.5, 2.5, 0.5]);
    let dy = counting(6);
    let mut dx = [9.0; 2];
    conv_transpose2d::backward_input(&g, 1, &w, &dy, &mut dx, &mut scratch);
    assert_eq!(dx, [123.0, 345.0]);
    let mut dw = [0.0; 3];
    conv_transpose2d::backward_weight(&g, 1, &x, &dy, &mut dw, &mut scratch);
    assert_eq!(dw, [7.0, 10.0, 13.0]);
    let mut db = [0.0];
    conv_transpose2d::backward_bias(&g, 1, &dy, &mut db);
    assert_eq!(db, [21.0]);
}

#[test]
fn a_batch_of_none_is_fine() {
    let g = conv2d::Geometry {
        input: Image::new(2, 3, 4),
        filters: 1,
        window: Window::new(2, 2),
        groups: 1,
    };
    let w = [1.0f32; 8];
    let mut scratch = vec![0.0; g.scratch_len()];
    conv2d::forward(&g, 0, &[], &w, Some(&[1.0]), &mut [], &mut scratch);
    conv2d::backward_input(&g, 0, &w, &[], &mut [], &mut scratch);
    let mut dw = [3.0; 8];
    conv2d::backward_weight(&g, 0, &[], &[], &mut dw, &mut scratch);
    assert_eq!(dw, [3.0; 8]);
    let g = linear::Geometry {
        inputs: 2,
        outputs: 4,
    };
    linear::forward(&g, 0, &[], &w, None, &mut []);
}

// ---- poolings ----

/// The 7 in the middle is the largest under all four windows and takes all four gradients.
#[test]
fn overlapping_windows_add_up_their_gradients() {
    let g = pool2d::Geometry {
        input: Image::new(1, 3, 3),
        window: Window::new(2, 2),
    };
    let x = [1.0, 2.0, 3.0, 4.0, 7.0, 5.0, 6.0, 0.0, 6.0];
    let (mut y, mut indices) = ([0.0; 4], [0; 4]);
    max_pool2d::forward(&g, 1, &x, &mut y, &mut indices);
    assert_eq!((y, indices), ([7.0; 4], [4; 4]));
    let mut dx = [9.0; 9];
    max_pool2d::backward(&g, 1, &indices, &[1.0, 2.0, 3.0, 4.0], &mut dx);
    assert_eq!(dx, [0.0, 0.0, 0.0, 0.0, 10.0, 0.0, 0.0, 0.0, 0.0]);
    let mut sums = [0.0; 4];
    sum_pool2d::forward(&g, 1, &x, &mut sums);
    assert_eq!(sums, [14.0, 17.0, 17.0, 18.0]);
}

#[test]
fn a_maximum_takes_the_first_of_equals_and_nan_above_all() {
    let g = pool2d::Geometry {
        input: Image::new(1, 1, 4),
        window: Window::new(1, 3),
    };
    let (mut y, mut indices) = ([0.0; 2], [9; 2]);
    max_pool2d::forward(&g, 1, &[5.0, 5.0, 5.0, 1.0], &mut y, &mut indices);
    assert_eq!((y, indices), ([5.0, 5.0], [0, 1]));
    max_pool2d::forward(&g, 1, &[5.0, f32::NAN, 6.0, 7.0], &mut y, &mut indices);
    assert!(y[0].is_nan() && y[1].is_nan());
    assert_eq!(indices, [1, 1]);
    let lowest = [f32::NEG_INFINITY; 4];
    max_pool2d::forward(&g, 1, &lowest, &mut y, &mut indices);
    assert_eq!((y, indices), ([f32::NEG_INFINITY; 2], [0, 1]));
}

/// The padding is never the largest, even below it; the average counts it as 0.
#[test]
fn padding_under_a_pooling() {
    let g = pool2d::Geometry {
        input: Image::new(1, 1, 3),
        window: Window {
            stride: (1, 2),
            before: (0, 1),
            ..Window::new(1, 2)
        },
    };
    let x = [-2.0, -6.0, -4.0];
    let (mut y, mut indices) = ([0.0; 2], [9; 2]);
    max_pool2d::forward(&g, 1, &x, &mut y, &mut indices);
    assert_eq!((y, indices), ([-2.0, -4.0], [0, 2]));
    avg_pool2d::forward(&g, 1, &x, &mut y);
    assert_eq!(y, [-1.0, -5.0]);
    let mut dx = [9.0; 3];
    avg_pool2d::backward(&g, 1, &[1.0, 2.0], &mut dx);
    assert_eq!(dx, [0.5, 1.0, 1.0]);
}

#[test]
fn a_window_that_sees_only_padding_has_no_maximum() {
    let g = pool2d::Geometry {
        input: Image::new(1, 1, 1),
        window: Window {
            before: (0, 2),
            ..Window::new(1, 1)
        },
    };
    let (mut y, mut indices) = ([0.0; 3], [9; 3]);
    max_pool2d::forward(&g, 1, &[4.0f32], &mut y, &mut indices);
    assert_eq!(y, [f32::NEG_INFINITY, f32::NEG_INFINITY, 4.0]);
    let nowhere = max_pool2d::NOWHERE;
    assert_eq!(indices, [nowhere, nowhere, 0]);
    let mut dx = [9.0];
    max_pool2d::backward(&g, 1, &indices, &[1.0, 2.0, 3.0], &mut dx);
    assert_eq!(dx, [3.0]);
}

#[test]
fn a_global_average_is_per_channel() {
    let planes = Planes::new(2, 3);
    let mut y = [0.0; 4];
    global_avg_pool2d::forward(&planes, 2, &counting(12), &mut y);
    assert_eq!(y, [2.0, 5.0, 8.0, 11.0]);
    let mut dx = [9.0; 6];
    global_avg_pool2d::backward(&planes, 1, &[3.0, 6.0], &mut dx);
    assert_eq!(dx, [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
}

#[test]
fn a_global_maximum_is_the_first_nan_or_the_first_of_the_largest() {
    let planes = Planes::new(3, 4);
    let nan = f32::NAN;
    let lowest = [f32::NEG_INFINITY; 4];
    let x = [[1.0, 7.0, 7.0, 2.0], [9.0, nan, 3.0, nan], lowest].concat();
    let (mut y, mut indices) = ([0.0; 3], [9; 3]);
    global_max_pool2d::forward(&planes, 1, &x, &mut y, Some(&mut indices));
    assert_eq!(indices, [1, 1, 0]);
    assert_eq!(y[0], 7.0);
    assert!(y[1].is_nan());
    assert_eq!(y[2], f32::NEG_INFINITY);
    let mut dx = [9.0; 12];
    global_max_pool2d::backward(&planes, 1, &indices, &[1.0, 2.0, 3.0], &mut dx);
    let expected = [
        [0.0, 1.0, 0.0, 0.0],
        [0.0, 2.0, 0.0, 0.0],
        [3.0, 0.0, 0.0, 0.0],
    ];
    assert_eq!(dx.to_vec(), expected.concat());
}

#[test]
fn dropout_keeps_what_the_definition_keeps_in_every_piece() {
    let g = dropout::Geometry {
        len: 2001,
        numerator: 1,
        denominator: 4,
    };
    let draw = dropout::Draw { seed: 7, first: 3 };
    let x = vec![3.0f64; 5 * g.len];
    let mut y = vec![9.0; x.len()];
    dropout::forward(&g, 5, draw, &x, &mut y);
    for (nth, y) in y.iter().enumerate() {
        let keeps = dropout::naive::keeps(&g, draw, nth / g.len, nth % g.len);
        assert_eq!(*y, if keeps { 4.0 } else { 0.0 }, "number {nth}");
    }
    let kept = y.iter().filter(|y| **y > 0.0).count();
    // 7503.75 expected, a deviation of √(10005 · 3/4 · 1/4) = 43.3.
    assert!((7330..=7677).contains(&kept), "{kept} of 10005 are kept");
    let mut piece = vec![9.0; 2 * g.len];
    let later = dropout::Draw { first: 6, ..draw };
    dropout::forward(&g, 2, later, &x[..2 * g.len], &mut piece);
    assert_eq!(piece, y[3 * g.len..], "examples 6 and 7");
    let other = dropout::Draw { seed: 8, ..draw };
    dropout::forward(&g, 2, other, &x[..2 * g.len], &mut piece);
    assert_ne!(piece, y[..2 * g.len], "another seed");
}

// ---- functions of one number ----

#[test]
fn activations_survive_extremes() {
    use Activation::{Elu, Gelu, HardSwish, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
    let table = [
        (Relu, [0.0, 800.0], [0.0, 1.0]),
        (LeakyRelu { slope: 0.5 }, [-400.0, 800.0], [0.5, 1.0]),
        (Sigmoid, [0.0, 1.0], [0.0, 0.0]),
        (Tanh, [-1.0, 1.0], [0.0, 0.0]),
        (Gelu, [0.0, 800.0], [0.0, 1.0]),
        (Silu, [0.0, 800.0], [0.0, 1.0]),
        (HardSwish, [0.0, 800.0], [0.0, 1.0]),
        (Elu { alpha: 2.0 }, [-2.0, 800.0], [0.0, 1.0]),
        (Softplus, [0.0, 800.0], [0.0, 1.0]),
    ];
    for (function, values, slopes) in table {
        let x = [-800.0f32, 800.0];
        let mut y = [9.0; 2];
        activation::forward(function, &x, &mut y);
        assert_eq!(y, values, "{function:?}");
        activation::backward(function, &x, &[1.0, 1.0], &mut y);
        assert_eq!(y, slopes, "slope of {function:?}");
        let mut nan = [0.0];
        activation::forward(function, &[f32::NAN], &mut nan);
        assert!(nan[0].is_nan(), "{function:?} keeps NaN");
    }
}

#[test]
fn kinks_have_the_slope_of_pytorch() {
    let slope = |function, x: f64| {
        let mut dx = [9.0];
        activation::backward(function, &[x], &[1.0], &mut dx);
        dx[0]
    };
    assert_eq!(slope(Activation::Relu, 0.0), 0.0);
    assert_eq!(slope(Activation::LeakyRelu { slope: 0.5 }, 0.0), 0.5);
    assert_eq!(slope(Activation::Elu { alpha: 2.0 }, 0.0), 2.0);
    assert_eq!(slope(Activation::HardSwish, -3.0), 0.0);
    assert_eq!(slope(Activation::HardSwish, 3.0), 1.0);
}

// ---- softmax ----

#[test]
fn softmax_survives_extremes() {
    let axis = Axis {
        outer: 1,
        len: 2,
        inner: 2,
    };
    let x = [1000.0f32, -1000.0, 1000.0, f32::NEG_INFINITY];
    let mut y = [9.0; 4];
    softmax::forward(&axis, &x, &mut y);
    assert_eq!(y, [0.5, 1.0, 0.5, 0.0]);
    log_softmax::forward(&axis, &x, &mut y);
    let half = -(2f32.ln());
    assert_eq!(y, [half, 0.0, half, f32::NEG_INFINITY]);
    softmax::forward(&axis, &[f32::NAN, 0.0, 1.0, 0.0], &mut y);
    assert!(y[0].is_nan() && y[2].is_nan(), "{y:?}");
    assert_eq!((y[1], y[3]), (0.5, 0.5));
}

#[test]
fn cross_entropy_survives_extremes() {
    let mut dx = [9.0f32; 2];
    let right = Targets::Classes(&[0]);
    let loss = cross_entropy::forward_backward(2, &[1000.0, -1000.0], right, &mut dx);
    assert_eq!((loss, dx), (0.0, [0.0, 0.0]));
    let wrong = Targets::Classes(&[1]);
    let loss = cross_entropy::forward_backward(2, &[1000.0, -1000.0], wrong, &mut dx);
    assert_eq!((loss, dx), (2000.0, [1.0, -1.0]));
    let impossible = Targets::Probabilities(&[1.0, 0.0]);
    let x = [3.0, f32::NEG_INFINITY];
    let loss = cross_entropy::forward_backward(2, &x, impossible, &mut dx);
    assert_eq!((loss, dx), (0.0, [0.0, 0.0]));
    let none = Targets::Classes(&[]);
    assert_eq!(
        cross_entropy::forward_backward::<f32>(2, &[], none, &mut []),
        0.0
    );
}

// ---- normalisations ----

/// 1 and 3, 5 and 7: the means are 2 and 6, the variances 1; unbiased 2.
#[test]
fn batch_norm_trains_on_biased_and_remembers_unbiased_variance() {
    let g = batch_norm::Geometry {
        planes: Planes::new(2, 1),
        eps: 0.0,
    };
    let x = [1.0, 5.0, 3.0, 7.0];
    let (mut mean, mut variance) = ([9.0; 2], [9.0; 2]);
    batch_norm::statistics(&g, 2, &x, &mut mean, &mut variance);
    assert_eq!((mean, variance), ([2.0, 6.0], [1.0, 1.0]));
    let statistics = Statistics {
        mean: &mean,
        variance: &variance,
    };
    let mut y = [9.0; 4];
    batch_norm::forward(&g, 2, &x, statistics, &[10.0, 1.0], &[0.0, 4.0], &mut y);
    assert_eq!(y, [-10.0, 3.0, 10.0, 5.0]);
    let (mut running_mean, mut running_variance) = ([0.0; 2], [1.0; 2]);
    batch_norm::update_running(
        &g,
        2,
        0.5,
        statistics,
        &mut running_mean,
        &mut running_variance,
    );
    assert_eq!(running_mean, [1.0, 3.0]);
    assert_eq!(running_variance, [1.5, 1.5]);
}

/// A large mean does not eat up the digits of a small variance.
#[test]
fn statistics_are_taken_around_the_mean() {
    let x: Vec<f32> = (0..64).map(|i| 4096.0 + (i % 2) as f32).collect();
    let g = batch_norm::Geometry {
        planes: Planes::new(1, 64),
        eps: 1e-5,
    };
    let (mut mean, mut variance) = ([0.0], [0.0]);
    batch_norm::statistics(&g, 1, &x, &mut mean, &mut variance);
    assert_eq!((mean, variance), ([4096.5], [0.25]));
}

/// One group is a layer normalisation, a group a channel an instance normalisation.
#[test]
fn group_norm_between_its_extremes() {
    let x = [1.0, 3.0, 5.0, 7.0];
    let (one, zero) = ([1.0f64; 4], [0.0; 4]);
    let of_groups = |groups| {
        let g = group_norm::Geometry {
            planes: Planes::new(2, 2),
            groups,
            eps: 0.0,
        };
        let mut y = [9.0; 4];
        group_norm::forward(&g, 1, &x, &one[..2], &zero[..2], &mut y);
        y
    };
    assert_eq!(of_groups(2), [-1.0, 1.0, -1.0, 1.0]);
    let g = layer_norm::Geometry {
        features: 4,
        eps: 0.0,
    };
    let mut y = [9.0; 4];
    layer_norm::forward(&g, 1, &x, &one, &zero, &mut y);
    assert_eq!(of_groups(1), y);
    assert!((y[3] - 3.0 / 5f64.sqrt()).abs() < 1e-15, "{y:?}");
}

/// A batch may come in parts: what is in the gradients stays.
#[test]
fn gradients_of_normalisations_are_added_up() {
    let x = [1.0, 2.0, 4.0, 8.0];
    let dy = [1.0, -1.0, 2.0, 3.0];
    let (mean, variance) = ([2.0, 3.0], [1.0, 4.0]);
    let statistics = Statistics {
        mean: &mean,
        variance: &variance,
    };
    let planes = Planes::new(2, 2);
    let of_batch = batch_norm::Geometry { planes, eps: 0.0 };
    let of_groups = group_norm::Geometry {
        planes,
        groups: 1,
        eps: 0.0,
    };
    let of_layer = layer_norm::Geometry {
        features: 2,
        eps: 0.0,
    };
    type Backward<'a> = &'a dyn Fn(&mut [f64], &mut [f64]);
    let backward: [Backward; 3] = [
        &|dw, db| batch_norm::backward_parameters(&of_batch, 1, &x, statistics, &dy, dw, db),
        &|dw, db| group_norm::backward_parameters(&of_groups, 1, &x, &dy, dw, db),
        &|dw, db| layer_norm::backward_parameters(&of_layer, 2, &x, &dy, dw, db),
    ];
    for backward in backward {
        let (mut dw, mut db) = ([0.0; 2], [0.0; 2]);
        backward(&mut dw, &mut db);
        let (once, bias_once) = (dw, db);
        backward(&mut dw, &mut db);
        assert_eq!(dw, once.map(|d| 2.0 * d));
        assert_eq!(db, bias_once.map(|d| 2.0 * d));
    }
}

// ---- regions ----

/// One bin of 2×2 points at (0.5, 0.5), (0.5, 1.5), …: the mean of four pixels, and of two columns where
/// the points lie between them.
#[test]
fn a_region_of_four_pixels() {
    let g = roi_align::Geometry {
        input: Image::new(1, 2, 3),
        bins: (1, 1),
        spatial_scale: 1.0,
        sampling_ratio: 2,
    };
    let region = |left: f64| roi_align::Region {
        image: 0,
        edges: [left, 0.0, left + 2.0, 2.0],
    };
    let mut y = [0.0; 2];
    roi_align::forward(&g, 1, &counting(6), &[region(0.0), region(0.5)], &mut y);
    // 1 2 3 over 4 5 6.
    assert_eq!(y, [3.0, 3.5]);
    let mut dx = [9.0; 6];
    roi_align::backward(&g, 1, &[region(0.0), region(0.5)], &[4.0, 8.0], &mut dx);
    assert_eq!(dx, [2.0, 3.0, 1.0, 2.0, 3.0, 1.0]);
}

/// A point a pixel, of which those at −1, 0, …, 3 are seen, the first and the last as the pixels at the
/// edge. All others are 0; there are too many to look at.
#[test]
fn a_region_far_larger_than_its_image() {
    let g = roi_align::Geometry {
        input: Image::new(1, 2, 3),
        bins: (1, 1),
        spatial_scale: 1.0,
        sampling_ratio: 0,
    };
    let far = 2.0_f64.powi(40);
    let region = roi_align::Region {
        image: 0,
        edges: [-far, 0.0, far, 2.0],
    };
    let mut y = [0.0];
    roi_align::forward(&g, 1, &counting(6), &[region], &mut y);
    let (upper, lower) = (1.0 + 1.0 + 2.0 + 3.0 + 3.0, 4.0 + 4.0 + 5.0 + 6.0 + 6.0);
    assert_eq!(f64::from(y[0]), (upper + lower) / 2.0 / (2.0 * far));
}

#[test]
#[should_panic(expected = "region 0 is of image 1, the batch has 1")]
fn a_region_of_no_image() {
    let g = roi_align::Geometry {
        input: Image::new(1, 2, 3),
        bins: (1, 1),
        spatial_scale: 1.0,
        sampling_ratio: 2,
    };
    let region = roi_align::Region {
        image: 1,
        edges: [0.0; 4],
    };
    roi_align::forward(&g, 1, &counting(6), &[region], &mut [0.0]);
}

// ---- images of another size ----

#[test]
fn borders_of_every_kind() {
    let of = |border| {
        let g = pad2d::Geometry {
            input: Image::new(1, 1, 3),
            before: (0, 2),
            after: (0, 1),
            border,
        };
        let mut y = [9.0; 6];
        pad2d::forward(&g, 1, 7.0, &counting(3), &mut y);
        let mut dx = [9.0; 3];
        pad2d::backward(&g, 1, &counting(6), &mut dx);
        (y, dx)
    };
    use pad2d::Border::{Constant, Reflect, Replicate};
    assert_eq!(
        of(Constant),
        ([7.0, 7.0, 1.0, 2.0, 3.0, 7.0], [3.0, 4.0, 5.0])
    );
    assert_eq!(
        of(Reflect),
        ([3.0, 2.0, 1.0, 2.0, 3.0, 2.0], [3.0, 12.0, 6.0])
    );
    assert_eq!(
        of(Replicate),
        ([1.0, 1.0, 1.0, 2.0, 3.0, 3.0], [6.0, 4.0, 11.0])
    );
}

#[test]
fn upsampling_of_two_pixels() {
    let of = |mode| {
        let g = upsample2d::Geometry {
            input: Image::new(1, 1, 2),
            size: (1, 4),
            mode,
        };
        let mut y = [9.0; 4];
        upsample2d::forward(&g, 1, &[0.0, 4.0], &mut y);
        let mut dx = [9.0; 2];
        upsample2d::backward(&g, 1, &[1.0, 2.0, 4.0, 8.0], &mut dx);
        (y, dx)
    };
    assert_eq!(
        of(upsample2d::Mode::Nearest),
        ([0.0, 0.0, 4.0, 4.0], [3.0, 12.0])
    );
    // The centres of the four lie at −¼, ¼, ¾ and 1¼ of the two.
    assert_eq!(
        of(upsample2d::Mode::Bilinear),
        ([0.0, 1.0, 3.0, 4.0], [3.5, 11.5])
    );
}

// ---- sizes that are wrong ----

fn small() -> conv2d::Geometry {
    conv2d::Geometry {
        input: Image::new(1, 2, 3),
        filters: 1,
        window: Window::new(2, 2),
        groups: 1,
    }
}

#[test]
#[should_panic(expected = "`weight` holds 3 numbers, the geometry needs 4")]
fn a_weight_of_another_size() {
    conv2d::forward(
        &small(),
        1,
        &[0.0; 6],
        &[0.0f32; 3],
        None,
        &mut [0.0; 2],
        &mut [0.0; 8],
    );
}

#[test]
#[should_panic(expected = "`input` holds 6 numbers, the geometry needs 12")]
fn a_batch_of_another_size() {
    conv2d::forward(
        &small(),
        2,
        &[0.0; 6],
        &[0.0f32; 4],
        None,
        &mut [0.0; 2],
        &mut [0.0; 8],
    );
}

#[test]
#[should_panic(expected = "`d_output` holds 3 numbers, the geometry needs 2")]
fn a_gradient_of_another_size() {
    conv2d::backward_input(
        &small(),
        1,
        &[0.0f32; 4],
        &[0.0; 3],
        &mut [0.0; 6],
        &mut [0.0; 8],
    );
}

#[test]
#[should_panic(expected = "`scratch` holds 7 numbers, the geometry needs at least 8")]
fn too_little_scratch_memory() {
    let holes = conv2d::Geometry {
        input: Image::new(1, 2, 4),
        window: Window {
            dilation: (1, 2),
            ..small().window
        },
        ..small()
    };
    conv2d::forward(
        &holes,
        1,
        &[0.0; 8],
        &[0.0f32; 4],
        None,
        &mut [0.0; 2],
        &mut [0.0; 7],
    );
}

#[test]
#[should_panic(expected = "the window does not fit into its image")]
fn a_window_larger_than_its_image() {
    let g = conv2d::Geometry {
        window: Window::new(3, 3),
        ..small()
    };
    conv2d::backward_bias(&g, 1, &[0.0f32], &mut [0.0]);
}

#[test]
#[should_panic(expected = "groups must divide channels and filters")]
fn groups_that_do_not_divide() {
    let g = conv2d::Geometry {
        groups: 2,
        ..small()
    };
    conv2d::backward_bias(&g, 1, &[0.0f32], &mut [0.0]);
}

#[test]
#[should_panic(expected = "the output padding must be smaller than the stride")]
fn an_output_padding_of_a_stride() {
    let g = conv_transpose2d::Geometry {
        input: Image::new(1, 2, 3),
        filters: 1,
        window: Window::new(2, 2),
        output_padding: (1, 0),
        groups: 1,
    };
    g.output();
}

#[test]
#[should_panic(expected = "the target of row 1 is class 3, there are 3 classes")]
fn a_class_that_does_not_exist() {
    let targets = Targets::Classes(&[0, 3]);
    cross_entropy::forward_backward(3, &[0.0f32; 6], targets, &mut [0.0; 6]);
}
