//! What can be wrong with folders of pictures, and the words for it.

use std::path::PathBuf;

/// What is wrong with a file of a folder. The fields hold the facts, `Display` puts them in one
/// sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A picture is no PNG or JPEG, or is damaged.
    #[error("cannot decode {path}: {reason}")]
    Picture {
        /// The file.
        path: PathBuf,
        /// What the decoder says.
        reason: String,
    },
    /// A picture cannot be written.
    #[error("cannot write {path}: {reason}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system or the encoder says.
        reason: String,
    },
    /// There is nothing to read in a folder, a list or an archive.
    #[error("{path} holds no {what}")]
    Nothing {
        /// The folder or file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The folders of a set by class are not as many as the type has classes.
    #[error("expected {expected} folders of classes in {path}, found {}: {}",
        .found.len(), listed(.found))]
    ClassFolders {
        /// The folder that holds them.
        path: PathBuf,
        /// The number of classes in the type.
        expected: usize,
        /// The names of those that are there.
        found: Vec<String>,
    },
    /// An entry of an archive is damaged.
    #[error("entry {entry} of {path} {problem}")]
    Archive {
        /// The archive.
        path: PathBuf,
        /// The entry, counted from 0.
        entry: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A picture has no mask.
    #[error("{path} has no mask of its name in {masks}")]
    NoMask {
        /// The picture.
        path: PathBuf,
        /// The folder of the masks.
        masks: PathBuf,
    },
    /// A line of a list does not name two files.
    #[error("line {line} of {path} needs the names of a picture and a mask, found {found:?}")]
    ListLine {
        /// The list.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the line says.
        found: String,
    },
    /// A mask is in colours.
    #[error("{path} is in colours, but a mask is a grey picture whose values are classes")]
    MaskColours {
        /// The mask.
        path: PathBuf,
    },
    /// A mask has another size than its picture.
    #[error("{path} is {}, but its picture {picture} is {}", sizes(.found), sizes(.expected))]
    MaskSize {
        /// The mask.
        path: PathBuf,
        /// The picture.
        picture: PathBuf,
        /// Height and width of the picture.
        expected: (usize, usize),
        /// Height and width of the mask.
        found: (usize, usize),
    },
    /// A value in a mask is no class.
    #[error(
        "value {value} at row {row}, column {column} of {path} is none of the classes: {known}"
    )]
    MaskValue {
        /// The mask.
        path: PathBuf,
        /// The pixel's row in the file.
        row: usize,
        /// The pixel's column in the file.
        column: usize,
        /// Its value.
        value: u8,
        /// The values that are classes.
        known: String,
    },
    /// A file is no XML.
    #[error("line {line} of {path} is no XML: {reason}")]
    Xml {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// An XML file lacks a part.
    #[error("{}{path} has no <{what}>", of_object(.object))]
    NoElement {
        /// The file.
        path: PathBuf,
        /// The object, counted from 0, if it is a part of one.
        object: Option<usize>,
        /// The name of the part.
        what: &'static str,
    },
    /// A part of an XML file is no number, or none that can be.
    #[error("{}{path} has a <{what}> of {found:?}", of_object(.object))]
    BadElement {
        /// The file.
        path: PathBuf,
        /// The object, counted from 0, if it is a part of one.
        object: Option<usize>,
        /// The name of the part.
        what: &'static str,
        /// What it says.
        found: String,
    },
    /// An object is of a class that was not given.
    #[error("object {object} of {path} is a {found:?}, but the classes are {}", listed(.known))]
    UnknownClass {
        /// The file.
        path: PathBuf,
        /// The object, counted from 0.
        object: usize,
        /// Its class.
        found: String,
        /// The classes given.
        known: Vec<String>,
    },
    /// A picture has another size than its annotations say, so that boxes would be misplaced.
    #[error("{path} says that {picture} is {}, but it is {}", sizes(.expected), sizes(.found))]
    PictureDiffers {
        /// The annotations.
        path: PathBuf,
        /// The picture.
        picture: PathBuf,
        /// Height and width that the annotations say.
        expected: (usize, usize),
        /// Height and width of the picture.
        found: (usize, usize),
    },
    /// A line is no JSON.
    #[error("line {line} of {path} is no JSON: {reason}")]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// A record lacks a field, or the field is of another kind.
    #[error("line {line} of {path} needs {kind} in {field:?}, found {found}")]
    Field {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The field's name.
        field: String,
        /// What it should hold.
        kind: &'static str,
        /// What it holds.
        found: String,
    },
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "none".into(),
        // A wrong folder can hold thousands.
        [first @ .., _] if first.len() >= 20 => format!("{}, …", first[..20].join(", ")),
        names => names.join(", "),
    }
}

fn sizes((height, width): &(usize, usize)) -> String {
    format!("{height}×{width}")
}

fn of_object(object: &Option<usize>) -> String {
    match object {
        Some(object) => format!("object {object} of "),
        None => String::new(),
    }
}
