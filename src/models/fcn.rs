//! FCN: a classifier slid over the image gives a label for every pixel.
//!
//! # Source
//! Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation", 2014.

use shapeproof::prelude::*;

use super::vgg::ConvRelu;

/// FCN-32s: VGG-16 whose dense layers have become convolutions, enlarged 32 times.
///
/// The convolution in place of the first dense layer is padded, where the paper pads the image.
#[model(input = Chw<3, 224, 224>, output = Chw<21, 224, 224>)]
pub struct Fcn32s {
    pub conv1: Repeat<2, ConvRelu<64>>,
    pub pool1: MaxPool2d<2>,
    pub conv2: Repeat<2, ConvRelu<128>>,
    pub pool2: MaxPool2d<2>,
    pub conv3: Repeat<3, ConvRelu<256>>,
    pub pool3: MaxPool2d<2>,
    pub conv4: Repeat<3, ConvRelu<512>>,
    pub pool4: MaxPool2d<2>,
    pub conv5: Repeat<3, ConvRelu<512>>,
    pub pool5: MaxPool2d<2>,
    pub fc6: Conv2d<4096, Kernel<7>, Padding<3>>,
    pub relu6: Relu,
    pub drop6: Dropout,
    pub fc7: Conv2d<4096, Kernel<1>>,
    pub relu7: Relu,
    pub drop7: Dropout,
    pub score: Conv2d<21, Kernel<1>>,
    pub upsample: Upsample2d<32, Bilinear>,
}
