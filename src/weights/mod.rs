//! Parameters in files: saving that never leaves half a file, and loading that first compares the
//! whole file with the model.
//!
//! - [`save`] and [`load`] for a model's own files; `Net::load(path)` builds the model, too.
//! - [`Loader`] for files of other programs: it renames tensors, leaves some out, and loads in part.
//! - [`Saver`] for files that other programs read.
//! - [`check_weights!`](crate::check_weights) compares a file with a model while compiling, and
//!   [`include_weights!`](crate::include_weights) makes it a part of the program, too.
//!
//! dfdx's own `save_safetensors` and `load_safetensors` work on every model, too; these here write
//! the same files. This room knows dfdx's `TensorCollection` and what a model says of itself, but
//! no layer by name.
//!
//! # Names
//!
//! A tensor is called by the fields that lead to it: `conv1.weight`, and inside of blocks
//! `layer1.0.conv1.weight`. Fields called as PyTorch's modules make the names of a `state_dict`.
//!
//! # Renaming
//!
//! A name is cut at its dots into segments. A renaming replaces segments, and only whole ones:
//! `fc` is not found in `fc2.weight`.
//!
//! | [`Loader`] and [`Saver`] | macros | replaces `from` by `to` |
//! |---|---|---|
//! | `.rename(from, to)` | `rename = [from => to]` | wherever the segments of `from` stand, as often as they do |
//! | `.rename_prefix(from, to)` | `rename_prefix = [from => to]` | where a name begins with them |
//! | `.rename_exact(from, to)` | `rename_exact = [from => to]` | where they are the whole name |
//! | `.rename_with(closure)` | | as the closure says |
//!
//! Renamings are applied one after the other, each to what the one before has made. Dots at the
//! ends of `from` and `to` count for nothing, an empty `to` drops the segments, an empty prefix
//! puts `to` before every name. What is ignored is ignored by its name in the file. Two tensors of
//! one name are an error.
//!
//! A residual network of torchvision, trained by `DataParallel`:
//!
//! ```
//! use shapeproof::weights::Loader;
//! let torchvision = Loader::new()
//!     .rename_prefix("module", "") // module.layer2.0.downsample.1.bias
//!     .rename("downsample.0", "shortcut.conv")
//!     .rename("downsample.1", "shortcut.bn");
//! # let _ = torchvision;
//! ```
//!
//! # Errors
//!
//! Every [`WeightError`] names the file and its reason, and leaves the model as it was. What does
//! not fit is listed at once:
//!
//! ```
//! use shapeproof::{prelude::*, weights};
//! #[model(input = Flat<2>, output = Flat<1>)]
//! struct Small {
//!     fc: Linear<1>,
//! }
//! #[model(input = Flat<3>, output = Flat<1>)]
//! struct Large {
//!     fc: Linear<1>,
//! }
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("small.safetensors");
//! let (small, mut large): (Small, Large) = (Small::new(&Cpu::default()), Large::new(&Cpu::default()));
//! weights::save(&small, &path)?;
//! let error = weights::load(&mut large, &path).unwrap_err().to_string();
//! assert!(error.ends_with("`fc.weight` is [1, 2], the model needs [1, 3]"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod include;
mod load;
mod names;
mod save;

pub use error::{Difference, WeightError};
pub use include::Included;
pub use load::{built, load, load_bytes, Loader, Report};
pub(crate) use save::write_whole;
pub use save::{save, Saver};

fn sizes<S, E, D>(tensor: &dfdx::prelude::Tensor<S, E, D>) -> Vec<usize>
where
    S: dfdx::prelude::Shape,
    D: dfdx::prelude::Storage<E>,
{
    use dfdx::prelude::HasShape;
    tensor.shape().concrete().into()
}
