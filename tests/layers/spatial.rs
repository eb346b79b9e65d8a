//! The layers that move pixels about, and the transposed convolution: forward against formulas and
//! naive loops, without tolerance, in `f32` and `f64`; gradients against central differences.
//!
//! All sizes differ, and whatever can leave a remainder does.

use crate::support::{assert_gradients, assert_near, distinct, parameters, set_parameters};
use crate::support::{whole, Images, Sliding};
use shapeproof::prelude::*;
use shapeproof::shape::Dims;

/// The images of `shape` whose pixels are `pixel(image, channel, row, column)`.
fn drawn(
    shape: (usize, usize, usize, usize),
    pixel: impl Fn(usize, usize, usize, usize) -> f64,
) -> Images {
    let (batch, channels, height, width) = shape;
    let mut values = Vec::new();
    for n in 0..batch {
        for c in 0..channels {
            for h in 0..height {
                for w in 0..width {
                    values.push(pixel(n, c, h, w));
                }
            }
        }
    }
    Images::new(shape, values)
}

/// `pixels!(name, inputs => outputs, Layer, |x, image, channel, row, column| pixel)`: a test of a
/// layer on two images, in a model and in a block, which is generic over what flows in.
macro_rules! pixels {
    ($name:ident, ($c:literal, $h:literal, $w:literal) => ($f:literal, $oh:literal, $ow:literal),
     $Layer:ty, |$x:ident, $n:ident, $channel:ident, $row:ident, $column:ident| $pixel:expr) => {
        #[test]
        fn $name() {
            #[model(input = Chw<$c, $h, $w>, output = Chw<$f, $oh, $ow>)]
            struct Net {
                layer: $Layer,
            }
            #[block]
            struct Around {
                before: Dropout,
                layer: $Layer,
            }
            #[model(input = Chw<$c, $h, $w>, output = Chw<$f, $oh, $ow>)]
            struct Blocks {
                block: Around,
            }
            let x = Images::new((2, $c, $h, $w), whole(2 * $c * $h * $w, 3));
            let expected = {
                let $x = &x;
                drawn((2, $f, $oh, $ow), |$n, $channel, $row, $column| $pixel).values
            };
            let dev = Cpu::default();
            let shape = (2usize, Const::<$c>, Const::<$h>, Const::<$w>);
            let double: Tensor<_, f64, _> = dev.tensor_from_vec(x.values.clone(), shape);
            let mut net: Net<f64, Cpu> = Net::new(&dev);
            assert_eq!(net.forward(double.clone()).as_vec(), expected, "f64");
            let block: Blocks<f64, Cpu> = Blocks::new(&dev);
            assert_eq!(block.forward(double).as_vec(), expected, "in a block");
            let single: Vec<f32> = x.values.iter().map(|v| *v as f32).collect();
            let single = Net::<f32, Cpu>::new(&dev).forward(dev.tensor_from_vec(single, shape));
            let single: Vec<f64> = single.as_vec().iter().map(|v| f64::from(*v)).collect();
            assert_near("f32", &single, &expected, 0.0, 1e-6);
            let values = distinct(2 * $c * $h * $w, 1);
            assert_gradients("gradients", &mut net, dev.tensor_from_vec(values, shape));
        }
    };
}

// ---- padding and cropping ----

