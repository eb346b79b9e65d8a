//! What both stages' losses are made of.

use dfdx::prelude::{
    Dtype, GatherTo, HasShape, PutTape, ReshapeTo, Shape, SplitTape, SumTo, Tape, Tensor, TryDiv,
};

use crate::tensor::{filled, scalar, Device, Element};

/// The numbers of a tensor at these places of its memory, row by row; at least one.
pub(super) fn chosen<S, E, D, T>(
    x: Tensor<S, E, D, T>,
    places: &[usize],
) -> Result<Tensor<(usize,), E, D, T>, D::Err>
where
    S: Shape,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    let numbers = x.shape().num_elements();
    let places = filled(x.device(), &(places.len(),), places)?;
    x.try_reshape_like(&(numbers,))?.try_gather(places)
}

/// `Σ smooth(x − target) / count` over the numbers at these places, where `smooth(d)` is `d² / 2β` for
/// `|d| < β` and `|d| − β/2` else; 0 where there are none.
pub(super) fn smooth_l1<S, E, D, T>(
    x: Tensor<S, E, D, T>,
    places: &[usize],
    targets: &[f32],
    beta: f64,
    count: usize,
) -> Result<Tensor<(), E, D, T>, D::Err>
where
    S: Shape,
    E: Element,
    D: Device<E>,
    T: Tape<E, D>,
{
    if places.is_empty() {
        return nothing(x);
    }
    let targets: Vec<E> = targets.iter().map(|t| scalar(f64::from(*t))).collect();
    let targets = filled(x.device(), &(targets.len(),), &targets)?;
    let scale: E = scalar(beta * count as f64);
    chosen(x, places)?
        .try_huber_error(targets, beta)?
        .try_sum()?
        .try_div(scale)
}

/// A loss of 0 on the tape of `x`.
pub(super) fn nothing<S, E, D, T>(x: Tensor<S, E, D, T>) -> Result<Tensor<(), E, D, T>, D::Err>
where
    S: Shape,
    E: Element,
    D: Device<E>,
    T: Tape<E, D>,
{
    let (x, tape) = x.split_tape();
    Ok(filled(x.device(), &(), &[scalar(0.0)])?.put_tape(tape))
}
