//! The layers: one file each, holding its doc, its open and its closed type, its shape rule, its
//! parameters and its forward.
//!
//! This room knows shapes and tensors. It must never know a whole model, a data set or a training
//! loop. Begin with `relu.rs` for a layer without parameters, `linear.rs` for one with.
//!
//! # Open and closed
//!
//! A layer is two types. The [`open`] one is what a user writes in a `#[model]`,
//! `Conv2d<6, Kernel<5>>`: it says what the user decides. The [`closed`] one also says what flows
//! in and out, `Conv2d<Chw<1, 28, 28>, Chw<6, 24, 24>, Kernel<5>>`: it holds the parameters and
//! computes. [`Infer`] is the shape rule that gives the output, [`Close`] the step from one type
//! to the other. Where nothing depends on the shapes (`Relu`), both are one type.
//!
//! [`Infer`]: crate::shape::Infer
//!
//! # A layer of your own
//!
//! `#[model]` and `#[block]` know no layer by name, so a layer from your crate is as good as one
//! from here. It implements [`Infer`] and [`Close`], and its closed type [`Layer`] and dfdx's
//! `TensorCollection` (or, without parameters, `ZeroSizedModule`).
//!
//! ```
//! use shapeproof::layers::{Close, Layer};
//! use shapeproof::prelude::*;
//! use shapeproof::shape::{one_input, Infer, Inputs, Signature};
//! use shapeproof::tensor::{Device, Features};
//!
//! /// Doubles every value: `y = 2x`.
//! #[derive(Clone, Debug, Default)]
//! struct Double;
//!
//! impl<In: Inputs> Infer<In> for Double {
//!     const SIGNATURE: Signature = match one_input(In::DIMS) {
//!         Ok(input) => Signature::new("Double", input),
//!         Err(misfit) => Signature::misfit("Double", misfit, In::DIMS[0]),
//!     };
//! }
//!
//! impl<In, Out> Close<In, Out> for Double {
//!     type Layer<E: Dtype, D: Storage<E>> = Double;
//! }
//!
//! impl<E: Dtype, D: Device<E>> Layer<E, D> for Double {
//!     fn try_apply<T: Tape<E, D>>(
//!         &self,
//!         x: Features<E, D, T>,
//!         _: Vec<Features<E, D>>,
//!     ) -> Result<Features<E, D, T>, D::Err> {
//!         x.try_map(|x| x.try_mul(E::ONE + E::ONE))
//!     }
//! }
//! impl ZeroSizedModule for Double {}
//!
//! #[model(input = Flat<3>, output = Flat<3>)]
//! struct Twice {
//!     once: Double,
//!     again: Double,
//! }
//!
//! let dev = Cpu::default();
//! let net: Twice = Twice::new(&dev);
//! assert_eq!(net.forward(dev.tensor([[1.0, 2.0, 3.0]])).array(), [[4.0, 8.0, 12.0]]);
//! ```
//!
//! # A block of your own
//!
//! Layers that belong together are a [`block`](crate::block): a struct that may be generic, whose
//! shapes are inferred anew wherever it is used.
//!
//! ```
//! use shapeproof::prelude::*;
//!
//! /// Two convolutions with a skip around them.
//! #[block]
//! struct Residual<const F: usize> {
//!     conv1: Conv2d<F, Kernel<3>, Padding<1>>,
//!     relu1: Relu,
//!     conv2: Conv2d<F, Kernel<3>, Padding<1>>,
//!     #[from(input, conv2)]
//!     sum: Add,
//!     relu2: Relu,
//! }
//!
//! #[model(input = Chw<3, 32, 32>, output = Flat<10>)]
//! struct Net {
//!     stem: Conv2d<16, Kernel<3>, Padding<1>>,
//!     body: Repeat<2, Residual<16>>,
//!     flatten: Flatten,
//!     fc: Linear<10>,
//! }
//! assert_eq!(Net::LAYERS[1].params, 2 * 2 * (16 * 16 * 9 + 16));
//! ```

mod close;

mod adaptive_avg_pool2d;
mod add;
mod avg_pool2d;
mod batch_norm;
mod batch_norm1d;
mod batch_norm2d;
mod bias;
mod caps_length;
mod capsules;
mod channel_shuffle;
mod clamp;
mod concat;
mod conv2d;
mod conv_transpose2d;
mod crop2d;
mod digit_caps;
mod dropout;
mod elementwise;
mod elu;
mod filter2d;
mod flatten;
mod gelu;
mod global_avg_pool2d;
mod global_max_pool2d;
mod global_pool2d;
mod group_norm;
mod hard_sigmoid;
mod hard_swish;
mod identity;
mod layer;
mod layer_norm;
mod leaky_relu;
mod linear;
mod log_softmax;
mod max_pool2d;
mod pad2d;
mod pad_channels;
mod pixel_shuffle;
mod pixel_unshuffle;
mod pool2d;
mod prelu;
mod primary_caps;
mod probe;
mod relu;
mod relu6;
mod repeat;
mod reshape;
mod sigmoid;
mod silu;
mod softmax;
mod softplus;
mod squeeze_excite;
mod subsample2d;
mod sum_pool2d;
mod tanh;
mod upsample2d;
mod weightless;

pub use bias::Bias;
pub use close::{Choose, Close, Misfitted, Verdict};
pub use conv2d::{GroupDims, KernelDims, PerGroup};
pub use layer::{Layer, Network, Statistics};
pub use pad2d::PadMode;
pub use prelu::{OneSlope, SlopeCount, SlopePerChannel};
pub(crate) use probe::observing;
pub use probe::{in_model, named, observe, Observed, Seen, UnknownLayer};
pub use squeeze_excite::Pointwise;
pub use upsample2d::UpsampleMode;
pub use weightless::{Compute, Weightless};