pixels!(pad_by_default_with_zeros, (2, 3, 4) => (2, 7, 8), Pad2d<2>, |x, n, c, h, w| {
    if (2..5).contains(&h) && (2..6).contains(&w) { x.at(n, c, h - 2, w - 2) } else { 0.0 }
});
pixels!(pad_with_a_negative_grey, (2, 2, 3) => (2, 4, 5), Pad2d<1, Constant<-7, 4>>, |x, n, c, h, w| {
    if (1..3).contains(&h) && (1..4).contains(&w) { x.at(n, c, h - 1, w - 1) } else { -1.75 }
});
pixels!(pad_each_side_differently, (2, 2, 3) => (2, 9, 6), PadSides<1, 2, 3, 4>, |x, n, c, h, w| {
    if (3..5).contains(&h) && (1..4).contains(&w) { x.at(n, c, h - 3, w - 1) } else { 0.0 }
});
pixels!(pad_by_nothing, (2, 2, 3) => (2, 2, 3), Pad2d<0, Reflect>, |x, n, c, h, w| x.at(n, c, h, w));
pixels!(pad_by_reflection, (2, 4, 5) => (2, 9, 12), PadSides<4, 3, 2, 3, Reflect>, |x, n, c, h, w| {
    x.at(n, c, [2, 1, 0, 1, 2, 3, 2, 1, 0][h], [4, 3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1][w])
});
pixels!(pad_by_replication, (2, 2, 3) => (2, 5, 10), PadSides<4, 3, 2, 1, Replicate>, |x, n, c, h, w| {
    x.at(n, c, [0, 0, 0, 1, 1][h], [0, 0, 0, 0, 0, 1, 2, 2, 2, 2][w])
});
pixels!(crop_with_the_odd_pixel_below_and_right, (2, 6, 5) => (2, 3, 2), Crop2d<3, 2>, |x, n, c, h, w| {
    x.at(n, c, h + 1, w + 1)
});
pixels!(crop_of_columns_only, (2, 3, 7) => (2, 3, 4), Crop2d<3, 4>, |x, n, c, h, w| x.at(n, c, h, w + 1));
pixels!(reshape_of_an_image, (2, 3, 4) => (4, 1, 6), Reshape<4, 1, 6>, |x, n, c, _h, w| {
    x.values[n * 24 + c * 6 + w]
});

// ---- sampling ----

pixels!(subsample_with_a_remainder, (2, 5, 7) => (2, 3, 4), Subsample2d<2>, |x, n, c, h, w| {
    x.at(n, c, 2 * h, 2 * w)
});
pixels!(subsample_past_the_image, (2, 3, 8) => (2, 1, 2), Subsample2d<5>, |x, n, c, h, w| {
    x.at(n, c, 5 * h, 5 * w)
});
pixels!(upsample_to_the_nearest, (2, 2, 3) => (2, 6, 9), Upsample2d<3>, |x, n, c, h, w| {
    x.at(n, c, h / 3, w / 3)
});
pixels!(upsample_differently_both_ways, (2, 2, 3) => (2, 2, 12), UpsampleBy<1, 4>, |x, n, c, h, w| {
    x.at(n, c, h, w / 4)
});
pixels!(upsample_bilinearly, (2, 2, 3) => (2, 4, 6), Upsample2d<2, Bilinear>, |x, n, c, h, w| {
    // Quarters between two pixels, and the border as it is.
    let rows = [(0, 0, 0.0), (0, 1, 0.25), (0, 1, 0.75), (1, 1, 0.0)];
    let columns = [(0, 0, 0.0), (0, 1, 0.25), (0, 1, 0.75), (1, 2, 0.25), (1, 2, 0.75), (2, 2, 0.0)];
    let ((a, b, v), (l, r, u)) = (rows[h], columns[w]);
    (1.0 - v) * ((1.0 - u) * x.at(n, c, a, l) + u * x.at(n, c, a, r))
        + v * ((1.0 - u) * x.at(n, c, b, l) + u * x.at(n, c, b, r))
});
pixels!(upsample_bilinearly_one_way, (2, 2, 2) => (2, 2, 8), UpsampleBy<1, 4, Bilinear>, |x, n, c, h, w| {
    let u = [0.0, 0.0, 0.125, 0.375, 0.625, 0.875, 1.0, 1.0][w];
    (1.0 - u) * x.at(n, c, h, 0) + u * x.at(n, c, h, 1)
});
pixels!(upsample_one_pixel_bilinearly, (3, 1, 1) => (3, 2, 2), Upsample2d<2, Bilinear>, |x, n, c, _h, _w| {
    x.at(n, c, 0, 0)
});

// ---- channels and pixels ----

pixels!(pixel_shuffle, (8, 2, 3) => (2, 4, 6), PixelShuffle<2>, |x, n, c, h, w| {
    x.at(n, c * 4 + h % 2 * 2 + w % 2, h / 2, w / 2)
});
pixels!(pixel_unshuffle, (2, 6, 9) => (18, 2, 3), PixelUnshuffle<3>, |x, n, c, h, w| {
    x.at(n, c / 9, h * 3 + c % 9 / 3, w * 3 + c % 3)
});
pixels!(channel_shuffle, (6, 2, 3) => (6, 2, 3), ChannelShuffle<3>, |x, n, c, h, w| {
    x.at(n, [0, 2, 4, 1, 3, 5][c], h, w)
});
pixels!(pad_channels_with_a_remainder, (2, 2, 3) => (5, 2, 3), PadChannels<5>, |x, n, c, h, w| {
    if (1..3).contains(&c) { x.at(n, c - 1, h, w) } else { 0.0 }
});

