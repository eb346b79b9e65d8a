//! Files in a tar archive, plain or packed by gzip.

use std::io::{self, Read};
use std::path::Path;

use super::FileError;
use crate::data::error::DataError;
use crate::data::unpack::{open, up_to};

/// The header of an entry, and what its contents are rounded up to.
const BLOCK: usize = 512;

/// The names and contents of the files in an archive, in its order, of which `wanted` says that
/// they are.
///
/// Folders, links and attributes are left out. Memory grows with what the archive holds, never
/// with what a header announces.
pub(super) fn read(
    path: &Path,
    wanted: impl Fn(&Path) -> bool,
) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    let failed = |reason| DataError::Read {
        path: path.into(),
        reason,
    };
    let mut bytes = open(path).map_err(failed)?;
    let mut files = Vec::new();
    let mut long_name = None;
    for entry in 0.. {
        let damaged = |problem: String| {
            DataError::from(FileError::Archive {
                path: path.into(),
                entry,
                problem,
            })
        };
        let header = up_to(&mut bytes, BLOCK as u64).map_err(failed)?;
        // An archive ends with blocks of zeros; some end without.
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        if header.len() < BLOCK {
            let found = header.len();
            return Err(damaged(format!("is cut short: {found} bytes of {BLOCK}")));
        }
        let sum = octal(&header[148..156]);
        if sum != Some(checksum(&header)) {
            return Err(damaged("has a header whose checksum is wrong".into()));
        }
        let Some(size) = octal(&header[124..136]) else {
            return Err(damaged("has a size that is no number".into()));
        };
        let kind = header[156];
        let name = long_name.take().unwrap_or_else(|| name(&header));
        let file = matches!(kind, b'0' | 0) && wanted(Path::new(&name));
        if file || kind == b'L' {
            let contents = up_to(&mut bytes, size).map_err(failed)?;
            if (contents.len() as u64) < size {
                let found = contents.len();
                return Err(damaged(format!("is cut short: {found} bytes of {size}")));
            }
            if kind == b'L' {
                // GNU's way to write names of more than 100 bytes: an entry before the file's.
                long_name = Some(up_to_zero(&contents));
            } else {
                files.push((name, contents));
            }
        } else {
            let found = skip(&mut bytes, size).map_err(failed)?;
            if found < size {
                return Err(damaged(format!("is cut short: {found} bytes of {size}")));
            }
        }
        let rest = size.next_multiple_of(BLOCK as u64) - size;
        skip(&mut bytes, rest).map_err(failed)?;
    }
    Ok(files)
}

fn skip(bytes: &mut dyn Read, size: u64) -> io::Result<u64> {
    match io::copy(&mut bytes.take(size), &mut io::sink()) {
        // As `up_to`: a stream that is cut off ends there.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
        other => other,
    }
}

/// The sum of all bytes, where those of the sum itself count as spaces.
fn checksum(header: &[u8]) -> u64 {
    let bytes = header.iter().enumerate();
    bytes
        .map(|(i, byte)| u64::from(if (148..156).contains(&i) { b' ' } else { *byte }))
        .sum()
}

/// At most 12 digits, so below 2³⁶.
fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches(|c: char| c == ' ' || c == '\0');
    u64::from_str_radix(digits, 8).ok()
}

fn name(header: &[u8]) -> String {
    let name = up_to_zero(&header[..100]);
    let prefix = up_to_zero(&header[345..500]);
    // Only the POSIX format has a prefix; others have something else there.
    if header[257..263] == *b"ustar\0" && !prefix.is_empty() {
        format!("{prefix}/{name}")
    } else {
        name
    }
}

fn up_to_zero(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
}
