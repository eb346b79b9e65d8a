use super::{Backward, Forward, Op, Reads};
use crate::kernels::conv_transpose2d::{self, Geometry};
use crate::kernels::Number;

/// A transposed convolution with one or, with a bias, two parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTranspose2d(pub Geometry);

impl<T: Number> Op<T> for ConvTranspose2d {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        let (weight, bias) = (call.parameters[0], call.parameters.get(1).copied());
        let (x, y) = (call.inputs[0], call.output);
        conv_transpose2d::forward(&self.0, batch, x, weight, bias, y, call.scratch);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        let (g, x, dy) = (&self.0, call.inputs[0], &*call.d_output);
        let [d_weight, d_bias @ ..] = call.d_parameters else {
            unreachable!("a transposed convolution has a weight")
        };
        conv_transpose2d::backward_weight(g, batch, x, dy, d_weight, call.scratch);
        if let [d_bias] = d_bias {
            conv_transpose2d::backward_bias(g, batch, dy, d_bias);
        }
        if let Some(dx) = &mut call.d_inputs[0] {
            let weight = call.parameters[0];
            conv_transpose2d::backward_input(g, batch, weight, dy, dx, call.scratch);
        }
    }

    fn reads(&self) -> Reads {
        Reads::INPUT
    }

    fn scratch(&self, _: usize) -> usize {
        self.0.scratch_len()
    }

    fn work(&self) -> usize {
        self.0.input.plane() * self.0.weight_len()
    }
}
