//! A batch whose sizes are known while running: what flows from layer to layer.

use std::any::Any;

use dfdx::prelude::{
    Cpu, Dim, Dtype, HasErr, HasShape, Merge, NoneTape, PutTape, ReshapeTo, Shape, SplitTape,
    Storage, Tape, Tensor,
};

use super::{distinct, Batch, Batched, Device, Parameter};
use crate::shape::Dims;

/// A tensor of images, `(batch, channels, height, width)`.
pub type Images<E, D, T = NoneTape> = Tensor<(usize, usize, usize, usize), E, D, T>;
/// A tensor of vectors, `(batch, features)`.
pub type Vectors<E, D, T = NoneTape> = Tensor<(usize, usize), E, D, T>;

/// A batch of images or vectors on its way through a model.
///
/// The compiler has proven what fits before a model runs, so layers pass on sizes that are known
/// while running: this is what lets a block be generic over everything that flows into it. A
/// vector is kept as an image of one pixel, its features in the channels.
#[derive(Clone, Debug)]
pub struct Features<E: Dtype, D: Storage<E>, T = NoneTape> {
    images: Images<E, D, T>,
    dims: Dims,
}

impl<E: Dtype, D: Storage<E>> Features<E, D> {
    /// A batch of examples of `dims`, which are laid out as `images`.
    pub(crate) fn laid_out(images: Images<E, D>, dims: Dims) -> Self {
        Features { images, dims }
    }
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Features<E, D, T> {
    /// Images that carry their sizes.
    pub fn images(images: Images<E, D, T>) -> Self {
        let &(_, channels, height, width) = images.shape();
        Features {
            images,
            dims: Dims::chw(channels, height, width),
        }
    }

    /// Vectors.
    ///
    /// # Errors
    /// When the device is out of memory.
    pub fn vectors(vectors: Vectors<E, D, T>) -> Result<Self, D::Err> {
        let &(batch, features) = vectors.shape();
        Ok(Features {
            images: vectors.try_reshape_like(&(batch, features, 1, 1))?,
            dims: Dims::flat(features),
        })
    }

    /// A tensor whose first axis is the batch and whose others are `S`.
    ///
    /// # Errors
    /// When the device is out of memory.
    pub fn from_typed<S: Batched, B: Dim>(x: Batch<S, B, E, D, T>) -> Result<Self, D::Err> {
        let batch = x.shape().concrete().into_iter().next().unwrap_or(0);
        Features::with_dims(x, batch, S::DIMS)
    }

    /// The tensor in the shape `S`, as the compiler has proven it.
    ///
    /// # Errors
    /// When the device is out of memory.
    ///
    /// # Panics
    /// When a layer has put out another shape than its rule says.
    pub fn try_into_typed<S: Batched, B: Dim>(
        self,
        batch: B,
    ) -> Result<Batch<S, B, E, D, T>, D::Err> {
        assert!(
            self.dims.same(S::DIMS),
            "a layer gave {}, its shape rule says {}",
            self.dims,
            S::DIMS
        );
        self.images.try_reshape_like(&S::batched(batch))
    }

    /// `x`, which holds `batch` examples of `dims`.
    ///
    /// # Errors
    /// When the device is out of memory.
    pub fn with_dims<S: Shape>(
        x: Tensor<S, E, D, T>,
        batch: usize,
        dims: Dims,
    ) -> Result<Self, D::Err> {
        let sizes = (batch, dims.size(0), dims.size(1), dims.size(2));
        Ok(Features {
            images: x.try_reshape_like(&sizes)?,
            dims,
        })
    }

    /// Number of examples.
    pub fn batch(&self) -> usize {
        self.images.shape().0
    }

    /// The shape of one example.
    pub fn dims(&self) -> Dims {
        self.dims
    }

    /// The device that holds the numbers.
    pub fn device(&self) -> &D {
        self.images.device()
    }

    /// The tensor, where it is on the CPU.
    pub fn on_cpu(&self) -> Option<&dyn Parameter<E>>
    where
        T: 'static,
    {
        (&self.images as &dyn Any)
            .downcast_ref::<Images<E, Cpu>>()
            .map(|images| images as _)
    }

    /// As images; a vector is an image of one pixel.
    pub fn into_images(self) -> Images<E, D, T> {
        self.images
    }

    /// As vectors; an image is laid out channel by channel, row by row.
    ///
    /// # Errors
    /// When the device is out of memory.
    pub fn try_into_vectors(self) -> Result<Vectors<E, D, T>, D::Err> {
        let sizes = (self.batch(), self.dims.len());
        self.images.try_reshape_like(&sizes)
    }

    /// What `op` makes of the numbers, in the same shape. The channels (the features of a vector)
    /// are in axis 1.
    ///
    /// # Errors
    /// Those of `op`.
    pub fn try_map<T2: Tape<E, D>>(
        self,
        op: impl FnOnce(Images<E, D, T>) -> Result<Images<E, D, T2>, D::Err>,
    ) -> Result<Features<E, D, T2>, D::Err> {
        Ok(Features {
            images: op(self.images)?,
            dims: self.dims,
        })
    }

    /// The numbers and the tape.
    pub fn split_tape(self) -> (Features<E, D>, T) {
        let (images, tape) = self.images.split_tape();
        let dims = self.dims;
        (Features { images, dims }, tape)
    }

    /// Two operands of one op, as different tensors, which dfdx wants them to be.
    ///
    /// # Errors
    /// When the device is out of memory.
    pub fn try_distinct<R: Tape<E, D>>(
        self,
        other: Features<E, D, R>,
    ) -> Result<(Self, Features<E, D>), <D as HasErr>::Err>
    where
        T: Merge<R>,
    {
        let (x, tape) = self.split_tape();
        let (images, tape) = distinct(other.images, tape)?;
        let dims = other.dims;
        Ok((x.put_tape(tape), Features { images, dims }))
    }
}

impl<E: Dtype, D: Device<E>> Features<E, D> {
    /// The numbers with a tape.
    pub fn put_tape<T: Tape<E, D>>(self, tape: T) -> Features<E, D, T> {
        Features {
            images: self.images.put_tape(tape),
            dims: self.dims,
        }
    }
}
