//! ResNet: every block adds to what flows in.
//!
//! # Source
//! He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2015.

use shapeproof::prelude::*;

/// Two 3×3 convolutions, with what flows in added to what they give.
#[block]
#[derive(Debug)]
pub struct BasicBlock<const F: usize> {
    pub conv1: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    pub bn1: BatchNorm2d,
    pub relu1: Relu,
    pub conv2: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    pub bn2: BatchNorm2d,
    #[from(bn2, input)]
    pub sum: Add,
    pub relu2: Relu,
}

/// A [`BasicBlock`] that halves the image; a 1×1 convolution brings what flows in to its shape.
#[block]
#[derive(Debug)]
pub struct BasicDown<const F: usize> {
    pub conv1: Conv2d<F, Kernel<3>, Stride<2>, Padding<1>, NoBias>,
    pub bn1: BatchNorm2d,
    pub relu1: Relu,
    pub conv2: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    pub bn2: BatchNorm2d,
    #[from(input)]
    pub downsample: Projection<F, 2>,
    #[from(bn2, downsample)]
    pub sum: Add,
    pub relu2: Relu,
}

/// A [`BasicBlock`] that halves the image; what flows in is brought to its shape without
/// parameters, by every second pixel and channels of zeros (the paper's option A).
#[block]
#[derive(Debug)]
pub struct BasicDownPadded<const F: usize> {
    pub conv1: Conv2d<F, Kernel<3>, Stride<2>, Padding<1>, NoBias>,
    pub bn1: BatchNorm2d,
    pub relu1: Relu,
    pub conv2: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    pub bn2: BatchNorm2d,
    #[from(input)]
    pub subsample: Subsample2d<2>,
    pub pad: PadChannels<F>,
    #[from(bn2, pad)]
    pub sum: Add,
    pub relu2: Relu,
}

/// A 1×1 convolution on the way around a block (the paper's option B).
#[block]
#[derive(Debug)]
pub struct Projection<const F: usize, const STRIDE: usize> {
    pub conv: Conv2d<F, Kernel<1>, Stride<STRIDE>, NoBias>,
    pub bn: BatchNorm2d,
}

/// A 3×3 convolution between two 1×1 that narrow and widen, with what flows in added.
#[block]
#[derive(Debug)]
pub struct Bottleneck<const MID: usize, const OUT: usize> {
    pub conv1: Conv2d<MID, Kernel<1>, NoBias>,
    pub bn1: BatchNorm2d,
    pub relu1: Relu,
    pub conv2: Conv2d<MID, Kernel<3>, Padding<1>, NoBias>,
    pub bn2: BatchNorm2d,
    pub relu2: Relu,
    pub conv3: Conv2d<OUT, Kernel<1>, NoBias>,
    pub bn3: BatchNorm2d,
    #[from(bn3, input)]
    pub sum: Add,
    pub relu3: Relu,
}

/// A [`Bottleneck`] that changes the shape. The stride is in the 3×3 convolution, as in torchvision;
/// in the paper it is in the first 1×1.
#[block]
#[derive(Debug)]
pub struct BottleneckDown<const MID: usize, const OUT: usize, const STRIDE: usize> {
    pub conv1: Conv2d<MID, Kernel<1>, NoBias>,
    pub bn1: BatchNorm2d,
    pub relu1: Relu,
    pub conv2: Conv2d<MID, Kernel<3>, Stride<STRIDE>, Padding<1>, NoBias>,
    pub bn2: BatchNorm2d,
    pub relu2: Relu,
    pub conv3: Conv2d<OUT, Kernel<1>, NoBias>,
    pub bn3: BatchNorm2d,
    #[from(input)]
    pub downsample: Projection<OUT, STRIDE>,
    #[from(bn3, downsample)]
    pub sum: Add,
    pub relu3: Relu,
}

/// ResNet-20 for CIFAR-10 with shortcuts that have no parameters.
///
/// The parameters have the names of `akamaster/pytorch_resnet_cifar10`.
#[model(input = Chw<3, 32, 32>, output = Flat<10>)]
pub struct ResNet20 {
    pub conv1: Conv2d<16, Kernel<3>, Padding<1>, NoBias>,
    pub bn1: BatchNorm2d,
    pub relu: Relu,
    pub layer1: Repeat<3, BasicBlock<16>>,
    pub layer2: Repeat<3, BasicBlock<32>, BasicDownPadded<32>>,
    pub layer3: Repeat<3, BasicBlock<64>, BasicDownPadded<64>>,
    pub pool: GlobalAvgPool2d,
    pub linear: Linear<10>,
}

/// ResNet-20 for CIFAR-10 with 1×1 convolutions as shortcuts.
#[model(input = Chw<3, 32, 32>, output = Flat<10>)]
pub struct ResNet20Projected {
    pub conv1: Conv2d<16, Kernel<3>, Padding<1>, NoBias>,
    pub bn1: BatchNorm2d,
    pub relu: Relu,
    pub layer1: Repeat<3, BasicBlock<16>>,
    pub layer2: Repeat<3, BasicBlock<32>, BasicDown<32>>,
    pub layer3: Repeat<3, BasicBlock<64>, BasicDown<64>>,
    pub pool: GlobalAvgPool2d,
    pub linear: Linear<10>,
}

/// ResNet-18 for ImageNet.
///
/// # Same as
/// `torchvision.models.resnet18()`; see [`NAMES`] for the parameters.
#[model(input = Chw<3, 224, 224>, output = Flat<1000>)]
pub struct ResNet18 {
    pub conv1: Conv2d<64, Kernel<7>, Stride<2>, Padding<3>, NoBias>,
    pub bn1: BatchNorm2d,
    pub relu: Relu,
    pub maxpool: MaxPool2d<3, Stride<2>, Padding<1>>,
    pub layer1: Repeat<2, BasicBlock<64>>,
    pub layer2: Repeat<2, BasicBlock<128>, BasicDown<128>>,
    pub layer3: Repeat<2, BasicBlock<256>, BasicDown<256>>,
    pub layer4: Repeat<2, BasicBlock<512>, BasicDown<512>>,
    pub avgpool: GlobalAvgPool2d,
    pub fc: Linear<1000>,
}

/// ResNet-50 for ImageNet.
///
/// # Same as
/// `torchvision.models.resnet50()`; see [`NAMES`] for the parameters.
#[model(input = Chw<3, 224, 224>, output = Flat<1000>)]
pub struct ResNet50 {
    pub conv1: Conv2d<64, Kernel<7>, Stride<2>, Padding<3>, NoBias>,
    pub bn1: BatchNorm2d,
    pub relu: Relu,
    pub maxpool: MaxPool2d<3, Stride<2>, Padding<1>>,
    pub layer1: Repeat<3, Bottleneck<64, 256>, BottleneckDown<64, 256, 1>>,
    pub layer2: Repeat<4, Bottleneck<128, 512>, BottleneckDown<128, 512, 2>>,
    pub layer3: Repeat<6, Bottleneck<256, 1024>, BottleneckDown<256, 1024, 2>>,
    pub layer4: Repeat<3, Bottleneck<512, 2048>, BottleneckDown<512, 2048, 2>>,
    pub avgpool: GlobalAvgPool2d,
    pub fc: Linear<1000>,
}

/// What is called otherwise in torchvision's parameters, with the name it has here: each pair is a
/// [`rename`](crate::weights::Loader::rename) of a [`Loader`](crate::weights::Loader).
pub const NAMES: &[(&str, &str)] = &[
    ("downsample.0", "downsample.conv"),
    ("downsample.1", "downsample.bn"),
];
