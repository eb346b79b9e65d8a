//! Reading a file that is first compared with the model.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use dfdx::nn::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName,
    ViewTensorRef,
};
use dfdx::prelude::{Device, Shape, Tensor};
use half::{bf16, f16};
use shapeproof_header::{has_segments, Header, TensorEntry, IGNORED};

use super::names::{renaming_methods, Renaming};
use super::{sizes, Difference, WeightError};
use crate::model::BuildOn;
use crate::tensor::{scalar, Element};

/// Reads all parameters of `model` from the safetensors file named `path`.
///
/// The whole file is compared with the model before a number is changed. `F64`, `F32`, `F16` and
/// `BF16` files are read into `f32` and `f64` models alike. [`Loader`] renames, leaves out and
/// loads in part.
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
    Loader::new().load(model, path).map(drop)
}

/// Builds a model on `device` with the parameters of the safetensors file named `path`.
///
/// # Errors
/// As [`load`], and [`WeightError::Build`].
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
/// let net: Net = Net::new(&Cpu::default());
/// weights::save(&net, &path)?;
///
/// let again: Net = Net::load(&path)?;
/// assert_eq!(net.fc.weight.array(), again.fc.weight.array());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn built<E, D, M>(device: &D, path: impl AsRef<Path>) -> Result<M, WeightError>
where
    E: Element,
    D: Device<E>,
    M: TensorCollection<E, D> + BuildOn<D>,
{
    let path = path.as_ref();
    let mut model = M::try_build_on(device).map_err(|reason| WeightError::Build {
        path: path.to_owned(),
        reason: format!("{reason:?}"),
    })?;
    load(&mut model, path)?;
    Ok(model)
}

/// Reads all parameters of `model` from the bytes of a safetensors file, such as those of
/// `include_bytes!`.
///
/// # Errors
/// As [`load`]; the file is called `the given slice`.
pub fn load_bytes<E, D, M>(model: &mut M, bytes: &[u8]) -> Result<(), WeightError>
where
    E: Element,
    D: Device<E>,
    M: TensorCollection<E, D>,
{
    Loader::new().load_bytes(model, bytes).map(drop)
}

/// Reads parameters whose names are not the model's, or not all parameters.
///
/// The rule of the renaming is the one of the [room](crate::weights#renaming); it goes from the file's names
/// to the model's.
///
/// # Example
/// ```
/// use shapeproof::{prelude::*, weights::{Loader, Saver}};
/// #[model(input = Flat<2>, output = Flat<1>)]
/// struct Net {
///     hidden: Linear<3>,
///     fc: Linear<1>,
/// }
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net.safetensors");
/// let (one, mut two): (Net, Net) = (Net::new(&Cpu::seed_from_u64(1)), Net::new(&Cpu::seed_from_u64(2)));
/// // A checkpoint of PyTorch's `DataParallel`, with another name for the last layer.
/// Saver::new().rename("fc", "head.0").rename_prefix("", "module").save(&one, &path)?;
///
/// let pytorch = || Loader::new().rename_prefix("module", "");
/// let report = pytorch().rename("head.0", "fc").load(&mut two, &path)?;
/// assert!(report.is_complete());
/// assert_eq!(one.fc.weight.array(), two.fc.weight.array());
///
/// // Without the last layer, for a new task.
/// let report = pytorch().ignore("head").partial().load(&mut two, &path)?;
/// assert_eq!(report.loaded, ["hidden.weight", "hidden.bias"]);
/// assert_eq!(report.missing, ["fc.weight", "fc.bias"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct Loader {
    renaming: Renaming,
    ignored: Vec<Cow<'static, str>>,
    partial: bool,
}

impl Loader {
    /// Takes every name as it is, and all of the model's tensors or none.
    pub fn new() -> Self {
        Loader::default()
    }

    renaming_methods!();

