//! Training: losses, and metrics that say how good a model is.
//!
//! This room knows tensors and what data promises of its targets; it must never know a layer or a
//! model. Begin with [`margin_loss`], and with [`metrics`].

mod losses;
pub mod metrics;

pub use losses::margin_loss;
