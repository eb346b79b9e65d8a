//! Images and their labels in memory.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use rand::seq::SliceRandom;
use rand::Rng;

use super::batches::Batches;
use super::error::{DataError, Origin};
use super::idx::{read_images, read_labels};
use super::normalize::{Normalize, Scale};
use super::unpack::{open, up_to};
use crate::shape::{Chw, Dims};
use crate::tensor::{Batched, Device, Element};

/// Images of the shape `S`, each with the number of its class, which is below `CLASSES`.
///
/// Pixels stay bytes; [`batches`](Self::batches) turns them into the numbers that a model sees:
/// from 0 to 1, or as [`normalized`](Self::normalized) says.
///
/// # Example
/// ```
/// use shapeproof::data::Dataset;
/// use shapeproof::prelude::*;
///
/// let pixels = vec![0, 51, 102, 153, 204, 255, 255, 204, 153, 102, 51, 0];
/// let data = Dataset::<Chw<1, 2, 3>, 4>::new(pixels, vec![3, 0]).unwrap();
/// assert_eq!(data.image(1), [255, 204, 153, 102, 51, 0]);
/// assert_eq!(data.label(0), 3);
///
/// let dev = Cpu::default();
/// let batch = data.batches::<f32, _>(&dev, 2).unwrap().next().unwrap().unwrap();
/// assert_eq!(batch.images.as_vec()[..3], [0.0, 0.2, 0.4]);
/// assert_eq!(batch.one_hot.as_vec(), [0., 0., 0., 1., 1., 0., 0., 0.]);
/// ```
#[derive(Clone)]
pub struct Dataset<S, const CLASSES: usize> {
    pixels: Vec<u8>,
    labels: Vec<usize>,
    /// One for every channel, or one for all of them.
    scales: Vec<Scale>,
    shape: PhantomData<fn() -> S>,
}

/// Colour 32×32 images of ten kinds of things: CIFAR-10.
pub type Cifar10 = Dataset<Chw<3, 32, 32>, 10>;

/// Grey 28×28 images of the digits 0 to 9: MNIST, and what stands in for it.
pub type Digits = Dataset<Chw<1, 28, 28>, 10>;

impl<S: Batched, const CLASSES: usize> Dataset<S, CLASSES> {
    /// A data set of pixels, image after image in the order of `S`'s axes, and their labels.
    ///
    /// # Errors
    /// When there is no example or no pixel, when the pixels are not as many as the labels ask for,
    /// or when a label is not below `CLASSES`.
    pub fn new(pixels: Vec<u8>, labels: Vec<usize>) -> Result<Self, DataError> {
        if S::DIMS.is_empty() || (labels.is_empty() && pixels.is_empty()) {
            return Err(DataError::NoExamples);
        }
        let expected = labels.len() as u128 * S::DIMS.len() as u128;
        if pixels.len() as u128 != expected {
            return Err(DataError::PixelCount {
                labels: labels.len(),
                shape: S::DIMS,
                expected,
                found: pixels.len(),
            });
        }
        Self::labelled(pixels, labels, || Origin::Memory)
    }

    /// Reads a file of images and a file of labels, both in the IDX format, plain or packed by
    /// gzip.
    ///
    /// Images of `H`×`W` are a `Chw<1, H, W>` and a `Flat<{ H * W }>`.
    ///
    /// # Errors
    /// When a file is missing, damaged or of another kind; when the images have another shape than
    /// `S`; when there are not as many labels as images; when a label is not below `CLASSES`.
    ///
    /// # Example
    /// ```
    /// use shapeproof::data::Dataset;
    /// use shapeproof::prelude::*;
    ///
    /// let dir = tempfile::tempdir().unwrap();
    /// let (images, labels) = (dir.path().join("images"), dir.path().join("labels"));
    /// std::fs::write(&images, [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9]).unwrap();
    /// std::fs::write(&labels, [0, 0, 8, 1, 0, 0, 0, 1, 4]).unwrap();
    ///
    /// let data = Dataset::<Chw<1, 1, 2>, 5>::from_idx(&images, &labels).unwrap();
    /// assert_eq!((data.image(0), data.label(0)), (&[7, 9][..], 4));
    ///
    /// let error = Dataset::<Chw<1, 2, 2>, 5>::from_idx(&images, &labels).unwrap_err().to_string();
    /// assert!(error.starts_with("expected images of 2×2, found 1×2 in "));
    /// ```
    pub fn from_idx(
        images_path: impl AsRef<Path>,
        labels_path: impl AsRef<Path>,
    ) -> Result<Self, DataError> {
        let (images_path, labels_path) = (images_path.as_ref(), labels_path.as_ref());
        let images = read_images(images_path)?;
        let fits = match S::DIMS {
            Dims::Chw {
                channels,
                height,
                width,
            } => (channels, height, width) == (1, images.height, images.width),
            Dims::Flat { features } => features == images.height * images.width,
        };
        if !fits {
            return Err(DataError::ImageShape {
                path: images_path.into(),
                expected: S::DIMS,
                height: images.height,
                width: images.width,
            });
        }
        let labels = read_labels(labels_path)?;
        if labels.len() != images.count {
            return Err(DataError::Counts {
                images: images.count,
                images_path: images_path.into(),
                labels: labels.len(),
                labels_path: labels_path.into(),
            });
        }
        let labels = labels.into_iter().map(usize::from).collect();
        Self::labelled(images.pixels, labels, || Origin::File(labels_path.into()))
    }

