use std::sync::Arc;

use super::{downcast, Activate, Backward, Forward, MaxPool2d, Op, Reads};
use crate::kernels::activation::{self, Activation};
use crate::kernels::conv2d::{self, Geometry, Method};
use crate::kernels::{max_pool2d, pool2d, shifted, Number};

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

    /// Takes the positive part, which of the largest is the largest of the positive parts.
    fn rectify<T: Number>(&self, output: &mut [T]) {
        if self.relu {
            activation::forward_in_place(Activation::Relu, output);
        }
    }

    /// Gradients from that of what is not pooled yet.
    fn gradients<T: Number>(
        &self,
        batch: usize,
        (input, weight): (&[T], &[T]),
        d_output: &[T],
        (d_input, d_parameters): (Option<&mut [T]>, &mut [&mut [T]]),
        scratch: &mut [T],
    ) {
        let g = &self.geometry;
        let [d_weight, d_bias @ ..] = d_parameters else {
            unreachable!("a convolution has a weight")
        };
        if let [d_bias] = d_bias {
            conv2d::backward_bias(g, batch, d_output, d_bias);
        }
        if !shifts::<T>(g) {
            conv2d::backward_weight(g, batch, input, d_output, d_weight, scratch);
            if let Some(d_input) = d_input {
                conv2d::backward_input(g, batch, weight, d_output, d_input, scratch);
            }
            return;
        }
        shifted::backward_weight(g, batch, input, d_output, d_weight, scratch);
        if let Some(d_input) = d_input {
            let images = d_input.chunks_exact_mut(g.input.len());
            for (dx, dy) in images.zip(d_output.chunks_exact(g.output().len())) {
                shifted::backward_input(g, weight, dy, dx, scratch);
            }
        }
    }
}

/// Whether a convolution goes pixel by pixel: where it is small, unless `f32` has a method that
/// multiplies less.
fn shifts<T: Number>(g: &Geometry) -> bool {
    let transforms = size_of::<T>() == 4 && g.method() == Method::Winograd;
    shifted::fits(g) && !transforms
}

/// Images that are convolved before they are pooled: few enough to stay in the cache.
const TOGETHER: usize = 8;

impl<T: Number> Op<T> for Conv2d {
    fn forward(&self, batch: usize, mut call: Forward<'_, T>) {
        let g = &self.geometry;
        let (weight, bias) = (call.parameters[0], call.parameters.get(1).copied());
        let fits = shifts::<T>(g);
        if !fits && self.pool.is_none() {
            let (input, scratch) = (call.inputs[0], call.scratch);
            conv2d::forward(g, batch, input, weight, bias, call.output, scratch);
            return self.rectify(call.output);
        }
        // Image by image, so that what is pooled is still in the cache.
        let len = call.output.len() / batch;
        let pooled = self.pool.map_or(0, |_| len);
        let convolved = self.pool.map_or(0, |pool| pool.input.len());
        let (image, scratch) = call.scratch.split_at_mut(convolved);
        let images = call.inputs[0].chunks_exact(g.input.len());
        for (nth, (x, y)) in images.zip(call.output.chunks_exact_mut(len)).enumerate() {
            let indices = call.indices.as_deref_mut();
            let indices = indices.map(|all| &mut all[nth * pooled..(nth + 1) * pooled]);
            let target = if self.pool.is_some() {
                &mut *image
            } else {
                &mut *y
            };
            if fits {
                let output = shifted::forward(g, x, weight, bias, scratch);
                if let Some(pool) = self.pool.filter(max_pool2d::halves) {
                    max_pool2d::forward_halves(&pool, 1, output.framed(), y, indices);
                    self.rectify(y);
                    continue;
                }
                let width = g.output().width;
                for (to, row) in target.chunks_exact_mut(width).zip(output.rows()) {
                    to.copy_from_slice(row);
                }
            } else {
                conv2d::forward(g, 1, x, weight, bias, target, scratch);
            }
            if let Some(pool) = &self.pool {
                match indices {
                    Some(indices) => max_pool2d::forward(pool, 1, image, y, indices),
                    None => max_pool2d::forward_values(pool, 1, image, y),
                }
            }
            self.rectify(y);
        }
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        let (input, weight) = (call.inputs[0], call.parameters[0]);
        if self.relu {
            activation::backward_in_place(Activation::Relu, call.output, call.d_output);
        }
        let mut d_input = call.d_inputs[0].as_deref_mut();
        let Some(pool) = &self.pool else {
            let d = (d_input, call.d_parameters);
            return self.gradients(batch, (input, weight), call.d_output, d, call.scratch);
        };
        let (len, pooled) = (self.geometry.input.len(), pool.output().len());
        let together = batch.min(TOGETHER);
        let (d_images, scratch) = call.scratch.split_at_mut(together * pool.input.len());
        let d_outputs = call.d_output.chunks(together * pooled);
        let indices = call.indices.chunks(together * pooled);
        let inputs = input.chunks(together * len);
        for (nth, (x, (dy, indices))) in inputs.zip(d_outputs.zip(indices)).enumerate() {
            let images = x.len() / len;
            let d_images = &mut d_images[..images * pool.input.len()];
            max_pool2d::backward(pool, images, indices, dy, d_images);
            let first = nth * together * len;
            let d_input = d_input.as_deref_mut();
            let d_input = d_input.map(|d| &mut d[first..first + x.len()]);
            let d = (d_input, &mut *call.d_parameters);
            self.gradients(images, (x, weight), d_images, d, scratch);
        }
    }

    fn reads(&self) -> Reads {
        Reads {
            input: true,
            output: self.relu,
        }
    }

    fn scratch(&self, batch: usize) -> usize {
        let (g, together) = (&self.geometry, batch.min(TOGETHER));
        let convolved = self.pool.map_or(0, |pool| together * pool.input.len());
        convolved
            + if shifts::<T>(g) {
                let gradients = shifted::weight_scratch(g, batch).max(shifted::input_scratch(g));
                gradients.max(shifted::forward_scratch(g))
            } else {
                g.scratch_len()
            }
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