// ---- fixed filters ----

/// Two rows of three, so that nothing is symmetric.
#[derive(Clone, Copy, Debug, Default)]
struct Ramp;
impl FixedKernel for Ramp {
    const HEIGHT: usize = 2;
    const WIDTH: usize = 3;
    const WEIGHTS: &'static [f64] = &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
}

/// `Σ k·x` around a pixel, zeros outside of the image.
fn around(x: &Images, (n, c): (usize, usize), (h, w): (usize, usize), kernel: [i32; 9]) -> f64 {
    let mut sum = 0.0;
    for (tap, weight) in kernel.iter().enumerate() {
        let (row, column) = ((h + tap / 3).wrapping_sub(1), (w + tap % 3).wrapping_sub(1));
        if row < x.height && column < x.width {
            sum += f64::from(*weight) * x.at(n, c, row, column);
        }
    }
    sum
}

pixels!(filter_of_ones_own, (2, 3, 4) => (2, 2, 2), Filter2d<Ramp>, |x, n, c, h, w| {
    (0..6).map(|k| (k + 1) as f64 * x.at(n, c, h + k / 3, w + k % 3)).sum()
});
pixels!(filter_strided_dilated_padded, (2, 4, 7) => (2, 2, 3),
    Filter2d<Ramp, Dilation<2>, Stride<2, 3>, Padding<1, 2>>, |x, n, c, h, w| {
    (0..6)
        .map(|k| ((2 * h + k / 3 * 2).wrapping_sub(1), (3 * w + k % 3 * 2).wrapping_sub(2), k))
        .filter(|(row, column, _)| *row < 4 && *column < 7)
        .map(|(row, column, k)| (k + 1) as f64 * x.at(n, c, row, column))
        .sum()
});
pixels!(filter_edge, (2, 3, 4) => (2, 3, 4), Filter2d<Edge, SamePadding>, |x, n, c, h, w| {
    around(x, (n, c), (h, w), [-1, -1, -1, -1, 8, -1, -1, -1, -1])
});
pixels!(filter_sobel_x, (2, 3, 4) => (2, 1, 2), Filter2d<SobelX>, |x, n, c, h, w| {
    around(x, (n, c), (h + 1, w + 1), [-1, 0, 1, -2, 0, 2, -1, 0, 1])
});
pixels!(filter_sobel_y, (2, 3, 4) => (2, 3, 4), Filter2d<SobelY, Padding<1>>, |x, n, c, h, w| {
    around(x, (n, c), (h, w), [-1, -2, -1, 0, 0, 0, 1, 2, 1])
});
pixels!(filter_prewitt_x, (2, 3, 4) => (2, 1, 2), Filter2d<PrewittX>, |x, n, c, h, w| {
    around(x, (n, c), (h + 1, w + 1), [-1, 0, 1, -1, 0, 1, -1, 0, 1])
});
pixels!(filter_prewitt_y, (2, 3, 4) => (2, 1, 2), Filter2d<PrewittY>, |x, n, c, h, w| {
    around(x, (n, c), (h + 1, w + 1), [-1, -1, -1, 0, 0, 0, 1, 1, 1])
});
pixels!(filter_laplacian, (1, 3, 4) => (1, 3, 4), Filter2d<Laplacian, Padding<1>>, |x, n, c, h, w| {
    around(x, (n, c), (h, w), [0, 1, 0, 1, -4, 1, 0, 1, 0])
});
pixels!(filter_sharpen, (1, 3, 4) => (1, 3, 4), Filter2d<Sharpen, Padding<1>>, |x, n, c, h, w| {
    around(x, (n, c), (h, w), [0, -1, 0, -1, 5, -1, 0, -1, 0])
});
pixels!(filter_gaussian_blur, (1, 3, 4) => (1, 3, 4), Filter2d<GaussianBlur, Padding<1>>, |x, n, c, h, w| {
    around(x, (n, c), (h, w), [1, 2, 1, 2, 4, 2, 1, 2, 1]) / 16.0
});
pixels!(filter_emboss, (1, 3, 4) => (1, 3, 4), Filter2d<Emboss, Padding<1>>, |x, n, c, h, w| {
    around(x, (n, c), (h, w), [-2, -1, 0, -1, 1, 1, 0, 1, 2])
});

