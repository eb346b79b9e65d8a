//! The IDX format of MNIST: a header of big-endian numbers, then one byte a value.
//!
//! | bytes | images | labels |
//! |---|---|---|
//! | 0–3 | 2051 | 2049 |
//! | 4–7 | count | count |
//! | 8–11 | height | |
//! | 12–15 | width | |
//!
//! Memory grows with what a file holds, never with what its header announces.

use std::io::{self, Read};
use std::path::Path;

use super::error::{Contents, DataError, Kind};
use super::unpack::{open, up_to};

/// Grey images as they lie in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// How many.
    pub count: usize,
    /// Rows of each.
    pub height: usize,
    /// Columns of each.
    pub width: usize,
    /// Image after image, each row by row: `count · height · width` bytes.
    pub pixels: Vec<u8>,
}

/// Reads an IDX file of grey images, plain or packed by gzip whatever its name says.
///
/// # Errors
/// When the file cannot be read, is of another kind, announces nothing, or is shorter or longer
/// than its header announces.
///
/// # Example
/// ```
/// use shapeproof::data::read_images;
///
/// let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("two-by-three");
/// let header = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
/// std::fs::write(&path, [&header[..], &[10, 20, 30, 40, 50, 60]].concat()).unwrap();
///
/// let images = read_images(&path).unwrap();
/// assert_eq!((images.count, images.height, images.width), (1, 2, 3));
/// assert_eq!(images.pixels, [10, 20, 30, 40, 50, 60]);
/// ```
///
/// # Source
/// LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
pub fn read_images(path: impl AsRef<Path>) -> Result<Images, DataError> {
    let ([count, height, width], pixels) =
        read(path.as_ref(), Kind::Images, |[count, height, width]| {
            Contents::Images {
                count,
                height,
                width,
            }
        })?;
    Ok(Images {
        count: count as usize,
        height: height as usize,
        width: width as usize,
        pixels,
    })
}

/// Reads an IDX file of labels, plain or packed by gzip whatever its name says.
///
/// # Errors
/// When the file cannot be read, is of another kind, announces nothing, or is shorter or longer
/// than its header announces.
///
/// # Example
/// ```
/// use shapeproof::data::read_labels;
///
/// let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("three-labels");
/// std::fs::write(&path, [0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]).unwrap();
/// assert_eq!(read_labels(&path).unwrap(), [5, 0, 4]);
///
/// std::fs::write(&path, [0, 0, 8, 1, 0, 0, 0, 3, 5]).unwrap();
/// let error = read_labels(&path).unwrap_err().to_string();
/// assert!(error.ends_with("is cut short: 3 labels and the header need 11 bytes, found 9"));
/// ```
pub fn read_labels(path: impl AsRef<Path>) -> Result<Vec<u8>, DataError> {
    let (_, labels) = read(path.as_ref(), Kind::Labels, |[count]| Contents::Labels {
        count,
    })?;
    Ok(labels)
}

/// The sizes in the header and the bytes after it.
fn read<const AXES: usize>(
    path: &Path,
    kind: Kind,
    contents: impl FnOnce([u32; AXES]) -> Contents,
) -> Result<([u32; AXES], Vec<u8>), DataError> {
    let failed = |reason| DataError::Read {
        path: path.into(),
        reason,
    };
    let mut bytes: Box<dyn Read> = open(path).map_err(failed)?;
    let cut_header = |found| DataError::CutHeader {
        path: path.into(),
        expected: 4 * (1 + kind.axes()),
        found,
    };
    // The magic number is judged first: a file of another kind has another header.
    let magic = up_to(&mut bytes, 4).map_err(failed)?;
    let [found] = numbers(&magic).ok_or_else(|| cut_header(magic.len()))?;
    if found != kind.magic() {
        return Err(DataError::Magic {
            path: path.into(),
            expected: kind,
            found,
        });
    }
    let header = up_to(&mut bytes, 4 * AXES as u64).map_err(failed)?;
    let sizes = numbers(&header).ok_or_else(|| cut_header(4 + header.len()))?;
    let contents = contents(sizes);
    if contents.bytes() == 0 {
        return Err(DataError::Nothing {
            path: path.into(),
            contents,
        });
    }

    let before = 4 * (1 + AXES as u128);
    let limit = u64::try_from(contents.bytes()).unwrap_or(u64::MAX);
    let values = up_to(&mut bytes, limit).map_err(failed)?;
    if (values.len() as u128) < contents.bytes() {
        return Err(DataError::CutShort {
            path: path.into(),
            contents,
            expected: before + contents.bytes(),
            found: before + values.len() as u128,
        });
    }
    // Reading on to the end also lets gzip compare its checksum.
    let rest = io::copy(&mut bytes, &mut io::sink()).map_err(failed)?;
    if rest > 0 {
        return Err(DataError::TrailingBytes {
            path: path.into(),
            contents,
            expected: before + contents.bytes(),
            found: before + contents.bytes() + u128::from(rest),
        });
    }
    Ok((sizes, values))
}

/// `N` big-endian numbers, when there are as many bytes.
fn numbers<const N: usize>(bytes: &[u8]) -> Option<[u32; N]> {
    let mut numbers = [0; N];
    if bytes.len() != 4 * N {
        return None;
    }
    for (i, byte) in bytes.iter().enumerate() {
        numbers[i / 4] = numbers[i / 4] << 8 | u32::from(*byte);
    }
    Some(numbers)
}
