//! Everything that can be wrong with data, and the words for it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::files::FileError;
use super::target::TargetError;
use crate::shape::Dims;

/// What is wrong with a data set. The fields hold the facts, `Display` puts them in one sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The system cannot open or read the file, or its gzip stream is damaged.
    #[error("cannot read {path}: {reason}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system, or the unpacking, says.
        reason: io::Error,
    },
    /// A file of a data set exists neither plain nor packed.
    #[error("neither {plain} nor {gzipped} exists")]
    NeitherExists {
        /// The name without `.gz`.
        plain: PathBuf,
        /// The name with `.gz`.
        gzipped: PathBuf,
    },
    /// The file begins with another number than an IDX file of its kind.
    #[error(
        "{path} {}: its magic number is {found}, expected {}",
        not_expected(*.expected, *.found),
        .expected.magic()
    )]
    Magic {
        /// The file.
        path: PathBuf,
        /// What the file should hold.
        expected: Kind,
        /// The number that it begins with.
        found: u32,
    },
    /// The file ends within its header.
    #[error("{path} is cut short: its header needs {expected} bytes, found {found}")]
    CutHeader {
        /// The file.
        path: PathBuf,
        /// Bytes of a whole header.
        expected: usize,
        /// Bytes in the file, unpacked.
        found: usize,
    },
    /// The file ends before everything that its header announces.
    #[error("{path} is cut short: {contents} and the header need {expected} bytes, found {found}")]
    CutShort {
        /// The file.
        path: PathBuf,
        /// What the header announces.
        contents: Contents,
        /// Bytes that this needs with the header.
        expected: u128,
        /// Bytes in the file, unpacked.
        found: u128,
    },
    /// The file ends within a record.
    #[error("{path} is cut short: record {record} needs {expected} bytes, found {found}")]
    CutRecord {
        /// The file.
        path: PathBuf,
        /// The record, counted from 0.
        record: usize,
        /// Bytes of a record.
        expected: usize,
        /// Bytes that are left.
        found: usize,
    },
    /// The file is empty.
    #[error("{path} holds no record")]
    NoRecord {
        /// The file.
        path: PathBuf,
    },
    /// The file goes on after everything that its header announces.
    #[error(
        "{path} has trailing bytes: {contents} and the header need {expected} bytes, found {found}"
    )]
    TrailingBytes {
        /// The file.
        path: PathBuf,
        /// What the header announces.
        contents: Contents,
        /// Bytes that this needs with the header.
        expected: u128,
        /// Bytes in the file, unpacked.
        found: u128,
    },
    /// The header announces nothing.
    #[error("{path} is empty: its header announces {contents}")]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What the header announces; one of its numbers is zero.
        contents: Contents,
    },
    /// The images in the file are not of the shape in the data set's type.
    #[error("expected images of {}, found {height}×{width} in {path}", image(*.expected))]
    ImageShape {
        /// The file.
        path: PathBuf,
        /// The shape in the type.
        expected: Dims,
        /// Rows of the images in the file.
        height: usize,
        /// Columns of the images in the file.
        width: usize,
    },
    /// A file of images and a file of labels do not belong together.
    #[error("{} in {images_path}, but {} in {labels_path}",
        counted(*.images as u128, "image"), counted(*.labels as u128, "label"))]
    Counts {
        /// Number of images.
        images: usize,
        /// The file of the images.
        images_path: PathBuf,
        /// Number of labels.
        labels: usize,
        /// The file of the labels.
        labels_path: PathBuf,
    },
    /// Pixels given in memory are not as many as the labels ask for.
    #[error("expected {expected} pixels ({} for images of {}), found {found}",
        counted(*.labels as u128, "label"), image(*.shape))]
    PixelCount {
        /// Number of labels.
        labels: usize,
        /// The shape of one image.
        shape: Dims,
        /// Pixels that many images have.
        expected: u128,
        /// Pixels given.
        found: usize,
    },
    /// A label is not one of the classes.
    #[error("label {label} at record {record} of {origin}, but there are {}",
        counted_classes(*.classes))]
    LabelOutOfRange {
        /// Where the labels come from.
        origin: Origin,
        /// The label's place, counted from 0.
        record: usize,
        /// The label.
        label: usize,
        /// The number of classes in the data set's type.
        classes: usize,
    },
    /// A data set without examples was given in memory.
    #[error("a data set needs at least one example of at least one pixel, found none")]
    NoExamples,
    /// A channel cannot be normalised by these numbers.
    #[error("channel {channel} cannot be normalised by a mean of {mean} and a standard deviation of {std}")]
    Normalization {
        /// The channel, counted from 0.
        channel: usize,
        /// What would be taken away.
        mean: f64,
        /// What would be divided by.
        std: f64,
    },
    /// Batches without examples were asked for; there would be no end of them.
    #[error("a batch needs at least one example, asked for batches of 0")]
    BatchOfZero,
    /// Sizes of a picture that cannot be, or that its values do not fit.
    #[error(
        "a picture has 1 or 3 channels and at least one pixel: {channels}×{height}×{width} does \
         not fit {}",
        counted(*.found as u128, "value")
    )]
    PictureSize {
        /// Channels asked for.
        channels: usize,
        /// Rows asked for.
        height: usize,
        /// Columns asked for.
        width: usize,
        /// Values given.
        found: usize,
    },
    /// Values of an image are not as many as its type has.
    #[error("an image of {} has {}, found {found}",
        image(*.shape), counted(.shape.len() as u128, "value"))]
    ImageValues {
        /// The shape in the type.
        shape: Dims,
        /// Values given.
        found: usize,
    },
    /// A target is not what its type promises.
    #[error("sample {record} of {origin}: {problem}")]
    Target {
        /// Where the samples come from.
        origin: Origin,
        /// The sample's place, counted from 0.
        record: usize,
        /// What is wrong with it.
        problem: TargetError,
    },
    /// Something is wrong in a folder of pictures.
    #[error(transparent)]
    File(#[from] FileError),
    /// The system gives no thread to read in.
    #[error("cannot start a thread: {reason}")]
    Thread {
        /// What the system says.
        reason: io::Error,
    },
    /// The device cannot take a batch.
    #[error("the device cannot take a batch: {reason}")]
    Device {
        /// What the device says.
        reason: String,
    },
}

