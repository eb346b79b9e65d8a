//! A car's driving log: what its camera saw and what its driver did.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::names::{entries, lines, name};
use super::FileError;
use crate::data::error::DataError;
use crate::data::picture::Picture;
use crate::data::sample::{Image, Sample};
use crate::data::source::Source;
use crate::data::target::Numbers;
use crate::shape::Chw;

/// The field of a frame's file name.
const FRAME: &str = "cam/image_array";

/// Frames of a tub (version 2) of Donkeycar, with `N` numbers each, in the order of driving;
/// resized to `C`×`H`×`W` when they are asked for.
///
/// A tub holds `catalog_0.catalog` and so on, each with one JSON object a line, and the folder
/// `images`. Records that `manifest.json` calls deleted are left out.
///
/// # Example
/// ```
/// use shapeproof::data::{Picture, Source, Tub};
///
/// let dir = tempfile::tempdir().unwrap();
/// std::fs::create_dir(dir.path().join("images")).unwrap();
/// Picture::filled(4, 6, [9, 9, 9]).save(dir.path().join("images/0.png")).unwrap();
/// let record = r#"{"_index": 0, "cam/image_array": "0.png", "user/angle": -0.25}"#;
/// std::fs::write(dir.path().join("catalog_0.catalog"), record).unwrap();
///
/// let frames = Tub::<3, 2, 3, 1>::open(dir.path(), ["user/angle"])?;
/// assert_eq!(frames.get(0)?.target, [-0.25]);
/// # Ok::<(), shapeproof::data::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tub<const C: usize, const H: usize, const W: usize, const N: usize> {
    frames: Vec<(PathBuf, [f32; N])>,
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> Tub<C, H, W, N> {
    /// The records of a tub, with the numbers in these fields, such as `"user/angle"`.
    ///
    /// # Errors
    /// When a file cannot be read, when a line is no JSON or lacks a field, or when there is no
    /// record.
    pub fn open(folder: impl AsRef<Path>, fields: [&str; N]) -> Result<Self, DataError> {
        let folder = folder.as_ref();
        let deleted = deleted(&folder.join("manifest.json"))?;
        let mut frames = Vec::new();
        for catalog in entries(folder)? {
            let is_catalog = catalog.extension().is_some_and(|e| e == "catalog");
            if !is_catalog || name(&catalog).starts_with('.') {
                continue;
            }
            for (line, text) in lines(&catalog)? {
                let record = Record {
                    path: &catalog,
                    line,
                    value: parsed(&catalog, line, &text)?,
                };
                let index = record.value.get("_index").and_then(Value::as_u64);
                if index.is_some_and(|index| deleted.contains(&index)) {
                    continue;
                }
                let mut numbers = [0.0; N];
                for (number, field) in numbers.iter_mut().zip(fields) {
                    *number = record.number(field)?;
                }
                frames.push((folder.join("images").join(record.file()?), numbers));
            }
        }
        if frames.is_empty() {
            return Err(FileError::Nothing {
                path: folder.into(),
                what: "record in a catalog",
            }
            .into());
        }
        Ok(Tub { frames })
    }

    /// Where a frame is.
    ///
    /// # Panics
    /// When `index` is not below the number of frames.
    pub fn path(&self, index: usize) -> &Path {
        &self.frames[index].0
    }

    /// The numbers of all frames, without reading the pictures.
    pub fn numbers(&self) -> impl ExactSizeIterator<Item = [f32; N]> + '_ {
        self.frames.iter().map(|(_, numbers)| *numbers)
    }
}

fn parsed(path: &Path, line: usize, text: &str) -> Result<Value, FileError> {
    serde_json::from_str(text).map_err(|e| FileError::Json {
        path: path.into(),
        line,
        reason: e.to_string(),
    })
}

/// The indices of deleted records, of which there are none without a manifest.
fn deleted(manifest: &Path) -> Result<HashSet<u64>, DataError> {
    let mut deleted = HashSet::new();
    if !manifest.exists() {
        return Ok(deleted);
    }
    for (line, text) in lines(manifest)? {
        let value = parsed(manifest, line, &text)?;
        let indices = value.get("deleted_indexes").and_then(Value::as_array);
        deleted.extend(indices.into_iter().flatten().filter_map(Value::as_u64));
    }
    Ok(deleted)
}

struct Record<'a> {
    path: &'a Path,
    line: usize,
    value: Value,
}

impl Record<'_> {
    fn number(&self, field: &str) -> Result<f32, FileError> {
        let number = self.value.get(field).and_then(Value::as_f64);
        match number.map(|number| number as f32) {
            Some(number) if number.is_finite() => Ok(number),
            _ => Err(self.wrong(field, "a number")),
        }
    }

    fn file(&self) -> Result<&str, FileError> {
        let file = self.value.get(FRAME).and_then(Value::as_str);
        file.ok_or_else(|| self.wrong(FRAME, "the name of a file"))
    }

    fn wrong(&self, field: &str, kind: &'static str) -> FileError {
        let found = match self.value.get(field) {
            Some(value) => value.to_string(),
            None => "nothing".into(),
        };
        FileError::Field {
            path: self.path.into(),
            line: self.line,
            field: field.into(),
            kind,
            // A line can be long.
            found: found.chars().take(80).collect(),
        }
    }
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> Source for Tub<C, H, W, N> {
    type Shape = Chw<C, H, W>;
    type Target = Numbers<N>;

    fn len(&self) -> usize {
        self.frames.len()
    }

    fn get(&self, index: usize) -> Result<Sample<Chw<C, H, W>, Numbers<N>>, DataError> {
        let (path, numbers) = &self.frames[index];
        Ok(Sample {
            image: Image::of(&Picture::read(path)?),
            target: *numbers,
        })
    }
}
