//! What convolutions and dense layers share: how their parameters start, and the bias that they
//! add, or not.

use dfdx::prelude::{
    Axes3, BroadcastTo, ConstDim, ConstShape, Dtype, HasShape, ReshapeTo, Storage, Tape, Tensor,
    TensorOptions, TryAdd, ZeroSizedModule,
};
use rand_distr::Uniform;

use crate::shape::options::{BiasCount, NoBias, WithBias};
use crate::shape::Signature;
use crate::tensor::{scalar, Device, Element, Graph, Images};

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

/// The signature with a bias of `outputs` numbers, where `biases` is 1.
pub(crate) const fn with_bias(signature: Signature, biases: usize, outputs: usize) -> Signature {
    if biases == 0 {
        signature
    } else {
        signature.weight("bias", &[outputs])
    }
}

/// One number for each channel as images of the shape `like`.
///
/// # Errors
/// When the device is out of memory.
pub(crate) fn along_channels<N, E, D, T>(
    x: Tensor<(N,), E, D, T>,
    like: (usize, usize, usize, usize),
) -> Result<Images<E, D, T>, D::Err>
where
    N: ConstDim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    x.try_reshape_like(&(N::SIZE,))?
        .try_broadcast_like::<_, Axes3<0, 2, 3>>(&like)
}

/// What stands in the field `bias`: a vector of `N` numbers for [`WithBias`], nothing for
/// [`NoBias`].
pub trait Bias: BiasCount {
    /// The field's type.
    type Field<N: ConstDim, E: Dtype, D: Storage<E>>: Clone + std::fmt::Debug;

    /// Adds the bias to the channels of `x`.
    ///
    /// # Errors
    /// When the device is out of memory.
    fn try_add<N, E, D, T>(
        bias: &Self::Field<N, E, D>,
        x: Images<E, D, T>,
    ) -> Result<Images<E, D, T>, D::Err>
    where
        N: ConstDim,
        E: Dtype,
        D: Device<E>,
        T: Tape<E, D>;

    /// Gives the bias to the next op of `graph`; `None` where its numbers cannot be read.
    fn describe<'m, N, E, D>(
        bias: &'m Self::Field<N, E, D>,
        graph: &mut Graph<'_, 'm, E>,
    ) -> Option<()>
    where
        N: ConstDim,
        E: Element,
        D: Device<E>;
}

impl Bias for WithBias {
    type Field<N: ConstDim, E: Dtype, D: Storage<E>> = Tensor<(N,), E, D>;

    fn try_add<N, E, D, T>(
        bias: &Self::Field<N, E, D>,
        x: Images<E, D, T>,
    ) -> Result<Images<E, D, T>, D::Err>
    where
        N: ConstDim,
        E: Dtype,
        D: Device<E>,
        T: Tape<E, D>,
    {
        let bias = along_channels(bias.retaped::<T>(), *x.shape())?;
        x.try_add(bias)
    }

    fn describe<'m, N, E, D>(
        bias: &'m Tensor<(N,), E, D>,
        graph: &mut Graph<'_, 'm, E>,
    ) -> Option<()>
    where
        N: ConstDim,
        E: Element,
        D: Device<E>,
    {
        graph.parameter(bias)
    }
}

impl Bias for NoBias {
    type Field<N: ConstDim, E: Dtype, D: Storage<E>> = NoBias;

    fn try_add<N, E, D, T>(_: &NoBias, x: Images<E, D, T>) -> Result<Images<E, D, T>, D::Err>
    where
        N: ConstDim,
        E: Dtype,
        D: Device<E>,
        T: Tape<E, D>,
    {
        Ok(x)
    }

    fn describe<'m, N, E, D>(_: &'m NoBias, _: &mut Graph<'_, 'm, E>) -> Option<()>
    where
        N: ConstDim,
        E: Element,
        D: Device<E>,
    {
        Some(())
    }
}

impl ZeroSizedModule for NoBias {}
