//! Names of files, in the order that people count in.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use super::FileError;
use crate::data::error::DataError;

/// What is in a folder, in natural order.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let failed = |reason| DataError::Read {
        path: folder.into(),
        reason,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort_by(|a, b| natural(&name(a), &name(b)));
    Ok(paths)
}

/// The PNG and JPEG files of a folder, known by their names, in natural order.
pub(super) fn pictures(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut paths = entries(folder)?;
    paths.retain(|path| is_picture(path) && path.is_file());
    if paths.is_empty() {
        return Err(FileError::Nothing {
            path: folder.into(),
            what: "PNG or JPEG file",
        }
        .into());
    }
    Ok(paths)
}

/// Whether a name is that of a picture, and not hidden.
pub(super) fn is_picture(path: &Path) -> bool {
    let known = |e: &std::ffi::OsStr| {
        ["png", "jpg", "jpeg"]
            .iter()
            .any(|k| e.eq_ignore_ascii_case(k))
    };
    path.extension().is_some_and(known) && !name(path).starts_with('.')
}

/// The last part of a path.
pub(super) fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Compares names such that numbers in them count: `9.png` comes before `10.png`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (digits_a, digits_b) = (leading_digits(a), leading_digits(b));
        let ordering = if digits_a > 0 && digits_b > 0 {
            let (x, y) = (number(&a[..digits_a]), number(&b[..digits_b]));
            // As numbers of any length; then `07` after `7`, so that no two names are equal.
            let as_numbers = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
            let ordering = as_numbers.then(digits_a.cmp(&digits_b));
            (a, b) = (&a[digits_a..], &b[digits_b..]);
            ordering
        } else {
            match (a.split_first(), b.split_first()) {
                (None, None) => return Ordering::Equal,
                (x, y) => {
                    let ordering = x.map(|(x, _)| x).cmp(&y.map(|(y, _)| y));
                    a = x.map_or(&[][..], |(_, rest)| rest);
                    b = y.map_or(&[][..], |(_, rest)| rest);
                    ordering
                }
            }
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
}

fn leading_digits(name: &[u8]) -> usize {
    name.iter().take_while(|c| c.is_ascii_digit()).count()
}

/// Digits without the zeros before them.
fn number(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|d| **d == b'0').count();
    &digits[zeros..]
}

/// The lines of a text file with their numbers from 1, without blank ones.
pub(super) fn lines(path: &Path) -> Result<Vec<(usize, String)>, DataError> {
    let text = text(path)?;
    let lines = text.lines().enumerate();
    Ok(lines
        .map(|(i, line)| (i + 1, line.trim().to_owned()))
        .filter(|(_, line)| !line.is_empty())
        .collect())
}

/// A text file.
pub(super) fn text(path: &Path) -> Result<String, DataError> {
    fs::read_to_string(path).map_err(|reason| DataError::Read {
        path: path.into(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn numbers_in_names_count() {
        let mut names = [
            "b1",
            "10.png",
            "9.png",
            "a",
            "09.png",
            "9a.png",
            "",
            "a10b2",
            "a10b11",
            "a9b100",
            "99999999999999999999999",
            "99999999999999999999998",
        ];
        names.sort_by(|a, b| natural(a, b));
        let expected = [
            "",
            "9.png",
            "9a.png",
            "09.png",
            "10.png",
            "99999999999999999999998",
            "99999999999999999999999",
            "a",
            "a9b100",
            "a10b2",
            "a10b11",
            "b1",
        ];
        assert_eq!(names, expected);
    }
}