    /// Reads records of one byte for the label and then the pixels of an image in the order of `S`'s
    /// axes, as in the "binary version" of CIFAR-10, plain or packed by gzip.
    ///
    /// # Errors
    /// When the file cannot be read, holds no record, or ends within one; when a label is not below
    /// `CLASSES`.
    ///
    /// # Example
    /// ```
    /// use shapeproof::data::Dataset;
    /// use shapeproof::prelude::*;
    ///
    /// let dir = tempfile::tempdir().unwrap();
    /// let path = dir.path().join("two-records.bin");
    /// std::fs::write(&path, [4, 10, 20, 30, 2, 40, 50, 60]).unwrap();
    /// let data = Dataset::<Chw<3, 1, 1>, 5>::from_records(&path).unwrap();
    /// assert_eq!((data.image(1), data.label(1)), (&[40, 50, 60][..], 2));
    ///
    /// std::fs::write(&path, [4, 10, 20, 30, 2, 40]).unwrap();
    /// let error = Dataset::<Chw<3, 1, 1>, 5>::from_records(&path).unwrap_err().to_string();
    /// assert!(error.ends_with("is cut short: record 1 needs 4 bytes, found 2"));
    /// ```
    ///
    /// # Source
    /// Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
    pub fn from_records(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let failed = |reason| DataError::Read {
            path: path.into(),
            reason,
        };
        if S::DIMS.is_empty() {
            return Err(DataError::NoExamples);
        }
        let size = 1 + S::DIMS.len();
        let mut bytes = open(path).map_err(failed)?;
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        loop {
            let record = up_to(&mut bytes, size as u64).map_err(failed)?;
            match record.as_slice() {
                [] if labels.is_empty() => return Err(DataError::NoRecord { path: path.into() }),
                [] => break,
                [label, image @ ..] if record.len() == size => {
                    labels.push(usize::from(*label));
                    pixels.extend_from_slice(image);
                }
                _ => {
                    return Err(DataError::CutRecord {
                        path: path.into(),
                        record: labels.len(),
                        expected: size,
                        found: record.len(),
                    })
                }
            }
        }
        Self::labelled(pixels, labels, || Origin::File(path.into()))
    }

    fn labelled(
        pixels: Vec<u8>,
        labels: Vec<usize>,
        origin: impl FnOnce() -> Origin,
    ) -> Result<Self, DataError> {
        if let Some(record) = labels.iter().position(|label| *label >= CLASSES) {
            return Err(DataError::LabelOutOfRange {
                origin: origin(),
                record,
                label: labels[record],
                classes: CLASSES,
            });
        }
        Ok(Self::checked(pixels, labels))
    }

    /// For callers that have made sure of what [`new`](Self::new) checks.
    pub(super) fn checked(pixels: Vec<u8>, labels: Vec<usize>) -> Self {
        Dataset {
            pixels,
            labels,
            scales: vec![Scale::NONE],
            shape: PhantomData,
        }
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no example, which only [`take`](Self::take) and
    /// [`synthetic_digits`](super::synthetic_digits) of none can bring about.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of one image, in the order of `S`'s axes.
    ///
    /// # Panics
    /// When `i` is not below [`len`](Self::len).
    pub fn image(&self, i: usize) -> &[u8] {
        &self.pixels[i * S::DIMS.len()..(i + 1) * S::DIMS.len()]
    }

    /// The class of one image.
    ///
    /// # Panics
    /// When `i` is not below [`len`](Self::len).
    pub fn label(&self, i: usize) -> usize {
        self.labels[i]
    }

    /// The classes of all images, in order.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// By which numbers the images are normalised.
    pub(super) fn normalization(&self) -> &[Scale] {
        &self.scales
    }

    /// The first `n` examples, or all where there are fewer.
    pub fn take(mut self, n: usize) -> Self {
        self.labels.truncate(n);
        self.pixels.truncate(self.labels.len() * S::DIMS.len());
        self
    }

    /// All examples in order, `size` at a time; the last batch has what is left over.
    ///
    /// # Errors
    /// When `size` is 0, or when the data set is normalised by numbers that are not finite or by a
    /// negative standard deviation.
    pub fn batches<E: Element, D: Device<E>>(
        &self,
        device: &D,
        size: usize,
    ) -> Result<Batches<'_, S, CLASSES, E, D>, DataError> {
        Batches::new(self, device, size, (0..self.len()).collect(), &self.scales)
    }

