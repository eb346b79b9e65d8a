//! The engine that runs whole models, against the way layer by layer.

mod layers;
mod models;
mod norms;
mod page;

#[path = "../support/mod.rs"]
mod support;
