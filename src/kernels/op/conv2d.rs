use std::sync::Arc;

use super::{
    downcast, joined_name, Activate, Add, Backward, BatchNorm, Forward, MaxPool2d, Next, Op, Reads,
};
use crate::kernels::activation::{self, Activation};
use crate::kernels::conv2d::{self, abreast, Epilogue, Geometry, Method};
use crate::kernels::{batch_norm, max_pool2d, pool2d, shifted, Level, Number};

/// A convolution with one or, with a bias, two parameters; the result, perhaps, with a second input
/// added; of that, perhaps, the positive part; and of that the largest values under a window.
///
/// With a batch normalisation that evaluates behind it, which has four parameters more, its weight
/// and bias are those of both together: they must be prepared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv2d {
    /// The sizes.
    pub geometry: Geometry,
    /// The batch normalisation that is a part of it.
    pub norm: Option<batch_norm::Geometry>,
    /// Whether a second input is added; only where no backward follows.
    pub adds: bool,
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
            adds: false,
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
    shifted::fits(g) && !transforms::<T>(g)
}

/// Whether the weights are transformed.
fn transforms<T: Number>(g: &Geometry) -> bool {
    size_of::<T>() == 4 && g.method() == Method::Winograd
}

/// Tiles for which it costs little to transform the weights.
const TILES: usize = 256;
/// Images that are convolved before they are pooled: few enough to stay in the cache.
const TOGETHER: usize = 8;

/// Images for which it costs less to go side by side with some that are missing than one by one.
const WORTH_A_GROUP: usize = 10;

impl Conv2d {
    /// How many images of a batch go side by side, and by which instructions; the others go one by
    /// one.
    fn abreast<T: Number>(&self, batch: usize) -> (usize, Level) {
        let (g, level) = (&self.geometry, Level::best());
        let suits = |pool| g.method() != Method::Winograd && abreast::suits(g, pool);
        let wide = T::f32s(&[]).is_some() && level != Level::Portable;
        let images = match batch % abreast::IMAGES {
            _ if !(wide && self.pool.as_ref().is_some_and(suits)) => 0,
            WORTH_A_GROUP.. => batch,
            rest => batch - rest,
        };
        (images, level)
    }

