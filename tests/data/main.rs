//! Data sets, their readers and augmentation.

mod augmentation;
mod batches;
mod drawn;
mod idx;
mod loader;
mod readers;
mod readers_damaged;

#[path = "../folders/mod.rs"]
mod folders;
