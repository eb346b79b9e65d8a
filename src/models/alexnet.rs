//! AlexNet, which won ImageNet in 2012.

use shapeproof::prelude::*;

/// AlexNet in one column, on 224×224 colour images.
///
/// # Same as
/// `torchvision.models.alexnet()`; its `features.0` is `conv1` here, and so on: see [`NAMES`].
///
/// # Source
/// Krizhevsky, "One Weird Trick for Parallelizing Convolutional Neural Networks", 2014.
#[model(input = Chw<3, 224, 224>, output = Flat<1000>)]
pub struct AlexNet {
    pub conv1: Conv2d<64, Kernel<11>, Stride<4>, Padding<2>>,
    pub relu1: Relu,
    pub pool1: MaxPool2d<3, Stride<2>>,
    pub conv2: Conv2d<192, Kernel<5>, Padding<2>>,
    pub relu2: Relu,
    pub pool2: MaxPool2d<3, Stride<2>>,
    pub conv3: Conv2d<384, Kernel<3>, Padding<1>>,
    pub relu3: Relu,
    pub conv4: Conv2d<256, Kernel<3>, Padding<1>>,
    pub relu4: Relu,
    pub conv5: Conv2d<256, Kernel<3>, Padding<1>>,
    pub relu5: Relu,
    pub pool5: MaxPool2d<3, Stride<2>>,
    pub flatten: Flatten,
    pub drop6: Dropout,
    pub fc6: Linear<4096>,
    pub relu6: Relu,
    pub drop7: Dropout,
    pub fc7: Linear<4096>,
    pub relu7: Relu,
    pub fc8: Linear<1000>,
}

/// The names of torchvision's parameters, each with the one it has here: each pair is a
/// [`rename`](crate::weights::Loader::rename) of a [`Loader`](crate::weights::Loader).
pub const NAMES: &[(&str, &str)] = &[
    ("features.0", "conv1"),
    ("features.3", "conv2"),
    ("features.6", "conv3"),
    ("features.8", "conv4"),
    ("features.10", "conv5"),
    ("classifier.1", "fc6"),
    ("classifier.4", "fc7"),
    ("classifier.6", "fc8"),
];
