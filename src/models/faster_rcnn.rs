//! Faster R-CNN: a network that says where there may be something, and one that looks there.
//!
//! What lies between the two, and what both are trained by, is in [`detection`](crate::detection).
//!
//! # Source
//! Ren, He, Girshick and Sun, "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal
//! Networks", 2015.

use super::conv_bn::ConvBn;
use shapeproof::prelude::*;

/// The features of an RGB image of 120×160 at a quarter of its size, and for nine anchors at each of
/// their pixels whether there is something, and where from the anchor.
#[model(
    input = Chw<3, 120, 160>,
    output = (features: Chw<64, 30, 40>, objectness: Chw<9, 30, 40>, deltas: Chw<36, 30, 40>)
)]
#[derive(Clone, Debug)]
pub struct SmallRpn {
    pub conv1: ConvBn<16>,
    pub pool1: MaxPool2d<2>,
    pub conv2: Repeat<2, ConvBn<32>>,
    pub pool2: MaxPool2d<2>,
    pub features: Repeat<4, ConvBn<64>>,
    pub conv: Conv2d<64, Kernel<3>, Padding<1>>,
    pub relu: Relu,
    pub objectness: Conv2d<9, Kernel<1>>,
    #[from(relu)]
    pub deltas: Conv2d<36, Kernel<1>>,
}

/// Which of three classes a part of the features is, or background, and for each class where from
/// the part it lies.
#[model(input = Chw<64, 7, 7>, output = (classes: Flat<4>, deltas: Flat<12>))]
#[derive(Clone, Debug)]
pub struct SmallBoxHead {
    pub flatten: Flatten,
    pub fc1: Linear<128>,
    pub relu1: Relu,
    pub fc2: Linear<128>,
    pub relu2: Relu,
    pub classes: Linear<4>,
    #[from(relu2)]
    pub deltas: Linear<12>,
}
