use super::{Backward, Forward, Op, Reads};
use crate::kernels::{softmax, Axis, Number, Planes};

/// Probabilities along the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax(pub Planes);

impl Softmax {
    fn axis(&self, batch: usize) -> Axis {
        Axis {
            outer: batch,
            len: self.0.channels,
            inner: self.0.plane,
        }
    }
}

impl<T: Number> Op<T> for Softmax {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        softmax::forward(&self.axis(batch), call.inputs[0], call.output);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            softmax::backward(&self.axis(batch), call.output, call.d_output, d_input);
        }
    }

    fn reads(&self) -> Reads {
        Reads::OUTPUT
    }
}
