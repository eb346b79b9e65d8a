//! Pictures with boxes in the XML files of PASCAL VOC.

use std::path::{Path, PathBuf};

use super::names::{lines, text};
use super::xml::{Node, Tree};
use super::FileError;
use crate::data::error::DataError;
use crate::data::picture::Picture;
use crate::data::sample::{Image, Sample};
use crate::data::source::Source;
use crate::data::target::{BoundingBox, Boxes};
use crate::shape::Chw;

/// Pictures with boxes around things of `N` classes, in the folders of PASCAL VOC:
/// `ImageSets/set.txt`, `Annotations/name.xml`, `JPEGImages/name.jpg`.
///
/// All annotations are read at first, pictures when they are asked for; then they are resized to
/// `C`×`H`×`W`, and their boxes with them. Edges are taken as they are written, in pixels from the
/// picture's own edge. What reaches beyond the picture is cut off; boxes of which nothing is left,
/// and those that were empty before, are [`skipped`](Self::skipped).
///
/// # Same as
/// `torchvision.datasets.VOCDetection`
///
/// # Source
/// Everingham, Van Gool, Williams, Winn and Zisserman, "The PASCAL Visual Object Classes (VOC)
/// Challenge", 2010.
#[derive(Clone, Debug)]
pub struct VocBoxes<const C: usize, const H: usize, const W: usize, const N: usize> {
    pictures: Vec<Annotated>,
    skipped: Vec<Skipped>,
}

#[derive(Clone, Debug)]
struct Annotated {
    annotations: PathBuf,
    picture: PathBuf,
    height: usize,
    width: usize,
    boxes: Vec<BoundingBox>,
}

/// A box that holds nothing of its picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Skipped {
    /// The file of annotations.
    pub path: PathBuf,
    /// The object in the file, counted from 0.
    pub object: usize,
    /// The box as it is written.
    pub found: BoundingBox,
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> VocBoxes<C, H, W, N> {
    /// The pictures that `ImageSets/set.txt` lists, with boxes of the classes `names`; the class of
    /// `names[0]` is 0. VOC's own lists are in a folder more: `"Main/train"`.
    ///
    /// # Errors
    /// When the list or a file of annotations cannot be read, is damaged, lacks a number, or has a
    /// class that is not one of `names`.
    pub fn open(root: impl AsRef<Path>, set: &str, names: [&str; N]) -> Result<Self, DataError> {
        let root = root.as_ref();
        let list = root.join("ImageSets").join(format!("{set}.txt"));
        let (mut pictures, mut skipped) = (Vec::new(), Vec::new());
        for (_, line) in lines(&list)? {
            // Lists of a single class have a flag after the name.
            let name = line.split_whitespace().next().unwrap_or_default();
            let annotations = root.join("Annotations").join(format!("{name}.xml"));
            let picture = root.join("JPEGImages").join(format!("{name}.jpg"));
            pictures.push(annotated(annotations, picture, &names, &mut skipped)?);
        }
        if pictures.is_empty() {
            return Err(FileError::Nothing {
                path: list,
                what: "name of a picture",
            }
            .into());
        }
        Ok(VocBoxes { pictures, skipped })
    }

    /// The boxes that were left out because they hold nothing.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Where a picture is.
    ///
    /// # Panics
    /// When `index` is not below the number of pictures.
    pub fn path(&self, index: usize) -> &Path {
        &self.pictures[index].picture
    }

    /// The boxes of a picture in its own pixels, without reading it.
    ///
    /// # Panics
    /// When `index` is not below the number of pictures.
    pub fn boxes(&self, index: usize) -> &[BoundingBox] {
        &self.pictures[index].boxes
    }
}

fn annotated(
    path: PathBuf,
    picture: PathBuf,
    names: &[&str],
    skipped: &mut Vec<Skipped>,
) -> Result<Annotated, DataError> {
    let text = text(&path)?;
    let tree = Tree::parse(&path, &text)?;
    let file = Part {
        path: &path,
        object: None,
        node: tree.root(),
    };
    let size = file.part("size")?;
    let (height, width) = (size.pixels("height")?, size.pixels("width")?);

    let mut boxes = Vec::new();
    for (object, node) in file.node.all("object").enumerate() {
        let thing = Part {
            path: &path,
            object: Some(object),
            node,
        };
        let name = thing.words("name")?;
        let Some(class) = names.iter().position(|known| *known == name) else {
            return Err(FileError::UnknownClass {
                path: path.clone(),
                object,
                found: name.to_owned(),
                known: names.iter().map(|name| name.to_string()).collect(),
            }
            .into());
        };
        let edges = thing.part("bndbox")?;
        let found = BoundingBox {
            class,
            xmin: edges.number("xmin")?,
            ymin: edges.number("ymin")?,
            xmax: edges.number("xmax")?,
            ymax: edges.number("ymax")?,
        };
        let clipped = found.clipped(height, width);
        if clipped.area() > 0.0 {
            boxes.push(clipped);
        } else {
            skipped.push(Skipped {
                path: path.clone(),
                object,
                found,
            });
        }
    }
    Ok(Annotated {
        annotations: path,
        picture,
        height,
        width,
        boxes,
    })
}

/// An element, and where it is for errors.
#[derive(Clone, Copy)]
struct Part<'a> {
    path: &'a Path,
    object: Option<usize>,
    node: Node<'a>,
}

impl<'a> Part<'a> {
    fn part(self, what: &'static str) -> Result<Self, FileError> {
        match self.node.all(what).next() {
            Some(node) => Ok(Part { node, ..self }),
            None => Err(FileError::NoElement {
                path: self.path.into(),
                object: self.object,
                what,
            }),
        }
    }

    fn words(self, what: &'static str) -> Result<&'a str, FileError> {
        Ok(self.part(what)?.node.text())
    }

    fn number(self, what: &'static str) -> Result<f32, FileError> {
        let words = self.words(what)?;
        match words.parse() {
            // Beyond it a float leaves out whole pixels.
            Ok(number) if f32::abs(number) <= 16_777_216.0 => Ok(number),
            _ => Err(self.bad(what, words)),
        }
    }

    fn pixels(self, what: &'static str) -> Result<usize, FileError> {
        let words = self.words(what)?;
        match words.parse() {
            Ok(pixels) if (1..=1 << 24).contains(&pixels) => Ok(pixels),
            _ => Err(self.bad(what, words)),
        }
    }

    fn bad(self, what: &'static str, found: &str) -> FileError {
        FileError::BadElement {
            path: self.path.into(),
            object: self.object,
            what,
            found: found.to_owned(),
        }
    }
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> Source
    for VocBoxes<C, H, W, N>
{
    type Shape = Chw<C, H, W>;
    type Target = Boxes<N>;

    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn get(&self, index: usize) -> Result<Sample<Chw<C, H, W>, Boxes<N>>, DataError> {
        let annotated = &self.pictures[index];
        let picture = Picture::read(&annotated.picture)?;
        let found = (picture.height(), picture.width());
        if found != (annotated.height, annotated.width) {
            return Err(FileError::PictureDiffers {
                path: annotated.annotations.clone(),
                picture: annotated.picture.clone(),
                expected: (annotated.height, annotated.width),
                found,
            }
            .into());
        }
        let down = H as f32 / found.0 as f32;
        let right = W as f32 / found.1 as f32;
        let scaled = |thing: &BoundingBox| thing.scaled(right, down);
        Ok(Sample {
            image: Image::of(&picture),
            target: annotated.boxes.iter().map(scaled).collect(),
        })
    }
}
