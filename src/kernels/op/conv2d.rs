use std::sync::Arc;

use super::{
    downcast, joined_name, Activate, Backward, BatchNorm, Forward, MaxPool2d, Next, Op, Reads,
};
use crate::kernels::activation::{self, Activation};
use crate::kernels::conv2d::{self, Geometry, Method};
use crate::kernels::{batch_norm, max_pool2d, pool2d, shifted, Number};

/// A convolution with one or, with a bias, two parameters; of the result, perhaps, the positive
/// part; and of that, perhaps, the largest values under a window.
///
/// With a batch normalisation that evaluates behind it, which has four parameters more, its weight
/// and bias are those of both together: they must be prepared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv2d {
    /// The sizes.
    pub geometry: Geometry,
    /// The batch normalisation that is a part of it.
    pub norm: Option<batch_norm::Geometry>,
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
            norm: None,
            relu: false,
            pool: None,
        }
    }

    /// Weight and bias, and the weight in the form that some methods need, which may be empty.
    fn weights<'a, T: Number>(
        &self,
        parameters: &[&'a [T]],
        prepared: &'a [T],
    ) -> (&'a [T], Option<&'a [T]>, &'a [T]) {
        if self.norm.is_none() {
            return (parameters[0], parameters.get(1).copied(), prepared);
        }
        let (weight, rest) = prepared.split_at(self.geometry.weight_len());
        let (bias, prepared) = rest.split_at(self.geometry.filters);
        (weight, Some(bias), prepared)
    }

    /// Numbers of weight and bias, where they are those of convolution and normalisation together.
    fn folded(&self) -> usize {
        let g = &self.geometry;
        self.norm.map_or(0, |_| g.weight_len() + g.filters)
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

/// Tiles for which it costs little to transform the weights.
const TILES: usize = 256;
/// Images that are convolved before they are pooled: few enough to stay in the cache.
const TOGETHER: usize = 8;

impl<T: Number> Op<T> for Conv2d {
    fn forward(&self, batch: usize, mut call: Forward<'_, T>) {
        let g = &self.geometry;
        let (weight, bias, prepared) = self.weights(call.parameters, call.prepared);
        let fits = shifts::<T>(g);
        if !fits && self.pool.is_none() {
            let (input, scratch) = (call.inputs[0], call.scratch);
            let relu = self.relu.then_some(Activation::Relu);
            let output = call.output;
            conv2d::forward_prepared(
                g, batch, input, weight, prepared, bias, relu, output, scratch,
            );
            return;
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
                conv2d::forward_prepared(g, 1, x, weight, prepared, bias, None, target, scratch);
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

    fn at_least(&self) -> usize {
        let output = self.geometry.output();
        if size_of::<T>() == 4 && self.geometry.method() == Method::Winograd {
            // The weights are transformed at every call, which so many tiles pay.
            TILES.div_ceil(output.height.div_ceil(4) * output.width.div_ceil(4))
        } else {
            1
        }
    }

    fn prepared(&self, batch: usize) -> usize {
        let transforms = <Self as Op<T>>::at_least(self) > batch;
        let transformed = if transforms {
            self.geometry.prepared_len()
        } else {
            0
        };
        self.folded() + transformed
    }

    fn prepare(&self, parameters: &[&[T]], prepared: &mut [T]) {
        let (folded, transformed) = prepared.split_at_mut(self.folded());
        let mut weight = parameters[0];
        if let Some(norm) = &self.norm {
            let (first, bias) = folded.split_at_mut(weight.len());
            let [own @ .., scale, shift, mean, variance] = parameters else {
                unreachable!("a batch normalisation has four tensors")
            };
            let running = batch_norm::Statistics { mean, variance };
            let affine = (*scale, *shift);
            batch_norm::fold(
                norm,
                own[0],
                own.get(1).copied(),
                running,
                affine,
                (first, bias),
            );
            weight = first;
        }
        if !transformed.is_empty() {
            conv2d::prepare(&self.geometry, weight, transformed);
        }
    }

    fn work(&self) -> usize {
        self.geometry.weight_len() * self.geometry.output().plane()
    }

    fn name(&self) -> String {
        let behind = [
            (self.norm.is_some(), "BatchNorm"),
            (self.relu, "ReLU"),
            (self.pool.is_some(), "MaxPool2d"),
        ];
        joined_name("Conv2d", &behind)
    }

    fn joined(&self, next: &Next<'_, T>) -> Option<Arc<dyn Op<T>>> {
        let mut joined = *self;
        if downcast(next.op) == Some(&Activate(Activation::Relu)) {
            joined.relu = true;
            (!self.relu && self.pool.is_none()).then_some(())?;
        } else if let Some(pool) = downcast::<MaxPool2d, T>(next.op) {
            joined.pool = Some(pool.0);
            self.pool.is_none().then_some(())?;
        } else {
            // Only where the weights are those of both.
            let norm: &BatchNorm = downcast(next.op)?;
            joined.norm = Some(norm.geometry);
            let plain = *self == Conv2d::new(self.geometry) && next.inputs == 1;
            (plain && !norm.training && !next.backward).then_some(())?;
        }
        Some(Arc::new(joined))
    }
}