/// What an IDX file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Grey images: bytes with three axes.
    Images,
    /// Class numbers: bytes with one axis.
    Labels,
}

impl Kind {
    /// The number that such a file begins with: `0x08` for bytes, then the number of axes.
    pub const fn magic(self) -> u32 {
        match self {
            Kind::Images => 2051,
            Kind::Labels => 2049,
        }
    }

    /// The number of axes, each of which has its size in the header.
    pub const fn axes(self) -> usize {
        match self {
            Kind::Images => 3,
            Kind::Labels => 1,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Images => "images",
            Kind::Labels => "labels",
        })
    }
}

/// What the header of an IDX file announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Grey images.
    Images {
        /// How many.
        count: u32,
        /// Rows of each.
        height: u32,
        /// Columns of each.
        width: u32,
    },
    /// Class numbers.
    Labels {
        /// How many.
        count: u32,
    },
}

impl Contents {
    /// Bytes after the header.
    pub const fn bytes(self) -> u128 {
        match self {
            Contents::Images {
                count,
                height,
                width,
            } => count as u128 * height as u128 * width as u128,
            Contents::Labels { count } => count as u128,
        }
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Contents::Images {
                count,
                height,
                width,
            } => write!(f, "{} of {height}×{width}", counted(count.into(), "image")),
            Contents::Labels { count } => f.write_str(&counted(count.into(), "label")),
        }
    }
}

/// Where data comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// A vector that the program itself made.
    Memory,
    /// Samples that the program itself made or fetched.
    Samples,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path) => path.display().fmt(f),
            Origin::Memory => f.write_str("the labels given"),
            Origin::Samples => f.write_str("those given"),
        }
    }
}

fn not_expected(expected: Kind, found: u32) -> String {
    match [Kind::Images, Kind::Labels]
        .into_iter()
        .find(|kind| kind.magic() == found)
    {
        Some(kind) => format!("holds {kind}, not {expected}"),
        None => format!("is not an IDX file of {expected}"),
    }
}

fn counted(count: u128, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn counted_classes(count: usize) -> String {
    format!("{count} class{}", if count == 1 { "" } else { "es" })
}

/// A shape as the readers of grey images write it: `28×28`, but `3×32×32`.
fn image(shape: Dims) -> String {
    match shape {
        Dims::Chw {
            channels: 1,
            height,
            width,
        } => format!("{height}×{width}"),
        Dims::Flat { features } => counted(features as u128, "pixel"),
        Dims::Chw { .. } => shape.to_string(),
    }
}
