//! Readers of folders on damaged files, which must never panic, and on the real sets.

use std::fs;

use crate::folders::{annotation, gzip, object, png, real, tar, Folder};
use proptest::prelude::{any, prop_assert, prop_oneof, proptest, Just, ProptestConfig};
use shapeproof::data::{ImageFolder, MaskPairs, Picture, Source, Tub, VocBoxes, IGNORE};
use shapeproof::prelude::*;

type Pairs = MaskPairs<1, 2, 3, 2>;
type Cells = VocBoxes<1, 20, 20, 2>;

#[test]
fn bccd_has_its_known_numbers_and_flaws() {
    let Some(root) = real("bccd") else { return };
    let open = |set| VocBoxes::<3, 120, 160, 3>::open(&root, set, ["RBC", "WBC", "Platelets"]);
    let (train, val) = (open("train").unwrap(), open("val").unwrap());
    assert_eq!((train.len(), val.len()), (205, 87));
    let mut counts = [0; 3];
    for data in [&train, &val] {
        for i in 0..data.len() {
            for thing in data.boxes(i) {
                counts[thing.class] += 1;
            }
        }
    }
    let skipped: Vec<_> = train.skipped().iter().chain(val.skipped()).collect();
    for skipped in &skipped {
        counts[skipped.found.class] += 1;
    }
    assert_eq!(counts, [3350, 301, 292]);
    let mut names: Vec<_> = skipped
        .iter()
        .map(|s| s.path.file_stem().unwrap().to_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["BloodImage_00338", "BloodImage_00343"]);
    let sample = val.get(0).unwrap();
    assert_eq!(sample.target.len(), val.boxes(0).len());
}

#[test]
fn masks_of_the_real_sets_have_known_classes() {
    if let Some(root) = real("isbi-em") {
        let pairs = MaskPairs::<1, 64, 64, 2>::from_folders(root.join("image"), root.join("label"));
        let pairs = pairs.unwrap().values([0, 255]);
        assert_eq!(pairs.len(), 30);
        assert!(pairs.paths(29).0.ends_with("29.png"));
        let mask = pairs.get(29).unwrap().target;
        let inside = mask.iter().filter(|class| **class == 1).count();
        assert!((0.6..0.95).contains(&(inside as f64 / mask.len() as f64)));
    }
    if let Some(root) = real("camvid-small") {
        let pairs = MaskPairs::<3, 45, 60, 11>::from_list(root.join("val.txt")).unwrap();
        assert_eq!(pairs.len(), 16);
        let words = pairs.get(0).err().unwrap().to_string();
        assert!(words.starts_with("value 11 at row "), "{words}");
        assert!(
            words.ends_with("is none of the classes: 0 to 10"),
            "{words}"
        );
        let mask = pairs.ignoring(11).get(0).unwrap().target;
        assert!(mask.contains(&0) && mask.contains(&IGNORE));
    }
}

#[test]
fn the_real_tub_and_archive_have_their_known_numbers() {
    if let Some(root) = real("donkeycar-tub") {
        let frames = Tub::<3, 60, 80, 1>::open(root, ["user/angle"]).unwrap();
        assert_eq!(frames.len(), 1000);
        let mean = frames.numbers().map(|[x]| f64::from(x)).sum::<f64>() / 1000.0;
        assert!((mean - 0.16).abs() < 0.01, "{mean}");
        frames.get(999).unwrap();
    }
    if let Some(archive) = real("cifar10/jpeg_test.tar.gz") {
        let test = ImageFolder::<Chw<3, 32, 32>, 10>::from_tar(archive).unwrap();
        assert_eq!(test.len(), 10_000);
        assert_eq!(test.class_names()[..2], ["airplane", "automobile"]);
        assert_eq!(test.get(9_999).unwrap().target, 9);
    }
}

/// A part of a good file, with some bytes changed.
fn damaged(good: &[u8], keep: usize, changes: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = good[..keep.min(good.len())].to_vec();
    for (at, byte) in changes {
        let len = bytes.len().max(1);
        if let Some(old) = bytes.get_mut(at % len) {
            *old = *byte;
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the bytes, there is an answer.
    #[test]
    fn no_file_panics(
        keep in prop_oneof![0usize..3000, Just(usize::MAX)],
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        noise in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let folder = Folder::new();
        let picture = Picture::new(1, 4, 6, (0..24).collect()).unwrap();
        let xml = annotation(&object("red", ["1", "1", "9", "9"]));
        let line = r#"{"_index":0,"cam/image_array":"0.png","user/angle":1,"user/throttle":2}"#;
        for bytes in [damaged(&png(&picture), keep, &changes), noise.clone()] {
            folder.file("photos/a.png", &bytes);
            folder.file("masks/a.png", &bytes);
            let pairs = Pairs::from_folders(folder.path("photos"), folder.path("masks")).unwrap();
            if let Ok(sample) = pairs.get(0) {
                prop_assert!(sample.target.iter().all(|c| *c < 2 || *c == IGNORE));
            }
        }
        for bytes in [damaged(xml.as_bytes(), keep, &changes), noise.clone()] {
            folder.file("ImageSets/all.txt", "one\n");
            folder.file("Annotations/one.xml", &bytes);
            if let Ok(data) = Cells::open(folder.0.path(), "all", ["red", "white"]) {
                prop_assert!(data.boxes(0).iter().all(|b| b.area() > 0.0));
                prop_assert!(data.get(0).is_err());
            }
        }
        for bytes in [damaged(line.as_bytes(), keep, &changes), noise.clone()] {
            folder.file("catalog_0.catalog", &bytes);
            folder.file("manifest.json", &bytes);
            if let Ok(frames) = Tub::<1, 2, 3, 2>::open(folder.0.path(), ["user/angle", "user/throttle"]) {
                prop_assert!(frames.numbers().flatten().all(f32::is_finite));
            }
        }
        for bytes in [damaged(&tar(), keep, &changes), damaged(&gzip(&tar()), keep, &changes), noise] {
            let path = folder.file("set.tar", &bytes);
            if let Ok(data) = ImageFolder::<Chw<1, 2, 3>, 2>::from_tar(path) {
                for i in 0..data.len() {
                    let _ = data.get(i);
                }
            }
            let list = folder.file("list.txt", &bytes);
            let _ = Pairs::from_list(list).map(|pairs| pairs.get(0).is_ok());
        }
    }

    /// JPEG files, too, which this crate does not write.
    #[test]
    fn no_jpeg_panics(
        keep in prop_oneof![0usize..5000, Just(usize::MAX)],
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
    ) {
        let Some(path) = real("donkeycar-tub/images/0_cam_image_array_.jpg") else {
            return Ok(());
        };
        let good = fs::read(path).unwrap();
        let _ = Picture::decode(&damaged(&good, keep, &changes), "any.jpg");
    }
}
