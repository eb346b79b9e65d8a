use super::{Backward, Forward, Op, Reads};
use crate::kernels::{prelu, scale, Number, Planes};

/// Scales negative numbers by the parameter: a slope for each channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PRelu(pub Planes);

impl<T: Number> Op<T> for PRelu {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        let (x, weight) = (call.inputs[0], call.parameters[0]);
        prelu::forward(&self.0, batch, x, weight, call.output);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        let (x, weight, dy) = (call.inputs[0], call.parameters[0], &*call.d_output);
        prelu::backward_weight(&self.0, batch, x, dy, call.d_parameters[0]);
        if let Some(dx) = &mut call.d_inputs[0] {
            prelu::backward_input(&self.0, batch, x, weight, dy, dx);
        }
    }

    fn reads(&self) -> Reads {
        Reads::INPUT
    }
}

/// Multiplies every channel of the first input by a number of the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale(pub Planes);

impl<T: Number> Op<T> for Scale {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        let (x, factors) = (call.inputs[0], call.inputs[1]);
        scale::forward(&self.0, batch, x, factors, call.output);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        let (x, factors, dy) = (call.inputs[0], call.inputs[1], &*call.d_output);
        let [d_input, d_factors] = call.d_inputs else {
            unreachable!("it has two inputs")
        };
        if let Some(dx) = d_input {
            scale::forward(&self.0, batch, dy, factors, dx);
        }
        if let Some(d_factors) = d_factors {
            scale::backward_factors(&self.0, batch, x, dy, d_factors);
        }
    }

    fn reads(&self) -> Reads {
        Reads::INPUT
    }
}
