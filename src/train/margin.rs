//! The loss of capsules.

use dfdx::prelude::{
    Const, Dim, Dtype, HasShape, MeanTo, PutTape, ReshapeTo, SplitTape, Tape, Tensor, TryAdd,
    TryMul, TrySub,
};

use super::loss::{Loss, Truth};
use super::objective::ObjectiveError;
use crate::data::Class;
use crate::shape::Flat;
use crate::tensor::{on_tape, scalar, Batch, Device, Element};

/// The loss of capsules: those whose thing is there shall be longer than 0.9, all others shorter
/// than 0.1.
///
/// `L = mean_b Σ_k t[k]·max(0, 0.9 − y[k])² + 0.5·(1 − t[k])·max(0, y[k] − 0.1)²`
///
/// # Shapes
/// `lengths` and `one_hot` are `(B, N)`, the result is a number.
///
/// # Errors
/// When the device is out of memory.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// use shapeproof::train::margin_loss;
/// let dev = Cpu::default();
/// let lengths: Tensor<(usize, Const<2>), f64, _> =
///     dev.tensor_from_vec(vec![0.5, 0.3], (1, Const));
/// let one_hot = dev.tensor_from_vec(vec![1.0, 0.0], (1, Const));
/// let loss = margin_loss(lengths, one_hot)?;
/// assert!((loss.array() - (0.4 * 0.4 + 0.5 * 0.2 * 0.2)).abs() < 1e-12);
/// # Ok::<(), CpuError>(())
/// ```
///
/// # Source
/// Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", 2017.
pub fn margin_loss<B, const N: usize, E, D, T>(
    lengths: Tensor<(B, Const<N>), E, D, T>,
    one_hot: Tensor<(B, Const<N>), E, D>,
) -> Result<Tensor<(), E, D, T>, D::Err>
where
    B: Dim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    let sizes = (lengths.shape().0.size(), N);
    let (lengths, tape) = lengths.try_reshape_like(&sizes)?.split_tape();
    let there = one_hot.try_reshape_like(&sizes)?;
    let absent = there.clone().try_negate()?.try_add(scalar::<E>(1.0))?;
    let (short, tape) = on_tape(&lengths, tape, |y| {
        let missing = y.try_negate()?.try_add(scalar::<E>(0.9))?.try_relu()?;
        missing.try_square()?.try_mul(there)
    })?;
    let (long, tape) = on_tape(&lengths, tape, |y| {
        let excess = y.try_sub(scalar::<E>(0.1))?.try_relu()?;
        excess
            .try_square()?
            .try_mul(absent)?
            .try_mul(scalar::<E>(0.5))
    })?;
    let sum = short.put_tape(tape).try_add(long)?;
    sum.try_mean()?.try_mul(scalar::<E>(N as f64))
}

/// [`margin_loss`] of classes, for lengths that the model puts out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margin;

impl<const N: usize> Loss<Class<N>> for Margin {
    type Output = Flat<N>;

    fn of_batch<E: Element, D: Device<E>, Tp: Tape<E, D>>(
        &self,
        output: Batch<Flat<N>, usize, E, D>,
        truth: Truth<Class<N>, E, D>,
        tape: Tp,
    ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError> {
        let lengths = output.put_tape(tape);
        margin_loss(lengths, truth.targets).map_err(|e| e.to_string().into())
    }
}
