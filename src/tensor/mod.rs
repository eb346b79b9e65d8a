//! Typed tensors, and what dfdx lacks on stable Rust: windows that slide over images, and pixels
//! that move about.
//!
//! This room knows dfdx's tensors, tapes and devices; the rooms above use dfdx's ops as they are.
//! It must never know a layer. Begin with [`Batched`], which turns a shape into the type of a
//! tensor, then [`Features`], which flows from layer to layer, then [`rearrange`] and
//! [`unfold`].

mod features;
mod graph;
mod parameter;
mod pixels;
mod slide;
mod whole;

pub use features::{Features, Images, Vectors};
pub use graph::{Graph, Node, Parameters, Recorded, Source, Value};
pub use parameter::{allocated, contiguous, contiguous_mut, on_cpu, Parameter};
pub use pixels::{grid, rearrange, Pixels};
pub use slide::{fold, taps, unfold};
pub use whole::{Extents, Whole};

use std::marker::PhantomData;

use dfdx::prelude::{
    Const, ConstDim, ConstShape, CopySlice, Dim, Dtype, HasErr, Merge, PutTape, Shape, SplitTape,
    Storage, Tape, Tensor, TryMul, ZerosTensor,
};
use dfdx::tensor::safetensors::SafeDtype;

use crate::kernels::Number;
use crate::shape::{Chw, Flat, Inner, Inputs, LayerShape, Nth};

/// A number that models compute with: `f32` or `f64`.
#[diagnostic::on_unimplemented(
    message = "models do not compute with `{Self}`",
    label = "use `f32` or `f64`"
)]
pub trait Element:
    Dtype + Number + num_traits::Float + rand_distr::uniform::SampleUniform + SafeDtype
{
}
impl Element for f32 {}
impl Element for f64 {}

/// A dfdx device that models run on: `Cpu`, or `Cuda` with the feature `cuda`.
pub trait Device<E: Dtype>:
    dfdx::prelude::Device<E> + CopySlice<usize> + ZerosTensor<usize>
{
}
impl<E: Dtype, D: dfdx::prelude::Device<E> + CopySlice<usize> + ZerosTensor<usize>> Device<E>
    for D
{
}

#[cfg(feature = "cuda")]
const _: fn() = || {
    fn runs_models<D: Device<f32> + Device<f64>>() {}
    runs_models::<dfdx::prelude::Cuda>();
};

/// The type of a batch of examples of a shape.
pub trait Batched: LayerShape {
    /// The shape with the batch before it: `(B, Const<C>, Const<H>, Const<W>)` for an image.
    type Shape<B: Dim>: Shape;

    /// The shape of `batch` examples.
    fn batched<B: Dim>(batch: B) -> Self::Shape<B>;
}

impl<const C: usize, const H: usize, const W: usize> Batched for Chw<C, H, W> {
    type Shape<B: Dim> = (B, Const<C>, Const<H>, Const<W>);

    fn batched<B: Dim>(batch: B) -> Self::Shape<B> {
        (batch, Const, Const, Const)
    }
}

impl<const N: usize> Batched for Flat<N> {
    type Shape<B: Dim> = (B, Const<N>);

    fn batched<B: Dim>(batch: B) -> Self::Shape<B> {
        (batch, Const)
    }
}

/// A batch of `S`: `Batch<Chw<1, 28, 28>, usize, f32, Cpu>`.
pub type Batch<S, B, E, D, T = dfdx::prelude::NoneTape> = Tensor<<S as Batched>::Shape<B>, E, D, T>;

/// The sizes of a shape as dfdx dimensions, for the types of parameters.
pub trait Sizes: LayerShape {
    /// Channels, or the features of a vector.
    type Channels: ConstDim;
    /// Rows of pixels, 1 for a vector.
    type Height: ConstDim;
    /// Columns of pixels, 1 for a vector.
    type Width: ConstDim;
    /// All of them: three axes for an image, one for a vector.
    type Whole: ConstShape;
}

impl<const C: usize, const H: usize, const W: usize> Sizes for Chw<C, H, W> {
    type Channels = Const<C>;
    type Height = Const<H>;
    type Width = Const<W>;
    type Whole = (Const<C>, Const<H>, Const<W>);
}

impl<const N: usize> Sizes for Flat<N> {
    type Channels = Const<N>;
    type Height = Const<1>;
    type Width = Const<1>;
    type Whole = (Const<N>,);
}

