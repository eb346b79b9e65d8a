//! The forward of every layer against naive loops, on geometries whose sizes all differ.
//!
//! Inputs and weights are small whole numbers, so convolutions, sums and maxima are compared
//! without tolerance.

use crate::support::{
    assert_near, convolve, distinct, gelu, largest, parameters, pool, set_parameters,
};
use crate::support::{whole, Images, Sliding};
use shapeproof::prelude::*;

/// A batch of images for a layer.
macro_rules! batch {
    ($dev:expr, $images:expr, $batch:expr) => {
        $dev.tensor_from_vec($images.values.clone(), ($batch, Const, Const, Const))
    };
}

// ---- convolution ----

/// `convolution!(name, input => output, options)`: a test of one geometry with batches of 1 and 3
/// images. `same` is followed by the expected
/// padding (above, left) and (below, right).
macro_rules! convolution {
    ($name:ident, $in:tt => $out:tt, kernel $k:tt, stride $s:tt, padding ($ph:literal, $pw:literal),
     dilation $d:tt, groups $g:literal) => {
        convolution!(@test $name, $in, $out, $k, $s, Padding<$ph, $pw>, ($ph, $pw), ($ph, $pw), $d, $g);
    };
    ($name:ident, $in:tt => $out:tt, kernel $k:tt, stride $s:tt, same $before:tt $after:tt,
     dilation $d:tt, groups $g:literal) => {
        convolution!(@test $name, $in, $out, $k, $s, SamePadding, $before, $after, $d, $g);
    };
    (@test $name:ident, ($c:literal, $h:literal, $w:literal), ($f:literal, $oh:literal, $ow:literal),
     ($kh:literal, $kw:literal), ($sh:literal, $sw:literal), $padding:ty, $before:expr, $after:expr,
     ($dh:literal, $dw:literal), $g:literal) => {
        #[test]
        fn $name() {
            #[model(input = Chw<$c, $h, $w>, output = Chw<$f, $oh, $ow>)]
            struct Net {
                conv: Conv2d<
                    $f,
                    Groups<$g>,
                    Dilation<$dh, $dw>,
                    $padding,
                    Stride<$sh, $sw>,
                    Kernel<$kh, $kw>,
                >,
            }
            let window = Sliding {
                kernel: ($kh, $kw),
                stride: ($sh, $sw),
                before: $before,
                after: $after,
                dilation: ($dh, $dw),
            };
            let dev = Cpu::default();
            let mut net: Net<f64, Cpu> = Net::new(&dev);
            set_parameters(&mut net, |name, len| whole(len, name.len()));
            let [weight, bias] = <[_; 2]>::try_from(parameters(&net)).expect("weight and bias");
            let expected = |x: &Images| {
                let y = convolve(x, &weight.1, &bias.1, $f, $g, &window);
                assert_eq!((y.height, y.width), ($oh, $ow), "size of the naive output");
                y.values
            };
            for batch in [1, 3] {
                let x = Images::new((batch, $c, $h, $w), whole(batch * $c * $h * $w, batch));
                let y = net.forward(batch!(dev, x, batch));
                assert_eq!(y.shape().0, batch, "images in the output");
                assert_eq!(y.as_vec(), expected(&x), "{batch} images, {window:?}");
            }
        }
    };
}

mod convolutions {
    use super::*;

