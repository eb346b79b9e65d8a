use super::{Backward, Forward, Op, Reads};
use crate::kernels::{caps_length, capsules, digit_caps, Number, Planes};

/// Bundles channels into capsules and squashes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capsules(pub capsules::Geometry);

/// Dynamic routing; the parameter is the weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigitCaps(pub digit_caps::Geometry);

/// The length of every capsule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapsLength(pub Planes);

impl<T: Number> Op<T> for Capsules {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        capsules::forward(&self.0, batch, call.inputs[0], call.output);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            capsules::backward(&self.0, batch, call.inputs[0], call.d_output, d_input);
        }
    }

    fn reads(&self) -> Reads {
        Reads::INPUT
    }
}

impl<T: Number> Op<T> for DigitCaps {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        let (input, weight) = (call.inputs[0], call.parameters[0]);
        digit_caps::forward(&self.0, batch, input, weight, call.output, call.scratch);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        let [d_weight] = call.d_parameters else {
            unreachable!("a routing has a weight")
        };
        digit_caps::backward(
            &self.0,
            batch,
            call.inputs[0],
            call.parameters[0],
            call.d_output,
            call.d_inputs[0].as_deref_mut(),
            d_weight,
            call.scratch,
        );
    }

    fn reads(&self) -> Reads {
        Reads::INPUT
    }

    fn scratch(&self, batch: usize) -> usize {
        self.0.scratch_len(batch)
    }

    fn at_least(&self) -> usize {
        // Two registers of images for every weight that comes from memory.
        32
    }

    fn work(&self) -> usize {
        // The predictions of every round, and about as much again for what is made of them.
        2 * self.0.rounds * self.0.weight_len()
    }
}

impl<T: Number> Op<T> for CapsLength {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        caps_length::forward(&self.0, batch, call.inputs[0], call.output);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        if let Some(dx) = &mut call.d_inputs[0] {
            caps_length::backward(
                &self.0,
                batch,
                call.inputs[0],
                call.output,
                call.d_output,
                dx,
            );
        }
    }

    fn reads(&self) -> Reads {
        Reads {
            inputs: 1,
            output: true,
        }
    }
}
