//! Pictures, each with a second picture whose values are classes.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::names::{lines, pictures};
use super::FileError;
use crate::data::error::DataError;
use crate::data::picture::Picture;
use crate::data::sample::{Image, Sample};
use crate::data::source::Source;
use crate::data::target::{Mask, IGNORE};
use crate::shape::Chw;

/// Pictures and their masks, resized to `C`×`H`×`W` when they are asked for; masks by the nearest
/// pixel.
///
/// The values of a mask are class numbers at first; [`values`](Self::values) and
/// [`ignoring`](Self::ignoring) say otherwise.
///
/// # Example
/// ```
/// use shapeproof::data::{MaskPairs, Picture, Source};
///
/// let root = tempfile::tempdir().unwrap();
/// let file = |folder: &str, picture: Picture| {
///     std::fs::create_dir(root.path().join(folder)).unwrap();
///     picture.save(root.path().join(folder).join("1.png")).unwrap();
/// };
/// file("photos", Picture::filled(2, 2, [9, 9, 9]));
/// file("masks", Picture::new(1, 2, 2, vec![0, 255, 255, 7]).unwrap());
/// let cells = MaskPairs::<1, 2, 2, 2>::from_folders(
///     root.path().join("photos"),
///     root.path().join("masks"),
/// )?;
/// // 0 is class 0, 255 is class 1, and 7 is neither.
/// let cells = cells.values([0, 255]).ignoring(7);
/// assert_eq!(cells.get(0)?.target, [0, 1, 1, 255]);
/// # Ok::<(), shapeproof::data::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MaskPairs<const C: usize, const H: usize, const W: usize, const N: usize> {
    /// Picture and mask.
    pairs: Vec<(PathBuf, PathBuf)>,
    /// The values that stand for the classes.
    values: [u8; N],
    ignored: Vec<u8>,
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> MaskPairs<C, H, W, N> {
    /// The pictures of one folder with the masks of another that have the same name (but for the
    /// ending), in natural order. Masks without a picture are left out.
    ///
    /// # Errors
    /// When a folder cannot be read or holds no picture, or when a picture has no mask.
    pub fn from_folders(
        photos: impl AsRef<Path>,
        masks: impl AsRef<Path>,
    ) -> Result<Self, DataError> {
        let stem = |path: &Path| path.file_stem().map(OsString::from).unwrap_or_default();
        let by_name: HashMap<OsString, PathBuf> = pictures(masks.as_ref())?
            .into_iter()
            .map(|path| (stem(&path), path))
            .collect();
        let mut pairs = Vec::new();
        for path in pictures(photos.as_ref())? {
            match by_name.get(&stem(&path)) {
                Some(mask) => pairs.push((path, mask.clone())),
                None => {
                    return Err(FileError::NoMask {
                        path,
                        masks: masks.as_ref().into(),
                    }
                    .into())
                }
            }
        }
        Ok(Self::of(pairs))
    }

    /// The pairs of a list: in each line a picture and its mask, between them white space, from the
    /// folder that the list is in.
    ///
    /// # Errors
    /// When the list cannot be read, has no line, or has one without two names.
    pub fn from_list(list: impl AsRef<Path>) -> Result<Self, DataError> {
        let list = list.as_ref();
        let folder = list.parent().unwrap_or(Path::new(""));
        let mut pairs = Vec::new();
        for (line, text) in lines(list)? {
            let names: Vec<&str> = text.split_whitespace().collect();
            let [picture, mask] = names[..] else {
                return Err(FileError::ListLine {
                    path: list.into(),
                    line,
                    found: text,
                }
                .into());
            };
            pairs.push((folder.join(picture), folder.join(mask)));
        }
        if pairs.is_empty() {
            return Err(FileError::Nothing {
                path: list.into(),
                what: "pair of a picture and a mask",
            }
            .into());
        }
        Ok(Self::of(pairs))
    }

    fn of(pairs: Vec<(PathBuf, PathBuf)>) -> Self {
        const { assert!(N <= 255, "a mask has at most 255 classes") };
        MaskPairs {
            pairs,
            values: std::array::from_fn(|class| class as u8),
            ignored: vec![IGNORE],
        }
    }

    /// The values in the masks that stand for the classes, in the order of the classes.
    pub fn values(self, values: [u8; N]) -> Self {
        MaskPairs { values, ..self }
    }

    /// A value in the masks that stands for no class, as 255 does unless it is one of
    /// [`values`](Self::values).
    pub fn ignoring(mut self, value: u8) -> Self {
        self.ignored.push(value);
        self
    }

    /// Where a picture and its mask are.
    ///
    /// # Panics
    /// When `index` is not below the number of pairs.
    pub fn paths(&self, index: usize) -> (&Path, &Path) {
        let (picture, mask) = &self.pairs[index];
        (picture, mask)
    }

    /// The class of every value, or that it is ignored.
    fn class(&self, value: u8) -> Option<u8> {
        match self.values.iter().position(|v| *v == value) {
            Some(class) => Some(class as u8),
            None => self.ignored.contains(&value).then_some(IGNORE),
        }
    }
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> Source
    for MaskPairs<C, H, W, N>
{
    type Shape = Chw<C, H, W>;
    type Target = Mask<H, W, N>;

    fn len(&self) -> usize {
        self.pairs.len()
    }

    fn get(&self, index: usize) -> Result<Sample<Chw<C, H, W>, Mask<H, W, N>>, DataError> {
        let (picture_path, mask_path) = &self.pairs[index];
        let (picture, mask) = (Picture::read(picture_path)?, Picture::read(mask_path)?);
        if mask.channels() != 1 {
            let path = mask_path.clone();
            return Err(FileError::MaskColours { path }.into());
        }
        let size = |picture: &Picture| (picture.height(), picture.width());
        if size(&picture) != size(&mask) {
            return Err(FileError::MaskSize {
                path: mask_path.clone(),
                picture: picture_path.clone(),
                expected: size(&picture),
                found: size(&mask),
            }
            .into());
        }
        let classes: [Option<u8>; 256] = std::array::from_fn(|value| self.class(value as u8));
        // All of the file is checked, not only the pixels that a smaller mask is made of.
        let bad = |value: &u8| classes[usize::from(*value)].is_none();
        if let Some(at) = mask.values().iter().position(bad) {
            return Err(FileError::MaskValue {
                path: mask_path.clone(),
                row: at / mask.width(),
                column: at % mask.width(),
                value: mask.values()[at],
                known: known(&self.values),
            }
            .into());
        }
        let values = mask.resized_nearest(H, W).into_values();
        let target = values.into_iter();
        Ok(Sample {
            image: Image::of(&picture),
            target: target
                .map(|value| classes[usize::from(value)].unwrap_or(IGNORE))
                .collect(),
        })
    }
}

/// The values that are classes, in words.
fn known(values: &[u8]) -> String {
    let counting = (0..values.len()).map(|class| class as u8);
    if values.len() > 3 && counting.eq(values.iter().copied()) {
        return format!("0 to {}", values.len() - 1);
    }
    let words: Vec<String> = values.iter().map(u8::to_string).collect();
    words.join(", ")
}
