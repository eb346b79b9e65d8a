//! A forward that waits for its backward: the door between the engine and dfdx's gradients.

use std::sync::Arc;

use dfdx::prelude::{Cpu, CpuError, Gradients, Storage};

use super::batch;
use super::memory::{Memory, Planned};
use super::run::Given;
use crate::kernels::add;
use crate::tensor::{Element, Parameter};

type Tensors<E> = Vec<Box<dyn Parameter<E>>>;

/// What backward needs of a forward.
///
/// The tensors keep the numbers that they had then, even if the model has changed since.
pub struct Record<E: Element> {
    /// Where the tensors are.
    pub cpu: Cpu,
    /// What flowed in.
    pub inputs: Tensors<E>,
    /// The parameters.
    pub parameters: Tensors<E>,
    /// What flowed out.
    pub outputs: Tensors<E>,
    /// What forward has kept.
    pub memory: Memory<E>,
    /// The plan.
    pub planned: Arc<Planned<E>>,
}

/// dfdx's memory of a gradient.
type Numbers<E> = <Cpu as Storage<E>>::Vec;

fn values<E: Element>(tensors: &Tensors<E>) -> Vec<&[E]> {
    let values = tensors.iter().map(|tensor| tensor.values());
    let values: Option<Vec<_>> = values.collect();
    values.expect("forward has read these numbers where they lie")
}

impl<E: Element> Record<E> {
    /// Adds the gradients of the inputs and the parameters to `gradients`.
    ///
    /// # Errors
    /// When the device is out of memory.
    pub fn backward(self, gradients: &mut Gradients<E, Cpu>) -> Result<(), CpuError> {
        let (inputs, parameters) = (values(&self.inputs), values(&self.parameters));
        let given = Given {
            inputs: &inputs,
            parameters: &parameters,
            prepared: &[],
            seed: self.memory.seed,
        };
        let mut d_parameters = self.taken(&self.parameters, gradients)?;
        let d_outputs = self.taken(&self.outputs, gradients)?;
        let mut memory = self.planned.backward.take();
        let slices: Vec<&[E]> = d_outputs.iter().map(|d| d.as_slice()).collect();
        let sums = d_parameters.iter_mut().map(|d| d.as_mut_slice()).collect();
        batch::backward(
            &self.planned,
            given,
            &self.memory,
            &slices,
            sums,
            &mut memory,
        );
        give_back(&self.parameters, d_parameters, gradients)?;
        give_back(&self.outputs, d_outputs, gradients)?;
        for (nth, input) in self.inputs.iter().enumerate() {
            if let Some(value) = batch::differentiated(&self.planned.plan, nth) {
                let total = input.gradient(gradients)?;
                batch::add_d_input(&self.planned.plan, &memory, value, total);
            }
        }
        self.planned.backward.give(memory);
        Ok(())
    }

    /// Takes the gradients of `tensors` out, so that all of them can be used at once.
    fn taken(
        &self,
        tensors: &Tensors<E>,
        gradients: &mut Gradients<E, Cpu>,
    ) -> Result<Vec<Numbers<E>>, CpuError> {
        let tensors = tensors.iter();
        tensors
            .map(|tensor| {
                let nothing = self.cpu.try_alloc_len(0)?;
                let numbers = std::mem::replace(tensor.gradient(gradients)?, nothing);
                let len = tensor.values().map_or(0, <[E]>::len);
                if numbers.len() == len {
                    Ok(numbers)
                } else {
                    // The same tensor stands in the list twice.
                    self.cpu.try_alloc_len(len)
                }
            })
            .collect()
    }
}

/// Puts back what was taken.
fn give_back<E: Element>(
    tensors: &Tensors<E>,
    all: Vec<Numbers<E>>,
    gradients: &mut Gradients<E, Cpu>,
) -> Result<(), CpuError> {
    for (tensor, numbers) in tensors.iter().zip(all) {
        let slot = tensor.gradient(gradients)?;
        if slot.is_empty() {
            *slot = numbers;
        } else {
            add::accumulate(&numbers, slot);
        }
    }
    Ok(())
}

impl<E: Element> Drop for Record<E> {
    fn drop(&mut self) {
        self.planned.forward.give(std::mem::take(&mut self.memory));
    }
}
