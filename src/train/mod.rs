//! Training: losses, optimisers, and metrics that say how good a model is.
//!
//! This room knows tensors, kernels and what data promises of its targets; it must never know a
//! layer or a model. Begin with [`cross_entropy()`] and [`Sgd`], then [`metrics`].
//!
//! The optimisers are dfdx's by trait: `opt.update(&mut net, &grads)` works with either. On the CPU
//! `opt.step(&mut net, &mut grads)` is the faster way, and leaves the gradients zero. On other
//! devices the numbers of a step come to the host and go back; where that takes long, dfdx's own
//! optimisers do not.

mod adam;
mod cross_entropy;
mod losses;
pub mod metrics;
mod optimizer;
mod rms_prop;
mod sgd;

pub use adam::{Adam, AdamW};
pub use cross_entropy::{cross_entropy, CrossEntropy, LossError};
pub use losses::margin_loss;
pub use optimizer::{OptimizerState, ParameterState, StateError};
pub use rms_prop::RmsProp;
pub use sgd::Sgd;
