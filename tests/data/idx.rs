//! IDX files, good and bad: what they hold, or the one sentence that says what is wrong.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{write::GzEncoder, Compression};
use proptest::prelude::{any, prop_assert_eq, prop_oneof, proptest, Just, ProptestConfig};
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use shapeproof::data::{read_images, read_labels, DataError, Dataset};
use shapeproof::shape::{Chw, Flat};
use tempfile::TempDir;

/// The bytes of an IDX file whose header announces `sizes`.
fn idx(magic: u32, sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = magic.to_be_bytes().to_vec();
    for size in sizes {
        bytes.extend(size.to_be_bytes());
    }
    bytes.extend(values);
    bytes
}

fn images(sizes: [u32; 3], values: &[u8]) -> Vec<u8> {
    idx(2051, &sizes, values)
}

fn labels(values: &[u8]) -> Vec<u8> {
    idx(2049, &[values.len() as u32], values)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// The whole message, with `FILE` (and `OTHER`) for the path.
fn words<T: std::fmt::Debug>(result: Result<T, DataError>, path: &Path) -> String {
    let message = result.unwrap_err().to_string();
    assert!(message.contains(path.to_str().unwrap()), "{message}");
    message.replace(path.to_str().unwrap(), "FILE")
}

/// 2 images of 5 rows and 7 columns; every pixel says where it is: image, row, column.
fn placed() -> Vec<u8> {
    let mut values = Vec::new();
    for image in 0..2 {
        for row in 0..5 {
            for column in 0..7 {
                values.push(100 * image + 10 * row + column);
            }
        }
    }
    values
}

#[test]
fn rows_and_columns_keep_their_order() {
    let folder = Folder::new();
    let images_path = folder.file("images", &images([2, 5, 7], &placed()));
    let read = read_images(&images_path).unwrap();
    assert_eq!((read.count, read.height, read.width), (2, 5, 7));
    assert_eq!(read.pixels, placed());

    let labels_path = folder.file("labels", &labels(&[1, 2]));
    let data = Dataset::<Chw<1, 5, 7>, 3>::from_idx(&images_path, &labels_path).unwrap();
    assert_eq!(data.image(1)[3 * 7 + 6], 136);
    assert_eq!(data.labels(), [1, 2]);
    let flat = Dataset::<Flat<35>, 3>::from_idx(&images_path, &labels_path).unwrap();
    assert_eq!(flat.image(1), data.image(1));
}

#[test]
fn gzip_is_known_by_its_bytes_not_by_the_name() {
    let folder = Folder::new();
    let plain = folder.file("plain.gz", &images([2, 5, 7], &placed()));
    let packed = folder.file("packed", &gzip(&images([2, 5, 7], &placed())));
    assert_eq!(read_images(plain).unwrap(), read_images(packed).unwrap());

    let plain = folder.file("labels.gz", &labels(&[3, 1, 4]));
    let packed = folder.file("labels", &gzip(&labels(&[3, 1, 4])));
    assert_eq!(read_labels(plain).unwrap(), [3, 1, 4]);
    assert_eq!(read_labels(packed).unwrap(), [3, 1, 4]);
}

#[test]
fn a_gzip_file_of_two_members_is_one_file() {
    let folder = Folder::new();
    let whole = labels(&[3, 1, 4, 1, 5]);
    let members = [gzip(&whole[..9]), gzip(&whole[9..])].concat();
    let path = folder.file("labels", &members);
    assert_eq!(read_labels(path).unwrap(), [3, 1, 4, 1, 5]);
}

#[test]
fn a_missing_file_is_named() {
    let path = Folder::new().path("missing");
    let message = words(read_images(&path), &path);
    assert!(message.starts_with("cannot read FILE: "), "{message}");
    assert!(matches!(
        read_labels(&path),
        Err(DataError::Read { reason, .. }) if reason.kind() == std::io::ErrorKind::NotFound
    ));
}

#[test]
fn a_folder_is_not_a_file() {
    let folder = Folder::new();
    let path = folder.0.path();
    let message = words(read_images(path), path);
    assert!(message.starts_with("cannot read FILE: "), "{message}");
}

#[test]
fn the_magic_number_of_the_other_kind_is_recognised() {
    let folder = Folder::new();
    let path = folder.file("labels", &labels(&[1]));
    assert_eq!(
        words(read_images(&path), &path),
        "FILE holds labels, not images: its magic number is 2049, expected 2051"
    );
    let path = folder.file("images", &gzip(&images([2, 5, 7], &placed())));
    assert_eq!(
        words(read_labels(&path), &path),
        "FILE holds images, not labels: its magic number is 2051, expected 2049"
    );
}

#[test]
fn any_other_magic_number_is_not_idx() {
    let folder = Folder::new();
    let path = folder.file("png", b"\x89PNG\r\n\x1a\n");
    assert_eq!(
        words(read_images(&path), &path),
        "FILE is not an IDX file of images: its magic number is 2303741511, expected 2051"
    );
}

#[test]
fn a_header_that_is_cut_short_is_counted() {
    let folder = Folder::new();
    let whole = images([2, 5, 7], &placed());
    for found in [0, 3, 4, 7, 15] {
        let path = folder.file("images", &whole[..found]);
        assert_eq!(
            words(read_images(&path), &path),
            format!("FILE is cut short: its header needs 16 bytes, found {found}")
        );
        let path = folder.file("packed", &gzip(&whole[..found]));
        assert_eq!(
            words(read_images(&path), &path),
            format!("FILE is cut short: its header needs 16 bytes, found {found}")
        );
    }
    let path = folder.file("labels", &labels(&[1])[..6]);
    assert_eq!(
        words(read_labels(&path), &path),
        "FILE is cut short: its header needs 8 bytes, found 6"
    );
    // Nothing but the two bytes by which gzip is known.
    let path = folder.file("packed", &[0x1f, 0x8b]);
    assert_eq!(
        words(read_images(&path), &path),
        "FILE is cut short: its header needs 16 bytes, found 0"
    );
}

#[test]
fn values_that_are_cut_short_are_counted() {
    let folder = Folder::new();
    let cut = &images([2, 5, 7], &placed())[..85];
    for (name, bytes) in [("plain", cut.to_vec()), ("packed", gzip(cut))] {
        let path = folder.file(name, &bytes);
        assert_eq!(
            words(read_images(&path), &path),
            "FILE is cut short: 2 images of 5×7 and the header need 86 bytes, found 85"
        );
    }
    let path = folder.file("labels", &idx(2049, &[1], &[]));
    assert_eq!(
        words(read_labels(&path), &path),
        "FILE is cut short: 1 label and the header need 9 bytes, found 8"
    );
}

#[test]
fn a_gzip_stream_that_is_cut_off_is_an_error_wherever_it_is_cut() {
    let folder = Folder::new();
    // Bytes that do not compress, so that cutting the stream cuts the values.
    let mut values = vec![0; 3500];
    StdRng::seed_from_u64(0).fill_bytes(&mut values);
    let packed = gzip(&images([100, 5, 7], &values));
    for kept in (2..packed.len()).step_by(17).chain([packed.len() - 1]) {
        let path = folder.file("packed", &packed[..kept]);
        let message = words(read_images(&path), &path);
        assert!(
            message.starts_with("FILE is cut short: ")
                || message.starts_with("cannot read FILE: ") && kept + 16 >= packed.len(),
            "{kept} of {} bytes: {message}",
            packed.len()
        );
    }
    let path = folder.file("packed", &packed[..packed.len() / 2]);
    let message = words(read_images(&path), &path);
    assert!(
        message.starts_with(
            "FILE is cut short: 100 images of 5×7 and the header need 3516 bytes, found "
        ),
        "{message}"
    );
}

#[test]
fn a_damaged_gzip_stream_is_an_error() {
    let folder = Folder::new();
    let mut packed = gzip(&labels(&[3, 1, 4]));
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    let path = folder.file("packed", &packed);
    let message = words(read_labels(&path), &path);
    assert!(message.starts_with("cannot read FILE: "), "{message}");
    assert!(message.contains("checksum"), "{message}");
}

#[test]
fn trailing_bytes_are_counted() {
    let folder = Folder::new();
    let long = [images([2, 5, 7], &placed()), vec![0; 3]].concat();
    for (name, bytes) in [("plain", long.clone()), ("packed", gzip(&long))] {
        let path = folder.file(name, &bytes);
        assert_eq!(
            words(read_images(&path), &path),
            "FILE has trailing bytes: 2 images of 5×7 and the header need 86 bytes, found 89"
        );
    }
}

#[test]
fn a_header_that_announces_too_much_costs_no_memory() {
    let folder = Folder::new();
    let most = u32::MAX;
    let path = folder.file("images", &images([most, most, most], &[1, 2, 3]));
    assert_eq!(
        words(read_images(&path), &path),
        "FILE is cut short: 4294967295 images of 4294967295×4294967295 and the header need \
         79228162458924105385300197391 bytes, found 19"
    );
    let path = folder.file("packed", &gzip(&images([most, 28, 28], &[])));
    assert_eq!(
        words(read_images(&path), &path),
        "FILE is cut short: 4294967295 images of 28×28 and the header need 3367254359296 bytes, \
         found 16"
    );
    let path = folder.file("labels", &idx(2049, &[most], &[]));
    assert_eq!(
        words(read_labels(&path), &path),
        "FILE is cut short: 4294967295 labels and the header need 4294967303 bytes, found 8"
    );
}

#[test]
fn a_header_that_announces_nothing_is_an_error() {
    let folder = Folder::new();
    for (sizes, contents) in [
        ([0, 28, 28], "0 images of 28×28"),
        ([1, 0, 28], "1 image of 0×28"),
        ([3, 28, 0], "3 images of 28×0"),
    ] {
        let path = folder.file("images", &images(sizes, &[]));
        assert_eq!(
            words(read_images(&path), &path),
            format!("FILE is empty: its header announces {contents}")
        );
    }
    let path = folder.file("labels", &labels(&[]));
    assert_eq!(
        words(read_labels(&path), &path),
        "FILE is empty: its header announces 0 labels"
    );
}

#[test]
fn images_of_another_shape_than_the_type_are_an_error() {
    let folder = Folder::new();
    let images_path = folder.file("images", &images([2, 5, 7], &placed()));
    let labels_path = folder.file("labels", &labels(&[0, 1]));
    // Turned around: as many pixels, another image.
    assert_eq!(
        words(
            Dataset::<Chw<1, 7, 5>, 2>::from_idx(&images_path, &labels_path),
            &images_path
        ),
        "expected images of 7×5, found 5×7 in FILE"
    );
    assert_eq!(
        words(
            Dataset::<Chw<3, 5, 7>, 2>::from_idx(&images_path, &labels_path),
            &images_path
        ),
        "expected images of 3×5×7, found 5×7 in FILE"
    );
    assert_eq!(
        words(
            Dataset::<Flat<36>, 2>::from_idx(&images_path, &labels_path),
            &images_path
        ),
        "expected images of 36 pixels, found 5×7 in FILE"
    );
}

#[test]
fn files_with_different_counts_are_both_named() {
    let folder = Folder::new();
    let images_path = folder.file("images", &images([2, 5, 7], &placed()));
    let labels_path = folder.file("labels", &labels(&[0]));
    let message = words(
        Dataset::<Chw<1, 5, 7>, 2>::from_idx(&images_path, &labels_path),
        &images_path,
    );
    assert_eq!(
        message.replace(labels_path.to_str().unwrap(), "OTHER"),
        "2 images in FILE, but 1 label in OTHER"
    );
}

#[test]
fn a_label_without_a_class_is_found() {
    let folder = Folder::new();
    let images_path = folder.file("images", &images([18, 1, 1], &[0; 18]));
    let mut classes = [9; 18];
    classes[17] = 10;
    let labels_path = folder.file("labels", &labels(&classes));
    assert_eq!(
        words(
            Dataset::<Chw<1, 1, 1>, 10>::from_idx(&images_path, &labels_path),
            &labels_path
        ),
        "label 10 at record 17 of FILE, but there are 10 classes"
    );
    assert!(Dataset::<Chw<1, 1, 1>, 11>::from_idx(&images_path, &labels_path).is_ok());
}

#[test]
fn mnist_files_are_found_plain_and_packed() {
    let folder = Folder::new();
    let dir = folder.0.path();
    let message = Dataset::mnist_train(dir).unwrap_err().to_string();
    assert_eq!(
        message.replace(dir.to_str().unwrap(), "DIR"),
        format!(
            "neither {0} nor {0}.gz exists",
            Path::new("DIR").join("train-images-idx3-ubyte").display()
        )
    );

    let pixels: Vec<u8> = (0..2 * 784).map(|i| (i % 251) as u8).collect();
    folder.file("train-images-idx3-ubyte", &images([2, 28, 28], &pixels));
    folder.file("train-labels-idx1-ubyte.gz", &gzip(&labels(&[5, 0])));
    folder.file(
        "t10k-images-idx3-ubyte.gz",
        &gzip(&images([1, 28, 28], &pixels[784..])),
    );
    let train = Dataset::mnist_train(dir).unwrap();
    assert_eq!(train.labels(), [5, 0]);
    assert_eq!(train.image(1), &pixels[784..]);

    let message = Dataset::mnist_test(dir).unwrap_err().to_string();
    assert_eq!(
        message.replace(dir.to_str().unwrap(), "DIR"),
        format!(
            "neither {0} nor {0}.gz exists",
            Path::new("DIR").join("t10k-labels-idx1-ubyte").display()
        )
    );
    folder.file("t10k-labels-idx1-ubyte", &labels(&[7]));
    let test = Dataset::mnist_test(dir).unwrap();
    assert_eq!((test.labels(), test.image(0)), (&[7][..], train.image(1)));
}

/// The real thing, where it is at hand.
#[test]
fn mnist_has_its_known_numbers() {
    use shapeproof::data::Normalize;

    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/mnist");
    if !Path::new(dir).is_dir() {
        eprintln!("skipped: there is no folder {dir}");
        return;
    }
    let train = Dataset::mnist_train(dir).unwrap();
    let test = Dataset::mnist_test(dir).unwrap();
    assert_eq!((train.len(), test.len()), (60_000, 10_000));
    assert_eq!((train.label(0), test.label(0)), (5, 7));
    let found = Normalize::of(&train);
    for (found, known) in [
        (found.mean[0], Normalize::MNIST.mean[0]),
        (found.std[0], Normalize::MNIST.std[0]),
    ] {
        assert!((found - known).abs() < 0.00005, "{found}, not {known}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the bytes, there is an answer, and a right one where it is `Ok`.
    #[test]
    fn no_file_panics(
        start in prop_oneof![
            Just(vec![]),
            Just(vec![0x1f, 0x8b, 8, 0]),
            Just(vec![0, 0, 8, 1, 0, 0, 0]),
            Just(vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]),
        ],
        rest in proptest::collection::vec(any::<u8>(), 0..12),
        packed: bool,
    ) {
        let folder = Folder::new();
        let bytes = [start, rest].concat();
        let path = folder.file("any", &if packed { gzip(&bytes) } else { bytes.clone() });
        if let Ok(labels) = read_labels(&path) {
            prop_assert_eq!(&labels, &bytes[8..]);
        }
        if let Ok(images) = read_images(&path) {
            prop_assert_eq!(images.count * images.height * images.width, images.pixels.len());
            prop_assert_eq!(&images.pixels, &bytes[16..]);
        }
    }
}
