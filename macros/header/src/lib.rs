//! What a safetensors file says of its tensors, and the renaming of tensors.
//!
//! shapeproof's loader reads files while a program runs, its macros while it is compiled. Both
//! read them here, so that a file which one takes is a file which the other takes.
//!
//! Begin with [`Header`] for files, with [`Rule`] for names.

mod header;
mod names;

pub use header::{number_bytes, Header, HeaderError, TensorEntry};
pub use names::{has_segments, Place, Rule, IGNORED};