    /// Image by image, so that what is pooled is still in the cache.
    fn forward_each<T: Number>(
        &self,
        (weight, bias, prepared): (&[T], Option<&[T]>, &[T]),
        (input, output): (&[T], &mut [T]),
        mut indices: Option<&mut [u32]>,
        scratch: &mut [T],
    ) {
        let g = &self.geometry;
        let fits = shifts::<T>(g);
        let convolved = self.pool.map_or(0, |pool| pool.input.len());
        let len = self.pool.map_or(g.output(), |pool| pool.output()).len();
        let pooled = self.pool.map_or(0, |_| len);
        let (image, scratch) = scratch.split_at_mut(convolved);
        let images = input.chunks_exact(g.input.len());
        for (nth, (x, y)) in images.zip(output.chunks_exact_mut(len)).enumerate() {
            let indices = indices.as_deref_mut();
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
                let epilogue = Epilogue {
                    bias,
                    ..Epilogue::NONE
                };
                conv2d::forward_prepared(g, 1, x, weight, prepared, epilogue, target, scratch);
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

    /// A few images at a time, so that what is not pooled stays in the cache.
    fn backward_each<T: Number>(
        &self,
        pool: &pool2d::Geometry,
        (input, weight): (&[T], &[T]),
        (d_output, indices): (&[T], &[u32]),
        (mut d_input, d_parameters): (Option<&mut [T]>, &mut [&mut [T]]),
        scratch: &mut [T],
    ) {
        let (len, pooled) = (self.geometry.input.len(), pool.output().len());
        let together = TOGETHER.min(input.len() / len);
        let (d_images, scratch) = scratch.split_at_mut(together * pool.input.len());
        let d_outputs = d_output.chunks(TOGETHER * pooled);
        let indices = indices.chunks(TOGETHER * pooled);
        let inputs = input.chunks(TOGETHER * len);
        for (nth, (x, (dy, indices))) in inputs.zip(d_outputs.zip(indices)).enumerate() {
            let images = x.len() / len;
            let d_images = &mut d_images[..images * pool.input.len()];
            max_pool2d::backward(pool, images, indices, dy, d_images);
            let first = nth * TOGETHER * len;
            let d_input = d_input.as_deref_mut();
            let d_input = d_input.map(|d| &mut d[first..first + x.len()]);
            let d = (d_input, &mut *d_parameters);
            self.gradients(images, (x, weight), d_images, d, scratch);
        }
    }
}

impl<T: Number> Op<T> for Conv2d {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        let g = &self.geometry;
        let (weight, bias, prepared) = self.weights(call.parameters, call.prepared);
        let (input, scratch) = (call.inputs[0], call.scratch);
        let epilogue = Epilogue {
            bias,
            residual: call.inputs.get(1).copied(),
            activation: self.relu.then_some(Activation::Relu),
        };
        let crew = call.crew.filter(|_| batch == 1 && self.pool.is_none());
        if let Some(crew) = crew.filter(|crew| conv2d::shares(g, crew)) {
            let y = call.output;
            conv2d::forward_shared(crew, g, input, weight, prepared, epilogue, y, scratch);
            return;
        }
        if !shifts::<T>(g) && self.pool.is_none() {
            let y = call.output;
            conv2d::forward_prepared(g, batch, input, weight, prepared, epilogue, y, scratch);
            return;
        }
        let (abreast, level) = self.abreast::<T>(batch);
        let pooled = abreast * (call.output.len() / batch);
        let (x, input) = input.split_at(abreast * g.input.len());
        let (y, output) = call.output.split_at_mut(pooled);
        let (at, indices) = call.indices.map(|all| all.split_at_mut(pooled)).unzip();
        if let (1.., Some(x), Some(w), Some(y), Some(s)) = (
            abreast,
            T::f32s(x),
            T::f32s(weight),
            T::f32s_mut(y),
            T::f32s_mut(scratch),
        ) {
            abreast::forward(level, g, abreast, x, w, epilogue.f32s(), y, at, s);
        }
        let weights = (weight, bias, prepared);
        self.forward_each(weights, (input, output), indices, scratch);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        let g = &self.geometry;
        let (input, weight, scratch) = (call.inputs[0], call.parameters[0], call.scratch);
        if self.relu {
            activation::backward_in_place(Activation::Relu, call.output, call.d_output);
        }
        let d_input = call.d_inputs[0].as_deref_mut();
        let Some(pool) = &self.pool else {
            let d = (d_input, call.d_parameters);
            return self.gradients(batch, (input, weight), call.d_output, d, scratch);
        };
        let (abreast, level) = self.abreast::<T>(batch);
        let pooled = abreast * pool.output().len();
        let (x, input) = input.split_at(abreast * g.input.len());
        let (dy, d_output) = call.d_output.split_at(pooled);
        let (at, indices) = call.indices.split_at(pooled);
        let (dx, d_input) = d_input.map(|d| d.split_at_mut(x.len())).unzip();
        if let (1.., Some(x), Some(w), Some(dy), Some(s)) = (
            abreast,
            T::f32s(x),
            T::f32s(weight),
            T::f32s(dy),
            T::f32s_mut(scratch),
        ) {
            let [d_weight, d_bias @ ..] = &mut *call.d_parameters else {
                unreachable!("a convolution has a weight")
            };
            abreast::backward(
                level,
                g,
                abreast,
                (x, w),
                (dy, at),
                dx.and_then(T::f32s_mut),
                T::f32s_mut(d_weight).unwrap_or_default(),
                d_bias.first_mut().and_then(|d| T::f32s_mut(d)),
                s,
            );
        }
        let d = (d_input, call.d_parameters);
        self.backward_each(pool, (input, weight), (d_output, indices), d, scratch);
    }

    fn reads(&self) -> Reads {
        Reads {
            inputs: 1,
            output: self.relu,
        }
    }

    fn scratch(&self, batch: usize) -> usize {
        let (g, together) = (&self.geometry, batch.min(TOGETHER));
        let convolved = self.pool.map_or(0, |pool| together * pool.input.len());
        let (abreast, _) = self.abreast::<T>(batch);
        let abreast = match abreast {
            0 => 0,
            _ => abreast::forward_scratch(g).max(abreast::backward_scratch(g)),
        };
        let each = convolved
            + if shifts::<T>(g) {
                let gradients = shifted::weight_scratch(g, batch).max(shifted::input_scratch(g));
                // That of a crew, and of one thread alone.
                let forward = g.scratch_len().max(shifted::forward_scratch(g));
                gradients.max(forward)
            } else {
                g.scratch_len()
            };
        each.max(abreast)
    }

    fn indices(&self) -> usize {
        self.pool.map_or(0, |pool| pool.output().len())
    }

    fn at_least(&self) -> usize {
        let output = self.geometry.output();
        if transforms::<T>(&self.geometry) {
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
            (self.adds, "Add"),
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
            // What transforms its weights at every call wants more images than pooling.
            let apart = self.adds || transforms::<T>(&self.geometry);
            (self.pool.is_none() && !apart).then_some(())?;
        } else if downcast(next.op) == Some(&Add::default()) {
            joined.adds = true;
            let plain = !self.adds && !self.relu && self.pool.is_none();
            // What goes pixel by pixel is as fast without.
            let apart = next.backward || shifts::<T>(&self.geometry);
            (plain && !apart && next.inputs == 2).then_some(())?;
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
