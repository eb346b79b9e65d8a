//! A data set as tensors, a few examples at a time.

use dfdx::prelude::{Const, Tensor};

use super::error::DataError;
use super::normalize::Scale;
use super::Dataset;
use crate::tensor::{filled, scalar, Batch, Batched, Device, Element};

/// The batches of one pass over a data set: [`Dataset::batches`], [`Dataset::shuffled_batches`].
///
/// Each is a `Result`, because the device can be out of memory.
pub struct Batches<'a, S, const CLASSES: usize, E, D> {
    data: &'a Dataset<S, CLASSES>,
    device: D,
    size: usize,
    order: Vec<usize>,
    next: usize,
    /// For every channel (or once for all of them) the number that each byte stands for.
    numbers: Vec<[E; 256]>,
    // Kept from batch to batch, so that a pass allocates once on the host.
    pixels: Vec<E>,
    one_hot: Vec<E>,
}

/// A few examples on the device, and their labels on the host.
#[derive(Clone, Debug)]
pub struct MiniBatch<S: Batched, const CLASSES: usize, E: Element, D: Device<E>> {
    /// The images, for the model.
    pub images: Batch<S, usize, E, D>,
    /// The labels for the loss: 1 at the class of each image, 0 elsewhere.
    pub one_hot: Tensor<(usize, Const<CLASSES>), E, D>,
    /// The class of each image, for counting hits.
    pub labels: Vec<usize>,
}

impl<'a, S: Batched, const CLASSES: usize, E: Element, D: Device<E>> Batches<'a, S, CLASSES, E, D> {
    pub(super) fn new(
        data: &'a Dataset<S, CLASSES>,
        device: &D,
        size: usize,
        order: Vec<usize>,
        scales: &[Scale],
    ) -> Result<Self, DataError> {
        if size == 0 {
            return Err(DataError::BatchOfZero);
        }
        for (channel, scale) in scales.iter().enumerate() {
            scale.check(channel)?;
        }
        Ok(Batches {
            data,
            device: device.clone(),
            size,
            order,
            next: 0,
            numbers: scales.iter().map(|scale| scale.numbers()).collect(),
            pixels: Vec::new(),
            one_hot: Vec::new(),
        })
    }

    fn mini_batch(
        &mut self,
        examples: std::ops::Range<usize>,
    ) -> Result<MiniBatch<S, CLASSES, E, D>, D::Err> {
        let count = examples.len();
        let labels: Vec<usize> = self.order[examples.clone()]
            .iter()
            .map(|i| self.data.label(*i))
            .collect();

        self.one_hot.clear();
        self.one_hot.resize(count * CLASSES, scalar(0.0));
        for (row, label) in labels.iter().enumerate() {
            self.one_hot[row * CLASSES + label] = scalar(1.0);
        }

        self.pixels.clear();
        let channel = S::DIMS.len() / self.numbers.len();
        for i in &self.order[examples] {
            let image = self.data.image(*i);
            for (c, numbers) in self.numbers.iter().enumerate() {
                let bytes = &image[c * channel..(c + 1) * channel];
                self.pixels
                    .extend(bytes.iter().map(|byte| numbers[usize::from(*byte)]));
            }
        }

        Ok(MiniBatch {
            images: filled(&self.device, &S::batched(count), &self.pixels)?,
            one_hot: filled(&self.device, &(count, Const), &self.one_hot)?,
            labels,
        })
    }
}

impl<S: Batched, const CLASSES: usize, E: Element, D: Device<E>> Iterator
    for Batches<'_, S, CLASSES, E, D>
{
    type Item = Result<MiniBatch<S, CLASSES, E, D>, D::Err>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next;
        let end = start.saturating_add(self.size).min(self.order.len());
        self.next = end;
        (start < end).then(|| self.mini_batch(start..end))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.order.len() - self.next).div_ceil(self.size);
        (left, Some(left))
    }
}

impl<S: Batched, const CLASSES: usize, E: Element, D: Device<E>> ExactSizeIterator
    for Batches<'_, S, CLASSES, E, D>
{
}

impl<S: Batched, const CLASSES: usize, E: Element, D: Device<E>> std::iter::FusedIterator
    for Batches<'_, S, CLASSES, E, D>
{
}
