//! What can go wrong while a model trains.

use crate::data::DataError;
use crate::train::ObjectiveError;

/// Why training ended before its end. The fields hold the facts, `Display` puts them in one
/// sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A batch could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is nothing to train on, or nothing to validate on.
    #[error("the {set} set has no batch")]
    Empty {
        /// `training` or `validation`.
        set: &'static str,
    },
    /// The objective has no loss.
    #[error("{set}, epoch {epoch}, batch {batch} of {batches}: {reason}")]
    Objective {
        /// `training` or `validation`.
        set: &'static str,
        /// The epoch, from 1; 0 outside of training.
        epoch: usize,
        /// The batch, from 1.
        batch: usize,
        /// Batches in the epoch.
        batches: usize,
        /// What the objective says.
        reason: ObjectiveError,
    },
    /// The loss is NaN or infinite.
    #[error(
        "the loss is {loss} in epoch {epoch} at batch {batch} of {batches}; try a lower learning rate \
         than {lr}"
    )]
    Loss {
        /// The loss.
        loss: f64,
        /// The epoch, from 1.
        epoch: usize,
        /// The batch, from 1.
        batch: usize,
        /// Batches in the epoch.
        batches: usize,
        /// The learning rate of the step before.
        lr: f64,
    },
    /// The loss is finite, but a gradient is not.
    #[error(
        "the loss is {loss}, but the gradient of `{parameter}` is not finite in epoch {epoch} at batch \
         {batch} of {batches}"
    )]
    Gradient {
        /// The loss.
        loss: f64,
        /// The first parameter with such a gradient, in the model's order.
        parameter: String,
        /// The epoch, from 1.
        epoch: usize,
        /// The batch, from 1.
        batch: usize,
        /// Batches in the epoch.
        batches: usize,
    },
    /// Gradients can be clipped on the CPU only.
    #[error("the gradients are not on the CPU, where alone they can be clipped")]
    Clip,
    /// There is no handler for Ctrl-C.
    #[error("cannot listen to Ctrl-C: {reason}")]
    CtrlC {
        /// What the system says.
        reason: String,
    },
    /// The device is out of memory.
    #[error("{reason}")]
    Device {
        /// What the device says.
        reason: String,
    },
}
