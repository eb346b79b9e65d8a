//! What is to be learned of an image: a class, a class for every pixel, boxes or numbers.
//!
//! A target's type carries how many there are, so that data of 12 classes does not compile with a
//! model of 10 outputs.

use std::fmt;

use dfdx::prelude::Const;

use crate::shape::{Chw, Flat, LayerShape};
use crate::tensor::{filled, Batch, Batched, Device, Element};

/// What is to be learned of an image, as a type: [`Class`], [`Mask`], [`Boxes`] or [`Numbers`].
pub trait Target: 'static {
    /// One image's target.
    type Value: Clone + fmt::Debug + PartialEq + Send + Sync + 'static;
    /// The targets of a batch, as a loss takes them.
    type Batch<E: Element, D: Device<E>>: Clone;
    /// How many numbers one image's target is in [`Batch`](Self::Batch), 0 where it is no tensor.
    const LEN: usize;

    /// Whether `value` is one that the type promises.
    ///
    /// # Errors
    /// When it is not; the error says why.
    fn check(value: &Self::Value) -> Result<(), TargetError>;

    /// Writes one image's target as [`LEN`](Self::LEN) numbers, all of which are 0 before.
    fn write<E: Element>(value: &Self::Value, numbers: &mut [E]);

    /// The targets of a batch: `numbers` are what [`write`](Self::write) has made of `values`, or a
    /// mixture of them.
    ///
    /// # Errors
    /// When the device is out of memory.
    fn batch<E: Element, D: Device<E>>(
        device: &D,
        values: &[Self::Value],
        numbers: &[E],
    ) -> Result<Self::Batch<E, D>, D::Err>;
}

/// A target that is a tensor of the shape that the model puts out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tensor",
    label = "only classes, masks and numbers are tensors of one size for every image"
)]
pub trait Dense: Target {
    /// What a model puts out for one image to learn this target.
    type Output: Batched;
}

/// One of `N` classes: the number of the class, below `N`.
///
/// In a batch: 1 at the class of each image, 0 elsewhere, `(B, N)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Class<const N: usize>;

impl<const N: usize> Target for Class<N> {
    type Value = usize;
    type Batch<E: Element, D: Device<E>> = Batch<Flat<N>, usize, E, D>;
    const LEN: usize = N;

    fn check(value: &usize) -> Result<(), TargetError> {
        if *value < N {
            return Ok(());
        }
        Err(TargetError::Class {
            class: *value,
            classes: N,
        })
    }

    fn write<E: Element>(value: &usize, numbers: &mut [E]) {
        numbers[*value] = E::ONE;
    }

    fn batch<E: Element, D: Device<E>>(
        device: &D,
        values: &[usize],
        numbers: &[E],
    ) -> Result<Self::Batch<E, D>, D::Err> {
        filled(device, &(values.len(), Const), numbers)
    }
}

impl<const N: usize> Dense for Class<N> {
    type Output = Flat<N>;
}

/// One of `N` classes for every pixel of an `H`×`W` image: `H · W` bytes, row by row, each the
/// number of a class or [`IGNORE`](Self::IGNORE).
///
/// In a batch: for each class a plane, `(B, N, H, W)`, with 1 at its pixels, 0 elsewhere. An
/// ignored pixel is 0 in all planes, so that a cross-entropy takes no notice of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mask<const H: usize, const W: usize, const N: usize>;

impl<const H: usize, const W: usize, const N: usize> Mask<H, W, N> {
    /// A pixel of no class: not labelled, or outside of the photo. It counts neither in a loss nor
    /// in a score.
    ///
    /// # Same as
    /// The border in the masks of PASCAL VOC, `ignore_index=255`
    pub const IGNORE: u8 = IGNORE;
}

/// See [`Mask::IGNORE`].
pub const IGNORE: u8 = 255;

impl<const H: usize, const W: usize, const N: usize> Target for Mask<H, W, N> {
    type Value = Vec<u8>;
    type Batch<E: Element, D: Device<E>> = Batch<Chw<N, H, W>, usize, E, D>;
    const LEN: usize = {
        assert!(N <= IGNORE as usize, "a mask has at most 255 classes");
        N * H * W
    };

