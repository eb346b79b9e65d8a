//! The network that `cifar10` trains and `predict` uses.

use shapeproof::prelude::*;

/// A 3×3 convolution, normalised over the batch.
#[block]
pub struct ConvBn<const F: usize> {
    pub conv: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    pub bn: BatchNorm2d,
    pub relu: Relu,
}

/// Two of them, with what flows in added to what they give.
#[block]
pub struct Residual<const F: usize> {
    pub conv1: ConvBn<F>,
    pub conv2: ConvBn<F>,
    #[from(input, conv2)]
    pub sum: Add,
}

/// A small residual network for photos of 32×32 pixels. It shrinks the image early, so that an epoch
/// is half as long as that of ResNet-20.
#[model(input = Chw<3, 32, 32>, output = Flat<10>, max_params = 500_000, max_macs = 20_000_000)]
pub struct SmallResNet {
    pub stem: ConvBn<32>,
    pub pool0: MaxPool2d<2>,
    pub wide1: ConvBn<64>,
    pub pool1: MaxPool2d<2>,
    pub stage1: Residual<64>,
    pub wide2: ConvBn<128>,
    pub pool2: MaxPool2d<2>,
    pub stage2: Residual<128>,
    pub pool: GlobalAvgPool2d,
    pub fc: Linear<10>,
}
