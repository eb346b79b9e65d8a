//! Writing a file that is always whole.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use dfdx::nn::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorName, ViewTensorRef,
};
use dfdx::prelude::{Device, Shape, Tensor};
use dfdx::tensor::safetensors::SafeDtype;
use safetensors::tensor::{SafeTensorError, TensorView};

use super::names::{renaming_methods, Renaming};
use super::{sizes, WeightError};
use crate::tensor::Element;

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
    Saver::new().save(model, path)
}

/// Writes parameters under other names than the model's, such as those of a PyTorch module.
///
/// The rule of the renaming is the one of the [room](crate::weights#renaming); it goes from the model's names
/// to the file's.
///
/// # Example
/// ```
/// use shapeproof::{prelude::*, weights::Saver};
/// #[model(input = Flat<2>, output = Flat<1>)]
/// struct Net {
///     fc: Linear<1>,
/// }
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net.safetensors");
/// let net: Net = Net::new(&Cpu::default());
/// Saver::new().rename("fc", "classifier.6").rename_prefix("", "module").save(&net, &path)?;
/// let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
/// assert!(text.contains("module.classifier.6.weight"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct Saver {
    renaming: Renaming,
    metadata: HashMap<String, String>,
}

impl Saver {
    /// Writes every name as it is.
    pub fn new() -> Self {
        Saver::default()
    }

    renaming_methods!();

    /// Writes a text beside the parameters, in the file's header, where
    /// [`Report::metadata`](super::Report::metadata) finds it by its key.
    pub fn metadata(mut self, key: impl Into<String>, text: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), text.into());
        self
    }

    /// Writes all parameters of `model` into a safetensors file named `path`.
    ///
    /// # Errors
    /// [`WeightError::Write`], for example when the disk is full, and [`WeightError::Collision`]. A
    /// file that was there before is unchanged then.
    pub fn save<E, D, M>(&self, model: &M, path: impl AsRef<Path>) -> Result<(), WeightError>
    where
        E: Element,
        D: Device<E>,
        M: TensorCollection<E, D>,
    {
        let path = path.as_ref();
        let error = |reason| WeightError::Write {
            path: path.to_owned(),
            reason,
        };
        let mut writer = Writer(Vec::new());
        let Ok(_) = M::iter_tensors(&mut RecursiveWalker {
            m: (model, String::new()),
            f: &mut writer,
        });
        let mut taken = HashMap::new();
        for (own, ..) in &writer.0 {
            let name = self.renaming.apply(own);
            if let Some(first) = taken.insert(name.clone(), own.clone()) {
                return Err(WeightError::Collision {
                    path: path.to_owned(),
                    first,
                    second: own.clone(),
                    name,
                });
            }
        }
        let views = writer.0.iter().map(|(name, shape, bytes)| {
            let view = TensorView::new(E::safe_dtype(), shape.clone(), bytes)?;
            Ok((self.renaming.apply(name), view))
        });
        let metadata = Some(self.metadata.clone()).filter(|texts| !texts.is_empty());
        let bytes = views
            .collect::<Result<Vec<_>, SafeTensorError>>()
            .and_then(|views| safetensors::serialize(views, &metadata))
            .map_err(|e| error(io::Error::other(format!("{e:?}"))))?;
        write_whole(path, &bytes)
    }
}

/// Writes a file beside `path`, waits until the disk has it, and renames it.
///
/// # Errors
/// [`WeightError::Write`]; what was at `path` before is unchanged then.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), WeightError> {
    try_write_whole(path, bytes).map_err(|reason| WeightError::Write {
        path: path.to_owned(),
        reason,
    })
}

fn try_write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
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

/// Collects name, shape and bytes of every parameter.
struct Writer(Vec<(String, Vec<usize>, Vec<u8>)>);

impl<E: Element, D: Device<E>> TensorVisitor<E, D> for Writer {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = std::convert::Infallible;
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
