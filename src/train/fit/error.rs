//! What can go wrong while a model trains.

use crate::data::DataError;
use crate::train::{CheckpointError, ObjectiveError};

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
    /// The run cannot be saved or taken up.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The loss is NaN or infinite.
    #[error(
        "the loss is {loss} in epoch {epoch} at batch {batch} of {batches}: {}; try a lower learning \
         rate than {lr}",
        first(.layer)
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
        /// The first layer that puts out NaN or an infinity for the batch, as `LeNet5.conv1`;
        /// `None` where all are finite, or none can be watched.
        layer: Option<String>,
        /// The learning rate at this step.
        lr: f64,
    },
    /// The loss is finite, but a gradient is not.
    #[error(
        "the loss is {loss}, but the gradient of `{parameter}` is not finite in epoch {epoch} at batch \
         {batch} of {batches}; every layer's output is finite"
    )]
    Gradient {
        /// The loss.
        loss: f64,
        /// The parameter where such a gradient first appears: the last in the model's order.
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

fn first(layer: &Option<String>) -> String {
    match layer {
        Some(layer) => {
            format!("`{layer}` is the first layer that puts out a number that is not finite")
        }
        None => "all layers put out finite numbers, so it comes from the loss".into(),
    }
}
