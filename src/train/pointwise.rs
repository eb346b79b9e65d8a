//! Losses that look at one number of the output at a time.

use dfdx::prelude::{Shape, Tape, Tensor};

use super::loss::computed;
use super::objective::ObjectiveError;
use crate::tensor::{scalar, Device, Element};

/// The mean over all numbers of the output of a function of the number and its target:
/// `value_and_slope(x, t)`.
///
/// Of masks, `planes` is how many numbers there are for a pixel and how many pixels in an image:
/// pixels whose targets are all 0 are ignored.
pub(super) fn mean<S, E, D, Tp>(
    output: Tensor<S, E, D>,
    targets: &Tensor<S, E, D>,
    planes: Option<(usize, usize)>,
    tape: Tp,
    value_and_slope: impl Fn(f64, f64) -> (f64, f64),
) -> Result<Tensor<(), E, D, Tp>, ObjectiveError>
where
    S: Shape,
    E: Element,
    D: Device<E>,
    Tp: Tape<E, D>,
{
    let targets = targets.as_vec();
    computed(&output, tape, |output, gradient| {
        if output.len() != targets.len() {
            return Err(format!("{} numbers for {} targets", output.len(), targets.len()).into());
        }
        let counts = |i: usize| {
            planes.is_none_or(|(classes, pixels)| {
                let first = i / (classes * pixels) * classes * pixels + i % pixels;
                (0..classes).any(|c| targets[first + c * pixels] != E::zero())
            })
        };
        let counted: Vec<bool> = (0..output.len()).map(counts).collect();
        let count = counted.iter().filter(|counts| **counts).count();
        if count == 0 {
            return Err("there is no target to compare with".into());
        }
        let share = 1.0 / count as f64;
        let mut sum = 0.0;
        for (i, d) in gradient.iter_mut().enumerate().filter(|(i, _)| counted[*i]) {
            let number = |x: E| x.to_f64().unwrap_or(f64::NAN);
            let (value, slope) = value_and_slope(number(output[i]), number(targets[i]));
            sum += value;
            *d = scalar(slope * share);
        }
        Ok(sum * share)
    })
}

/// A loss of its own for every number of the output, by its method `value_and_slope(x, t)`: the loss
/// of tensors, and of targets that are numbers.
macro_rules! pointwise {
    ($Name:ident) => {
        impl $Name {
            /// The loss of `output`, which carries its tape, where `targets` are right.
            ///
            /// # Errors
            /// When there are no numbers, or not as many as targets, or the device is out of memory.
            pub fn of<S, E, D, Tp>(
                &self,
                output: dfdx::prelude::Tensor<S, E, D, Tp>,
                targets: &dfdx::prelude::Tensor<S, E, D>,
            ) -> Result<dfdx::prelude::Tensor<(), E, D, Tp>, $crate::train::ObjectiveError>
            where
                S: dfdx::prelude::Shape,
                E: $crate::tensor::Element,
                D: $crate::tensor::Device<E>,
                Tp: dfdx::prelude::Tape<E, D>,
            {
                let (output, tape) = dfdx::prelude::SplitTape::split_tape(output);
                $crate::train::pointwise::mean(output, targets, None, tape, |x, t| {
                    self.value_and_slope(x, t)
                })
            }
        }

        $crate::train::pointwise::pointwise!($Name, $crate::data::Numbers<N>);
    };
    ($Name:ident, $Target:ty) => {
        impl<const N: usize> $crate::train::Loss<$Target> for $Name {
            type Output = $crate::shape::Flat<N>;

            fn of_batch<E, D, Tp>(
                &self,
                output: $crate::tensor::Batch<Self::Output, usize, E, D>,
                truth: $crate::train::Truth<$Target, E, D>,
                tape: Tp,
            ) -> Result<dfdx::prelude::Tensor<(), E, D, Tp>, $crate::train::ObjectiveError>
            where
                E: $crate::tensor::Element,
                D: $crate::tensor::Device<E>,
                Tp: dfdx::prelude::Tape<E, D>,
            {
                self.of(
                    dfdx::prelude::PutTape::put_tape(output, tape),
                    &truth.targets,
                )
            }
        }
    };
}

pub(super) use pointwise;
