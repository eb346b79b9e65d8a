//! Where samples come from: memory, files, or a program that draws them.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use super::error::{DataError, Origin};
use super::normalize::Scale;
use super::sample::{Image, Sample};
use super::target::{Class, Target};
use super::Dataset;
use crate::tensor::Batched;

/// A sample of a source: of its shape and its kind of target.
pub type SampleOf<Src> = Sample<<Src as Source>::Shape, <Src as Source>::Target>;

/// A set of samples that are fetched one by one, so that it may be larger than memory.
///
/// [`Dataset`] and [`Samples`] are sources in memory; the readers of folders keep names only and
/// decode a file when it is asked for. A [`Loader`](super::Loader) makes batches of any source, in
/// threads of its own: hence `Send` and `Sync`.
///
/// # Example
/// ```
/// use shapeproof::data::{synthetic_digits, Source};
///
/// let digits = synthetic_digits(10, 1);
/// let (train, test) = (digits.clone().range(0..8), digits.range(8..10));
/// assert_eq!((train.len(), test.len()), (8, 2));
/// assert_eq!(test.get(1).unwrap().image.values().len(), 784);
/// ```
pub trait Source: Send + Sync + 'static {
    /// The shape of the images: what the model takes.
    type Shape: Batched;
    /// What is to be learned of them.
    type Target: Target;

    /// The number of samples.
    fn len(&self) -> usize;

    /// One sample; the same whenever it is asked for.
    ///
    /// # Errors
    /// When it cannot be read; the error names the file.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    fn get(&self, index: usize) -> Result<SampleOf<Self>, DataError>;

    /// Whether there is no sample.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// By which numbers the images are to be normalised, for every channel or once for all.
    fn scales(&self) -> Vec<Scale> {
        vec![Scale::NONE]
    }

    /// The samples whose indices are in `range`, in order; those that there are.
    fn range(self, range: Range<usize>) -> Subset<Self>
    where
        Self: Sized,
    {
        let indices = range.start..range.end.min(self.len());
        self.subset(indices.collect())
    }

    /// The samples of these indices, in this order; one may come twice.
    ///
    /// # Panics
    /// When an index is not below [`len`](Self::len).
    fn subset(self, indices: Vec<usize>) -> Subset<Self>
    where
        Self: Sized,
    {
        let len = self.len();
        if let Some(index) = indices.iter().find(|i| **i >= len) {
            panic!("index {index} of a set of {len}");
        }
        Subset {
            source: self,
            indices,
        }
    }

    /// The same images with targets of another kind, each made from the old one.
    ///
    /// # Example
    /// ```
    /// use shapeproof::data::{synthetic_digits, Class, Source};
    /// let odd = synthetic_digits(10, 1).with_targets::<Class<2>, _>(|digit| digit % 2);
    /// assert!(odd.get(3).unwrap().target < 2);
    /// ```
    fn with_targets<T, F>(self, make: F) -> WithTargets<Self, T, F>
    where
        Self: Sized,
        T: Target,
        F: Fn(<Self::Target as Target>::Value) -> T::Value + Send + Sync + 'static,
    {
        WithTargets {
            source: self,
            make,
            target: PhantomData,
        }
    }

    /// All samples, read into memory now.
    ///
    /// # Errors
    /// The first one that cannot be read.
    fn in_memory(&self) -> Result<Samples<Self::Shape, Self::Target>, DataError>
    where
        Self: Sized,
    {
        let samples: Result<_, _> = (0..self.len()).map(|i| self.get(i)).collect();
        Ok(Samples {
            scales: self.scales(),
            ..Samples::new(samples?)?
        })
    }
}

impl<S: Batched, const CLASSES: usize> Source for Dataset<S, CLASSES> {
    type Shape = S;
    type Target = Class<CLASSES>;

    fn len(&self) -> usize {
        self.labels().len()
    }

    fn get(&self, index: usize) -> Result<Sample<S, Class<CLASSES>>, DataError> {
        Ok(Sample {
            image: Image::checked(self.image(index).to_vec()),
            target: self.label(index),
        })
    }

