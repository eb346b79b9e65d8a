use std::sync::Arc;

use super::{downcast, Activate, Backward, Forward, MaxPool2d, Op, Reads};
use crate::kernels::activation::{self, Activation};
use crate::kernels::conv2d::{self, Geometry};
use crate::kernels::{max_pool2d, pool2d, Number};

/// A convolution with one or, with a bias, two parameters; of the result, perhaps, the positive
/// part; and of that, perhaps, the largest values under a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// The sizes.
    pub geometry: Geometry,
    /// Whether negative results become 0.
    pub relu: bool,
    /// The pooling behind it.
    pub pool: Option<pool2d::Geometry>,
}

impl Conv2d {
    /// A convolution with nothing behind it.
    pub const fn new(geometry: Geometry) -> Self {
        Conv2d {
            geometry,
            relu: false,
            pool: None,
        }
    }

    /// Convolves one or more images, whose results are not pooled.
    fn convolve<T: Number>(
        &self,
        batch: usize,
        input: &[T],
        parameters: &[&[T]],
        output: &mut [T],
        scratch: &mut [T],
    ) {
        let (weight, bias) = (parameters[0], parameters.get(1).copied());
        conv2d::forward(&self.geometry, batch, input, weight, bias, output, scratch);
        if self.relu {
            activation::forward_in_place(Activation::Relu, output);
        }
    }

    /// Gradients from that of what is pooled.
    fn gradients<T: Number>(
        &self,
        batch: usize,
        input: &[T],
        weight: &[T],
        d_output: &[T],
        (d_input, d_parameters): (Option<&mut [T]>, &mut [&mut [T]]),
        scratch: &mut [T],
    ) {
        let g = &self.geometry;
        let [d_weight, d_bias @ ..] = d_parameters else {
            unreachable!("a convolution has a weight")
        };
        conv2d::backward_weight(g, batch, input, d_output, d_weight, scratch);
        if let [d_bias] = d_bias {
            conv2d::backward_bias(g, batch, d_output, d_bias);
        }
        if let Some(d_input) = d_input {
            conv2d::backward_input(g, batch, weight, d_output, d_input, scratch);
        }
    }
}

impl<T: Number> Op<T> for Conv2d {
    fn forward(&self, batch: usize, mut call: Forward<'_, T>) {
        let (input, parameters) = (call.inputs[0], call.parameters);
        let Some(pool) = &self.pool else {
            return self.convolve(batch, input, parameters, call.output, call.scratch);
        };
        // Image by image, so that what is pooled is still in the cache.
        let (len, pooled) = (self.geometry.input.len(), pool.output().len());
        let (image, scratch) = call.scratch.split_at_mut(pool.input.len());
        let outputs = call.output.chunks_exact_mut(pooled);
        for (nth, (x, y)) in input.chunks_exact(len).zip(outputs).enumerate() {
            self.convolve(1, x, parameters, image, scratch);
            match &mut call.indices {
                Some(indices) => {
                    let indices = &mut indices[nth * pooled..(nth + 1) * pooled];
                    max_pool2d::forward(pool, 1, image, y, indices);
                }
                None => max_pool2d::forward_values(pool, 1, image, y),
            }
        }
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        let (input, weight) = (call.inputs[0], call.parameters[0]);
        // The positive part of the largest is the largest of the positive parts.
        if self.relu {
            activation::backward_in_place(Activation::Relu, call.output, call.d_output);
        }
        let mut d_input = call.d_inputs[0].as_deref_mut();
        let Some(pool) = &self.pool else {
            let d = (d_input, call.d_parameters);
            return self.gradients(batch, input, weight, call.d_output, d, call.scratch);
        };
        let (len, pooled) = (self.geometry.input.len(), pool.output().len());
        let (image, scratch) = call.scratch.split_at_mut(pool.input.len());
        let d_outputs = call.d_output.chunks_exact(pooled);
        let indices = call.indices.chunks_exact(pooled);
        for (nth, (x, (dy, indices))) in
            (input.chunks_exact(len).zip(d_outputs.zip(indices))).enumerate()
        {
            max_pool2d::backward(pool, 1, indices, dy, image);
            let d_input = d_input
                .as_deref_mut()
                .map(|d| &mut d[nth * len..(nth + 1) * len]);
            let d = (d_input, &mut *call.d_parameters);
            self.gradients(1, x, weight, image, d, scratch);
        }
    }

    fn reads(&self) -> Reads {
        Reads {
            input: true,
            output: self.relu,
        }
    }

    fn scratch(&self, _: usize) -> usize {
        self.geometry.scratch_len() + self.pool.map_or(0, |pool| pool.input.len())
    }

    fn indices(&self) -> usize {
        self.pool.map_or(0, |pool| pool.output().len())
    }

    fn work(&self) -> usize {
        self.geometry.weight_len() * self.geometry.output().plane()
    }

    fn joined(&self, next: &dyn Op<T>) -> Option<Arc<dyn Op<T>>> {
        let joined = if downcast(next) == Some(&Activate(Activation::Relu)) {
            let free = !self.relu && self.pool.is_none();
            free.then_some(Conv2d {
                relu: true,
                ..*self
            })
        } else {
            let pool = downcast::<MaxPool2d, T>(next).filter(|_| self.pool.is_none());
            pool.map(|pool| Conv2d {
                pool: Some(pool.0),
                ..*self
            })
        };
        joined.map(|op| Arc::new(op) as Arc<dyn Op<T>>)
    }
}
