//! SqueezeNet: AlexNet's accuracy with a fiftieth of its parameters.
//!
//! # Source
//! Iandola et al., "SqueezeNet: AlexNet-Level Accuracy with 50x Fewer Parameters", 2016.

use shapeproof::prelude::*;

/// Narrows to `S` channels, then widens by `E1` 1×1 and `E3` 3×3 filters.
#[block]
#[derive(Debug)]
pub struct Fire<const S: usize, const E1: usize, const E3: usize> {
    pub squeeze: Conv2d<S, Kernel<1>>,
    pub squeeze_relu: Relu,
    pub expand1x1: Conv2d<E1, Kernel<1>>,
    pub expand1x1_relu: Relu,
    #[from(squeeze_relu)]
    pub expand3x3: Conv2d<E3, Kernel<3>, Padding<1>>,
    pub expand3x3_relu: Relu,
    #[from(expand1x1_relu, expand3x3_relu)]
    pub both: Concat,
}

/// SqueezeNet 1.1 for ImageNet.
///
/// # Same as
/// `torchvision.models.squeezenet1_1()`
#[model(input = Chw<3, 224, 224>, output = Flat<1000>)]
pub struct SqueezeNet {
    pub conv1: Conv2d<64, Kernel<3>, Stride<2>>,
    pub relu1: Relu,
    pub pool1: MaxPool2d<3, Stride<2>>,
    pub fire2: Repeat<2, Fire<16, 64, 64>>,
    pub pool2: MaxPool2d<3, Stride<2>>,
    pub fire4: Repeat<2, Fire<32, 128, 128>>,
    pub pool4: MaxPool2d<3, Stride<2>>,
    pub fire6: Repeat<2, Fire<48, 192, 192>>,
    pub fire8: Repeat<2, Fire<64, 256, 256>>,
    pub dropout: Dropout,
    pub conv10: Conv2d<1000, Kernel<1>>,
    pub relu10: Relu,
    pub pool10: GlobalAvgPool2d,
}
