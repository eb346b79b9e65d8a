//! GoogLeNet: four kinds of filters side by side.
//!
//! # Source
//! Szegedy et al., "Going Deeper with Convolutions", 2014, with batch normalisation as in
//! torchvision.

use shapeproof::prelude::*;

/// A 1×1 convolution with batch normalisation and ReLU.
#[block]
#[derive(Debug)]
pub struct Conv1x1<const F: usize> {
    pub conv: Conv2d<F, Kernel<1>, NoBias>,
    pub bn: BatchNorm2d<1_000>,
    pub relu: Relu,
}

/// A 3×3 convolution that keeps the size, with batch normalisation and ReLU.
#[block]
#[derive(Debug)]
pub struct Conv3x3<const F: usize> {
    pub conv: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    pub bn: BatchNorm2d<1_000>,
    pub relu: Relu,
}

/// Four ways side by side: `C1` 1×1 filters; `R3` narrowing and `C3` 3×3; `R5` narrowing and `C5`
/// more (3×3 as in torchvision, 5×5 in the paper); and `P` behind a pooling.
#[block]
#[derive(Debug)]
pub struct Inception<
    const C1: usize,
    const R3: usize,
    const C3: usize,
    const R5: usize,
    const C5: usize,
    const P: usize,
> {
    pub branch1: Conv1x1<C1>,
    #[from(input)]
    pub reduce3: Conv1x1<R3>,
    pub branch3: Conv3x3<C3>,
    #[from(input)]
    pub reduce5: Conv1x1<R5>,
    pub branch5: Conv3x3<C5>,
    #[from(input)]
    pub pool: MaxPool2d<3, Stride<1>, Padding<1>>,
    pub branch_pool: Conv1x1<P>,
    #[from(branch1, branch3, branch5, branch_pool)]
    pub all: Concat,
}

/// GoogLeNet for ImageNet, without the classifiers on its sides.
///
/// # Same as
/// `torchvision.models.googlenet(aux_logits=False)`, up to the places of its pooling windows:
/// there they hang over the right and lower edge, here they are padded on all sides. Its pretrained
/// weights expect images that are normalised in another way (`transform_input`).
#[model(input = Chw<3, 224, 224>, output = Flat<1000>)]
pub struct GoogLeNet {
    pub conv1: Conv2d<64, Kernel<7>, Stride<2>, Padding<3>, NoBias>,
    pub bn1: BatchNorm2d<1_000>,
    pub relu1: Relu,
    pub pool1: MaxPool2d<3, Stride<2>, Padding<1>>,
    pub conv2: Conv1x1<64>,
    pub conv3: Conv3x3<192>,
    pub pool2: MaxPool2d<3, Stride<2>, Padding<1>>,
    pub inception3a: Inception<64, 96, 128, 16, 32, 32>,
    pub inception3b: Inception<128, 128, 192, 32, 96, 64>,
    pub pool3: MaxPool2d<3, Stride<2>, Padding<1>>,
    pub inception4a: Inception<192, 96, 208, 16, 48, 64>,
    pub inception4b: Inception<160, 112, 224, 24, 64, 64>,
    pub inception4c: Inception<128, 128, 256, 24, 64, 64>,
    pub inception4d: Inception<112, 144, 288, 32, 64, 64>,
    pub inception4e: Inception<256, 160, 320, 32, 128, 128>,
    pub pool4: MaxPool2d<2>,
    pub inception5a: Inception<256, 160, 320, 32, 128, 128>,
    pub inception5b: Inception<384, 192, 384, 48, 128, 128>,
    pub avgpool: GlobalAvgPool2d,
    pub dropout: Dropout<1, 5>,
    pub fc: Linear<1000>,
}
