//! LeNet-5, the first convolutional network in daily use.

use shapeproof::prelude::*;

/// LeNet-5 as it is trained today: ReLU and max-pooling, on 28×28 grey images.
///
/// # Source
/// LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition",
/// 1998.
#[model(input = Chw<1, 28, 28>, output = Flat<10>)]
#[derive(Clone, Debug)]
pub struct LeNet5 {
    pub conv1: Conv2d<6, Kernel<5>, Padding<2>>,
    pub relu1: Relu,
    pub pool1: MaxPool2d<2>,
    pub conv2: Conv2d<16, Kernel<5>>,
    pub relu2: Relu,
    pub pool2: MaxPool2d<2>,
    pub flatten: Flatten,
    pub fc1: Linear<120>,
    pub relu3: Relu,
    pub fc2: Linear<84>,
    pub relu4: Relu,
    pub fc3: Linear<10>,
}

/// LeNet-5 of 1998: hyperbolic tangents and averages, on 32×32 grey images.
///
/// As in most of today's retellings the poolings have no learned factor, the tangent is not scaled,
/// every filter of the second convolution sees all maps, and the last layer is dense instead of
/// distances: 61,706 parameters, where the paper, with a table of connections, has 60,000.
///
/// # Source
/// LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition",
/// 1998.
#[model(input = Chw<1, 32, 32>, output = Flat<10>)]
#[derive(Clone, Debug)]
pub struct LeNet5Of1998 {
    pub c1: Conv2d<6, Kernel<5>>,
    pub tanh1: Tanh,
    pub s2: AvgPool2d<2>,
    pub tanh2: Tanh,
    pub c3: Conv2d<16, Kernel<5>>,
    pub tanh3: Tanh,
    pub s4: AvgPool2d<2>,
    pub tanh4: Tanh,
    pub c5: Conv2d<120, Kernel<5>>,
    pub tanh5: Tanh,
    pub flatten: Flatten,
    pub f6: Linear<84>,
    pub tanh6: Tanh,
    pub output: Linear<10>,
}
