//! Training: losses.
//!
//! This room knows tensors; it must never know a layer or a model. Begin with [`margin_loss`].

mod losses;

pub use losses::margin_loss;
