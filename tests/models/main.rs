//! What the macros make of structs, and the zoo.

mod blocks;
mod capsules;
pub mod model_macro;
mod training;
mod zoo;

#[path = "../support/mod.rs"]
mod support;