    /// Leaves out the file's tensors with the segments `segments` in their names, as the file
    /// writes them: `ignore("fc")` leaves out `fc.weight` and `head.fc.bias`, not `fc2.weight`.
    ///
    /// `num_batches_tracked` is always left out. PyTorch's `BatchNorm2d` counts batches in it, for
    /// averages over all of them, which no layer here takes.
    pub fn ignore(mut self, segments: impl Into<Cow<'static, str>>) -> Self {
        self.ignored.push(segments.into());
        self
    }

    /// Loads the tensors that fit and leaves the others as they are. The report names both.
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// Reads the parameters of `model` from the safetensors file named `path`.
    ///
    /// # Errors
    /// As [`load`], and [`WeightError::Collision`]. A partial loader makes no
    /// [`WeightError::Differs`]. The model is unchanged after an error.
    pub fn load<E, D, M>(
        &self,
        model: &mut M,
        path: impl AsRef<Path>,
    ) -> Result<Report, WeightError>
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
        self.read(model, path, &bytes)
    }

    /// Reads the parameters of `model` from the bytes of a safetensors file.
    ///
    /// # Errors
    /// As [`load`](Self::load); the file is called `the given slice`.
    pub fn load_bytes<E, D, M>(&self, model: &mut M, bytes: &[u8]) -> Result<Report, WeightError>
    where
        E: Element,
        D: Device<E>,
        M: TensorCollection<E, D>,
    {
        self.read(model, Path::new("the given slice"), bytes)
    }

    fn read<E, D, M>(&self, model: &mut M, path: &Path, bytes: &[u8]) -> Result<Report, WeightError>
    where
        E: Element,
        D: Device<E>,
        M: TensorCollection<E, D>,
    {
        let len = bytes.len() as u64;
        let header = Header::read(bytes, len).map_err(|reason| WeightError::Format {
            path: path.to_owned(),
            bytes: len,
            reason: reason.to_string(),
        })?;
        let mut expected = Inventory(Vec::new());
        let Ok(_) = M::iter_tensors(&mut RecursiveWalker {
            m: (&*model, String::new()),
            f: &mut expected,
        });
        let (report, matches) = self.compare(path, expected.0, &header)?;
        let mut values = Vec::with_capacity(matches.len());
        for found in matches {
            let found = found.map(|(name, entry)| finite::<E>(path, name, entry, bytes));
            values.push(found.transpose()?);
        }
        let Ok(_) = M::iter_tensors(&mut RecursiveWalker {
            m: model,
            f: &mut Filler(values.into_iter()),
        });
        Ok(report)
    }

    /// For each of the model's tensors the one that it is loaded from.
    fn compare<'a>(
        &self,
        path: &Path,
        expected: Vec<(String, Vec<usize>)>,
        header: &'a Header,
    ) -> Result<(Report, Vec<Match<'a>>), WeightError> {
        let mut report = Report {
            metadata: header.metadata.iter().cloned().collect(),
            ..Report::default()
        };
        let mut file: BTreeMap<String, &TensorEntry> = BTreeMap::new();
        for entry in &header.tensors {
            let ignored = |segments: &str| has_segments(&entry.name, segments);
            if ignored(IGNORED) || self.ignored.iter().any(|i| ignored(i)) {
                report.ignored.push(entry.name.clone());
                continue;
            }
            let name = self.renaming.apply(&entry.name);
            if let Some(first) = file.insert(name.clone(), entry) {
                return Err(WeightError::Collision {
                    path: path.to_owned(),
                    first: first.name.clone(),
                    second: entry.name.clone(),
                    name,
                });
            }
        }
        let (mut differences, mut matches) = (Vec::new(), Vec::new());
        for (name, model) in expected {
            let entry = file.remove(&name);
            let fits = entry.filter(|e| e.shape == model && number(&e.dtype).is_some());
            if fits.is_some() {
                report.loaded.push(name.clone());
            }
            match entry {
                None => differences.push(Difference::Missing {
                    name: name.clone(),
                    shape: model,
                }),
                Some(entry) if entry.shape != model => differences.push(Difference::Shape {
                    name: name.clone(),
                    model,
                    file: entry.shape.clone(),
                }),
                Some(entry) if fits.is_none() => differences.push(Difference::Dtype {
                    name: name.clone(),
                    file: entry.dtype.clone(),
                }),
                Some(_) => {}
            }
            matches.push(fits.map(|entry| (name, entry)));
        }
        differences.extend(file.into_iter().map(|(renamed, e)| Difference::Unexpected {
            name: e.name.clone(),
            renamed,
            shape: e.shape.clone(),
        }));
        if !self.partial && !differences.is_empty() {
            return Err(WeightError::Differs {
                path: path.to_owned(),
                differences,
            });
        }
        for difference in differences {
            match difference {
                Difference::Missing { name, .. } => report.missing.push(name),
                Difference::Unexpected { name, .. } => report.unexpected.push(name),
                other => report.skipped.push(other),
            }
        }
        Ok((report, matches))
    }
}

