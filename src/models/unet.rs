//! U-Net: a label for every pixel.
//!
//! # Source
//! Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image
//! Segmentation", 2015, with padded convolutions, so that the labels cover the whole image.

use super::conv_bn::ConvBn;
use shapeproof::prelude::*;

/// Two 3×3 convolutions that keep the size, with ReLU.
#[block]
#[derive(Debug)]
pub struct DoubleConv<const F: usize> {
    pub conv1: Conv2d<F, Kernel<3>, Padding<1>>,
    pub relu1: Relu,
    pub conv2: Conv2d<F, Kernel<3>, Padding<1>>,
    pub relu2: Relu,
}

/// A step up: enlarges what comes from below and joins it with what was there on the way down.
#[block(input = (skip, below))]
#[derive(Debug)]
pub struct Up<const F: usize> {
    #[from(below)]
    pub up: ConvTranspose2d<F, Kernel<2>, Stride<2>>,
    #[from(skip, up)]
    pub both: Concat,
    pub conv: DoubleConv<F>,
}

/// U-Net on 256×256 grey images, with two classes for each pixel.
#[model(input = Chw<1, 256, 256>, output = Chw<2, 256, 256>)]
pub struct UNet {
    pub down1: DoubleConv<64>,
    pub pool1: MaxPool2d<2>,
    pub down2: DoubleConv<128>,
    pub pool2: MaxPool2d<2>,
    pub down3: DoubleConv<256>,
    pub pool3: MaxPool2d<2>,
    pub down4: DoubleConv<512>,
    pub pool4: MaxPool2d<2>,
    pub bottom: DoubleConv<1024>,
    #[from(down4, bottom)]
    pub up4: Up<512>,
    #[from(down3, up4)]
    pub up3: Up<256>,
    #[from(down2, up3)]
    pub up2: Up<128>,
    #[from(down1, up2)]
    pub up1: Up<64>,
    pub classes: Conv2d<2, Kernel<1>>,
}

/// A 3×3 convolution that keeps the size, normalised in groups of channels, with ReLU: a few large
/// images say little of the others, and each has a contrast of its own.
#[block]
#[derive(Debug)]
pub struct ConvGn<const F: usize> {
    pub conv: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    pub norm: GroupNorm<8>,
    pub relu: Relu,
}

/// Two of them.
#[block]
#[derive(Debug)]
pub struct DoubleConvGn<const F: usize> {
    pub conv1: ConvGn<F>,
    pub conv2: ConvGn<F>,
}

/// A step up: enlarges what comes from below and joins it with what was there on the way down.
#[block(input = (skip, below))]
#[derive(Debug)]
pub struct UpGn<const F: usize> {
    #[from(below)]
    pub up: ConvTranspose2d<F, Kernel<2>, Stride<2>>,
    #[from(skip, up)]
    pub both: Concat,
    pub twice: DoubleConvGn<F>,
}

/// A small U-Net on 256×256 grey images, with two classes for each pixel. Large maps are dear, so those
/// as large as the image have few channels, and what is half as high and wide is convolved once on the
/// way down and once on the way up. Without a step on whole pixels, edges are found a pixel beside.
#[model(input = Chw<1, 256, 256>, output = Chw<2, 256, 256>, max_params = 1_600_000)]
pub struct SmallUNet {
    pub fine: ConvGn<8>,
    pub fold: PixelUnshuffle<2>,
    pub down1: ConvGn<32>,
    pub pool1: MaxPool2d<2>,
    pub down2: DoubleConvGn<64>,
    pub pool2: MaxPool2d<2>,
    pub down3: DoubleConvGn<128>,
    pub pool3: MaxPool2d<2>,
    pub bottom: DoubleConvGn<192>,
    pub drop: Dropout<1, 2>,
    #[from(down3, drop)]
    pub up3: UpGn<128>,
    #[from(down2, up3)]
    pub up2: UpGn<64>,
    pub half: ConvTranspose2d<32, Kernel<2>, Stride<2>>,
    #[from(down1, half)]
    pub both1: Concat,
    pub up1: ConvGn<32>,
    pub whole: ConvTranspose2d<16, Kernel<2>, Stride<2>>,
    #[from(fine, whole)]
    pub both: Concat,
    pub last: ConvGn<16>,
    pub classes: Conv2d<2, Kernel<1>>,
}

/// A 3×3 convolution that halves the size, normalised over the batch, with ReLU.
#[block]
#[derive(Debug)]
pub struct HalfBn<const F: usize> {
    pub conv: Conv2d<F, Kernel<3>, Stride<2>, Padding<1>, NoBias>,
    pub bn: BatchNorm2d,
    pub relu: Relu,
}

/// A small U-Net of one step on 360×480 images in colours, with eleven classes for each pixel. It works
/// on a quarter and an eighth of their height and width, and its answer is enlarged. Holes in the
/// kernels at the bottom let it see far: what is a tree, and what is a house, is told by what is around.
#[model(input = Chw<3, 360, 480>, output = Chw<11, 360, 480>, max_params = 600_000)]
pub struct StreetUNet {
    pub half: HalfBn<24>,
    pub quarter: HalfBn<48>,
    pub conv1: ConvBn<48>,
    pub conv2: ConvBn<48>,
    pub pool: MaxPool2d<2>,
    pub conv3: ConvBn<96>,
    pub conv4: ConvBn<96>,
    pub wide: ConvBn<96, 2>,
    pub wider: ConvBn<96, 4>,
    pub widest: ConvBn<96, 8>,
    pub up: ConvTranspose2d<48, Kernel<2>, Stride<2>>,
    #[from(conv2, up)]
    pub both: Concat,
    pub conv5: ConvBn<48>,
    pub conv6: ConvBn<48>,
    pub classes: Conv2d<11, Kernel<1>>,
    pub whole: Upsample2d<4, Bilinear>,
}
