//! Readers of folders: names now, pictures when they are asked for.
//!
//! Each is a [`Source`](super::Source) of samples of one kind of target, and each error names the
//! file, the record in it and the numbers.
//!
//! | reader | target | files |
//! |---|---|---|
//! | [`ImageFolder`] | [`Class`](super::Class) | `root/class/name.png`, or the same in a tar archive |
//! | [`MaskPairs`] | [`Mask`](super::Mask) | a picture and a mask each, by name or by a list |
//! | [`VocBoxes`] | [`Boxes`](super::Boxes) | PASCAL VOC's XML |
//! | [`Tub`] | [`Numbers`](super::Numbers) | Donkeycar's driving log |

mod archive;
mod error;
mod image_folder;
mod mask_pairs;
mod names;
mod tub;
mod voc_boxes;
mod xml;

pub use error::FileError;
pub use image_folder::ImageFolder;
pub use mask_pairs::MaskPairs;
pub use tub::Tub;
pub use voc_boxes::{Skipped, VocBoxes};
