//! Pictures: image files as tensors and back, and what a network sees.
//!
//! This room knows tensors, pictures, metrics, and that a model has layers with names; it must never
//! know a layer by name. Whoever wants feature maps gives the tensor that came out of the layer, as
//! [`observe`](crate::layers::observe) hands it out. Names are those of `torchvision.utils`.
//!
//! [`grad_cam`] and [`saliency`] say where a network looks, [`Mistakes`] what it takes for what.
//!
//! Begin with [`to_tensor`] and [`to_pictures`], then [`make_grid`], which puts pictures beside each
//! other. All pictures are written by [`Picture::save`](crate::data::Picture::save):
//!
//! ```
//! use shapeproof::data::{synthetic_digits, Image, Normalize, Picture, Source};
//! use shapeproof::prelude::*;
//! use shapeproof::vision::{captioned, make_grid};
//!
//! let digits = synthetic_digits(6, 1);
//! let pictures: Vec<Picture> = (0..6)
//!     .map(|i| {
//!         let sample = digits.get(i)?;
//!         Ok(captioned(&sample.image.to_picture(), &format!("a {}", sample.target)))
//!     })
//!     .collect::<Result<_, shapeproof::data::DataError>>()?;
//! let sheet = make_grid(&pictures, 3);
//! let dir = tempfile::tempdir().unwrap();
//! sheet.save(dir.path().join("digits.png"))?;
//! # Ok::<(), shapeproof::data::DataError>(())
//! ```

mod attention;
mod colours;
mod confusion;
mod draw;
mod font;
mod grid;
mod heat;
mod mistakes;
mod plot;
mod sheets;
mod tensors;

pub use attention::{grad_cam, saliency, SightError};
pub use colours::{class_colour, heat_colour};
pub use confusion::confusion_picture;
pub use draw::{draw_bounding_boxes, draw_heat, draw_line, draw_segmentation_masks, write_text};
pub use grid::{captioned, make_grid};
pub use heat::HeatMap;
pub use mistakes::{Mistake, Mistakes};
pub use plot::plot_history;
pub use sheets::{feature_maps, filters};
pub use tensors::{to_pictures, to_tensor};
