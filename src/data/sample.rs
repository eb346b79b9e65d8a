//! One example: an image of a typed shape and what is to be learned of it.

use std::fmt;
use std::marker::PhantomData;

use super::error::DataError;
use super::picture::Picture;
use super::target::Target;
use crate::shape::Chw;
use crate::tensor::Batched;

/// An image of the shape `S`, one byte a value, in the order of `S`'s axes.
///
/// # Example
/// ```
/// use shapeproof::data::{Image, Picture};
/// use shapeproof::prelude::*;
///
/// let photo = Picture::filled(40, 60, [10, 20, 30]);
/// let image = Image::<Chw<3, 2, 2>>::of(&photo);
/// assert_eq!(image.values(), [10, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30]);
/// ```
pub struct Image<S> {
    values: Vec<u8>,
    shape: PhantomData<fn() -> S>,
}

impl<S: Batched> Image<S> {
    /// An image of these values.
    ///
    /// # Errors
    /// When there are not as many as `S` asks for.
    pub fn new(values: Vec<u8>) -> Result<Self, DataError> {
        if values.len() != S::DIMS.len() {
            return Err(DataError::ImageValues {
                shape: S::DIMS,
                found: values.len(),
            });
        }
        Ok(Self::checked(values))
    }

    /// For callers that have made sure of what [`new`](Self::new) checks.
    pub(super) fn checked(values: Vec<u8>) -> Self {
        Image {
            values,
            shape: PhantomData,
        }
    }

    /// The values.
    pub fn values(&self) -> &[u8] {
        &self.values
    }

    /// The values, to change them.
    pub fn values_mut(&mut self) -> &mut [u8] {
        &mut self.values
    }
}

impl<const C: usize, const H: usize, const W: usize> Image<Chw<C, H, W>> {
    /// A picture, resized to `H`×`W`, in shades of grey where `C` is 1, in RGB where it is 3. Does
    /// not build for another `C`.
    pub fn of(picture: &Picture) -> Self {
        const { assert!(C == 1 || C == 3, "pictures have 1 channel or 3") };
        // Colours are mixed before pixels are, or afterwards: whichever works on fewer values.
        let picture = if C == 1 {
            picture.to_grey().resized(H, W)
        } else {
            picture.resized(H, W).to_rgb()
        };
        Self::checked(picture.into_values())
    }

    /// The image as a picture, to look at. Does not build where `C` is neither 1 nor 3.
    ///
    /// # Panics
    /// When `H` or `W` is 0.
    pub fn to_picture(&self) -> Picture {
        const { assert!(C == 1 || C == 3, "pictures have 1 channel or 3") };
        Picture::new(C, H, W, self.values.clone()).expect("an image has the values of its shape")
    }
}

// By hand: an `S` is never held.
impl<S> Clone for Image<S> {
    fn clone(&self) -> Self {
        Image {
            values: self.values.clone(),
            shape: PhantomData,
        }
    }
}

impl<S> PartialEq for Image<S> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl<S> Eq for Image<S> {}

/// The shape, not the values.
impl<S: Batched> fmt::Debug for Image<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image").field("shape", &S::DIMS).finish()
    }
}

/// An image and its target: a class, a mask, boxes or numbers.
pub struct Sample<S, T: Target> {
    /// What the model sees.
    pub image: Image<S>,
    /// What it is to say.
    pub target: T::Value,
}

// By hand: `S` and `T` are never held.
impl<S, T: Target> Clone for Sample<S, T> {
    fn clone(&self) -> Self {
        Sample {
            image: self.image.clone(),
            target: self.target.clone(),
        }
    }
}

impl<S, T: Target> PartialEq for Sample<S, T> {
    fn eq(&self, other: &Self) -> bool {
        self.image == other.image && self.target == other.target
    }
}

impl<S: Batched, T: Target> fmt::Debug for Sample<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sample")
            .field("image", &self.image)
            .field("target", &self.target)
            .finish()
    }
}
