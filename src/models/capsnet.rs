//! CapsNet: groups of neurons whose length says whether something is there.
//!
//! # Source
//! Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", 2017.

use shapeproof::prelude::*;

/// CapsNet for MNIST: the lengths of ten capsules, trained by
/// [`margin_loss`](crate::train::margin_loss), and their poses, from which [`CapsDecoder`] draws
/// the digit again.
#[model(input = Chw<1, 28, 28>, output = (digits: Chw<10, 16, 1>, lengths: Flat<10>))]
pub struct CapsNet {
    pub conv1: Conv2d<256, Kernel<9>>,
    pub relu: Relu,
    pub primary: PrimaryCaps<256, 8, 9, 2>,
    pub digits: DigitCaps<10, 16>,
    pub lengths: CapsLength,
}

/// Draws a digit from the poses of all capsules but the true one set to zero.
#[model(input = Chw<10, 16, 1>, output = Chw<1, 28, 28>)]
pub struct CapsDecoder {
    pub flatten: Flatten,
    pub fc1: Linear<512>,
    pub relu1: Relu,
    pub fc2: Linear<1024>,
    pub relu2: Relu,
    pub fc3: Linear<784>,
    pub sigmoid: Sigmoid,
    pub image: Reshape<1, 28, 28>,
}
