//! Training: [`Fit`], losses, optimisers, and metrics that say how good a model is.
//!
//! This room knows tensors, kernels, what data promises of its targets and how a model runs; it must
//! never know a layer. Begin with [`Fit`], which trains any model on any data, and [`Supervised`],
//! which says by which loss; then [`Schedule`] and [`metrics`].
//!
//! The parts serve a loop of your own, too: [`cross_entropy()`] and the other losses, the optimisers.
//! They are dfdx's by trait: `opt.update(&mut net, &grads)` works with either. On the CPU
//! `opt.step(&mut net, &mut grads)` is the faster way, and leaves the gradients zero. On other
//! devices the numbers of a step come to the host and go back; where that takes long, dfdx's own
//! optimisers do not.

mod adam;
mod binary;
mod checkpoint;
mod cross_entropy;
mod dice;
mod fit;
mod gradients;
mod history;
mod interrupt;
mod loss;
mod margin;
pub mod metrics;
mod objective;
mod optimizer;
mod pointwise;
mod regression;
mod rms_prop;
mod schedule;
mod score;
mod sgd;
mod snapshot;
mod soft;

pub use adam::{Adam, AdamW};
pub use binary::{BceWithLogits, Focal};
pub use checkpoint::CheckpointError;
pub use cross_entropy::{cross_entropy, CrossEntropy, LossError, WeightedCrossEntropy};
pub use dice::Dice;
pub use fit::{evaluate, Ended, Evaluation, Fit, FitError, Trained, Watch};
pub use history::{EpochRecord, History};
pub use loss::{Loss, Truth};
pub use margin::{margin_loss, Margin};
pub use objective::{Objective, ObjectiveError, Supervised, Traced};
pub use optimizer::{Optimizer, OptimizerState, ParameterState, StateError};
pub use regression::{Huber, Mae, Mse};
pub use rms_prop::RmsProp;
pub use schedule::Schedule;
pub use score::{Accuracy, MeanAbsoluteError, MeanIou, NoScore, Score, Scores};
pub use sgd::Sgd;
