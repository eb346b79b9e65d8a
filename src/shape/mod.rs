//! What fits with what, decided while compiling.
//!
//! This room knows shapes, windows, the rule that gives a layer its output shape, and the wording
//! of every compile-time error. It must never know a tensor, a device or dfdx: everything here is
//! a type without data or a `const fn`.
//!
//! Begin with [`Dims`] (a shape as a value), then [`Chw`] and [`Flat`] (the same as types), then
//! [`window`](mod@window) (the one rule of all sliding windows) and [`Signature`] (what a layer's
//! shape rule answers).
//!
//! # Letters
//!
//! | letter | meaning |
//! |---|---|
//! | `B` | images in a batch |
//! | `C` | channels |
//! | `F` | filters, the output channels of a convolution |
//! | `H`, `W` | height, width in pixels |
//! | `K` | kernel |
//! | `S` | stride |
//! | `P` | padding |
//! | `G` | groups |
//! | `N` | features of a flat vector |

mod block;
mod infer;
mod misfit;
pub mod options;
mod receptive;
mod signature;
pub mod text;
mod weights;
pub mod window;
mod words;

pub use block::{Inner, Nth, Part};
pub use infer::{one_image, one_input, FromDims, Infer, Rank};
pub use misfit::{Budget, Misfit};
pub use receptive::ReceptiveField;
pub use signature::{LayerInfo, Place, Signature, Summary, TensorInfo, Tensors};
pub use weights::{FileTensor, WeightMisfits};
pub use window::Window2d;
pub use words::{budget_message, handwritten_message, misfit_message, weights_message};

/// The shape of one example (without the batch) as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dims {
    /// An image or a stack of feature maps.
    Chw {
        /// Number of channels.
        channels: usize,
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
    },
    /// A vector.
    Flat {
        /// Number of features.
        features: usize,
    },
}

impl Dims {
    /// An image of `channels` × `height` × `width`.
    pub const fn chw(channels: usize, height: usize, width: usize) -> Self {
        Dims::Chw {
            channels,
            height,
            width,
        }
    }

    /// A vector of `features`.
    pub const fn flat(features: usize) -> Self {
        Dims::Flat { features }
    }

    /// 3 for an image, 1 for a vector.
    pub const fn rank(self) -> usize {
        match self {
            Dims::Chw { .. } => 3,
            Dims::Flat { .. } => 1,
        }
    }

    /// The size along `axis`, 1 past the last axis.
    pub const fn size(self, axis: usize) -> usize {
        match (self, axis) {
            (Dims::Chw { channels, .. }, 0) => channels,
            (Dims::Chw { height, .. }, 1) => height,
            (Dims::Chw { width, .. }, 2) => width,
            (Dims::Flat { features }, 0) => features,
            _ => 1,
        }
    }

    /// The number of values, saturating.
    pub const fn len(self) -> usize {
        self.size(0)
            .saturating_mul(self.size(1))
            .saturating_mul(self.size(2))
    }

    /// Whether one of the sizes is zero.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Equality in a `const fn`.
    pub const fn same(self, other: Dims) -> bool {
        self.rank() == other.rank()
            && self.size(0) == other.size(0)
            && self.size(1) == other.size(1)
            && self.size(2) == other.size(2)
    }
}

impl std::fmt::Display for Dims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(text::Text::new().dims(*self).as_str())
    }
}

/// An image of `C` channels, `H` rows and `W` columns; the batch is not part of it.
///
/// # Same as
/// The last three axes of a `torch` tensor in `NCHW` order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chw<const C: usize, const H: usize, const W: usize>;

/// A vector of `N` features; the batch is not part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flat<const N: usize>;

/// A shape of one example known to the compiler: [`Chw`] or [`Flat`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shape",
    label = "write `Chw<channels, height, width>` or `Flat<features>`"
)]
pub trait LayerShape: 'static + Copy + Default + std::fmt::Debug {
    /// The shape as a value.
    const DIMS: Dims;
}

impl<const C: usize, const H: usize, const W: usize> LayerShape for Chw<C, H, W> {
    const DIMS: Dims = Dims::chw(C, H, W);
}

impl<const N: usize> LayerShape for Flat<N> {
    const DIMS: Dims = Dims::flat(N);
}

/// What flows into a layer: one shape, or a tuple of up to six for layers such as `Add`.
pub trait Inputs: 'static {
    /// The shapes in the order of the inputs.
    const DIMS: &'static [Dims];
}

impl<const C: usize, const H: usize, const W: usize> Inputs for Chw<C, H, W> {
    const DIMS: &'static [Dims] = &[<Self as LayerShape>::DIMS];
}

impl<const N: usize> Inputs for Flat<N> {
    const DIMS: &'static [Dims] = &[<Self as LayerShape>::DIMS];
}

macro_rules! tuple_inputs {
    ($($A:ident),+) => {
        impl<$($A: LayerShape),+> Inputs for ($($A,)+) {
            const DIMS: &'static [Dims] = &[$($A::DIMS),+];
        }
    };
}
tuple_inputs!(A1, A2);
tuple_inputs!(A1, A2, A3);
tuple_inputs!(A1, A2, A3, A4);
tuple_inputs!(A1, A2, A3, A4, A5);
tuple_inputs!(A1, A2, A3, A4, A5, A6);
