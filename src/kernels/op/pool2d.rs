use super::{Backward, Forward, Op, Reads};
use crate::kernels::pool2d::Geometry;
use crate::kernels::{avg_pool2d, max_pool2d, sum_pool2d, Number};

/// The largest value under a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool2d(pub Geometry);

impl<T: Number> Op<T> for MaxPool2d {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        match call.indices {
            Some(indices) => {
                max_pool2d::forward(&self.0, batch, call.inputs[0], call.output, indices);
            }
            None => max_pool2d::forward_values(&self.0, batch, call.inputs[0], call.output),
        }
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            max_pool2d::backward(&self.0, batch, call.indices, call.d_output, d_input);
        }
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn indices(&self) -> usize {
        self.0.output().len()
    }
}

/// The average of the values under a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPool2d(pub Geometry);

impl<T: Number> Op<T> for AvgPool2d {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        avg_pool2d::forward(&self.0, batch, call.inputs[0], call.output);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            avg_pool2d::backward(&self.0, batch, call.d_output, d_input);
        }
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}

/// The sum of the values under a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumPool2d(pub Geometry);

impl<T: Number> Op<T> for SumPool2d {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        sum_pool2d::forward(&self.0, batch, call.inputs[0], call.output);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            sum_pool2d::backward(&self.0, batch, call.d_output, d_input);
        }
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