/// A tensor of the model, by name, and where its numbers are.
type Match<'a> = Option<(String, &'a TensorEntry)>;

/// What a [`Loader`] has done with each tensor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The model's tensors that have new numbers, in the model's order.
    pub loaded: Vec<String>,
    /// The model's tensors that the file lacks.
    pub missing: Vec<String>,
    /// The file's tensors that the model lacks, by the file's names.
    pub unexpected: Vec<String>,
    /// The tensors that both have, in other shapes or in numbers that are not read.
    pub skipped: Vec<Difference>,
    /// The file's tensors that were left out as told, by the file's names.
    pub ignored: Vec<String>,
    /// The texts beside the tensors, by key; see [`Saver::metadata`](super::Saver::metadata).
    pub metadata: BTreeMap<String, String>,
}

impl Report {
    /// Whether every tensor of the model has new numbers.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.skipped.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} loaded", self.loaded.len())?;
        let lists = [
            ("missing", &self.missing),
            ("unexpected", &self.unexpected),
            ("ignored", &self.ignored),
        ];
        for (what, names) in lists.iter().filter(|(_, names)| !names.is_empty()) {
            write!(f, "\n{} {what}: {}", names.len(), names.join(", "))?;
        }
        if !self.skipped.is_empty() {
            write!(f, "\n{} skipped:", self.skipped.len())?;
        }
        self.skipped.iter().try_for_each(|d| write!(f, "\n  {d}"))
    }
}

/// How one number is read from its bytes.
type ReadNumber = fn(&[u8]) -> f64;

/// How many bytes a number of a type has, and how it is read.
fn number(dtype: &str) -> Option<(usize, ReadNumber)> {
    fn bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
        bytes.try_into().unwrap_or([0; N])
    }
    match dtype {
        "F64" => Some((8, |b| f64::from_le_bytes(bytes(b)))),
        "F32" => Some((4, |b| f32::from_le_bytes(bytes(b)).into())),
        "F16" => Some((2, |b| f16::from_le_bytes(bytes(b)).into())),
        "BF16" => Some((2, |b| bf16::from_le_bytes(bytes(b)).into())),
        _ => None,
    }
}

/// The numbers of a tensor that [`Loader::compare`] has found to fit.
fn finite<E: Element>(
    path: &Path,
    name: String,
    entry: &TensorEntry,
    file: &[u8],
) -> Result<Vec<E>, WeightError> {
    let Some((size, read)) = number(&entry.dtype) else {
        return Ok(Vec::new());
    };
    let numbers = file[entry.bytes.clone()].chunks_exact(size).map(read);
    let values: Vec<E> = numbers.map(scalar).collect();
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(values),
        Some(index) => Err(WeightError::NotFinite {
            path: path.to_owned(),
            name,
            value: values[index].to_f64().unwrap_or(f64::NAN),
            index,
            len: values.len(),
        }),
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

/// Copies numbers into the parameters that have some, in the order of the [`Inventory`].
struct Filler<E>(std::vec::IntoIter<Option<Vec<E>>>);

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
        if let Some(values) = self.0.next().flatten() {
            tensor.copy_from(&values);
        }
        Ok(None)
    }
}