#[test]
fn a_box_blur_is_the_mean() {
    #[model(input = Chw<2, 3, 4>, output = Chw<2, 1, 2>)]
    struct Net {
        blur: Filter2d<BoxBlur>,
    }
    let dev = Cpu::default();
    let x = Images::new((1, 2, 3, 4), whole(24, 1));
    let net: Net<f64, Cpu> = Net::new(&dev);
    let y = net.forward(dev.tensor_from_vec(x.values.clone(), (1usize, Const, Const, Const)));
    let expected = drawn((1, 2, 1, 2), |n, c, _, w| {
        around(&x, (n, c), (1, w + 1), [1; 9]) / 9.0
    });
    assert_near("blur", &y.as_vec(), &expected.values, 1e-14, 0.0);
}

// ---- transposed convolution ----

/// Stamps the kernels on the output, input value by input value.
fn stamped(
    x: &Images,
    (weight, bias): (&[f64], &[f64]),
    groups: usize,
    window: &Sliding,
    (filters, height, width): (usize, usize, usize),
) -> Images {
    let (kh, kw) = window.kernel;
    let (per_channel, per_group) = (filters / groups, x.channels / groups);
    assert_eq!(weight.len(), x.channels * per_channel * kh * kw, "weights");
    let mut y = drawn((x.batch, filters, height, width), |_, f, _, _| {
        bias.get(f).copied().unwrap_or(0.0)
    });
    for n in 0..x.batch {
        for c in 0..x.channels {
            for f in 0..per_channel {
                let filter = c / per_group * per_channel + f;
                for h in 0..x.height {
                    for w in 0..x.width {
                        for ky in 0..kh {
                            for kx in 0..kw {
                                let row = h * window.stride.0 + ky * window.dilation.0;
                                let column = w * window.stride.1 + kx * window.dilation.1;
                                let row = row.wrapping_sub(window.before.0);
                                let column = column.wrapping_sub(window.before.1);
                                if row < height && column < width {
                                    let k = ((c * per_channel + f) * kh + ky) * kw + kx;
                                    let at = ((n * filters + filter) * height + row) * width;
                                    y.values[at + column] += weight[k] * x.at(n, c, h, w);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    y
}

/// `transposed!(name, inputs => outputs, options)`: a test of one geometry in `f64`, forward and
/// gradients.
macro_rules! transposed {
    ($name:ident, ($c:literal, $h:literal, $w:literal) => ($f:literal, $oh:literal, $ow:literal),
     kernel ($kh:literal, $kw:literal), stride ($sh:literal, $sw:literal),
     padding ($ph:literal, $pw:literal), output padding ($oph:literal, $opw:literal),
     dilation ($dh:literal, $dw:literal), groups $g:literal) => {
        #[test]
        fn $name() {
            #[model(input = Chw<$c, $h, $w>, output = Chw<$f, $oh, $ow>)]
            struct Net {
                conv: ConvTranspose2d<
                    $f,
                    Groups<$g>,
                    OutputPadding<$oph, $opw>,
                    Dilation<$dh, $dw>,
                    Padding<$ph, $pw>,
                    Stride<$sh, $sw>,
                    Kernel<$kh, $kw>,
                >,
            }
            let window = Sliding {
                kernel: ($kh, $kw),
                stride: ($sh, $sw),
                before: ($ph, $pw),
                after: ($ph, $pw),
                dilation: ($dh, $dw),
            };
            let dev = Cpu::default();
            let mut net: Net<f64, Cpu> = Net::new(&dev);
            set_parameters(&mut net, |name, len| whole(len, name.len()));
            let [weight, bias] = <[_; 2]>::try_from(parameters(&net)).expect("weight and bias");
            assert_eq!(weight.1.len(), $c * ($f / $g) * $kh * $kw);
            for batch in [1, 3] {
                let x = Images::new((batch, $c, $h, $w), whole(batch * $c * $h * $w, batch));
                let expected = stamped(&x, (&weight.1, &bias.1), $g, &window, ($f, $oh, $ow));
                let shape = (batch, Const, Const, Const);
                let y = net.forward(dev.tensor_from_vec(x.values.clone(), shape));
                assert_eq!(y.as_vec(), expected.values, "{batch} images");
            }
            let values = distinct(2 * $c * $h * $w, 1);
            let shape = (2usize, Const, Const, Const);
            assert_gradients("gradients", &mut net, dev.tensor_from_vec(values, shape));
        }
    };
}

transposed!(transposed_plain, (3, 4, 2) => (2, 6, 3), kernel (3, 2), stride (1, 1), padding (0, 0), output padding (0, 0), dilation (1, 1), groups 1);
transposed!(transposed_1x1, (3, 4, 2) => (2, 4, 2), kernel (1, 1), stride (1, 1), padding (0, 0), output padding (0, 0), dilation (1, 1), groups 1);
transposed!(transposed_strided_as_its_kernel, (3, 3, 2) => (2, 6, 6), kernel (2, 3), stride (2, 3), padding (0, 0), output padding (0, 0), dilation (1, 1), groups 1);
transposed!(transposed_strided_past_its_kernel, (2, 3, 2) => (3, 8, 4), kernel (2, 1), stride (3, 3), padding (0, 0), output padding (0, 0), dilation (1, 1), groups 1);
transposed!(transposed_overlapping, (2, 3, 4) => (3, 8, 10), kernel (4, 4), stride (2, 2), padding (0, 0), output padding (0, 0), dilation (1, 1), groups 1);
transposed!(transposed_padded, (2, 3, 4) => (3, 5, 6), kernel (3, 4), stride (2, 2), padding (1, 2), output padding (0, 0), dilation (1, 1), groups 1);
transposed!(transposed_output_padded, (2, 3, 4) => (3, 6, 14), kernel (3, 4), stride (2, 2), padding (1, 2), output padding (1, 2), dilation (1, 3), groups 1);
transposed!(transposed_output_padded_into_stamps, (1, 2, 3) => (2, 5, 6), kernel (4, 3), stride (3, 2), padding (2, 1), output padding (2, 1), dilation (1, 1), groups 1);
transposed!(transposed_dilated, (2, 3, 2) => (3, 7, 8), kernel (3, 3), stride (1, 1), padding (0, 0), output padding (0, 0), dilation (2, 3), groups 1);
transposed!(transposed_grouped, (4, 3, 2) => (6, 5, 4), kernel (3, 3), stride (1, 1), padding (0, 0), output padding (0, 0), dilation (1, 1), groups 2);
transposed!(transposed_depthwise, (3, 3, 2) => (3, 6, 5), kernel (2, 3), stride (2, 2), padding (0, 0), output padding (0, 0), dilation (1, 1), groups 3);
transposed!(transposed_everything, (4, 3, 5) => (2, 10, 13), kernel (3, 2), stride (3, 2), padding (1, 0), output padding (1, 1), dilation (2, 3), groups 2);
transposed!(transposed_where_no_stamp_falls, (1, 2, 2) => (2, 2, 2), kernel (1, 1), stride (3, 3), padding (1, 1), output padding (0, 0), dilation (1, 1), groups 1);

// ---- what is known while compiling ----

#[test]
fn reshape_makes_an_image_of_a_vector() {
    #[model(input = Flat<6>, output = Chw<3, 1, 2>)]
    struct Net {
        image: Reshape<3, 1, 2>,
    }
    let dev = Cpu::default();
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    let values = distinct(12, 1);
    let x: Tensor<(usize, Const<6>), f64, _> = dev.tensor_from_vec(values.clone(), (2, Const));
    assert_eq!(net.forward(x.clone()).as_vec(), values);
    assert_gradients("reshape", &mut net, x);
}

/// A decoder and what stands around it, each row with what it sees of the input.
#[model(input = Chw<4, 9, 7>, output = Chw<2, 60, 44>)]
struct Decoder {
    pad: Pad2d<1, Replicate>,
    sub: Subsample2d<2>,
    conv1: Conv2d<8, Kernel<3>, Padding<1>>,
    unshuffle: PixelUnshuffle<1>,
    up1: ConvTranspose2d<6, Kernel<3, 4>, Stride<2>, Padding<0, 1>>,
    crop: Crop2d<10, 8>,
    up2: Upsample2d<2, Bilinear>,
    conv2: Conv2d<18, Kernel<3>, Padding<1>>,
    shuffle: PixelShuffle<3>,
    blur: Filter2d<GaussianBlur, Padding<1, 0>>,
    cut: PadSides<0, 0, 0, 0>,
    last: Crop2d<60, 44>,
}

#[test]
fn shapes_costs_and_receptive_fields() {
    let rows: Vec<_> = Decoder::LAYERS
        .iter()
        .map(|l| {
            let seen = l.receptive_field;
            (
                l.name,
                l.output,
                l.params,
                l.macs,
                (seen.height, seen.width),
            )
        })
        .collect();
    let up1 = 8 * 6 * 3 * 4;
    assert_eq!(
        rows,
        [
            ("pad", Dims::chw(4, 11, 9), 0, 0, (1, 1)),
            ("sub", Dims::chw(4, 6, 5), 0, 0, (1, 1)),
            ("conv1", Dims::chw(8, 6, 5), 8 * 37, 8 * 36 * 30, (5, 5)),
            ("unshuffle", Dims::chw(8, 6, 5), 0, 0, (5, 5)),
            // Two of the three taps meet one pixel, which are two pixels of the input apart.
            ("up1", Dims::chw(6, 13, 10), up1 + 6, up1 * 30, (7, 7)),
            ("crop", Dims::chw(6, 10, 8), 0, 0, (7, 7)),
            // One pixel more, which are one of the input.
            ("up2", Dims::chw(6, 20, 16), 0, 0, (8, 8)),
            // Two more, half a pixel of the input each.
            (
                "conv2",
                Dims::chw(18, 20, 16),
                18 * 55,
                18 * 54 * 320,
                (9, 9)
            ),
            ("shuffle", Dims::chw(2, 60, 48), 0, 0, (9, 9)),
            ("blur", Dims::chw(2, 60, 46), 0, 9 * 2 * 60 * 46, (10, 10)),
            ("cut", Dims::chw(2, 60, 46), 0, 0, (10, 10)),
            ("last", Dims::chw(2, 60, 44), 0, 0, (10, 10)),
        ]
    );
}

/// Which pixels of the input change an output pixel, found by differences, fit into what is told.
#[test]
fn no_value_sees_more_than_its_receptive_field() {
    let dev = Cpu::seed_from_u64(3);
    let net: Decoder<f64, Cpu> = Decoder::new(&dev);
    let shape = (1usize, Const::<4>, Const::<9>, Const::<7>);
    let x: Tensor<_, f64, _> = dev.tensor_from_vec(distinct(4 * 9 * 7, 1), shape);
    let told = Decoder::LAYERS.last().expect("has layers").receptive_field;
    let mut most = (0, 0);
    for (row, column) in [(0, 0), (17, 13), (30, 22), (59, 43)] {
        let y = net.forward(x.leaky_trace());
        let mut chosen = vec![0.0; 2 * 60 * 44];
        chosen[row * 44 + column] = 1.0;
        let y: Tensor<(usize,), f64, Cpu, OwnedTape<f64, Cpu>> = y.reshape_like(&(2 * 60 * 44,));
        let loss = (y * dev.tensor_from_vec(chosen, (2 * 60 * 44,))).sum::<Rank0, _>();
        let gradient = loss.backward().get(&x).as_vec();
        let seen = (0..gradient.len()).filter(|i| gradient[*i] != 0.0);
        let (rows, columns): (Vec<_>, Vec<_>) = seen.map(|i| (i / 7 % 9, i % 7)).unzip();
        let extent = |places: &[usize]| {
            let (first, last) = (places.iter().min(), places.iter().max());
            last.expect("sees something") - first.expect("sees something") + 1
        };
        most = (most.0.max(extent(&rows)), most.1.max(extent(&columns)));
    }
    assert!(most.0 <= told.height && most.1 <= told.width, "{most:?}");
    assert!(most.0 > 4 && most.1 > 4, "{most:?}");
}

#[test]
fn a_transposed_convolution_starts_as_in_pytorch() {
    #[model(input = Chw<6, 2, 3>, output = Chw<20, 4, 7>)]
    struct Net {
        up: ConvTranspose2d<20, Kernel<3, 5>, Groups<2>>,
    }
    let net: Net<f64, Cpu> = Net::new(&Cpu::seed_from_u64(5));
    // PyTorch takes the fan-in from the second axis of the weight: F/G·KH·KW.
    let bound = 1.0 / (10.0_f64 * 15.0).sqrt();
    assert_eq!(net.up.weight.shape().concrete(), [6, 10, 3, 5]);
    for (name, values) in parameters(&net) {
        let largest = values.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        assert!(largest <= bound, "{name}: {largest} above {bound}");
        assert!(largest > 0.8 * bound, "{name}: {largest} far below {bound}");
    }
}

#[test]
fn a_transposed_convolution_of_single_precision_trains() {
    #[model(input = Chw<2, 3, 2>, output = Chw<1, 6, 4>)]
    struct Net {
        up: ConvTranspose2d<1, Kernel<2>, Stride<2>>,
    }
    let dev = Cpu::seed_from_u64(5);
    let mut net: Net<f32, Cpu> = Net::new(&dev);
    let mut sgd = Sgd::new(&net, SgdConfig::default());
    let x: Tensor<(usize, Const<2>, Const<3>, Const<2>), f32, _> =
        dev.sample_normal_like(&(5, Const, Const, Const));
    let mut losses = Vec::new();
    for _ in 0..20 {
        let loss = net.forward_mut(x.leaky_trace()).square().mean();
        losses.push(loss.array());
        sgd.update(&mut net, &loss.backward()).expect("all is used");
    }
    assert!(losses[19] < losses[0], "{losses:?}");
}

#[test]
fn closed_layers_are_written_by_hand_too() {
    use shapeproof::layers::closed;
    let dev = Cpu::default();
    let crop: closed::Crop2d<Chw<1, 2, 3>, Chw<1, 1, 1>, 1, 1> = Default::default();
    let x: Tensor<Rank4<1, 1, 2, 3>, f32, _> = dev.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]);
    assert_eq!(crop.forward(x).array(), [[[[2.0]]]]);
    assert_eq!(format!("{crop:?}"), "Crop2d");
}

// ---- in generic blocks ----

/// A residual block whose shortcut has no parameters.
#[block]
struct Residual<const F: usize, const STRIDE: usize = 1> {
    conv1: Conv2d<F, Kernel<3>, Stride<STRIDE>, Padding<1>, NoBias>,
    tanh: Tanh,
    conv2: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    #[from(input)]
    every_other: Subsample2d<STRIDE>,
    widen: PadChannels<F>,
    #[from(conv2, widen)]
    sum: Add,
}

/// A stage of a U-Net's way up.
#[block(input = (skip, below))]
struct Up<const F: usize, const N: usize> {
    #[from(below)]
    up: ConvTranspose2d<F, Kernel<N>, Stride<N>>,
    #[from(skip, up)]
    both: Concat,
    pad: Pad2d<1, Reflect>,
    conv: Conv2d<F, Kernel<3>>,
}

/// Generic over the kernel of a filter.
#[block]
struct Blurred<K: FixedKernel> {
    blur: Filter2d<K, SamePadding>,
    #[from(input, blur)]
    both: Concat,
}

#[model(input = Chw<1, 4, 6>, output = Chw<2, 3, 5>)]
struct Net {
    stem: Residual<2>,
    down: Residual<3, 2>,
    #[from(stem, down)]
    up: Up<2, 2>,
    blurred: Blurred<GaussianBlur>,
    shuffle: ChannelShuffle<2>,
    nearest: Upsample2d<2>,
    bilinear: UpsampleBy<1, 2, Bilinear>,
    grey: PadSides<1, 0, 0, 2, Constant<1, 2>>,
    cut: Crop2d<8, 24>,
    smaller: PixelUnshuffle<4>,
    larger: PixelShuffle<4>,
    image: Reshape<2, 16, 24>,
    every_sixth: Subsample2d<6>,
    last: Crop2d<3, 2>,
    wide: PadSides<1, 2, 0, 0, Replicate>,
}

#[test]
fn all_of_them_in_blocks_have_the_right_gradients() {
    let dev = Cpu::seed_from_u64(8);
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    let shape = (1usize, Const::<1>, Const::<4>, Const::<6>);
    let x = dev.tensor_from_vec(distinct(4 * 6, 1), shape);
    assert_gradients("blocks", &mut net, x.clone());

    let names: Vec<String> = parameters(&net).into_iter().map(|p| p.0).collect();
    assert!(names.contains(&"up.up.weight".to_owned()), "{names:?}");
    assert_eq!(net.num_trainable_params(), Net::PARAMS);
    let mut sgd = Sgd::new(&net, SgdConfig::default());
    let loss = net.forward_mut(x.leaky_trace()).square().mean();
    sgd.update(&mut net, &loss.backward())
        .expect("every parameter is used");
}
