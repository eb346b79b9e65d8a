//! DenseNet: every layer sees what all layers before it have found.
//!
//! # Source
//! Huang, Liu, van der Maaten and Weinberger, "Densely Connected Convolutional Networks", 2016.

use shapeproof::prelude::*;

/// Finds `G` new maps, through `MID` channels, and lays them beside what flows in.
#[block]
#[derive(Debug)]
pub struct DenseLayer<const G: usize, const MID: usize> {
    pub norm1: BatchNorm2d,
    pub relu1: Relu,
    pub conv1: Conv2d<MID, Kernel<1>, NoBias>,
    pub norm2: BatchNorm2d,
    pub relu2: Relu,
    pub conv2: Conv2d<G, Kernel<3>, Padding<1>, NoBias>,
    #[from(input, conv2)]
    pub all: Concat,
}

/// Four [`DenseLayer`]s.
#[block]
#[derive(Debug)]
pub struct FourLayers<const G: usize, const MID: usize> {
    pub layer1: DenseLayer<G, MID>,
    pub layer2: DenseLayer<G, MID>,
    pub layer3: DenseLayer<G, MID>,
    pub layer4: DenseLayer<G, MID>,
}

/// Sixteen [`DenseLayer`]s.
#[block]
#[derive(Debug)]
pub struct DenseBlock<const G: usize, const MID: usize> {
    pub layers1: FourLayers<G, MID>,
    pub layers2: FourLayers<G, MID>,
    pub layers3: FourLayers<G, MID>,
    pub layers4: FourLayers<G, MID>,
}

/// Narrows to `F` channels and halves the image.
#[block]
#[derive(Debug)]
pub struct Transition<const F: usize> {
    pub norm: BatchNorm2d,
    pub relu: Relu,
    pub conv: Conv2d<F, Kernel<1>, NoBias>,
    pub pool: AvgPool2d<2>,
}

/// DenseNet-BC with 100 layers that learn and 12 new maps in each, for CIFAR-10.
#[model(input = Chw<3, 32, 32>, output = Flat<10>)]
pub struct DenseNet100 {
    pub conv: Conv2d<24, Kernel<3>, Padding<1>, NoBias>,
    pub dense1: DenseBlock<12, 48>,
    pub transition1: Transition<108>,
    pub dense2: DenseBlock<12, 48>,
    pub transition2: Transition<150>,
    pub dense3: DenseBlock<12, 48>,
    pub norm: BatchNorm2d,
    pub relu: Relu,
    pub pool: GlobalAvgPool2d,
    pub classifier: Linear<10>,
}
