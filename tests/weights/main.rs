//! Weights in files: saved, loaded, renamed, a part of the program.

mod files;
mod included;
mod loader;
