//! Parameters in files: saving that never leaves half a file, and loading that first compares the
//! whole file with the model.
//!
//! dfdx's own `save_safetensors` and `load_safetensors` work on every model, too; these here write
//! the same files. This room knows dfdx's `TensorCollection`, but no layer by name.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dfdx::nn::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName,
    ViewTensorRef,
};
use dfdx::prelude::{Device, Shape, Tensor};
use dfdx::tensor::safetensors::SafeDtype;
use safetensors::tensor::{Dtype as FileDtype, SafeTensorError, SafeTensors, TensorView};

use crate::tensor::{scalar, Element};

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
        /// The tensor.
        name: String,
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
            Difference::Unexpected { name, shape } => {
                write!(f, "`{name}` {shape:?} is not in the model")
            }
            Difference::Shape { name, model, file } => {
                write!(f, "`{name}` is {file:?}, the model needs {model:?}")
            }
            Difference::Dtype { name, file } => {
                write!(f, "`{name}` holds {file} numbers, F32 and F64 can be read")
            }
        }
    }
}

struct Lines<'a>(&'a [Difference]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|d| write!(f, "\n  {d}"))
    }
}

/// Writes all parameters of `model` into a safetensors file named `path`.
///
/// The names are the fields': `conv1.weight`, as in a PyTorch `state_dict`. The numbers are
/// written beside `path` and renamed, so that `path` is always whole: the old file or the new one.
///
/// # Errors
/// [`WeightError::Write`], for example when the disk is full.
///
/// # Example
/// ```
/// use shapeproof::{prelude::*, weights};
/// #[model(input = Flat<2>, output = Flat<1>)]
/// struct Net {
///     fc: Linear<1>,
/// }
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net.safetensors");
/// let (net, mut other): (Net, Net) = (Net::new(&Cpu::seed_from_u64(1)), Net::new(&Cpu::seed_from_u64(2)));
/// weights::save(&net, &path)?;
/// weights::load(&mut other, &path)?;
/// assert_eq!(net.fc.weight.array(), other.fc.weight.array());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save<E, D, M>(model: &M, path: impl AsRef<Path>) -> Result<(), WeightError>
where
    E: Element,
    D: Device<E>,
    M: TensorCollection<E, D>,
{
    let path = path.as_ref();
    let mut writer = Writer(Vec::new());
    let walk = M::iter_tensors(&mut RecursiveWalker {
        m: (model, String::new()),
        f: &mut writer,
    });
    let error = |reason| WeightError::Write {
        path: path.to_owned(),
        reason,
    };
    let bytes = walk
        .and_then(|_| {
            let views = writer.0.iter().map(|(name, shape, bytes)| {
                Ok((
                    name,
                    TensorView::new(E::safe_dtype(), shape.clone(), bytes)?,
                ))
            });
            let views = views.collect::<Result<Vec<_>, SafeTensorError>>()?;
            safetensors::serialize(views, &None)
        })
        .map_err(|e| error(io::Error::other(format!("{e:?}"))))?;
    write_whole(path, &bytes).map_err(error)
}

/// Writes a file beside `path`, waits until the disk has it, and renames it.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // Temporary files are private; this one is as open as the file it replaces, or as any new.
        use std::os::unix::fs::PermissionsExt;
        let ordinary = fs::Permissions::from_mode(0o666);
        builder.permissions(fs::metadata(path).map_or(ordinary, |old| old.permissions()));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Reads all parameters of `model` from the safetensors file named `path`.
///
/// The whole file is compared with the model before a number is changed. `F32` and `F64` files are
/// read into `f32` and `f64` models alike.
///
/// # Errors
/// [`WeightError::Read`] and [`WeightError::Format`] for a file that is missing or damaged,
/// [`WeightError::Differs`] with every tensor that is missing, unexpected, of another shape or of
/// another type, [`WeightError::NotFinite`]. The model is unchanged then.
pub fn load<E, D, M>(model: &mut M, path: impl AsRef<Path>) -> Result<(), WeightError>
where
    E: Element,
    D: Device<E>,
    M: TensorCollection<E, D>,
{
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(|reason| WeightError::Read {
        path: path.to_owned(),
        reason,
    })?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| WeightError::Format {
        path: path.to_owned(),
        bytes: bytes.len() as u64,
        reason: format!("{e:?}"),
    })?;
    let mut expected = Inventory(Vec::new());
    let Ok(_) = M::iter_tensors(&mut RecursiveWalker {
        m: (&*model, String::new()),
        f: &mut expected,
    });
    let differences = differences(&expected.0, &file);
    if !differences.is_empty() {
        return Err(WeightError::Differs {
            path: path.to_owned(),
            differences,
        });
    }
    let mut tensors = Vec::with_capacity(expected.0.len());
    for (name, shape) in &expected.0 {
        let values = values::<E>(&file, name);
        if let Some(index) = values.iter().position(|v| !v.is_finite()) {
            return Err(WeightError::NotFinite {
                path: path.to_owned(),
                name: name.clone(),
                value: values[index].to_f64().unwrap_or(f64::NAN),
                index,
                len: shape.iter().product(),
            });
        }
        tensors.push(values);
    }
    let Ok(_) = M::iter_tensors(&mut RecursiveWalker {
        m: model,
        f: &mut Filler(tensors.into_iter()),
    });
    Ok(())
}