macro_rules! symbolic_sizes {
    ([$($g:tt)*] $Shape:ty) => {
        impl<$($g)*> Sizes for $Shape
        where
            $Shape: LayerShape,
        {
            type Channels = SizeOf<$Shape, 0>;
            type Height = SizeOf<$Shape, 1>;
            type Width = SizeOf<$Shape, 2>;
            type Whole = Whole<$Shape>;
        }
    };
}
symbolic_sizes!([In: Inputs, const I: usize] Nth<In, I>);
symbolic_sizes!([Block: 'static, In: Inputs, const I: usize] Inner<Block, In, I>);

/// The size of `S` along one axis, where stable Rust cannot write it as a `Const`: in a block.
pub struct SizeOf<S, const AXIS: usize>(PhantomData<fn() -> S>);

impl<S: LayerShape, const AXIS: usize> Dim for SizeOf<S, AXIS> {
    fn size(&self) -> usize {
        Self::SIZE
    }

    fn from_size(size: usize) -> Option<Self> {
        (size == Self::SIZE).then(Self::default)
    }
}

impl<S: LayerShape, const AXIS: usize> ConstDim for SizeOf<S, AXIS> {
    const SIZE: usize = S::DIMS.size(AXIS);
}

// By hand: whatever `S` is, this holds none of it.
impl<S, const AXIS: usize> Clone for SizeOf<S, AXIS> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S, const AXIS: usize> Copy for SizeOf<S, AXIS> {}
impl<S, const AXIS: usize> Default for SizeOf<S, AXIS> {
    fn default() -> Self {
        SizeOf(PhantomData)
    }
}
impl<S, const AXIS: usize> PartialEq for SizeOf<S, AXIS> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl<S, const AXIS: usize> Eq for SizeOf<S, AXIS> {}
impl<S: LayerShape, const AXIS: usize> std::fmt::Debug for SizeOf<S, AXIS> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Self::SIZE.fmt(f)
    }
}

/// What a model makes of a batch without images.
///
/// # Errors
/// When the device is out of memory.
pub fn empty<S, B, E, D, T>(
    device: &D,
    batch: B,
    tape: T,
) -> Result<Batch<S, B, E, D, T>, <D as HasErr>::Err>
where
    S: Batched,
    B: Dim,
    E: Dtype,
    D: dfdx::prelude::Device<E>,
    T: Tape<E, D>,
{
    Ok(device.try_zeros_like(&S::batched(batch))?.put_tape(tape))
}

/// Panics where two inputs of a model are batches of different sizes.
///
/// # Panics
/// See above; the message has both sizes.
pub fn assert_batch<B: Dim>(first: &B, other: &B) {
    assert_eq!(
        first.size(),
        other.size(),
        "the inputs of a model are batches of different sizes"
    );
}

/// A tensor of `shape` with `values`, in memory that the device may have kept from an earlier
/// tensor of this size.
///
/// `TensorFromVec` would bring new memory at every call, which dfdx's allocation cache, once
/// turned on, collects without end.
///
/// # Errors
/// When the device is out of memory.
///
/// # Panics
/// When `values` has not as many numbers as `shape`.
pub fn filled<S: Shape, E: dfdx::prelude::Unit, D: CopySlice<E> + ZerosTensor<E>>(
    device: &D,
    shape: &S,
    values: &[E],
) -> Result<Tensor<S, E, D>, <D as HasErr>::Err> {
    let mut tensor = device.try_zeros_like(shape)?;
    tensor.copy_from(values);
    Ok(tensor)
}

/// A tensor without its tape, and the tape.
type Split<S, E, D, T> = (Tensor<S, E, D>, T);

/// Runs `op` on a copy of `x` that carries `tape`, and gives the tape back.
pub(crate) fn on_tape<S, U, E, D, T>(
    x: &Tensor<S, E, D>,
    tape: T,
    op: impl FnOnce(Tensor<S, E, D, T>) -> Result<Tensor<U, E, D, T>, D::Err>,
) -> Result<Split<U, E, D, T>, D::Err>
where
    S: Shape,
    U: Shape,
    E: Dtype,
    D: Storage<E>,
    T: Tape<E, D>,
{
    Ok(op(x.clone().put_tape(tape))?.split_tape())
}

/// The operands of one op as dfdx wants them: as different tensors.
///
/// Layers that change nothing (`Dropout` in evaluation) hand on the very tensor they were given,
/// and so does `#[from(a, a)]`; its gradient could then not be borrowed twice. Gives `x` without
/// its tape, which joins `tape`.
pub(crate) fn distinct<S, E, D, T, R>(
    x: Tensor<S, E, D, R>,
    tape: T,
) -> Result<Split<S, E, D, T>, D::Err>
where
    S: Shape,
    E: Dtype,
    D: dfdx::prelude::Device<E>,
    T: Tape<E, D> + Merge<R>,
    R: Tape<E, D>,
{
    let (x, rest) = x.split_tape();
    let tape = tape.merge(rest);
    if T::OWNS_TAPE {
        on_tape(&x, tape, |x| x.try_mul(scalar::<E>(1.0)))
    } else {
        Ok((x, tape))
    }
}

/// `x` as an `E`; every floating-point type can take it, rounded.
pub(crate) fn scalar<E: Dtype>(x: f64) -> E {
    E::from_f64(x).expect("models compute with floating-point numbers")
}
