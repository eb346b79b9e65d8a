//! Folders of small files for the tests of readers.

// Each test takes what it needs.
#![allow(dead_code)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{write::GzEncoder, Compression};
use shapeproof::data::{DataError, Picture};
use tempfile::TempDir;

/// The data folder, where it is at hand.
pub fn real(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("SHAPEPROOF_DATA").map_or(beside, PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is absent", path.display());
    None
}

/// A folder that is gone after the test.
pub struct Folder(pub TempDir);

impl Folder {
    pub fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn grey(&self, name: &str, height: usize, width: usize, values: Vec<u8>) -> PathBuf {
        let path = self.path(name);
        let picture = Picture::new(1, height, width, values).unwrap();
        picture.save(&path).unwrap();
        path
    }

    /// The message, with `DIR` for the folder and `/` between names.
    pub fn words<T>(&self, result: Result<T, DataError>) -> String {
        let message = result.err().expect("must be refused").to_string();
        let dir = self.0.path().to_str().unwrap();
        message.replace(dir, "DIR").replace('\\', "/")
    }
}

pub fn png(picture: &Picture) -> Vec<u8> {
    let folder = Folder::new();
    let path = folder.path("any");
    picture.save(&path).unwrap();
    fs::read(path).unwrap()
}

/// A header of a tar archive, as POSIX says.
pub fn tar_header(name: &str, size: usize, kind: u8) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    header[156] = kind;
    header[257..263].copy_from_slice(b"ustar\0");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

pub fn tar_entry(name: &str, contents: &[u8], kind: u8) -> Vec<u8> {
    let mut entry = tar_header(name, contents.len(), kind);
    entry.extend(contents);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn tar() -> Vec<u8> {
    let shade = |s: u8| png(&Picture::new(1, 2, 3, vec![s; 6]).unwrap());
    [
        tar_entry("train/", &[], b'5'),
        tar_entry("train/dog/2.png", &shade(2), b'0'),
        tar_entry("train/cat/10.png", &shade(10), b'0'),
        tar_entry("train/cat/notes.txt", b"none", b'0'),
        tar_entry("././@LongLink", b"train/dog/1.png\0", b'L'),
        tar_entry("train/do", &shade(1), b'0'),
        vec![0; 1024],
    ]
    .concat()
}

pub fn object(name: &str, [xmin, ymin, xmax, ymax]: [&str; 4]) -> String {
    format!(
        "<object><name>{name}</name><bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin>\
         <xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox></object>"
    )
}

pub fn annotation(objects: &str) -> String {
    format!("<annotation><size><width>60</width><height>40</height></size>{objects}</annotation>")
}
