//! A run in a file: everything that it needs to go on.
//!
//! The container is safetensors: tensors called `model.…`, `optimizer.…`, `average.…` and `best.…`,
//! and texts. A checksum over all of it tells a damaged file from a whole one.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use flate2::Crc;
use safetensors::tensor::TensorView;
use shapeproof_header::Header;

use super::snapshot::{Kept, Snapshot};
use crate::tensor::Element;
use crate::weights::{write_whole, WeightError};

/// What the first text says: the format and its version.
const FORMAT: &str = "shapeproof checkpoint 1";

/// Why a run cannot be saved or taken up. The fields hold the facts, `Display` puts them in one
/// sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The file cannot be written; the checkpoint that was there before is unchanged.
    #[error("{0}")]
    Write(WeightError),
    /// The file is cut off, damaged, or something else.
    #[error("{} ({bytes} bytes) is not a whole checkpoint: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: usize,
        /// What is wrong.
        reason: String,
    },
    /// The file is of another run: all differences are listed.
    #[error("{} is of another run (of {model}):{}", path.display(), lines(differences))]
    Differs {
        /// The file.
        path: PathBuf,
        /// The type of its model.
        model: String,
        /// One sentence each.
        differences: Vec<String>,
    },
}

fn lines(differences: &[String]) -> String {
    differences.iter().map(|d| format!("\n  {d}")).collect()
}

/// What is written: tensors and texts.
#[derive(Debug, Default)]
pub(super) struct Writer {
    tensors: Vec<(String, Vec<usize>, Vec<u8>)>,
    texts: BTreeMap<String, String>,
}

impl Writer {
    pub fn text(&mut self, name: &str, text: impl ToString) {
        self.texts.insert(name.into(), text.to_string());
    }

    /// Numbers as a text that loses no digit.
    pub fn numbers(&mut self, name: &str, numbers: &[f64]) {
        let numbers: Vec<String> = numbers.iter().map(f64::to_string).collect();
        self.text(name, numbers.join(" "));
    }

    pub fn tensor<E: Element>(&mut self, name: String, shape: Vec<usize>, values: &[E]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        let bytes = bytes.collect();
        self.tensors.push((name, shape, bytes));
    }

    pub fn snapshot<E: Element>(&mut self, group: &str, snapshot: &Snapshot<E>) {
        for Kept {
            name,
            shape,
            values,
            ..
        } in &snapshot.0
        {
            self.tensor(format!("{group}.{name}"), shape.clone(), values);
        }
    }

    /// Writes the file beside `path` and renames it, so that `path` is always whole.
    pub fn write<E: Element>(mut self, path: &Path) -> Result<(), CheckpointError> {
        self.text("format", FORMAT);
        self.tensors.sort_by(|a, b| a.0.cmp(&b.0));
        let tensors = self.tensors.iter().map(|t| (t.0.as_str(), &t.2[..]));
        let texts = self.texts.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        let sum = checksum(tensors, texts);
        self.text("checksum", sum);
        let failed = |reason: String| {
            CheckpointError::Write(WeightError::Write {
                path: path.to_owned(),
                reason: io::Error::other(reason),
            })
        };
        let mut views = Vec::with_capacity(self.tensors.len());
        for (name, shape, bytes) in &self.tensors {
            let view = TensorView::new(E::safe_dtype(), shape.clone(), bytes);
            views.push((name.clone(), view.map_err(|e| failed(format!("{e:?}")))?));
        }
        let texts: HashMap<String, String> = self.texts.clone().into_iter().collect();
        let bytes = safetensors::serialize(views, &Some(texts));
        let bytes = bytes.map_err(|e| failed(format!("{e:?}")))?;
        write_whole(path, &bytes).map_err(CheckpointError::Write)
    }
}

/// What the format calls the numbers.
fn dtype<E: Element>() -> &'static str {
    if size_of::<E>() == size_of::<f64>() {
        "F64"
    } else {
        "F32"
    }
}

/// A checksum of tensors and texts, each in the order of their names.
fn checksum<'a>(
    tensors: impl Iterator<Item = (&'a str, &'a [u8])>,
    texts: impl Iterator<Item = (&'a str, &'a str)>,
) -> u32 {
    let mut crc = Crc::new();
    let mut part = |bytes: &[u8]| {
        crc.update(&(bytes.len() as u64).to_le_bytes());
        crc.update(bytes);
    };
    for (name, bytes) in tensors {
        part(name.as_bytes());
        part(bytes);
    }
    for (name, text) in texts {
        part(name.as_bytes());
        part(text.as_bytes());
    }
    crc.sum()
}

/// A checkpoint that was read, whole and unharmed.
pub(super) struct Reader {
    path: PathBuf,
    bytes: Vec<u8>,
    header: Header,
    texts: BTreeMap<String, String>,
    differences: Vec<String>,
}

