//! The block that several of the models are made of.

use shapeproof::prelude::*;

/// A 3×3 convolution that keeps the size, normalised over the batch, with ReLU. Its taps lie `D` pixels
/// apart, so that it sees `2·D + 1` pixels each way.
#[block]
#[derive(Debug)]
pub struct ConvBn<const F: usize, const D: usize = 1> {
    pub conv: Conv2d<F, Kernel<3>, Padding<D>, Dilation<D>, NoBias>,
    pub bn: BatchNorm2d,
    pub relu: Relu,
}