/// What a user writes in the fields of a `#[model]`.
pub mod open {
    pub use super::adaptive_avg_pool2d::open::AdaptiveAvgPool2d;
    pub use super::add::Add;
    pub use super::avg_pool2d::open::AvgPool2d;
    pub use super::batch_norm1d::open::BatchNorm1d;
    pub use super::batch_norm2d::open::BatchNorm2d;
    pub use super::caps_length::open::CapsLength;
    pub use super::capsules::open::Capsules;
    pub use super::channel_shuffle::open::ChannelShuffle;
    pub use super::concat::open::Concat;
    pub use super::conv2d::open::Conv2d;
    pub use super::conv_transpose2d::open::ConvTranspose2d;
    pub use super::crop2d::open::Crop2d;
    pub use super::digit_caps::open::DigitCaps;
    pub use super::dropout::Dropout;
    pub use super::elu::Elu;
    pub use super::filter2d::open::{
        BoxBlur, Edge, Emboss, Filter2d, FixedKernel, GaussianBlur, Laplacian, PrewittX, PrewittY,
        Sharpen, SobelX, SobelY,
    };
    pub use super::flatten::open::Flatten;
    pub use super::gelu::Gelu;
    pub use super::global_avg_pool2d::open::GlobalAvgPool2d;
    pub use super::global_max_pool2d::open::GlobalMaxPool2d;
    pub use super::group_norm::open::GroupNorm;
    pub use super::hard_sigmoid::HardSigmoid;
    pub use super::hard_swish::HardSwish;
    pub use super::identity::Identity;
    pub use super::layer_norm::open::LayerNorm;
    pub use super::leaky_relu::LeakyRelu;
    pub use super::linear::open::Linear;
    pub use super::log_softmax::LogSoftmax;
    pub use super::max_pool2d::open::MaxPool2d;
    pub use super::pad2d::open::{Constant, Pad2d, PadSides, Reflect, Replicate};
    pub use super::pad_channels::open::PadChannels;
    pub use super::pixel_shuffle::open::PixelShuffle;
    pub use super::pixel_unshuffle::open::PixelUnshuffle;
    pub use super::prelu::open::PRelu;
    pub use super::prelu::SlopePerChannel;
    pub use super::primary_caps::PrimaryCaps;
    pub use super::relu::Relu;
    pub use super::relu6::Relu6;
    pub use super::repeat::open::Repeat;
    pub use super::reshape::open::Reshape;
    pub use super::sigmoid::Sigmoid;
    pub use super::silu::Silu;
    pub use super::softmax::Softmax;
    pub use super::softplus::Softplus;
    pub use super::squeeze_excite::open::SqueezeExcite;
    pub use super::subsample2d::open::Subsample2d;
    pub use super::sum_pool2d::open::SumPool2d;
    pub use super::tanh::Tanh;
    pub use super::upsample2d::open::{Bilinear, Nearest, Upsample2d, UpsampleBy};
}

/// What the compiler makes of it: layers that know what flows in and out.
pub mod closed {
    pub use super::adaptive_avg_pool2d::AdaptiveAvgPool2d;
    pub use super::add::Add;
    pub use super::avg_pool2d::AvgPool2d;
    pub use super::batch_norm1d::BatchNorm1d;
    pub use super::batch_norm2d::BatchNorm2d;
    pub use super::caps_length::CapsLength;
    pub use super::capsules::Capsules;
    pub use super::channel_shuffle::ChannelShuffle;
    pub use super::concat::Concat;
    pub use super::conv2d::Conv2d;
    pub use super::conv_transpose2d::ConvTranspose2d;
    pub use super::crop2d::Crop2d;
    pub use super::digit_caps::DigitCaps;
    pub use super::dropout::Dropout;
    pub use super::elu::Elu;
    pub use super::filter2d::Filter2d;
    pub use super::flatten::Flatten;
    pub use super::gelu::Gelu;
    pub use super::global_avg_pool2d::GlobalAvgPool2d;
    pub use super::global_max_pool2d::GlobalMaxPool2d;
    pub use super::group_norm::GroupNorm;
    pub use super::hard_sigmoid::HardSigmoid;
    pub use super::hard_swish::HardSwish;
    pub use super::identity::Identity;
    pub use super::layer_norm::LayerNorm;
    pub use super::leaky_relu::LeakyRelu;
    pub use super::linear::Linear;
    pub use super::log_softmax::LogSoftmax;
    pub use super::max_pool2d::MaxPool2d;
    pub use super::pad2d::{Pad2d, PadSides};
    pub use super::pad_channels::PadChannels;
    pub use super::pixel_shuffle::PixelShuffle;
    pub use super::pixel_unshuffle::PixelUnshuffle;
    pub use super::prelu::PRelu;
    pub use super::primary_caps::PrimaryCapsClosed;
    pub use super::relu::Relu;
    pub use super::relu6::Relu6;
    pub use super::repeat::Repeat;
    pub use super::reshape::Reshape;
    pub use super::sigmoid::Sigmoid;
    pub use super::silu::Silu;
    pub use super::softmax::Softmax;
    pub use super::softplus::Softplus;
    pub use super::squeeze_excite::SqueezeExcite;
    pub use super::subsample2d::Subsample2d;
    pub use super::sum_pool2d::SumPool2d;
    pub use super::tanh::Tanh;
    pub use super::upsample2d::{Upsample2d, UpsampleBy};
}
