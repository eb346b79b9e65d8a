use super::{Backward, Forward, Op, Reads};
use crate::kernels::activation::{self, Activation};
use crate::kernels::Number;

/// A function of every number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activate(pub Activation);

impl<T: Number> Op<T> for Activate {
    fn forward(&self, _: usize, call: Forward<'_, T>) {
        activation::forward(self.0, call.inputs[0], call.output);
    }

    fn backward(&self, _: usize, call: Backward<'_, '_, '_, T>) {
        let Some(d_input) = &mut call.d_inputs[0] else {
            return;
        };
        match self.0 {
            // Where the output is positive, so was the input.
            Activation::Relu => activation::backward(self.0, call.output, call.d_output, d_input),
            _ => activation::backward(self.0, call.inputs[0], call.d_output, d_input),
        }
    }

    fn name(&self) -> String {
        format!("{:?}", self.0)
    }

    fn reads(&self) -> Reads {
        match self.0 {
            Activation::Relu => Reads::OUTPUT,
            _ => Reads::INPUT,
        }
    }
}
