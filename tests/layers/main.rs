//! What layers compute, forward and backward.

mod forward;
mod gradients;
mod norms;
mod outside;
mod pytorch;
mod pytorch_norms;
mod pytorch_spatial;
mod spatial;

#[path = "../support/mod.rs"]
mod support;
