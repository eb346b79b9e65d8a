//! The words of what can go wrong with a file of parameters.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why parameters could not be saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightError {
    /// The file could not be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The file could not be written; a file that was there before is unchanged.
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The device has no memory for the model that the file was to be read into.
    #[error("no model could be built for {}: {reason}", path.display())]
    Build {
        /// The file.
        path: PathBuf,
        /// What the device says.
        reason: String,
    },
    /// The file is not in the safetensors format, or is cut off.
    #[error("{} ({bytes} bytes) is not a whole safetensors file: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// What the format's reader says.
        reason: String,
    },
    /// The file holds other tensors than the model; all differences are listed.
    #[error("{} does not fit the model:{}", path.display(), Lines(differences))]
    Differs {
        /// The file.
        path: PathBuf,
        /// One for each tensor that differs.
        differences: Vec<Difference>,
    },
    /// A parameter in the file is NaN or infinite.
    #[error("{}: `{name}` holds {value} at position {index} of {len}", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// NaN or an infinity.
        value: f64,
        /// Its place, from 0.
        index: usize,
        /// Numbers in the tensor.
        len: usize,
    },
    /// The renaming gives two tensors one name.
    #[error("{}: `{first}` and `{second}` are both called `{name}` after renaming", path.display())]
    Collision {
        /// The file.
        path: PathBuf,
        /// One tensor's name before.
        first: String,
        /// The other's.
        second: String,
        /// Their name after renaming.
        name: String,
    },
}

/// How one tensor of a file differs from the model's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The model has it, the file has not.
    Missing {
        /// The tensor.
        name: String,
        /// Its shape in the model.
        shape: Vec<usize>,
    },
    /// The file has it, the model has not.
    Unexpected {
        /// The tensor, as the file calls it.
        name: String,
        /// Its name after renaming.
        renamed: String,
        /// Its shape in the file.
        shape: Vec<usize>,
    },
    /// Both have it in different shapes.
    Shape {
        /// The tensor.
        name: String,
        /// Its shape in the model.
        model: Vec<usize>,
        /// Its shape in the file.
        file: Vec<usize>,
    },
    /// It holds numbers of a type that is not read.
    Dtype {
        /// The tensor.
        name: String,
        /// The type in the file.
        file: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Missing { name, shape } => {
                write!(f, "`{name}` {shape:?} is missing")
            }
            Difference::Unexpected {
                name,
                renamed,
                shape,
            } => {
                write!(f, "`{name}` {shape:?} ")?;
                if name != renamed {
                    write!(f, "(renamed to `{renamed}`) ")?;
                }
                write!(f, "is not in the model")
            }
            Difference::Shape { name, model, file } => {
                write!(f, "`{name}` is {file:?}, the model needs {model:?}")
            }
            Difference::Dtype { name, file } => {
                write!(
                    f,
                    "`{name}` holds {file} numbers, F64, F32, F16 and BF16 can be read"
                )
            }
        }
    }
}

impl Difference {
    /// The tensor: the model's name, or for an unexpected one the file's.
    pub fn name(&self) -> &str {
        match self {
            Difference::Missing { name, .. }
            | Difference::Unexpected { name, .. }
            | Difference::Shape { name, .. }
            | Difference::Dtype { name, .. } => name,
        }
    }
}

struct Lines<'a>(&'a [Difference]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|d| write!(f, "\n  {d}"))
    }
}
