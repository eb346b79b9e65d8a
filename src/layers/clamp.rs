//! Bounds that keep NaN, which dfdx's `clamp`, `maximum` and `minimum` lose.

use dfdx::prelude::{
    ChooseFrom, Dtype, HasShape, PutTape, Shape, SplitTape, Tape, Tensor, TryAdd, TryGe, TryGt,
};

use crate::tensor::scalar;

/// A tensor like `x` that holds `value` everywhere.
pub(super) fn constant<S, E, D, T>(
    x: &Tensor<S, E, D, T>,
    value: f64,
) -> Result<Tensor<S, E, D>, D::Err>
where
    S: Shape,
    E: Dtype,
    D: dfdx::prelude::Device<E>,
    T: Tape<E, D>,
{
    let zeros = x.device().try_zeros_like(x.shape())?;
    if value == 0.0 {
        return Ok(zeros);
    }
    zeros.try_add(scalar::<E>(value))
}

/// `x` where it is positive or NaN, else 0, where the gradient is 0.
pub(super) fn positive_part<S, E, D, T>(x: Tensor<S, E, D, T>) -> Result<Tensor<S, E, D, T>, D::Err>
where
    S: Shape,
    E: Dtype,
    D: dfdx::prelude::Device<E>,
    T: Tape<E, D>,
{
    let zero = constant(&x, 0.0)?;
    let (x, tape) = x.split_tape();
    let below = zero.try_ge(&x)?;
    below.try_choose(zero.put_tape(tape), x)
}

/// `x` where it is negative or NaN, else 0, where the gradient is 0.
pub(super) fn negative_part<S, E, D, T>(x: Tensor<S, E, D, T>) -> Result<Tensor<S, E, D, T>, D::Err>
where
    S: Shape,
    E: Dtype,
    D: dfdx::prelude::Device<E>,
    T: Tape<E, D>,
{
    let zero = constant(&x, 0.0)?;
    let (x, tape) = x.split_tape();
    let above = x.try_gt(&zero)?;
    above.try_choose(zero.put_tape(tape), x)
}

/// `min(max(0, x), top)`, where the gradient at both bounds and beyond is 0.
pub(super) fn clamped<S, E, D, T>(
    x: Tensor<S, E, D, T>,
    top: f64,
) -> Result<Tensor<S, E, D, T>, D::Err>
where
    S: Shape,
    E: Dtype,
    D: dfdx::prelude::Device<E>,
    T: Tape<E, D>,
{
    let x = positive_part(x)?;
    let top = constant(&x, top)?;
    let (x, tape) = x.split_tape();
    let above = x.try_ge(&top)?;
    above.try_choose(top.put_tape(tape), x)
}
