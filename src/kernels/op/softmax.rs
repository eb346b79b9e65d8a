use super::{Backward, Forward, Op, Reads};
use crate::kernels::{log_softmax, softmax, Axis, Number, Planes};

/// Probabilities along the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax(pub Planes);

/// The logarithms of probabilities along the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSoftmax(pub Planes);

/// The channels of a batch.
fn channels(planes: &Planes, batch: usize) -> Axis {
    Axis {
        outer: batch,
        len: planes.channels,
        inner: planes.plane,
    }
}

macro_rules! along_channels {
    ($Op:ident, $kernel:ident) => {
        impl<T: Number> Op<T> for $Op {
            fn forward(&self, batch: usize, call: Forward<'_, T>) {
                $kernel::forward(&channels(&self.0, batch), call.inputs[0], call.output);
            }

            fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
                if let Some(d_input) = &mut call.d_inputs[0] {
                    let axis = channels(&self.0, batch);
                    $kernel::backward(&axis, call.output, call.d_output, d_input);
                }
            }

            fn reads(&self) -> Reads {
                Reads::OUTPUT
            }
        }
    };
}
along_channels!(Softmax, softmax);
along_channels!(LogSoftmax, log_softmax);
