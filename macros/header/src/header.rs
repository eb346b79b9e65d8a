//! The first bytes of a safetensors file: a length, then the names and shapes as JSON.

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A header longer than this is refused, as by the `safetensors` library.
const LONGEST: u64 = 100_000_000;

/// Bytes before the header: its length.
const LENGTH: u64 = 8;

/// What a safetensors file says of its tensors, with everything checked that can be checked
/// without their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The tensors in the order of their numbers.
    pub tensors: Vec<TensorEntry>,
    /// The texts that the file has beside them, in their order, by their names.
    pub metadata: Vec<(String, String)>,
}

/// One tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorEntry {
    /// Its name.
    pub name: String,
    /// The type of its numbers, as the file calls it: `F32`.
    pub dtype: String,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Where its numbers are, from the beginning of the file.
    pub bytes: Range<usize>,
}

/// Why a file is not a safetensors file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The file could not be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// There are not even the bytes of the header's length.
    #[error("a safetensors file begins with 8 bytes for the length of its header")]
    NoLength,
    /// The length of the header cannot be meant.
    #[error("its first 8 bytes say that a header of {header} bytes follows, {left} are left")]
    TooLong {
        /// The length that the file gives.
        header: u64,
        /// Bytes behind the length.
        left: u64,
    },
    /// The header is longer than any real one.
    #[error("its header of {0} bytes is longer than 100 MB")]
    Huge(u64),
    /// The header is not the JSON that it should be.
    #[error("its header is not a list of tensors: {0}")]
    Json(#[from] serde_json::Error),
    /// Two tensors have one name.
    #[error("two of its tensors are called `{0}`")]
    Twice(String),
    /// The numbers of a tensor do not begin where the ones before end.
    #[error(
        "the numbers of `{name}` are said to be at {begin}..{end}, but should begin at {expected}"
    )]
    Offsets {
        /// The tensor.
        name: String,
        /// Where its numbers are said to begin, behind the header.
        begin: usize,
        /// Where they are said to end.
        end: usize,
        /// Where the numbers before it end.
        expected: usize,
    },
    /// A tensor has fewer or more bytes than its shape needs.
    #[error("`{name}` is {dtype} {shape:?}, which are not {bytes} bytes")]
    Size {
        /// The tensor.
        name: String,
        /// The type of its numbers.
        dtype: String,
        /// Its sizes.
        shape: Vec<usize>,
        /// The bytes that the file gives it.
        bytes: usize,
    },
    /// The file ends before the numbers do, or goes on behind them.
    #[error("its header speaks of {expected} bytes of numbers, {found} are there")]
    Length {
        /// The bytes that the tensors need.
        expected: usize,
        /// The bytes behind the header.
        found: u64,
    },
}

/// Bytes of one number of a type; nothing for types that are packed or unknown.
pub fn number_bytes(dtype: &str) -> Option<usize> {
    match dtype {
        "BOOL" | "U8" | "I8" | "F8_E4M3" | "F8_E5M2" => Some(1),
        "U16" | "I16" | "F16" | "BF16" => Some(2),
        "U32" | "I32" | "F32" => Some(4),
        "U64" | "I64" | "F64" => Some(8),
        _ => None,
    }
}

impl Header {
    /// Reads the header of a `file` of `len` bytes, and nothing behind it.
    ///
    /// # Errors
    /// When the file is damaged, cut off, or something else.
    pub fn read(mut file: impl Read, len: u64) -> Result<Self, HeaderError> {
        if len < LENGTH {
            return Err(HeaderError::NoLength);
        }
        let mut header = [0; LENGTH as usize];
        file.read_exact(&mut header)?;
        let header = u64::from_le_bytes(header);
        let left = len - LENGTH;
        if header > left {
            return Err(HeaderError::TooLong { header, left });
        }
        if header > LONGEST {
            return Err(HeaderError::Huge(header));
        }
        let mut json = Vec::new();
        file.take(header).read_to_end(&mut json)?;
        let Entries(entries, metadata) = serde_json::from_slice(&json)?;
        let tensors = Self::check(entries, (LENGTH + header) as usize, left - header)?;
        Ok(Header { tensors, metadata })
    }

