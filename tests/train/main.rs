//! Losses, optimisers and metrics.

mod metrics;
mod optimizers;
mod pytorch;

#[path = "../support/mod.rs"]
mod support;