impl Reader {
    /// Reads a file; `None` where there is none.
    pub fn open(path: &Path) -> Result<Option<Self>, CheckpointError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(reason) if reason.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(reason) => {
                return Err(CheckpointError::Read {
                    path: path.to_owned(),
                    reason,
                })
            }
        };
        let damaged = |reason: String| CheckpointError::Damaged {
            path: path.to_owned(),
            bytes: bytes.len(),
            reason,
        };
        let header = Header::read(&bytes[..], bytes.len() as u64);
        let mut header = header.map_err(|e| damaged(e.to_string()))?;
        let mut texts: BTreeMap<String, String> = header.metadata.drain(..).collect();
        match texts.get("format").map(String::as_str) {
            Some(FORMAT) => {}
            Some(other) => return Err(damaged(format!("its format is `{other}`"))),
            None => return Err(damaged("it holds weights, but no run".into())),
        }
        header.tensors.sort_by(|a, b| a.name.cmp(&b.name));
        let expected = texts.remove("checksum");
        let tensors = header.tensors.iter();
        let tensors = tensors.map(|t| (t.name.as_str(), &bytes[t.bytes.clone()]));
        let sum = checksum(tensors, texts.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        if expected != Some(sum.to_string()) {
            return Err(damaged("its checksum is wrong".into()));
        }
        Ok(Some(Reader {
            path: path.to_owned(),
            header,
            texts,
            bytes,
            differences: Vec::new(),
        }))
    }

    /// A text; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    /// A text that is read as something.
    pub fn parsed<R: std::str::FromStr>(&self, name: &str) -> Result<R, CheckpointError> {
        let text = self.text(name);
        text.parse().map_err(|_| self.damaged(name))
    }

    /// Numbers that [`Writer::numbers`] has written.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, CheckpointError> {
        let numbers = self.text(name).split_whitespace().map(str::parse);
        let numbers: Result<_, _> = numbers.collect();
        numbers.map_err(|_| self.damaged(name))
    }

    /// That a text cannot be read.
    pub fn damaged(&self, name: &str) -> CheckpointError {
        CheckpointError::Damaged {
            path: self.path.clone(),
            bytes: self.bytes.len(),
            reason: format!("its {name} is `{}`", self.text(name)),
        }
    }

    /// Notes a difference where a text is another one.
    pub fn same(&mut self, name: &str, here: impl ToString) {
        let (there, here) = (self.text(name), here.to_string());
        if there != here {
            let or_none = |text: &str| match text {
                "" => "none".to_owned(),
                text => text.to_owned(),
            };
            let (there, here) = (or_none(there), or_none(&here));
            self.differences
                .push(format!("{name}: {there} there, {here} here"));
        }
    }

    /// Notes a difference.
    pub fn differs(&mut self, difference: String) {
        self.differences.push(difference);
    }

    /// The numbers of a tensor; `None` where there is none.
    pub fn tensor<E: Element>(&mut self, name: &str, shape: &[usize]) -> Option<Vec<E>> {
        let at = self.header.tensors.iter().position(|t| t.name == name)?;
        let entry = self.header.tensors.swap_remove(at);
        if entry.dtype != dtype::<E>() || entry.shape != shape {
            self.differences.push(format!(
                "`{name}`: {} {:?} there, {} {shape:?} here",
                entry.dtype,
                entry.shape,
                dtype::<E>()
            ));
            return Some(Vec::new());
        }
        let bytes = self.bytes[entry.bytes].chunks_exact(size_of::<E>());
        let number = |bytes: &[u8]| match (<[u8; 4]>::try_from(bytes), <[u8; 8]>::try_from(bytes)) {
            (Ok(bytes), _) => E::from_f32(f32::from_le_bytes(bytes)),
            (_, Ok(bytes)) => E::from_f64(f64::from_le_bytes(bytes)),
            _ => None,
        };
        Some(bytes.filter_map(number).collect())
    }

    /// The numbers of a whole model, for one that has now `like`.
    pub fn snapshot<E: Element>(&mut self, group: &str, like: &Snapshot<E>) -> Snapshot<E> {
        let mut found = like.clone();
        for kept in &mut found.0 {
            let name = format!("{group}.{}", kept.name);
            match self.tensor(&name, &kept.shape) {
                Some(values) => kept.values = values,
                None => self
                    .differences
                    .push(format!("`{name}` {:?} is missing there", kept.shape)),
            }
        }
        found
    }

    /// That nothing differs, and nothing is left over.
    pub fn finish(mut self) -> Result<(), CheckpointError> {
        self.header.tensors.sort_by(|a, b| a.name.cmp(&b.name));
        for left in &self.header.tensors {
            let (name, shape) = (&left.name, &left.shape);
            self.differences
                .push(format!("`{name}` {shape:?} is not here"));
        }
        if self.differences.is_empty() {
            return Ok(());
        }
        Err(CheckpointError::Differs {
            model: self.text("model").to_owned(),
            path: self.path,
            differences: self.differences,
        })
    }
}
