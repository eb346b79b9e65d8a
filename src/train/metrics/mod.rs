//! How good a model is: numbers for people, without gradients.
//!
//! Each metric gathers counts over batches and gives its number at the end, so that the size of the
//! batches does not matter. What cannot be said (the precision of a class that was never named) is
//! `None`, not a number.
//!
//! | target | metric |
//! |---|---|
//! | [`Class`](crate::data::Class) | [`ConfusionMatrix`]: accuracy, precision, recall, F1; [`top_k_hits`] |
//! | [`Mask`](crate::data::Mask) | [`ConfusionMatrix`]: intersection over union |
//! | [`Boxes`](crate::data::Boxes) | [`AveragePrecision`] |
//! | [`Numbers`](crate::data::Numbers) | [`RegressionErrors`]: mean absolute and squared error, correlation |

mod average_precision;
mod confusion;
mod regression;

pub use average_precision::{AveragePrecision, Detection, Interpolation};
pub use confusion::{argmax, argmax_mask, top_k_hits, ConfusionMatrix};
pub use regression::RegressionErrors;
