//! PilotNet: from a camera image to the angle of the steering wheel.

use shapeproof::prelude::*;

/// NVIDIA's network on 66×200 images; its one output is the steering command.
///
/// The image is normalised before it flows in, (x − 127.5) / 127.5 in the paper's code, by a layer
/// that learns nothing.
///
/// # Source
/// Bojarski et al., "End to End Learning for Self-Driving Cars", 2016.
#[model(input = Chw<3, 66, 200>, output = Flat<1>)]
pub struct PilotNet {
    pub conv1: Conv2d<24, Kernel<5>, Stride<2>>,
    pub relu1: Relu,
    pub conv2: Conv2d<36, Kernel<5>, Stride<2>>,
    pub relu2: Relu,
    pub conv3: Conv2d<48, Kernel<5>, Stride<2>>,
    pub relu3: Relu,
    pub conv4: Conv2d<64, Kernel<3>>,
    pub relu4: Relu,
    pub conv5: Conv2d<64, Kernel<3>>,
    pub relu5: Relu,
    pub flatten: Flatten,
    pub fc1: Linear<100>,
    pub relu6: Relu,
    pub fc2: Linear<50>,
    pub relu7: Relu,
    pub fc3: Linear<10>,
    pub relu8: Relu,
    pub fc4: Linear<1>,
}