    /// All examples in an order drawn from `rng`, `size` at a time; the last batch has what is
    /// left over.
    ///
    /// # Errors
    /// When `size` is 0, or when the data set is normalised by numbers that are not finite or by a
    /// negative standard deviation.
    pub fn shuffled_batches<E: Element, D: Device<E>>(
        &self,
        device: &D,
        size: usize,
        rng: &mut impl Rng,
    ) -> Result<Batches<'_, S, CLASSES, E, D>, DataError> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(rng);
        Batches::new(self, device, size, order, &self.scales)
    }
}

impl<const C: usize, const H: usize, const W: usize, const CLASSES: usize>
    Dataset<Chw<C, H, W>, CLASSES>
{
    /// The same examples, whose batches come normalised; an earlier normalisation is replaced.
    ///
    /// # Example
    /// ```
    /// use shapeproof::data::{Dataset, Normalize};
    /// use shapeproof::prelude::*;
    ///
    /// let data = Dataset::<Chw<1, 1, 2>, 2>::new(vec![0, 255], vec![1]).unwrap();
    /// let data = data.normalized(Normalize { mean: [0.5], std: [0.25] });
    /// let batch = data.batches(&Cpu::default(), 1).unwrap().next().unwrap().unwrap();
    /// let images: Tensor<_, f64, _> = batch.images;
    /// assert_eq!(images.as_vec(), [-2.0, 2.0]);
    /// ```
    pub fn normalized(mut self, normalize: Normalize<C>) -> Self {
        self.scales = normalize.scales();
        self
    }
}

impl Digits {
    /// The training set of MNIST (or of a set in its files, such as Fashion-MNIST):
    /// `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` in `dir`, with or without `.gz`.
    ///
    /// # Errors
    /// As [`from_idx`](Self::from_idx).
    ///
    /// # Example
    /// ```
    /// use shapeproof::data::Dataset;
    /// let error = Dataset::mnist_train("no-such-folder").unwrap_err();
    /// # #[cfg(unix)]
    /// assert_eq!(
    ///     error.to_string(),
    ///     "neither no-such-folder/train-images-idx3-ubyte \
    ///      nor no-such-folder/train-images-idx3-ubyte.gz exists"
    /// );
    /// ```
    pub fn mnist_train(dir: impl AsRef<Path>) -> Result<Self, DataError> {
        Self::mnist(dir.as_ref(), "train")
    }

    /// The test set of MNIST (or of a set in its files, such as Fashion-MNIST):
    /// `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte` in `dir`, with or without `.gz`.
    ///
    /// # Errors
    /// As [`from_idx`](Self::from_idx).
    pub fn mnist_test(dir: impl AsRef<Path>) -> Result<Self, DataError> {
        Self::mnist(dir.as_ref(), "t10k")
    }

    fn mnist(dir: &Path, set: &str) -> Result<Self, DataError> {
        Self::from_idx(
            plain_or_gzipped(dir, &format!("{set}-images-idx3-ubyte"))?,
            plain_or_gzipped(dir, &format!("{set}-labels-idx1-ubyte"))?,
        )
    }
}

fn plain_or_gzipped(dir: &Path, name: &str) -> Result<PathBuf, DataError> {
    let plain = dir.join(name);
    let gzipped = dir.join(format!("{name}.gz"));
    for path in [&plain, &gzipped] {
        match path.try_exists() {
            Ok(true) => return Ok(path.clone()),
            Ok(false) => {}
            Err(reason) => {
                return Err(DataError::Read {
                    path: path.clone(),
                    reason,
                })
            }
        }
    }
    Err(DataError::NeitherExists { plain, gzipped })
}

/// The shape and the numbers, not the pixels.
impl<S: Batched, const CLASSES: usize> fmt::Debug for Dataset<S, CLASSES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dataset")
            .field("shape", &S::DIMS)
            .field("classes", &CLASSES)
            .field("len", &self.len())
            .field("scales", &self.scales)
            .finish()
    }
}
