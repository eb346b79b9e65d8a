//! Data sets: images of a typed shape, each with a class, a mask, boxes or numbers; readers of the
//! files they come in; augmentation; batches of them as tensors; and sets that the program draws.
//!
//! This room knows pixels as bytes, targets, files, and how they become tensors of the shapes that
//! a model declares. It must never know a layer, a model or a training loop.
//!
//! Begin with [`Dataset`], which ties images in memory to the type of the model's input; then
//! [`Batches`], which hands them out as tensors. What is larger than memory, or has other targets
//! than classes, is a [`Source`] of [`Sample`]s, and a [`Loader`] reads, augments and batches it in
//! the background. [`synthetic_digits`] needs no file at all:
//!
//! ```
//! use rand::SeedableRng;
//! use shapeproof::data::{synthetic_digits, Normalize};
//! use shapeproof::prelude::*;
//!
//! let dev = Cpu::default();
//! let digits = synthetic_digits(10, 0);
//! let normalize = Normalize::of(&digits);
//! let digits = digits.normalized(normalize);
//!
//! let mut rng = rand::rngs::StdRng::seed_from_u64(0);
//! let mut sizes = Vec::new();
//! for batch in digits.shuffled_batches(&dev, 4, &mut rng).unwrap() {
//!     let batch = batch.unwrap();
//!     let images: Batch<Chw<1, 28, 28>, usize, f32, Cpu> = batch.images;
//!     let one_hot: Batch<Flat<10>, usize, f32, Cpu> = batch.one_hot;
//!     assert_eq!(images.shape().0, one_hot.shape().0);
//!     sizes.push(batch.labels.len());
//! }
//! assert_eq!(sizes, [4, 4, 2]);
//! ```

mod augment;
mod batches;
mod dataset;
mod error;
mod files;
mod idx;
mod loader;
mod normalize;
mod ordered;
mod picture;
mod sample;
mod seeds;
mod source;
mod synthetic;
mod target;
mod tiles;
mod unpack;

pub use augment::{
    ColorJitter, Cutout, ElasticTransform, InterpolationMode, Mirror, Motion, NegatingFlip,
    RandomAffine, RandomApply, RandomCrop, RandomHorizontalFlip, RandomRotation,
    RandomVerticalFlip, Spatial, Transform,
};
pub use batches::{Batches, MiniBatch};
pub use dataset::{Cifar10, Dataset, Digits};
pub use error::{Contents, DataError, Kind, Origin};
pub use files::{FileError, ImageFolder, MaskPairs, Skipped, Tub, VocBoxes};
pub use idx::{read_images, read_labels, Images};
pub use loader::{Epoch, Examples, Loader};
pub use normalize::{Normalize, Scale};
pub use picture::Picture;
pub use sample::{Image, Sample};
pub use source::{SampleOf, Samples, Source, Subset, WithTargets};
pub use synthetic::{
    synthetic_digits, DigitScenes, Rotated, SyntheticCells, SyntheticRoad, SyntheticShapes,
};
pub use target::{BoundingBox, Boxes, Class, Dense, Mask, Numbers, Target, TargetError, IGNORE};
pub(crate) use tiles::firsts;
pub use tiles::Tiles;
