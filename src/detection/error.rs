use std::fmt::{Debug, Display};

use crate::data::BoundingBox;
use crate::train::LossError;

/// What is wrong with boxes, or does not belong together. The fields hold the facts, `Display` puts
/// them in one sentence.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BoxError {
    /// Things or boxes are given for another number of images, or of rows.
    #[error("{found} {what} for {expected} {of}")]
    Count {
        /// What was given.
        what: &'static str,
        /// How many were given.
        found: usize,
        /// How many there should be.
        expected: usize,
        /// What they belong to.
        of: &'static str,
    },
    /// A region is in no image of the batch.
    #[error("region {number} is of image {image}, there are {batch} from 0")]
    Image {
        /// The region, counted from 0.
        number: usize,
        /// The image that it names.
        image: usize,
        /// Images in the batch.
        batch: usize,
    },
    /// A region has an edge that is not finite.
    #[error("region {number} reaches {found}")]
    Edges {
        /// The region, counted from 0.
        number: usize,
        /// The region.
        found: BoundingBox,
    },
    /// The class of a thing is none of the head's.
    #[error("a thing in image {image} is of class {class}, the head has {classes} from 0")]
    Class {
        /// The image, counted from 0.
        image: usize,
        /// The class of the thing.
        class: usize,
        /// Classes of the head.
        classes: usize,
    },
}

/// Why there is no loss, or no part of an image.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DetectionError<E: Debug + Display> {
    /// The boxes do not fit.
    #[error(transparent)]
    Boxes(#[from] BoxError),
    /// The classes do not fit.
    #[error("{0}")]
    Loss(LossError<E>),
    /// The device is out of memory.
    #[error("{0}")]
    Device(E),
}
