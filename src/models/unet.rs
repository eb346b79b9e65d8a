//! U-Net: a label for every pixel.
//!
//! # Source
//! Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image
//! Segmentation", 2015, with padded convolutions, so that the labels cover the whole image.

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
