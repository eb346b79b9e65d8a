//! Numbers in slices: what every layer computes, forward and backward.
//!
//! This room knows sizes and numbers. It knows no tensor library, no layer, no thread and, but for
//! what a caller hands in, no memory. To learn how convolution works, read [`conv2d::naive`] and
//! then the rest of its file; every other file is built the same way.
//!
//! # How the kernels are written
//!
//! * A file is an operation, a function a direction: [`conv2d::forward`],
//!   [`conv2d::backward_input`], [`conv2d::backward_weight`], [`conv2d::backward_bias`].
//! * Sizes are known at run time and come first: a geometry, then the number of images in the
//!   batch. Then what is read, then what is written, then scratch memory.
//! * Images lie as in PyTorch, `(B, C, H, W)` without gaps; weights `(F, C / groups, KH, KW)`.
//! * What is written is overwritten, but the gradients of parameters are **added to**, because a
//!   batch may come in parts.
//! * Every kernel is written for [`Number`], that is for `f32` and `f64`. Where it pays, there is a
//!   second way for `f32` alone, in vector instructions that the program looks for when it runs
//!   ([`Level`]); [`conv2d::Geometry::method`] says which convolution takes which way, and why.
//! * Beside each kernel stands a module `naive`: the same function as plain loops, or as the
//!   formula of the textbook. It is the reference of the tests.
//!
//! # Letters
//!
//! `B` batch, `C` channels, `F` filters, `H` height, `W` width, `K` kernel, `S` stride, `P`
//! padding, `D` dilation, `N` features. Pairs are (vertical, horizontal).

pub mod activation;
pub mod adaptive_avg_pool2d;
pub mod add;
pub mod avg_pool2d;
pub mod batch_norm;
pub mod bias;
pub mod caps_length;
pub mod capsules;
pub mod channel_shuffle;
pub mod concat;
pub mod conv2d;
pub mod conv_transpose2d;
pub mod crew;
pub mod crop2d;
pub mod cross_entropy;
pub mod digit_caps;
pub mod dropout;
pub mod filter2d;
pub mod global_avg_pool2d;
pub mod global_max_pool2d;
pub mod group_norm;
mod image;
mod lanes;
pub mod layer_norm;
pub mod linear;
pub mod log_softmax;
pub mod matmul;
pub mod max_pool2d;
mod number;
pub mod op;
pub mod optimizer;
pub mod pad2d;
pub mod pixel_shuffle;
pub mod pool2d;
pub mod prelu;
pub mod roi_align;
pub mod scale;
pub mod shifted;
mod simd;
pub mod softmax;
mod standardize;
pub mod sum;
pub mod sum_pool2d;
pub mod unfold;
pub mod upsample2d;
pub mod winograd;

pub use image::{Axis, Image, Planes, Window};
pub use number::Number;
pub use simd::Level;

/// Fails unless the slice called `what` has the length that the geometry gives.
#[track_caller]
fn expect_len(what: &str, found: usize, expected: usize) {
    assert!(
        found == expected,
        "`{what}` holds {found} numbers, the geometry needs {expected}"
    );
}

/// Fails unless the scratch memory is large enough.
#[track_caller]
fn expect_scratch(found: usize, expected: usize) {
    assert!(
        found >= expected,
        "`scratch` holds {found} numbers, the geometry needs at least {expected}"
    );
}
