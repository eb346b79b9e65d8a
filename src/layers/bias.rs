//! What convolutions and dense layers share: how their parameters start, and the bias that they
//! add, or not.

use dfdx::prelude::{
    Axes, BroadcastShapeTo, BroadcastTo, ConstDim, ConstShape, Dtype, HasShape, Shape, Storage,
    Tape, Tensor, TensorOptions, TryAdd, ZeroSizedModule,
};
use rand_distr::Uniform;

use crate::shape::options::{BiasCount, NoBias, WithBias};
use crate::tensor::{scalar, Device, Element};

/// A layer whose outputs each sum `FAN_IN` products.
pub(crate) trait FanIn {
    /// Number of products.
    const FAN_IN: usize;
}

/// PyTorch's start for the parameters of convolutions and dense layers: uniform in ±1/√fan-in.
///
/// For weights this is Kaiming's uniform start with a = √5, whose bound is √(6 / ((1 + a²)·fan-in)).
pub(crate) fn uniform<L, S, E, D>() -> TensorOptions<S, E, D>
where
    L: FanIn,
    S: ConstShape,
    E: Element,
    D: dfdx::prelude::Device<E>,
{
    TensorOptions::reset_with(|t| {
        let bound = scalar::<E>(1.0 / (L::FAN_IN as f64).sqrt());
        t.try_fill_with_distr(Uniform::new(-bound, bound))
    })
}

/// What stands in the field `bias`: a vector of `N` numbers for [`WithBias`], nothing for
/// [`NoBias`].
pub trait Bias: BiasCount {
    /// The field's type.
    type Field<N: ConstDim, E: Dtype, D: Storage<E>>: Clone + std::fmt::Debug;

    /// Adds the bias along the axes of `x` that are not in `Ax`.
    ///
    /// # Errors
    /// When the device is out of memory.
    fn try_add<N, S, Ax, E, D, T>(
        bias: &Self::Field<N, E, D>,
        x: Tensor<S, E, D, T>,
    ) -> Result<Tensor<S, E, D, T>, D::Err>
    where
        N: ConstDim,
        S: Shape,
        Ax: Axes,
        (N,): BroadcastShapeTo<S, Ax>,
        E: Dtype,
        D: Device<E>,
        T: Tape<E, D>;
}

impl Bias for WithBias {
    type Field<N: ConstDim, E: Dtype, D: Storage<E>> = Tensor<(N,), E, D>;

    fn try_add<N, S, Ax, E, D, T>(
        bias: &Self::Field<N, E, D>,
        x: Tensor<S, E, D, T>,
    ) -> Result<Tensor<S, E, D, T>, D::Err>
    where
        N: ConstDim,
        S: Shape,
        Ax: Axes,
        (N,): BroadcastShapeTo<S, Ax>,
        E: Dtype,
        D: Device<E>,
        T: Tape<E, D>,
    {
        let shape = *x.shape();
        let bias: Tensor<S, E, D, T> = bias.retaped::<T>().try_broadcast_like::<S, Ax>(&shape)?;
        x.try_add(bias)
    }
}

impl Bias for NoBias {
    type Field<N: ConstDim, E: Dtype, D: Storage<E>> = NoBias;

    fn try_add<N, S, Ax, E, D, T>(
        _: &NoBias,
        x: Tensor<S, E, D, T>,
    ) -> Result<Tensor<S, E, D, T>, D::Err>
    where
        N: ConstDim,
        S: Shape,
        Ax: Axes,
        (N,): BroadcastShapeTo<S, Ax>,
        E: Dtype,
        D: Device<E>,
        T: Tape<E, D>,
    {
        Ok(x)
    }
}

impl ZeroSizedModule for NoBias {}
