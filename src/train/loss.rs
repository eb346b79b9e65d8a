//! Losses as types: what a model must put out to learn a kind of target by them.

use std::any::Any;

use dfdx::prelude::{
    Cpu, Gradients, HasShape, PutTape, Shape, SplitTape, SumTo, Tape, Tensor, TryAdd, TryMul,
};

use super::objective::ObjectiveError;
use crate::data::{Examples, Target};
use crate::tensor::{allocated, filled, on_cpu, scalar, Batch, Batched, Device, Element};

/// What is right for a batch.
pub struct Truth<T: Target, E: Element, D: Device<E>> {
    /// The targets as a tensor.
    pub targets: T::Batch<E, D>,
    /// The targets as they are in the source.
    pub values: Vec<T::Value>,
    /// Whether `targets` are mixtures, so that `values` are only one part of them; see
    /// [`Loader::mixup`](crate::data::Loader::mixup).
    pub mixed: bool,
}

// Derived, it would ask the same of `T` and `D`.
impl<T: Target, E: Element, D: Device<E>> Clone for Truth<T, E, D> {
    fn clone(&self) -> Self {
        Truth {
            targets: self.targets.clone(),
            values: self.values.clone(),
            mixed: self.mixed,
        }
    }
}

impl<T: Target, E: Element, D: Device<E>> Truth<T, E, D> {
    /// The images of a batch, and what is right for them.
    pub fn of<S: Batched>(batch: Examples<S, T, E, D>) -> (Batch<S, usize, E, D>, Self) {
        let truth = Truth {
            targets: batch.targets,
            values: batch.values,
            mixed: batch.mixed,
        };
        (batch.images, truth)
    }
}

/// A loss of targets of the kind `T`.
///
/// # Example
/// A loss of one's own, here of numbers that may be too large but not too small:
/// ```
/// use shapeproof::data::{Numbers, Target};
/// use shapeproof::prelude::*;
/// use shapeproof::tensor::Device;
/// use shapeproof::train::{Loss, ObjectiveError, Truth};
///
/// struct Below;
///
/// impl<const N: usize> Loss<Numbers<N>> for Below {
///     type Output = Flat<N>;
///
///     fn of_batch<E: Element, D: Device<E>, Tp: Tape<E, D>>(
///         &self,
///         output: Batch<Flat<N>, usize, E, D>,
///         truth: Truth<Numbers<N>, E, D>,
///         tape: Tp,
///     ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError> {
///         let missing = truth.targets.put_tape(Tp::default()) - output.put_tape(tape);
///         Ok(missing.relu().mean())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a loss of `{T}`",
    label = "this loss is for targets of another kind"
)]
pub trait Loss<T: Target> {
    /// What the model must put out for one image.
    type Output: Batched;

    /// The loss of a batch on `tape`, which has recorded how `output` came about.
    ///
    /// # Errors
    /// When there is nothing to average over, or the device is out of memory.
    fn of_batch<E: Element, D: Device<E>, Tp: Tape<E, D>>(
        &self,
        output: Batch<Self::Output, usize, E, D>,
        truth: Truth<T, E, D>,
        tape: Tp,
    ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError>;
}

/// The sum of two losses of the same output, such as `(CrossEntropy::default(), Dice::default())`.
impl<T: Target, A: Loss<T>, B: Loss<T, Output = A::Output>> Loss<T> for (A, B) {
    type Output = A::Output;

    fn of_batch<E: Element, D: Device<E>, Tp: Tape<E, D>>(
        &self,
        output: Batch<Self::Output, usize, E, D>,
        truth: Truth<T, E, D>,
        tape: Tp,
    ) -> Result<Tensor<(), E, D, Tp>, ObjectiveError> {
        let first = self.0.of_batch(output.clone(), truth.clone(), tape)?;
        let (first, tape) = first.split_tape();
        let second = self.1.of_batch(output, truth, tape)?;
        Ok(second.try_add(first).map_err(|e| e.to_string())?)
    }
}

/// A loss whose value and gradient are computed together, from the numbers of `output`: `compute`
/// gets them and a gradient of as many zeros to fill, and gives the value.
///
/// # Errors
/// Those of `compute`, and when the device is out of memory.
pub(super) fn computed<S, E, D, Tp>(
    output: &Tensor<S, E, D>,
    mut tape: Tp,
    compute: impl FnOnce(&[E], &mut [E]) -> Result<f64, ObjectiveError>,
) -> Result<Tensor<(), E, D, Tp>, ObjectiveError>
where
    S: Shape,
    E: Element,
    D: Device<E>,
    Tp: Tape<E, D>,
{
    let failed = |error: D::Err| ObjectiveError::from(error.to_string());
    let mut gradient = vec![E::zero(); output.shape().num_elements()];
    let on_the_cpu = on_cpu(output);
    let value = match on_the_cpu.and_then(|output| output.values()) {
        Some(values) => compute(values, &mut gradient)?,
        None => compute(&output.as_vec(), &mut gradient)?,
    };
    if on_the_cpu.is_none() {
        // A plane through the value, as steep as the loss is here.
        let slope = filled(output.device(), output.shape(), &gradient).map_err(failed)?;
        let linear = output.clone().put_tape(tape).try_mul(slope);
        let linear: Tensor<(), E, D, Tp> = linear.and_then(|x| x.try_sum()).map_err(failed)?;
        let offset = value - linear.as_vec()[0].to_f64().unwrap_or(f64::NAN);
        return linear.try_add(scalar::<E>(offset)).map_err(failed);
    }
    let loss = filled(output.device(), &(), &[scalar(value)]).map_err(failed)?;
    if Tp::OWNS_TAPE {
        let (output, of_loss) = (output.clone(), loss.clone());
        tape.add_backward_op(move |gradients| {
            gradients.try_alloc_for(&output)?;
            gradients.try_alloc_for(&of_loss)?;
            let (Some(output), Some(loss)) = (on_cpu(&output), on_cpu(&of_loss)) else {
                unreachable!("forward has read the output on the CPU")
            };
            let gradients: &mut Gradients<E, Cpu> = (gradients as &mut dyn Any)
                .downcast_mut()
                .expect("the tape of a tensor on the CPU is, too");
            let d_loss = allocated(loss, gradients)[0];
            let d_output = allocated(output, gradients);
            for (d, slope) in d_output.iter_mut().zip(&gradient) {
                *d += d_loss * *slope;
            }
            Ok(())
        });
    }
    Ok(loss.put_tape(tape))
}