    fn check(
        mut entries: Vec<(String, Entry)>,
        numbers_at: usize,
        found: u64,
    ) -> Result<Vec<TensorEntry>, HeaderError> {
        let mut names: Vec<_> = entries.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(HeaderError::Twice(pair[0].clone()));
        }
        entries.sort_by_key(|(_, entry)| entry.data_offsets);
        let mut tensors = Vec::with_capacity(entries.len());
        let mut expected = 0;
        for (name, entry) in entries {
            let (begin, end) = entry.data_offsets;
            if begin != expected || end < begin {
                return Err(HeaderError::Offsets {
                    name,
                    begin,
                    end,
                    expected,
                });
            }
            let Entry { dtype, shape, .. } = entry;
            let size = number_bytes(&dtype);
            let bytes = size.map(|size| shape.iter().try_fold(size, |a, b| a.checked_mul(*b)));
            if bytes.is_some_and(|bytes| bytes != Some(end - begin)) {
                return Err(HeaderError::Size {
                    name,
                    dtype,
                    shape,
                    bytes: end - begin,
                });
            }
            expected = end;
            tensors.push(TensorEntry {
                name,
                dtype,
                shape,
                bytes: begin..end,
            });
        }
        if expected as u64 != found {
            return Err(HeaderError::Length { expected, found });
        }
        // Only now are the ends known to be inside of the file, and so the sums to be small.
        for tensor in &mut tensors {
            tensor.bytes = tensor.bytes.start + numbers_at..tensor.bytes.end + numbers_at;
        }
        Ok(tensors)
    }
}

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

/// The entries of the header's map, twins included, which a map type would hide, and the texts.
struct Entries(Vec<(String, Entry)>, Vec<(String, String)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from names to tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let (mut entries, mut metadata) = (Vec::new(), Vec::new());
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        metadata.extend(texts(map.next_value()?));
                    } else {
                        entries.push((name, map.next_value()?));
                    }
                }
                Ok(Entries(entries, metadata))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// The texts in the metadata; what is none is left out, as every other reader does.
fn texts(metadata: serde_json::Value) -> Vec<(String, String)> {
    let serde_json::Value::Object(metadata) = metadata else {
        return Vec::new();
    };
    let text = |(name, value)| match value {
        serde_json::Value::String(text) => Some((name, text)),
        _ => None,
    };
    metadata.into_iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(json: &str, numbers: usize) -> Vec<u8> {
        let mut file = (json.len() as u64).to_le_bytes().to_vec();
        file.extend(json.as_bytes());
        file.resize(file.len() + numbers, 0);
        file
    }

    fn read(file: &[u8]) -> Result<Header, HeaderError> {
        Header::read(file, file.len() as u64)
    }

    const TWO: &str = r#"{"__metadata__":{"format":"pt"},
        "b":{"dtype":"F32","shape":[2],"data_offsets":[6,14]},
        "a":{"dtype":"F16","shape":[1,3],"data_offsets":[0,6]}}"#;

    #[test]
    fn tensors_come_in_the_order_of_their_numbers() {
        let header = read(&file(TWO, 14)).unwrap();
        let names: Vec<_> = header.tensors.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(header.metadata, [("format".into(), "pt".into())]);
        assert_eq!(header.tensors[0].shape, [1, 3]);
        assert_eq!(header.tensors[0].bytes, 8 + TWO.len()..8 + TWO.len() + 6);
    }

    #[test]
    fn every_truncation_and_every_longer_file_is_an_error() {
        let whole = file(TWO, 14);
        for len in 0..whole.len() {
            assert!(read(&whole[..len]).is_err(), "{len} bytes");
        }
        let mut longer = whole;
        longer.push(0);
        let error = read(&longer).unwrap_err().to_string();
        assert_eq!(
            error,
            "its header speaks of 14 bytes of numbers, 15 are there"
        );
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        let cases = [
            (
                r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                "two of its tensors are called `a`",
            ),
            (
                r#"{"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615]}}"#,
                "its header speaks of 18446744073709551615 bytes of numbers, 8 are there",
            ),
            (
                r#"{"a":{"dtype":"F64","shape":[18446744073709551615,2],"data_offsets":[0,8]}}"#,
                "`a` is F64 [18446744073709551615, 2], which are not 8 bytes",
            ),
            (
                r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                "the numbers of `a` are said to be at 4..8, but should begin at 0",
            ),
            (
                r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551616]}}"#,
                "its header is not a list of tensors: ",
            ),
            ("[]", "its header is not a list of tensors: "),
        ];
        for (json, expected) in cases {
            let error = read(&file(json, 8)).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{json}: {error}");
        }
        let mut long = file("{}", 0);
        long[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        let error = read(&long).unwrap_err().to_string();
        assert_eq!(
            error,
            "its first 8 bytes say that a header of 18446744073709551615 bytes follows, 2 are left"
        );
    }
}