    convolution!(kernel_1x1, (3, 7, 5) => (4, 7, 5), kernel (1, 1), stride (1, 1), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(kernel_3x2, (3, 7, 5) => (4, 5, 4), kernel (3, 2), stride (1, 1), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(kernel_1x4_only_across, (2, 3, 6) => (5, 3, 3), kernel (1, 4), stride (1, 1), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(kernel_5x1_only_down, (2, 6, 3) => (4, 2, 3), kernel (5, 1), stride (1, 1), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(kernel_as_large_as_the_image, (3, 4, 5) => (2, 1, 1), kernel (4, 5), stride (1, 1), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(kernel_as_large_as_the_padded_image, (2, 3, 4) => (3, 1, 1), kernel (7, 6), stride (1, 1), padding (2, 1), dilation (1, 1), groups 1);
    convolution!(padding_1_0, (3, 7, 5) => (4, 7, 4), kernel (3, 2), stride (1, 1), padding (1, 0), dilation (1, 1), groups 1);
    convolution!(padding_0_1, (3, 7, 5) => (4, 5, 6), kernel (3, 2), stride (1, 1), padding (0, 1), dilation (1, 1), groups 1);
    convolution!(padding_2_1, (3, 5, 4) => (2, 8, 4), kernel (2, 3), stride (1, 1), padding (2, 1), dilation (1, 1), groups 1);
    convolution!(padding_larger_than_the_kernel, (2, 3, 5) => (3, 8, 9), kernel (2, 1), stride (1, 1), padding (3, 2), dilation (1, 1), groups 1);
    convolution!(padding_around_1x1_image, (3, 1, 1) => (2, 3, 2), kernel (3, 2), stride (1, 1), padding (2, 1), dilation (1, 1), groups 1);
    convolution!(stride_2_divides, (3, 7, 5) => (4, 3, 2), kernel (3, 3), stride (2, 2), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(stride_2_does_not_divide, (3, 8, 6) => (4, 3, 2), kernel (3, 3), stride (2, 2), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(stride_3_1, (2, 8, 5) => (3, 3, 3), kernel (2, 3), stride (3, 1), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(stride_1_3, (2, 5, 8) => (3, 4, 2), kernel (2, 3), stride (1, 3), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(stride_2_3_padded, (3, 7, 9) => (4, 3, 4), kernel (3, 2), stride (2, 3), padding (0, 1), dilation (1, 1), groups 1);
    convolution!(stride_larger_than_the_kernel, (2, 9, 8) => (3, 2, 3), kernel (2, 1), stride (4, 3), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(stride_larger_than_the_image, (2, 3, 4) => (3, 1, 1), kernel (2, 2), stride (7, 9), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(stride_4_padded_2_1, (3, 11, 7) => (2, 3, 4), kernel (4, 3), stride (4, 2), padding (2, 1), dilation (1, 1), groups 1);
    convolution!(dilation_2, (3, 7, 6) => (4, 3, 4), kernel (3, 2), stride (1, 1), padding (0, 0), dilation (2, 2), groups 1);
    convolution!(dilation_1_3, (2, 4, 9) => (3, 3, 3), kernel (2, 3), stride (1, 1), padding (0, 0), dilation (1, 3), groups 1);
    convolution!(dilation_3_1, (2, 9, 4) => (3, 3, 3), kernel (3, 2), stride (1, 1), padding (0, 0), dilation (3, 1), groups 1);
    convolution!(dilation_of_a_1x1_kernel, (2, 4, 3) => (3, 4, 3), kernel (1, 1), stride (1, 1), padding (0, 0), dilation (5, 2), groups 1);
    convolution!(dilation_2_padded, (3, 5, 4) => (2, 5, 3), kernel (3, 2), stride (1, 1), padding (2, 1), dilation (2, 3), groups 1);
    convolution!(dilation_2_strided, (3, 9, 8) => (4, 3, 3), kernel (3, 2), stride (2, 3), padding (0, 0), dilation (2, 1), groups 1);
    convolution!(dilation_3_2_strided_padded, (2, 10, 7) => (3, 3, 4), kernel (2, 3), stride (3, 2), padding (1, 2), dilation (3, 2), groups 1);
    convolution!(groups_2, (4, 5, 3) => (6, 4, 1), kernel (2, 3), stride (1, 1), padding (0, 0), dilation (1, 1), groups 2);
    convolution!(groups_3_one_filter_each, (6, 4, 5) => (3, 2, 4), kernel (3, 2), stride (1, 1), padding (0, 0), dilation (1, 1), groups 3);
    convolution!(groups_depthwise, (5, 6, 4) => (5, 6, 3), kernel (3, 2), stride (1, 1), padding (1, 0), dilation (1, 1), groups 5);
    convolution!(groups_depthwise_two_filters_each, (3, 6, 4) => (6, 5, 4), kernel (2, 3), stride (1, 1), padding (0, 1), dilation (1, 1), groups 3);
    convolution!(groups_2_strided, (4, 7, 6) => (2, 3, 2), kernel (3, 2), stride (2, 3), padding (0, 0), dilation (1, 1), groups 2);
    convolution!(groups_3_strided_padded, (6, 8, 5) => (9, 3, 3), kernel (2, 3), stride (3, 2), padding (1, 1), dilation (1, 1), groups 3);
    convolution!(groups_2_strided_dilated, (4, 9, 7) => (6, 3, 3), kernel (2, 3), stride (2, 1), padding (0, 0), dilation (3, 2), groups 2);
    convolution!(groups_2_strided_dilated_padded, (4, 8, 7) => (6, 2, 4), kernel (3, 2), stride (3, 2), padding (1, 2), dilation (2, 3), groups 2);
    convolution!(groups_depthwise_strided, (5, 9, 6) => (5, 5, 3), kernel (4, 3), stride (2, 2), padding (2, 1), dilation (1, 1), groups 5);
    convolution!(groups_4_of_1x1_strided, (8, 5, 7) => (4, 3, 3), kernel (1, 1), stride (2, 3), padding (0, 0), dilation (1, 1), groups 4);
    convolution!(one_channel_one_filter, (1, 5, 6) => (1, 4, 2), kernel (2, 3), stride (1, 2), padding (0, 0), dilation (1, 1), groups 1);
    convolution!(one_row, (3, 1, 9) => (2, 1, 4), kernel (1, 4), stride (1, 2), padding (0, 1), dilation (1, 1), groups 1);
    convolution!(one_column, (3, 9, 1) => (2, 4, 1), kernel (4, 1), stride (2, 1), padding (1, 0), dilation (1, 1), groups 1);
    convolution!(same_3x5, (3, 6, 7) => (4, 6, 7), kernel (3, 5), stride (1, 1), same (1, 2) (1, 2), dilation (1, 1), groups 1);
    convolution!(same_even_2x4, (3, 5, 7) => (4, 5, 7), kernel (2, 4), stride (1, 1), same (0, 1) (1, 2), dilation (1, 1), groups 1);
    convolution!(same_even_4x1, (2, 7, 5) => (3, 7, 5), kernel (4, 1), stride (1, 1), same (1, 0) (2, 0), dilation (1, 1), groups 1);
    convolution!(same_even_6x3, (2, 4, 5) => (3, 4, 5), kernel (6, 3), stride (1, 1), same (2, 1) (3, 1), dilation (1, 1), groups 1);
    convolution!(same_even_dilated_2x4, (2, 6, 7) => (3, 6, 7), kernel (2, 4), stride (1, 1), same (1, 1) (2, 2), dilation (3, 1), groups 1);
    convolution!(same_even_dilated_by_two, (2, 6, 7) => (3, 6, 7), kernel (2, 4), stride (1, 1), same (1, 4) (1, 5), dilation (2, 3), groups 1);
    convolution!(same_grouped_even, (4, 5, 3) => (6, 5, 3), kernel (2, 3), stride (1, 1), same (0, 2) (1, 2), dilation (1, 2), groups 2);
    convolution!(same_1x1, (3, 2, 5) => (2, 2, 5), kernel (1, 1), stride (1, 1), same (0, 0) (0, 0), dilation (1, 1), groups 1);
}

#[test]
fn convolution_by_hand() {
    #[model(input = Chw<2, 2, 3>, output = Chw<1, 1, 2>)]
    struct Net {
        conv: Conv2d<1, Kernel<2>>,
    }
    let dev = Cpu::default();
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    net.conv.weight = dev.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, -1.0], [1.0, 0.0]]]]);
    net.conv.bias = dev.tensor([100.0]);
    let x = dev.tensor([[
        [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        [[7.0, 8.0, 9.0], [10.0, 20.0, 30.0]],
    ]]);
    // 1·1 + 2·2 + 3·4 + 4·5 − 8 + 10 + 100 and 1·2 + 2·3 + 3·5 + 4·6 − 9 + 20 + 100
    assert_eq!(net.forward(x).array(), [[[[139.0, 158.0]]]]);
}

#[test]
fn same_padding_of_an_even_kernel_adds_the_odd_pixel_after_the_image() {
    #[model(input = Chw<1, 2, 3>, output = Chw<1, 2, 3>)]
    struct Net {
        conv: Conv2d<1, Kernel<1, 2>, SamePadding, NoBias>,
    }
    let dev = Cpu::default();
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    net.conv.weight = dev.tensor([[[[1.0, 10.0]]]]);
    let x = dev.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]);
    // The tap of weight 10 looks right, over the edge into a zero.
    let y = [[[[21.0, 32.0, 3.0], [54.0, 65.0, 6.0]]]];
    assert_eq!(net.forward(x).array(), y);
}

#[test]
fn groups_see_only_their_own_channels() {
    #[model(input = Chw<4, 1, 1>, output = Chw<2, 1, 1>)]
    struct Net {
        conv: Conv2d<2, Kernel<1>, Groups<2>, NoBias>,
    }
    let dev = Cpu::default();
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    set_parameters(&mut net, |_, _| vec![1.0, 10.0, 100.0, 1000.0]);
    let x = dev.tensor([[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]);
    assert_eq!(net.forward(x).array(), [[[[21.0]], [[4300.0]]]]);
}

#[test]
fn options_have_pytorchs_defaults_and_any_order() {
    #[model(input = Chw<2, 5, 4>, output = Chw<3, 2, 2>)]
    struct Short {
        conv: Conv2d<3, Stride<2>, Kernel<3, 2>>,
    }
    #[model(input = Chw<2, 5, 4>, output = Chw<3, 2, 2>)]
    struct Long {
        conv: Conv2d<3, Kernel<3, 2>, Stride<2, 2>, ValidPadding, Dilation<1, 1>, Groups<1>>,
    }
    let dev = Cpu::default();
    let (mut short, mut long): (Short<f64, Cpu>, Long<f64, Cpu>) =
        (Short::new(&dev), Long::new(&dev));
    set_parameters(&mut short, |_, len| whole(len, 1));
    set_parameters(&mut long, |_, len| whole(len, 1));
    let x = Images::new((2, 2, 5, 4), whole(80, 2));
    let (a, b) = (
        short.forward(batch!(dev, x, 2)),
        long.forward(batch!(dev, x, 2)),
    );
    assert_eq!(a.as_vec(), b.as_vec(), "written short and written long");
}

#[test]
fn convolution_with_a_batch_known_at_compile_time() {
    #[model(input = Chw<4, 7, 5>, output = Chw<2, 3, 3>)]
    struct Net {
        same: Conv2d<6, Kernel<2, 3>, SamePadding>,
        strided: Conv2d<2, Kernel<3, 2>, Stride<3, 2>, Padding<1>, Groups<2>>,
    }
    let same = Sliding {
        kernel: (2, 3),
        stride: (1, 1),
        before: (0, 1),
        after: (1, 1),
        dilation: (1, 1),
    };
    let strided = Sliding {
        kernel: (3, 2),
        stride: (3, 2),
        before: (1, 1),
        after: (1, 1),
        dilation: (1, 1),
    };
    let dev = Cpu::default();
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    set_parameters(&mut net, |name, len| whole(len, name.len()));
    let p: Vec<Vec<f64>> = parameters(&net).into_iter().map(|p| p.1).collect();
    let x = Images::new((3, 4, 7, 5), whole(3 * 4 * 7 * 5, 7));
    let y = convolve(&x, &p[0], &p[1], 6, 1, &same);
    let y = convolve(&y, &p[2], &p[3], 2, 2, &strided);
    assert_eq!((y.height, y.width), (3, 3), "size of the naive output");
    let found = net.forward(batch!(dev, x, Const::<3>));
    assert_eq!(found.as_vec(), y.values);
}

#[test]
fn convolution_in_f32() {
    #[model(input = Chw<4, 7, 6>, output = Chw<6, 4, 2>)]
    struct Net {
        conv: Conv2d<6, Kernel<2, 3>, Stride<2>, Padding<1, 0>, Groups<2>, NoBias>,
    }
    let window = Sliding {
        kernel: (2, 3),
        stride: (2, 2),
        before: (1, 0),
        after: (1, 0),
        dilation: (1, 1),
    };
    let dev = Cpu::default();
    let mut net: Net = Net::new(&dev);
    let weight = whole(6 * 2 * 6, 4);
    let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<_>>();
    set_parameters(&mut net, |_, _| narrow(&weight));
    let x = Images::new((3, 4, 7, 6), whole(3 * 4 * 7 * 6, 5));
    let expected = convolve(&x, &weight, &[], 6, 2, &window);
    let x = dev.tensor_from_vec(narrow(&x.values), (3usize, Const, Const, Const));
    assert_eq!(net.forward(x).as_vec(), narrow(&expected.values));
}

// ---- pooling ----

/// `poolings!(name, (C, H, W) => (OH, OW), options)`: maximum, average and sum over one geometry.
macro_rules! poolings {
    ($name:ident, ($c:literal, $h:literal, $w:literal) => ($oh:literal, $ow:literal),
     window ($kh:literal, $kw:literal), stride ($sh:literal, $sw:literal),
     padding ($ph:literal, $pw:literal)) => {
        mod $name {
            use super::*;

            const WINDOW: Sliding = Sliding {
                kernel: ($kh, $kw),
                stride: ($sh, $sw),
                before: ($ph, $pw),
                after: ($ph, $pw),
                dilation: (1, 1),
            };

            poolings!(@one maximum, MaxPool2d, f64::NEG_INFINITY, largest;
                $c, $h, $w, $oh, $ow, $kh, $kw, $sh, $sw, $ph, $pw);
            poolings!(@one average, AvgPool2d, 0.0, |x| x.iter().sum::<f64>() / x.len() as f64;
                $c, $h, $w, $oh, $ow, $kh, $kw, $sh, $sw, $ph, $pw);
            poolings!(@one sum, SumPool2d, 0.0, |x| x.iter().sum::<f64>();
                $c, $h, $w, $oh, $ow, $kh, $kw, $sh, $sw, $ph, $pw);
        }
    };
    (@one $test:ident, $Pool:ident, $fill:expr, $fold:expr;
     $c:literal, $h:literal, $w:literal, $oh:literal, $ow:literal, $kh:literal, $kw:literal,
     $sh:literal, $sw:literal, $ph:literal, $pw:literal) => {
        #[test]
        fn $test() {
            #[model(input = Chw<$c, $h, $w>, output = Chw<$c, $oh, $ow>)]
            struct Net {
                pool: $Pool<$kh, Padding<$ph, $pw>, KernelWidth<$kw>, Stride<$sh, $sw>>,
            }
            let dev = Cpu::default();
            let net: Net<f64, Cpu> = Net::new(&dev);
            // Quarters, so that an average of halves would show; all negative the second time.
            for (batch, shift) in [(3, 0.25), (1, -40.0)] {
                let values = whole(batch * $c * $h * $w, batch).iter().map(|v| v + shift).collect();
                let x = Images::new((batch, $c, $h, $w), values);
                let expected = pool(&x, &WINDOW, $fill, $fold);
                assert_eq!((expected.height, expected.width), ($oh, $ow), "size of the naive output");
                let y = net.forward(batch!(dev, x, batch));
                assert_eq!(y.as_vec(), expected.values, "{batch} images, {WINDOW:?}");
            }
        }
    };
}

mod pools {
    use super::*;

    poolings!(window_2x3, (3, 7, 8) => (3, 2), window (2, 3), stride (2, 3), padding (0, 0));
    poolings!(window_3x2_does_not_divide, (2, 8, 7) => (2, 3), window (3, 2), stride (3, 2), padding (0, 0));
    poolings!(window_2_stride_1_overlaps, (3, 4, 5) => (3, 4), window (2, 2), stride (1, 1), padding (0, 0));
    poolings!(window_3_stride_2_overlaps, (2, 8, 6) => (3, 2), window (3, 3), stride (2, 2), padding (0, 0));
    poolings!(window_3x2_stride_1_2, (3, 5, 7) => (3, 3), window (3, 2), stride (1, 2), padding (0, 0));
    poolings!(window_2x1_stride_3_leaves_gaps, (2, 9, 7) => (3, 3), window (2, 1), stride (3, 3), padding (0, 0));
    poolings!(window_1_stride_2, (3, 5, 6) => (3, 3), window (1, 1), stride (2, 2), padding (0, 0));
    poolings!(window_2_stride_5_4, (2, 7, 9) => (2, 2), window (2, 2), stride (5, 4), padding (0, 0));
    poolings!(window_as_large_as_the_image, (3, 4, 5) => (1, 1), window (4, 5), stride (4, 5), padding (0, 0));
    poolings!(padding_1_0, (3, 5, 6) => (3, 2), window (2, 3), stride (2, 3), padding (1, 0));
    poolings!(padding_0_1, (3, 5, 6) => (2, 2), window (2, 3), stride (2, 3), padding (0, 1));
    poolings!(padding_1_stride_2, (2, 7, 6) => (4, 3), window (3, 3), stride (2, 2), padding (1, 1));
    poolings!(padding_2_1_stride_1_3, (3, 6, 8) => (7, 3), window (4, 3), stride (1, 3), padding (2, 1));
    poolings!(padding_1_stride_larger_than_window, (2, 8, 9) => (3, 3), window (2, 3), stride (3, 4), padding (1, 1));
    poolings!(padding_larger_than_half_the_image, (2, 2, 3) => (3, 2), window (4, 6), stride (1, 2), padding (2, 3));
    poolings!(one_row, (3, 1, 8) => (1, 4), window (1, 3), stride (1, 2), padding (0, 1));
    poolings!(one_column, (2, 8, 1) => (4, 1), window (3, 1), stride (2, 1), padding (1, 0));
    poolings!(one_channel, (1, 6, 5) => (3, 6), window (3, 2), stride (2, 1), padding (1, 1));
}

#[test]
fn pooling_moves_by_its_window_unless_told() {
    #[model(input = Chw<1, 4, 7>, output = Chw<1, 2, 2>)]
    struct Net {
        pool: MaxPool2d<2, KernelWidth<3>>,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let x = dev.tensor([[[
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 99.0],
        [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 99.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 99.0],
        [0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 99.0],
    ]]]);
    // The last column holds no whole window.
    assert_eq!(net.forward(x).array(), [[[[9.0, 6.0], [1.0, 2.0]]]]);
}

#[test]
fn pooling_with_a_batch_known_at_compile_time() {
    #[model(input = Chw<2, 3, 5>, output = Chw<2, 2, 2>)]
    struct Net {
        max: MaxPool2d<2, Stride<1, 2>>,
        avg: AvgPool2d<2, Stride<1>, Padding<1>>,
        sum: SumPool2d<2, Stride<1>>,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let window = |stride, padding| Sliding {
        kernel: (2, 2),
        stride,
        before: padding,
        after: padding,
        dilation: (1, 1),
    };
    let x = Images::new((3, 2, 3, 5), whole(90, 1));
    let y = pool(&x, &window((1, 2), (0, 0)), f64::NEG_INFINITY, largest);
    let y = pool(&y, &window((1, 1), (1, 1)), 0.0, |x| {
        x.iter().sum::<f64>() / 4.0
    });
    let y = pool(&y, &window((1, 1), (0, 0)), 0.0, |x| x.iter().sum());
    let found = net.forward(batch!(dev, x, Const::<3>));
    assert_eq!(found.as_vec(), y.values, "three poolings one after another");
}

#[test]
fn average_counts_the_padding() {
    #[model(input = Chw<1, 2, 2>, output = Chw<1, 2, 2>)]
    struct Net {
        pool: AvgPool2d<2, Padding<1>>,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let x = dev.tensor([[[[4.0, 8.0], [12.0, 16.0]]]]);
    assert_eq!(net.forward(x).array(), [[[[1.0, 2.0], [3.0, 4.0]]]]);
}

#[test]
fn padding_never_is_a_maximum() {
    #[model(input = Chw<1, 2, 3>, output = Chw<1, 3, 4>)]
    struct Net {
        pool: MaxPool2d<2, Stride<1>, Padding<1>>,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let x = dev.tensor([[[[-1.0, -2.0, -3.0], [-4.0, -5.0, -6.0]]]]);
    let y = [[[
        [-1.0, -1.0, -2.0, -3.0],
        [-1.0, -1.0, -2.0, -3.0],
        [-4.0, -4.0, -5.0, -6.0],
    ]]];
    assert_eq!(net.forward(x).array(), y);
}

#[test]
fn the_gradient_of_equal_maxima_goes_to_the_first() {
    #[model(input = Chw<1, 3, 3>, output = Chw<1, 2, 2>)]
    struct Net {
        pool: MaxPool2d<2, Stride<1>>,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let x: Tensor<(usize, Const<1>, Const<3>, Const<3>), f64, _> = dev.tensor_from_vec(
        vec![7.0, 7.0, 1.0, 7.0, 7.0, 2.0, 3.0, 7.0, 2.0],
        (1, Const, Const, Const),
    );
    let weights = dev.tensor_from_vec(
        vec![1.0, 10.0, 100.0, 1000.0],
        (1usize, Const, Const, Const),
    );
    let y = net.forward(x.leaky_trace());
    assert_eq!(y.as_vec(), [7.0; 4]);
    let gradients = (y * weights).sum::<Rank0, _>().backward();
    assert_eq!(
        gradients.get(&x).as_vec(),
        [1.0, 10.0, 0.0, 100.0, 1000.0, 0.0, 0.0, 0.0, 0.0]
    );
}

#[test]
fn the_gradient_of_equal_maxima_never_goes_to_the_padding() {
    #[model(input = Chw<1, 2, 2>, output = Chw<1, 2, 2>)]
    struct Net {
        pool: MaxPool2d<2, Padding<1>>,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    // Masked pixels are −∞, the value of the padding; PyTorch's gradient goes to the pixel.
    let x: Tensor<(usize, Const<1>, Const<2>, Const<2>), f64, _> = dev.tensor_from_vec(
        vec![f64::NEG_INFINITY, 1.0, 2.0, f64::NEG_INFINITY],
        (1, Const, Const, Const),
    );
    let y = net.forward(x.leaky_trace());
    assert_eq!(y.as_vec(), [f64::NEG_INFINITY, 1.0, 2.0, f64::NEG_INFINITY]);
    let gradients = y.sum::<Rank0, _>().backward();
    assert_eq!(gradients.get(&x).as_vec(), [1.0; 4]);
}

#[test]
fn nan_is_larger_than_any_number() {
    #[model(input = Chw<1, 2, 6>, output = Chw<1, 1, 3>)]
    struct Net {
        pool: MaxPool2d<2>,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    for place in [0, 1, 6, 7] {
        let mut values = whole(12, 3);
        values[place] = f64::NAN;
        values[(place + 1) % 2] += 100.0; // a number that would win
        let x = Images::new((1, 1, 2, 6), values.clone());
        let y = net.forward(batch!(dev, x, 1usize)).as_vec();
        assert!(y[0].is_nan(), "NaN at {place} gives {y:?}");
        let others =
            [2, 4].map(|c| largest(&[values[c], values[c + 1], values[c + 6], values[c + 7]]));
        assert_eq!(y[1..], others, "windows without NaN, NaN at {place}");
    }
}

#[test]
fn maximum_in_f32() {
    #[model(input = Chw<2, 5, 4>, output = Chw<2, 3, 2>)]
    struct Net {
        pool: MaxPool2d<3, Stride<2>, Padding<1>>,
    }
    let window = Sliding {
        kernel: (3, 3),
        stride: (2, 2),
        before: (1, 1),
        after: (1, 1),
        dilation: (1, 1),
    };
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    let x = Images::new((2, 2, 5, 4), distinct(80, 3));
    let expected = pool(&x, &window, f64::NEG_INFINITY, largest);
    let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<_>>();
    let x = dev.tensor_from_vec(narrow(&x.values), (2usize, Const, Const, Const));
    assert_eq!(net.forward(x).as_vec(), narrow(&expected.values));
}

// ---- dense ----

#[test]
fn linear_multiplies_rows_and_adds_a_bias() {
    #[model(input = Flat<5>, output = Flat<3>)]
    struct Net {
        fc: Linear<3>,
    }
    let dev = Cpu::default();
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    set_parameters(&mut net, |name, len| whole(len, name.len()));
    let (w, b) = (net.fc.weight.array(), net.fc.bias.array());
    for batch in [1, 3] {
        let x = whole(batch * 5, batch);
        let expected: Vec<f64> = (0..batch * 3)
            .map(|i| b[i % 3] + (0..5).map(|j| w[i % 3][j] * x[i / 3 * 5 + j]).sum::<f64>())
            .collect();
        let y = net.forward(dev.tensor_from_vec(x.clone(), (batch, Const)));
        assert_eq!(y.as_vec(), expected, "batch {batch}");
        if batch == 3 {
            let y = net.forward(dev.tensor_from_vec(x, (Const::<3>, Const)));
            assert_eq!(y.as_vec(), expected, "`Const` batch");
        }
    }
}

#[test]
fn linear_without_bias_by_hand() {
    #[model(input = Flat<2>, output = Flat<3>)]
    struct Net {
        fc: Linear<3, NoBias>,
    }
    let dev = Cpu::default();
    let mut net: Net = Net::new(&dev);
    net.fc.weight = dev.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let x = dev.tensor([[1.0, 10.0], [-1.0, 0.5]]);
    assert_eq!(
        net.forward(x).array(),
        [[21.0, 43.0, 65.0], [0.0, -1.0, -2.0]]
    );
}

#[test]
fn flatten_goes_channel_by_channel_and_row_by_row() {
    #[model(input = Chw<2, 3, 2>, output = Flat<12>)]
    struct Net {
        flatten: Flatten,
        again: Flatten,
    }
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    let counting: Vec<f32> = (0..36u8).map(f32::from).collect();
    let x = dev.tensor_from_vec(counting.clone(), (3usize, Const, Const, Const));
    let y: Tensor<(usize, Const<12>), f32, _> = net.forward(x);
    assert_eq!(y.as_vec(), counting);
}

// ---- value by value ----

/// Runs a model of one layer without parameters on two inputs of 3 channels, 2 rows, 4 columns.
macro_rules! run {
    ($layer:ty, $values:expr) => {{
        #[model(input = Chw<3, 2, 4>, output = Chw<3, 2, 4>)]
        struct Net {
            layer: $layer,
        }
        let dev = Cpu::default();
        let net: Net<f64, Cpu> = Net::new(&dev);
        let x = dev.tensor_from_vec($values.clone(), (2usize, Const, Const, Const));
        net.forward(x).as_vec()
    }};
}

/// 48 numbers around 0, with 0 itself and both its signs.
fn around_zero() -> Vec<f64> {
    let mut values: Vec<f64> = distinct(48, 5).iter().map(|v| v * 2.0).collect();
    values[7] = 0.0;
    values[8] = -0.0;
    values
}

#[test]
fn activations_follow_their_formulas() {
    let x = around_zero();
    let by = |f: fn(f64) -> f64| x.iter().map(|v| f(*v)).collect::<Vec<_>>();
    assert_eq!(run!(Relu, x), by(|v| if v > 0.0 { v } else { 0.0 }), "Relu");
    assert_eq!(
        run!(LeakyRelu, x),
        by(|v| if v > 0.0 { v } else { 0.01 * v }),
        "LeakyRelu"
    );
    assert_eq!(
        run!(LeakyRelu<3, 8>, x),
        by(|v| if v > 0.0 { v } else { 0.375 * v }),
        "LeakyRelu<3, 8>"
    );
    // A few roundings in other places than here.
    let sigmoid = by(|v| 1.0 / (1.0 + (-v).exp()));
    assert_near("Sigmoid", &run!(Sigmoid, x), &sigmoid, 1e-15, 1e-14);
    let tanh = by(|v| (v.exp() - (-v).exp()) / (v.exp() + (-v).exp()));
    assert_near("Tanh", &run!(Tanh, x), &tanh, 1e-15, 1e-14);
    // The integral is good to 1e-13.
    assert_near("Gelu", &run!(Gelu, x), &by(gelu), 1e-12, 0.0);
    assert_eq!(run!(Dropout, x), x, "Dropout while evaluating");
    assert_eq!(
        run!(Dropout<9, 10>, x),
        x,
        "Dropout<9, 10> while evaluating"
    );
}

#[test]
fn activations_keep_nan() {
    let mut x = around_zero();
    x[5] = f64::NAN;
    for (name, y) in [
        ("LeakyRelu", run!(LeakyRelu, x)),
        ("Sigmoid", run!(Sigmoid, x)),
        ("Tanh", run!(Tanh, x)),
        ("Gelu", run!(Gelu, x)),
    ] {
        assert!(y[5].is_nan(), "{name} of NaN is {}", y[5]);
        assert!(
            !y[4].is_nan() && !y[6].is_nan(),
            "{name} next to NaN: {y:?}"
        );
    }
}

#[test]
fn relu_keeps_nan() {
    let mut x = around_zero();
    x[5] = f64::NAN;
    let y = run!(Relu, x);
    // As in PyTorch; zero would hide the overflow that a training run must show.
    assert!(y[5].is_nan(), "Relu of NaN is {}", y[5]);
    assert!(!y[4].is_nan() && !y[6].is_nan(), "next to NaN: {y:?}");
}

#[test]
fn softmax_of_an_image_runs_over_the_channels() {
    let x = around_zero();
    let y = run!(Softmax, x);
    for image in 0..2 {
        for pixel in 0..8 {
            let places: Vec<usize> = (0..3).map(|c| (image * 3 + c) * 8 + pixel).collect();
            let sum: f64 = places.iter().map(|p| x[*p].exp()).sum();
            let expected: Vec<f64> = places.iter().map(|p| x[*p].exp() / sum).collect();
            let found: Vec<f64> = places.iter().map(|p| y[*p]).collect();
            let what = format!("image {image}, pixel {pixel}");
            assert_near(&what, &found, &expected, 1e-14, 0.0);
        }
    }
}

#[test]
fn softmax_of_a_vector_runs_over_the_features() {
    #[model(input = Flat<3>, output = Flat<3>)]
    struct Net {
        softmax: Softmax,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let ln2 = std::f64::consts::LN_2;
    let x = dev.tensor([[0.0, ln2, 2.0 * ln2], [1000.0, 1000.0 + ln2, -1000.0]]);
    let y = net.forward(x);
    let expected = [1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0, 1.0 / 3.0, 2.0 / 3.0, 0.0];
    // ln 2 next to 1000 has 13 digits.
    assert_near("softmax", &y.as_vec(), &expected, 1e-13, 0.0);
    let narrow: Net = Net::new(&dev);
    let y = narrow.forward(dev.tensor([[5.0f32, 5.0, 5.0]]));
    let y: Vec<f64> = y.as_vec().into_iter().map(f64::from).collect();
    assert_near("softmax in f32", &y, &[1.0 / 3.0; 3], 1e-6, 0.0);
}

// ---- several inputs ----

#[test]
fn add_takes_two_to_six_inputs() {
    #[model(input = Chw<2, 3, 1>, output = Chw<2, 3, 1>)]
    struct Net {
        relu: Relu,
        #[from(input, relu)]
        two: Add,
        #[from(input, relu, two)]
        three: Add,
        #[from(three, input, three, relu)]
        four: Add,
        #[from(input, input, input, input, four)]
        five: Add,
        #[from(five, four, three, two, relu, input)]
        six: Add,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let x = whole(2 * 6, 1);
    let expected: Vec<f64> = x
        .iter()
        .map(|x| {
            let relu = x.max(0.0);
            let two = x + relu;
            let three = x + relu + two;
            let four = 2.0 * three + x + relu;
            let five = 4.0 * x + four;
            five + four + three + two + relu + x
        })
        .collect();
    let y = net.forward(dev.tensor_from_vec(x, (2usize, Const, Const, Const)));
    assert_eq!(y.as_vec(), expected);
}

#[test]
fn concat_stacks_the_channels_of_two_to_six_images() {
    #[model(input = Chw<2, 1, 3>, output = Chw<38, 1, 3>)]
    struct Net {
        one: Conv2d<1, Kernel<1>, NoBias>,
        #[from(input, one)]
        two: Concat, // 3 channels
        #[from(one, two, one)]
        three: Concat, // 5
        #[from(three, input, one, two)]
        four: Concat, // 11
        #[from(one, four, one, input, one)]
        five: Concat, // 16
        #[from(five, input, one, two, three, four)]
        six: Concat, // 38
    }
    let dev = Cpu::default();
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    set_parameters(&mut net, |_, _| vec![3.0, -2.0]);
    let x = whole(2 * 6, 1);
    let mut expected = Vec::new();
    for x in x.chunks(6) {
        let one: Vec<f64> = (0..3).map(|i| 3.0 * x[i] - 2.0 * x[3 + i]).collect();
        let two = [x, &one].concat();
        let three = [&one[..], &two, &one].concat();
        let four = [&three[..], x, &one, &two].concat();
        let five = [&one[..], &four, &one, x, &one].concat();
        expected.extend([&five[..], x, &one, &two, &three, &four].concat());
    }
    let y = net.forward(dev.tensor_from_vec(x, (2usize, Const, Const, Const)));
    assert_eq!(y.as_vec(), expected);
}

#[test]
fn concat_stacks_the_features_of_vectors() {
    #[model(input = Flat<2>, output = Flat<9>)]
    struct Net {
        fc: Linear<3>,
        #[from(input, fc)]
        two: Concat,
        #[from(input, two, input)]
        three: Concat,
    }
    let dev = Cpu::default();
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    set_parameters(&mut net, |_, len| (0..len).map(|i| i as f64).collect());
    let y = net.forward(dev.tensor([[1.0, 10.0], [2.0, -1.0]]));
    assert_eq!(
        y.array(),
        [
            [1.0, 10.0, 1.0, 10.0, 10.0, 33.0, 56.0, 1.0, 10.0],
            [2.0, -1.0, 2.0, -1.0, -1.0, 2.0, 5.0, 2.0, -1.0],
        ]
    );
}
