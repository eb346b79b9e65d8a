//! VGG: nothing but 3×3 convolutions.
//!
//! # Source
//! Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
//! 2014.

use shapeproof::prelude::*;

/// A 3×3 convolution that keeps the size, and a ReLU.
#[block]
#[derive(Debug)]
pub struct ConvRelu<const F: usize> {
    pub conv: Conv2d<F, Kernel<3>, Padding<1>>,
    pub relu: Relu,
}

/// The three dense layers at the end.
#[block]
#[derive(Debug)]
pub struct Classifier<const CLASSES: usize> {
    pub flatten: Flatten,
    pub fc1: Linear<4096>,
    pub relu1: Relu,
    pub drop1: Dropout,
    pub fc2: Linear<4096>,
    pub relu2: Relu,
    pub drop2: Dropout,
    pub fc3: Linear<CLASSES>,
}

/// VGG with 11 layers that learn.
///
/// # Same as
/// `torchvision.models.vgg11()`
#[model(input = Chw<3, 224, 224>, output = Flat<1000>)]
pub struct Vgg11 {
    pub conv1: ConvRelu<64>,
    pub pool1: MaxPool2d<2>,
    pub conv2: ConvRelu<128>,
    pub pool2: MaxPool2d<2>,
    pub conv3: Repeat<2, ConvRelu<256>>,
    pub pool3: MaxPool2d<2>,
    pub conv4: Repeat<2, ConvRelu<512>>,
    pub pool4: MaxPool2d<2>,
    pub conv5: Repeat<2, ConvRelu<512>>,
    pub pool5: MaxPool2d<2>,
    pub classifier: Classifier<1000>,
}

/// VGG with 16 layers that learn.
///
/// # Same as
/// `torchvision.models.vgg16()`
#[model(input = Chw<3, 224, 224>, output = Flat<1000>)]
pub struct Vgg16 {
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
    pub classifier: Classifier<1000>,
}