fn differences(expected: &[(String, Vec<usize>)], file: &SafeTensors) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (name, shape) in expected {
        let name = name.clone();
        match file.tensor(&name) {
            Err(_) => differences.push(Difference::Missing {
                name,
                shape: shape.clone(),
            }),
            Ok(tensor) if tensor.shape() != shape => differences.push(Difference::Shape {
                name,
                model: shape.clone(),
                file: tensor.shape().to_vec(),
            }),
            Ok(tensor) if !matches!(tensor.dtype(), FileDtype::F32 | FileDtype::F64) => {
                differences.push(Difference::Dtype {
                    name,
                    file: format!("{:?}", tensor.dtype()),
                });
            }
            Ok(_) => {}
        }
    }
    let mut unexpected: Vec<_> = file
        .tensors()
        .into_iter()
        .filter(|(name, _)| !expected.iter().any(|(e, _)| e == name))
        .map(|(name, tensor)| Difference::Unexpected {
            name,
            shape: tensor.shape().to_vec(),
        })
        .collect();
    unexpected.sort_by_key(ToString::to_string);
    differences.extend(unexpected);
    differences
}

/// The numbers of a tensor that [`differences`] has found to be there.
fn values<E: Element>(file: &SafeTensors, name: &str) -> Vec<E> {
    let Ok(tensor) = file.tensor(name) else {
        return Vec::new();
    };
    let bytes = tensor.data();
    match tensor.dtype() {
        FileDtype::F32 => (0..bytes.len())
            .step_by(4)
            .map(|i| scalar(<f32 as SafeDtype>::from_le_bytes(bytes, i).into()))
            .collect(),
        _ => (0..bytes.len())
            .step_by(8)
            .map(|i| scalar(<f64 as SafeDtype>::from_le_bytes(bytes, i)))
            .collect(),
    }
}

/// Collects name, shape and bytes of every parameter.
struct Writer(Vec<(String, Vec<usize>, Vec<u8>)>);

impl<E: Element, D: Device<E>> TensorVisitor<E, D> for Writer {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = SafeTensorError;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, D>,
        (tensor, name): (&Tensor<S, E, D>, String),
    ) -> Result<Option<Tensor<S, E, D>>, Self::Err> {
        let bytes = tensor.as_vec().into_iter().flat_map(SafeDtype::to_le_bytes);
        self.0.push((name, sizes(tensor), bytes.collect()));
        Ok(None)
    }
}

/// Collects name and shape of every parameter.
struct Inventory(Vec<(String, Vec<usize>)>);

impl<E: Element, D: Device<E>> TensorVisitor<E, D> for Inventory {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = std::convert::Infallible;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, D>,
        (tensor, name): (&Tensor<S, E, D>, String),
    ) -> Result<Option<Tensor<S, E, D>>, Self::Err> {
        self.0.push((name, sizes(tensor)));
        Ok(None)
    }
}

/// Copies numbers into every parameter, in the order of the [`Inventory`].
struct Filler<E>(std::vec::IntoIter<Vec<E>>);

impl<E: Element, D: Device<E>> TensorVisitor<E, D> for Filler<E> {
    type Viewer = ViewTensorMut;
    type Err = std::convert::Infallible;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, D>,
        tensor: &mut Tensor<S, E, D>,
    ) -> Result<Option<Tensor<S, E, D>>, Self::Err> {
        if let Some(values) = self.0.next() {
            tensor.copy_from(&values);
        }
        Ok(None)
    }
}

fn sizes<S: Shape, E, D: dfdx::prelude::Storage<E>>(tensor: &Tensor<S, E, D>) -> Vec<usize> {
    use dfdx::prelude::HasShape;
    tensor.shape().concrete().into()
}
