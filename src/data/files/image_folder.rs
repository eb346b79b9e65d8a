//! Pictures in one folder for each class.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use super::names::{entries, is_picture, name, natural, pictures};
use super::{archive, FileError};
use crate::data::error::DataError;
use crate::data::picture::Picture;
use crate::data::sample::{Image, Sample};
use crate::data::source::Source;
use crate::data::target::Class;
use crate::shape::Chw;

/// Pictures by class, `root/class/name.png` (or `.jpg`, `.jpeg`), resized to the shape `S` when
/// they are asked for.
///
/// Classes are numbered by the order of their names; pictures come class by class, in natural
/// order (`9.png` before `10.png`). Other files, and hidden ones, are left out.
///
/// # Example
/// ```
/// use shapeproof::data::{ImageFolder, Picture, Source};
/// use shapeproof::prelude::*;
///
/// let root = tempfile::tempdir().unwrap();
/// for (class, colour) in [("night", [0, 0, 9]), ("day", [255, 255, 200])] {
///     std::fs::create_dir(root.path().join(class)).unwrap();
///     let path = root.path().join(class).join("1.png");
///     Picture::filled(4, 6, colour).save(path).unwrap();
/// }
/// let data = ImageFolder::<Chw<3, 2, 2>, 2>::open(root.path())?;
/// assert_eq!(data.class_names(), ["day", "night"]);
/// assert_eq!((data.len(), data.get(1)?.target), (2, 1));
/// # Ok::<(), shapeproof::data::DataError>(())
/// ```
///
/// # Same as
/// `torchvision.datasets.ImageFolder(root, Resize((H, W)))`
pub struct ImageFolder<S, const CLASSES: usize> {
    root: PathBuf,
    class_names: Vec<String>,
    pictures: Vec<(Place, usize)>,
    shape: PhantomData<fn() -> S>,
}

enum Place {
    File(PathBuf),
    /// A name in the archive and what it holds, still packed as PNG or JPEG.
    Archive(String, Vec<u8>),
}

impl<S, const CLASSES: usize> ImageFolder<S, CLASSES> {
    /// The pictures in the folders of `root`.
    ///
    /// # Errors
    /// When a folder cannot be read or holds no picture, or when there are not `CLASSES` of them.
    pub fn open(root: impl AsRef<Path>) -> Result<Self, DataError> {
        let root = root.as_ref();
        let mut folders = entries(root)?;
        folders.retain(|path| path.is_dir() && !name(path).starts_with('.'));
        // By bytes, as torchvision does, or else the numbers of the classes would differ.
        folders.sort();
        let class_names: Vec<String> = folders.iter().map(|path| name(path)).collect();
        let mut found = Vec::new();
        for (class, folder) in folders.iter().enumerate() {
            if class_names.len() != CLASSES {
                break;
            }
            let places = pictures(folder)?.into_iter().map(Place::File);
            found.extend(places.map(|place| (place, class)));
        }
        Self::checked(root, class_names, found)
    }

    /// The pictures in a tar archive, plain or packed by gzip, kept in memory as they are packed.
    /// The class of each is the folder it is in, wherever that is.
    ///
    /// # Errors
    /// When the archive cannot be read, is damaged, or has not `CLASSES` folders with pictures.
    pub fn from_tar(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let folder = |file: &str| Path::new(file).parent().map(name);
        let mut files = archive::read(path, is_picture)?;
        files.sort_by(|(a, _), (b, _)| folder(a).cmp(&folder(b)).then(natural(a, b)));
        if files.is_empty() {
            return Err(FileError::Nothing {
                path: path.into(),
                what: "PNG or JPEG file",
            }
            .into());
        }
        let mut class_names: Vec<String> = Vec::new();
        let mut found = Vec::new();
        for (file, bytes) in files {
            let class = folder(&file).unwrap_or_default();
            if class_names.last() != Some(&class) {
                class_names.push(class);
            }
            found.push((Place::Archive(file, bytes), class_names.len() - 1));
        }
        Self::checked(path, class_names, found)
    }

    fn checked(
        root: &Path,
        class_names: Vec<String>,
        pictures: Vec<(Place, usize)>,
    ) -> Result<Self, DataError> {
        if class_names.len() != CLASSES {
            return Err(FileError::ClassFolders {
                path: root.into(),
                expected: CLASSES,
                found: class_names,
            }
            .into());
        }
        Ok(ImageFolder {
            root: root.into(),
            class_names,
            pictures,
            shape: PhantomData,
        })
    }

    /// The names of the classes, in the order of their numbers.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// Where a picture is; for one in an archive, a path into the archive.
    ///
    /// # Panics
    /// When `index` is not below the number of pictures.
    pub fn path(&self, index: usize) -> PathBuf {
        match &self.pictures[index].0 {
            Place::File(path) => path.clone(),
            Place::Archive(name, _) => self.root.join(name),
        }
    }

    /// A picture as it is in the file.
    ///
    /// # Errors
    /// When it cannot be read or decoded.
    ///
    /// # Panics
    /// When `index` is not below the number of pictures.
    pub fn picture(&self, index: usize) -> Result<Picture, DataError> {
        match &self.pictures[index].0 {
            Place::File(path) => Picture::read(path),
            Place::Archive(_, bytes) => Picture::decode(bytes, self.path(index)),
        }
    }
}

impl<const C: usize, const H: usize, const W: usize, const CLASSES: usize> Source
    for ImageFolder<Chw<C, H, W>, CLASSES>
{
    type Shape = Chw<C, H, W>;
    type Target = Class<CLASSES>;

    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn get(&self, index: usize) -> Result<Sample<Chw<C, H, W>, Class<CLASSES>>, DataError> {
        Ok(Sample {
            image: Image::of(&self.picture(index)?),
            target: self.pictures[index].1,
        })
    }
}

/// The folder and the numbers, not the pictures.
impl<S, const CLASSES: usize> fmt::Debug for ImageFolder<S, CLASSES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageFolder")
            .field("root", &self.root)
            .field("class_names", &self.class_names)
            .field("len", &self.pictures.len())
            .finish()
    }
}