    fn check(value: &Vec<u8>) -> Result<(), TargetError> {
        if value.len() != H * W {
            return Err(TargetError::MaskSize {
                height: H,
                width: W,
                found: value.len(),
            });
        }
        let wrong = |v: &u8| usize::from(*v) >= N && *v != IGNORE;
        match value.iter().position(wrong) {
            None => Ok(()),
            Some(at) => Err(TargetError::MaskValue {
                row: at / W,
                column: at % W,
                class: value[at],
                classes: N,
            }),
        }
    }

    fn write<E: Element>(value: &Vec<u8>, numbers: &mut [E]) {
        for (at, class) in value.iter().enumerate() {
            if *class != IGNORE {
                numbers[usize::from(*class) * H * W + at] = E::ONE;
            }
        }
    }

    fn batch<E: Element, D: Device<E>>(
        device: &D,
        values: &[Vec<u8>],
        numbers: &[E],
    ) -> Result<Self::Batch<E, D>, D::Err> {
        filled(device, &(values.len(), Const, Const, Const), numbers)
    }
}

impl<const H: usize, const W: usize, const N: usize> Dense for Mask<H, W, N> {
    type Output = Chw<N, H, W>;
}

/// Any number of things, each of one of `N` classes and in a box.
///
/// In a batch: the boxes of each image, on the host, since images have different numbers of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boxes<const N: usize>;

/// A thing in an image: its class and the box around it.
///
/// Edges are in pixels of the image, from its left and upper edge: pixel `x` reaches from `x` to
/// `x + 1`, so the box around the whole of a 28×28 image is 0, 0, 28, 28.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundingBox {
    /// The number of the class.
    pub class: usize,
    /// The left edge.
    pub xmin: f32,
    /// The upper edge.
    pub ymin: f32,
    /// The right edge.
    pub xmax: f32,
    /// The lower edge.
    pub ymax: f32,
}

impl BoundingBox {
    /// Width times height, 0 where an edge lies beyond its opposite.
    pub fn area(&self) -> f32 {
        (self.xmax - self.xmin).max(0.0) * (self.ymax - self.ymin).max(0.0)
    }

    /// The part that two boxes share, with the class of `self`; its [`area`](Self::area) is 0 where
    /// they share nothing.
    pub fn intersection(&self, other: &BoundingBox) -> BoundingBox {
        BoundingBox {
            class: self.class,
            xmin: self.xmin.max(other.xmin),
            ymin: self.ymin.max(other.ymin),
            xmax: self.xmax.min(other.xmax),
            ymax: self.ymax.min(other.ymax),
        }
    }

    /// What two boxes share over what they cover together, from 0 to 1, whatever their classes.
    ///
    /// # Example
    /// ```
    /// use shapeproof::data::BoundingBox;
    /// let left = BoundingBox { class: 0, xmin: 0., ymin: 0., xmax: 2., ymax: 1. };
    /// let right = BoundingBox { xmin: 1., xmax: 3., ..left };
    /// assert_eq!(left.iou(&right), 1. / 3.);
    /// ```
    ///
    /// # Same as
    /// `torchvision.ops.box_iou`
    pub fn iou(&self, other: &BoundingBox) -> f32 {
        let shared = self.intersection(other).area();
        let covered = self.area() + other.area() - shared;
        if covered > 0.0 {
            shared / covered
        } else {
            0.0
        }
    }

    /// The box in the image stretched by these factors.
    pub fn scaled(&self, horizontal: f32, vertical: f32) -> BoundingBox {
        BoundingBox {
            class: self.class,
            xmin: self.xmin * horizontal,
            ymin: self.ymin * vertical,
            xmax: self.xmax * horizontal,
            ymax: self.ymax * vertical,
        }
    }

    /// The part inside of an image of `height`×`width`.
    pub fn clipped(&self, height: usize, width: usize) -> BoundingBox {
        self.intersection(&BoundingBox {
            class: self.class,
            xmin: 0.0,
            ymin: 0.0,
            xmax: width as f32,
            ymax: height as f32,
        })
    }
}

