//! Convolutional networks as typed Rust: a network is a struct whose field types are its
//! architecture, and the compiler proves that every shape fits.
//!
//! ```
//! use shapeproof::prelude::*;
//!
//! #[model(input = Chw<1, 28, 28>, output = Flat<10>)]
//! struct Net {
//!     conv: Conv2d<6, Kernel<5>, Padding<2>>,
//!     relu: Relu,
//!     pool: MaxPool2d<2>,
//!     flatten: Flatten,
//!     fc: Linear<10>,
//! }
//!
//! let dev = Cpu::default();
//! let net: Net = Net::new(&dev);
//! let images: Tensor<(usize, Const<1>, Const<28>, Const<28>), f32, _> =
//!     dev.zeros_like(&(64, Const, Const, Const));
//! let logits: Tensor<(usize, Const<10>), f32, _> = net.forward(images);
//! assert_eq!(logits.shape().0, 64);
//! assert_eq!(Net::PARAMS, 11_926);
//! ```
//!
//! # The rooms
//!
//! | room | holds | knows |
//! |---|---|---|
//! | [`shape`] | what fits with what, the words of every compile-time error | nothing else |
//! | [`kernels`] | what layers compute, on slices; a naive reference beside each kernel | `shape` |
//! | [`tensor`] | typed tensors, sliding windows on any device | `shape`, `kernels` |
//! | [`layers`] | one file a layer | `shape`, `kernels`, `tensor` |
//! | [`engine`] | runs whole models on the CPU | `shape`, `kernels`, `tensor`, `layers`, `model` |
//! | [`models`] | a zoo of networks | `layers`, by the macros only |
//! | [`data`] | data sets, readers, augmentation, batches, sets drawn by the program | `shape`, `tensor` |
//! | [`weights`] | checked loading, renaming, safe saving | `tensor`, what a model says of itself |
//! | [`train`] | losses, optimisers, metrics, [`Fit`](train::Fit) | `shape`, `kernels`, `tensor`, `layers`, `engine`, `data`, `weights`, what a model says of itself |
//! | [`detection`] | anchors, matching, suppression, RoI align and losses of Faster R-CNN | `shape`, `kernels`, `tensor`, `data`, `train` |
//! | [`vision`] | images ↔ tensors, pictures of filters, feature maps, masks and boxes, where a network looks | `shape`, `tensor`, `layers`, `data`, `train` |
//! | [`predict`] | a trained model with its normalisation and its classes: pictures in, classes out | `shape`, `tensor`, `model`, `data`, `train`, `vision`, `weights` |
//! | [`mod@gradcheck`] | gradients compared with differences, yours too | `shape`, `tensor`, `layers` |
//!
//! The errors of the compiler, each with its program and its remedy, are in the [`guide`]; so is a chapter
//! on [training](guide::training).
//!
//! A room imports only from rooms above it; a test reads the `use` lines and says so. The attribute
//! macro [`model`] lives in a crate of its own and knows no layer by name.

// The expansion of `#[model]` names this crate; inside of it, that is `crate`.
extern crate self as shapeproof;

pub mod data;
pub mod detection;
pub mod engine;
pub mod gradcheck;
pub mod kernels;
pub mod layers;
mod model;
pub mod models;
pub mod predict;
pub mod shape;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod tensor;
pub mod train;
pub mod vision;
pub mod weights;

pub use dfdx;
#[doc(hidden)]
pub use model::compare_weights;
pub use model::{BuildOn, Model};
pub use rand;
pub use shapeproof_macros::{block, check_weights, include_weights, model};

#[doc = include_str!("../docs/errors.md")]
pub mod guide {
    #[doc = include_str!("../docs/training.md")]
    pub mod training {}
}

/// What the author of a model needs: the layers and their options, and dfdx.
///
/// Where dfdx has a type of the same name (`Linear`, `Dropout`), this prelude means shapeproof's;
/// dfdx's own are under [`dfdx`].
pub mod prelude {
    pub use crate::layers::open::*;
    // dfdx has a `Bilinear`, too.
    pub use crate::layers::open::Bilinear;
    pub use crate::model;
    pub use crate::shape::options::{
        Dilation, Groups, Kernel, KernelWidth, NoBias, OutputPadding, Padding, SamePadding, Stride,
        ValidPadding,
    };
    pub use crate::shape::{Chw, Flat};
    pub use crate::tensor::{Batch, Element};
    pub use crate::Model;
    pub use crate::{block, check_weights, include_weights};
    pub use dfdx::data::OneHotEncode;
    pub use dfdx::losses::*;
    pub use dfdx::nn::{
        BuildModule, BuildOnDevice, DeviceBuildExt, LoadFromNpz, LoadFromSafetensors, ModelEMA,
        Module, ModuleMut, NonMutableModule, NumParams, ResetParams, SaveToNpz, SaveToSafetensors,
        TensorCollection, ToDevice, ToDtype, ZeroGrads, ZeroSizedModule,
    };
    pub use dfdx::optim::*;
    pub use dfdx::shapes::*;
    pub use dfdx::tensor::{
        AsArray, AutoDevice, Cache, CopySlice, Cpu, CpuError, Gradients, HasErr, Merge, NoneTape,
        OnesTensor, OwnedTape, PutTape, RandomU64, SampleTensor, SplitTape, Storage, Synchronize,
        Tape, Tensor, TensorFrom, TensorFromVec, TensorToArray, Trace, TriangleTensor,
        WithEmptyTape, ZerosTensor,
    };
    #[cfg(feature = "cuda")]
    pub use dfdx::tensor::{Cuda, CudaError};
    pub use dfdx::tensor_ops::*;
}

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
