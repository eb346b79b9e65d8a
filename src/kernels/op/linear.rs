use std::sync::Arc;

use super::{downcast, joined_name, Activate, Backward, Forward, Next, Op, Reads};
use crate::kernels::activation::{self, Activation};
use crate::kernels::linear::{self, Geometry};
use crate::kernels::{bias, Number, Planes};

/// A linear map with one or, with a bias, two parameters; and of the result, perhaps, the positive
/// part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// The sizes.
    pub geometry: Geometry,
    /// Whether negative results become 0.
    pub relu: bool,
}

impl<T: Number> Op<T> for Linear {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        let (weight, bias) = (call.parameters[0], call.parameters.get(1).copied());
        let g = &self.geometry;
        match (batch, call.crew) {
            (1, Some(crew)) => {
                linear::forward_shared(crew, g, call.inputs[0], weight, bias, call.output);
            }
            _ => linear::forward(g, batch, call.inputs[0], weight, bias, call.output),
        }
        if self.relu {
            activation::forward_in_place(Activation::Relu, call.output);
        }
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        let g = &self.geometry;
        if self.relu {
            activation::backward_in_place(Activation::Relu, call.output, call.d_output);
        }
        let [d_weight, d_bias @ ..] = call.d_parameters else {
            unreachable!("a linear map has a weight")
        };
        linear::backward_weight(g, batch, call.inputs[0], call.d_output, d_weight);
        if let [d_bias] = d_bias {
            bias::backward(&Planes::new(g.outputs, 1), batch, call.d_output, d_bias);
        }
        if let Some(d_input) = &mut call.d_inputs[0] {
            linear::backward_input(g, batch, call.parameters[0], call.d_output, d_input);
        }
    }

    fn reads(&self) -> Reads {
        Reads {
            inputs: 1,
            output: self.relu,
        }
    }

    fn at_least(&self) -> usize {
        // Weights are read once a call, and there are as many as multiplications.
        usize::MAX
    }

    fn work(&self) -> usize {
        self.geometry.weight_len()
    }

    fn name(&self) -> String {
        joined_name("Linear", &[(self.relu, "ReLU")])
    }

    fn joined(&self, next: &Next<'_, T>) -> Option<Arc<dyn Op<T>>> {
        let relu = downcast(next.op) == Some(&Activate(Activation::Relu));
        (relu && !self.relu).then(|| Arc::new(Linear { relu, ..*self }) as Arc<dyn Op<T>>)
    }
}