    fn scales(&self) -> Vec<Scale> {
        self.normalization().to_vec()
    }
}

/// One set used by several loaders, without copies.
impl<Src: Source> Source for Arc<Src> {
    type Shape = Src::Shape;
    type Target = Src::Target;

    fn len(&self) -> usize {
        Src::len(self)
    }

    fn get(&self, index: usize) -> Result<SampleOf<Src>, DataError> {
        Src::get(self, index)
    }

    fn scales(&self) -> Vec<Scale> {
        Src::scales(self)
    }
}

/// Samples in memory.
///
/// # Example
/// ```
/// use shapeproof::data::{Image, Numbers, Sample, Samples, Source};
/// use shapeproof::prelude::*;
///
/// let image = Image::new(vec![0, 255]).unwrap();
/// let data = Samples::<Chw<1, 1, 2>, Numbers<1>>::new(vec![Sample { image, target: [0.5] }]);
/// assert_eq!(data.unwrap().get(0).unwrap().target, [0.5]);
/// ```
pub struct Samples<S, T: Target> {
    samples: Vec<Sample<S, T>>,
    scales: Vec<Scale>,
}

impl<S: Batched, T: Target> Samples<S, T> {
    /// A set of these samples.
    ///
    /// # Errors
    /// When a target is not one that `T` promises.
    pub fn new(samples: Vec<Sample<S, T>>) -> Result<Self, DataError> {
        for (record, sample) in samples.iter().enumerate() {
            T::check(&sample.target).map_err(|problem| DataError::Target {
                origin: Origin::Samples,
                record,
                problem,
            })?;
        }
        Ok(Samples {
            samples,
            scales: vec![Scale::NONE],
        })
    }
}

/// The shape and how many there are, not the images.
impl<S: Batched, T: Target> fmt::Debug for Samples<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Samples")
            .field("shape", &S::DIMS)
            .field("len", &self.samples.len())
            .finish()
    }
}

impl<S: Batched, T: Target> Source for Samples<S, T> {
    type Shape = S;
    type Target = T;

    fn len(&self) -> usize {
        self.samples.len()
    }

    fn get(&self, index: usize) -> Result<Sample<S, T>, DataError> {
        Ok(self.samples[index].clone())
    }

    fn scales(&self) -> Vec<Scale> {
        self.scales.clone()
    }
}

/// Some samples of a set: [`Source::range`], [`Source::subset`].
#[derive(Clone, Debug)]
pub struct Subset<Src> {
    source: Src,
    indices: Vec<usize>,
}

impl<Src> Subset<Src> {
    /// The whole set.
    pub fn source(&self) -> &Src {
        &self.source
    }

    /// Which samples of the whole set these are.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }
}

impl<Src: Source> Source for Subset<Src> {
    type Shape = Src::Shape;
    type Target = Src::Target;

    fn len(&self) -> usize {
        self.indices.len()
    }

    fn get(&self, index: usize) -> Result<SampleOf<Src>, DataError> {
        self.source.get(self.indices[index])
    }

    fn scales(&self) -> Vec<Scale> {
        self.source.scales()
    }
}

/// A set with targets of another kind: [`Source::with_targets`].
pub struct WithTargets<Src, T, F> {
    source: Src,
    make: F,
    target: PhantomData<fn() -> T>,
}

impl<Src, T, F> Source for WithTargets<Src, T, F>
where
    Src: Source,
    T: Target,
    F: Fn(<Src::Target as Target>::Value) -> T::Value + Send + Sync + 'static,
{
    type Shape = Src::Shape;
    type Target = T;

    fn len(&self) -> usize {
        self.source.len()
    }

    fn get(&self, index: usize) -> Result<Sample<Src::Shape, T>, DataError> {
        let Sample { image, target } = self.source.get(index)?;
        Ok(Sample {
            image,
            target: (self.make)(target),
        })
    }

    fn scales(&self) -> Vec<Scale> {
        self.source.scales()
    }
}