impl fmt::Display for BoundingBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BoundingBox {
            xmin,
            ymin,
            xmax,
            ymax,
            ..
        } = self;
        write!(f, "from ({xmin}, {ymin}) to ({xmax}, {ymax})")
    }
}

impl<const N: usize> Target for Boxes<N> {
    type Value = Vec<BoundingBox>;
    type Batch<E: Element, D: Device<E>> = Vec<Vec<BoundingBox>>;
    const LEN: usize = 0;

    fn check(value: &Vec<BoundingBox>) -> Result<(), TargetError> {
        for (number, thing) in value.iter().enumerate() {
            if thing.class >= N {
                return Err(TargetError::Class {
                    class: thing.class,
                    classes: N,
                });
            }
            let edges = [thing.xmin, thing.ymin, thing.xmax, thing.ymax];
            if !edges.into_iter().all(f32::is_finite) || thing.area() <= 0.0 {
                return Err(TargetError::Box {
                    number,
                    found: *thing,
                });
            }
        }
        Ok(())
    }

    fn write<E: Element>(_: &Vec<BoundingBox>, _: &mut [E]) {}

    fn batch<E: Element, D: Device<E>>(
        _: &D,
        values: &[Vec<BoundingBox>],
        _: &[E],
    ) -> Result<Self::Batch<E, D>, D::Err> {
        Ok(values.to_vec())
    }
}

/// `N` numbers, such as a steering angle; `(B, N)` in a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers<const N: usize>;

impl<const N: usize> Target for Numbers<N> {
    type Value = [f32; N];
    type Batch<E: Element, D: Device<E>> = Batch<Flat<N>, usize, E, D>;
    const LEN: usize = N;

    fn check(value: &[f32; N]) -> Result<(), TargetError> {
        match value.iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(number) => Err(TargetError::Number {
                number,
                found: value[number],
            }),
        }
    }

    fn write<E: Element>(value: &[f32; N], numbers: &mut [E]) {
        for (number, x) in numbers.iter_mut().zip(value) {
            *number = crate::tensor::scalar(f64::from(*x));
        }
    }

    fn batch<E: Element, D: Device<E>>(
        device: &D,
        values: &[[f32; N]],
        numbers: &[E],
    ) -> Result<Self::Batch<E, D>, D::Err> {
        filled(device, &(values.len(), Const), numbers)
    }
}

impl<const N: usize> Dense for Numbers<N> {
    type Output = Flat<N>;
}

// A dense target's tensor has as many numbers as what the model puts out.
const _: () = assert!(<Mask<2, 3, 4> as Dense>::Output::DIMS.len() == Mask::<2, 3, 4>::LEN);

/// Why a value is not one of a target's type.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// There are fewer classes.
    #[error("class {class}, but there are {classes}")]
    Class {
        /// The number of the class.
        class: usize,
        /// How many classes the type has.
        classes: usize,
    },
    /// A mask has another number of pixels.
    #[error("a mask of {height}×{width} has {} pixels, found {found}", height * width)]
    MaskSize {
        /// Rows in the type.
        height: usize,
        /// Columns in the type.
        width: usize,
        /// Bytes given.
        found: usize,
    },
    /// A pixel of a mask has no class.
    #[error("class {class} at row {row}, column {column} of the mask, but there are {classes}")]
    MaskValue {
        /// The pixel's row.
        row: usize,
        /// The pixel's column.
        column: usize,
        /// What it says.
        class: u8,
        /// How many classes the type has.
        classes: usize,
    },
    /// A box has no area, or edges that are no numbers.
    #[error("box {number} {found} holds nothing")]
    Box {
        /// Which box of the image, counted from 0.
        number: usize,
        /// The box.
        found: BoundingBox,
    },
    /// A number is infinite or none.
    #[error("number {number} is {found}")]
    Number {
        /// Which number of the image, counted from 0.
        number: usize,
        /// The number.
        found: f32,
    },
}
