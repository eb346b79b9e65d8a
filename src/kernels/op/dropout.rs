use super::{Backward, Forward, Op, Reads};
use crate::kernels::dropout::{self, Geometry};
use crate::kernels::Number;

/// Sets numbers to zero at random and scales the others up; while training only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropout(pub Geometry);

impl<T: Number> Op<T> for Dropout {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        dropout::forward(&self.0, batch, call.draw, call.inputs[0], call.output);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            dropout::forward(&self.0, batch, call.draw, call.d_output, d_input);
        }
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn draws(&self) -> bool {
        true
    }
}
