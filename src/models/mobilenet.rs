//! MobileNetV2: convolutions channel by channel, for small machines.
//!
//! # Source
//! Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: Inverted Residuals and Linear
//! Bottlenecks", 2018.

use shapeproof::prelude::*;

/// A 1×1 convolution with batch normalisation and ReLU6.
#[block]
#[derive(Debug)]
pub struct Pointwise<const F: usize> {
    pub conv: Conv2d<F, Kernel<1>, NoBias>,
    pub bn: BatchNorm2d,
    pub relu: Relu6,
}

/// A 3×3 convolution of every channel by itself, with batch normalisation and ReLU6.
#[block]
#[derive(Debug)]
pub struct Depthwise<const F: usize, const STRIDE: usize> {
    pub conv: Conv2d<F, Kernel<3>, Stride<STRIDE>, Padding<1>, Groups<F>, NoBias>,
    pub bn: BatchNorm2d,
    pub relu: Relu6,
}

/// Widens to `HIDDEN` channels, filters each, and narrows to `OUT`, with what flows in added.
#[block]
#[derive(Debug)]
pub struct InvertedResidual<const HIDDEN: usize, const OUT: usize> {
    pub expand: Pointwise<HIDDEN>,
    pub depthwise: Depthwise<HIDDEN, 1>,
    pub project: Conv2d<OUT, Kernel<1>, NoBias>,
    pub bn: BatchNorm2d,
    #[from(input, bn)]
    pub sum: Add,
}

/// An [`InvertedResidual`] that changes the shape, and so adds nothing.
#[block]
#[derive(Debug)]
pub struct InvertedBottleneck<const HIDDEN: usize, const OUT: usize, const STRIDE: usize> {
    pub expand: Pointwise<HIDDEN>,
    pub depthwise: Depthwise<HIDDEN, STRIDE>,
    pub project: Conv2d<OUT, Kernel<1>, NoBias>,
    pub bn: BatchNorm2d,
}

/// The first stage, which does not widen.
#[block]
#[derive(Debug)]
pub struct FirstBottleneck<const HIDDEN: usize, const OUT: usize> {
    pub depthwise: Depthwise<HIDDEN, 1>,
    pub project: Conv2d<OUT, Kernel<1>, NoBias>,
    pub bn: BatchNorm2d,
}

/// MobileNetV2 for ImageNet.
///
/// # Same as
/// `torchvision.models.mobilenet_v2()`
#[model(input = Chw<3, 224, 224>, output = Flat<1000>)]
pub struct MobileNetV2 {
    pub conv: Conv2d<32, Kernel<3>, Stride<2>, Padding<1>, NoBias>,
    pub bn: BatchNorm2d,
    pub relu: Relu6,
    pub stage1: FirstBottleneck<32, 16>,
    pub stage2: Repeat<2, InvertedResidual<144, 24>, InvertedBottleneck<96, 24, 2>>,
    pub stage3: Repeat<3, InvertedResidual<192, 32>, InvertedBottleneck<144, 32, 2>>,
    pub stage4: Repeat<4, InvertedResidual<384, 64>, InvertedBottleneck<192, 64, 2>>,
    pub stage5: Repeat<3, InvertedResidual<576, 96>, InvertedBottleneck<384, 96, 1>>,
    pub stage6: Repeat<3, InvertedResidual<960, 160>, InvertedBottleneck<576, 160, 2>>,
    pub stage7: InvertedBottleneck<960, 320, 1>,
    pub last: Pointwise<1280>,
    pub pool: GlobalAvgPool2d,
    pub dropout: Dropout<1, 5>,
    pub classifier: Linear<1000>,
}
