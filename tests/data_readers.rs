//! Folders of pictures, good and bad: what they hold, or the one sentence that says what is wrong.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{write::GzEncoder, Compression};
use proptest::prelude::{any, prop_assert, prop_oneof, proptest, Just, ProptestConfig};
use shapeproof::data::{
    BoundingBox, DataError, ImageFolder, MaskPairs, Picture, Source, Tub, VocBoxes, IGNORE,
};
use shapeproof::prelude::*;
use tempfile::TempDir;

/// The data folder, where it is at hand.
fn real(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("SHAPEPROOF_DATA").map_or(beside, PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is absent", path.display());
    None
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn grey(&self, name: &str, height: usize, width: usize, values: Vec<u8>) -> PathBuf {
        let path = self.path(name);
        let picture = Picture::new(1, height, width, values).unwrap();
        picture.save(&path).unwrap();
        path
    }

    /// The message, with `DIR` for the folder and `/` between names.
    fn words<T>(&self, result: Result<T, DataError>) -> String {
        let message = result.err().expect("must be refused").to_string();
        let dir = self.0.path().to_str().unwrap();
        message.replace(dir, "DIR").replace('\\', "/")
    }
}

fn png(picture: &Picture) -> Vec<u8> {
    let folder = Folder::new();
    let path = folder.path("any");
    picture.save(&path).unwrap();
    fs::read(path).unwrap()
}

#[test]
fn pictures_keep_rows_columns_and_channels_apart() {
    let folder = Folder::new();
    let values: Vec<u8> = (0..2 * 3 * 3).map(|i| 10 * i).collect();
    let picture = Picture::new(3, 2, 3, values.clone()).unwrap();
    assert_eq!(picture.pixel(1, 2), [50, 110, 170]);
    let path = folder.path("photo.jpg");
    picture.save(&path).unwrap();
    // A PNG whatever its name says.
    assert!(fs::read(&path).unwrap().starts_with(b"\x89PNG"));
    let read = Picture::read(&path).unwrap();
    assert_eq!((read.channels(), read.height(), read.width()), (3, 2, 3));
    assert_eq!(read.values(), values);
}

#[test]
fn pictures_that_cannot_be_are_errors() {
    let folder = Folder::new();
    assert_eq!(
        Picture::new(2, 3, 4, vec![0; 24]).unwrap_err().to_string(),
        "a picture has 1 or 3 channels and at least one pixel: 2×3×4 does not fit 24 values"
    );
    let missing = folder.words(Picture::read(folder.path("missing.png")));
    assert!(
        missing.starts_with("cannot read DIR/missing.png: "),
        "{missing}"
    );
    let text = folder.words(Picture::read(folder.file("text.png", "text")));
    assert!(text.starts_with("cannot decode DIR/text.png: "), "{text}");
    let whole = png(&Picture::filled(30, 40, [1, 2, 3]));
    let cut = folder.file("cut.png", &whole[..whole.len() / 2]);
    let cut = folder.words(Picture::read(cut));
    assert!(cut.starts_with("cannot decode DIR/cut.png: "), "{cut}");
}

/// A header can announce what no machine holds.
#[test]
fn a_picture_takes_no_more_than_it_may() {
    let mut bytes = png(&Picture::filled(1, 1, [0, 0, 0]));
    bytes[16..20].copy_from_slice(&100_000u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&100_000u32.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let folder = Folder::new();
    let words = folder.words(Picture::read(folder.file("huge.png", bytes)));
    assert!(words.starts_with("cannot decode DIR/huge.png: "), "{words}");
    assert!(words.contains("limit"), "{words}");
}

#[test]
fn nearest_pixels_are_those_under_the_middles() {
    let picture = Picture::new(1, 2, 3, vec![0, 1, 2, 3, 4, 5]).unwrap();
    let larger = picture.resized_nearest(4, 6);
    assert_eq!(larger.values()[..6], [0, 0, 1, 1, 2, 2]);
    assert_eq!(larger.values()[12..18], [3, 3, 4, 4, 5, 5]);
    assert_eq!(larger.resized_nearest(2, 3), picture);
    assert_eq!(picture.resized_nearest(1, 1).values(), [4]);
}

#[test]
fn shrinking_takes_the_mean() {
    let picture = Picture::new(1, 2, 4, vec![0, 0, 100, 100, 200, 200, 100, 100]).unwrap();
    let small = picture.resized(1, 1);
    assert!(small.values()[0].abs_diff(100) <= 1, "{:?}", small.values());
    assert_eq!(
        Picture::filled(7, 5, [10, 20, 30]).resized(3, 9),
        Picture::filled(3, 9, [10, 20, 30])
    );
}

#[test]
fn folders_are_classes_in_the_order_of_their_names() {
    let folder = Folder::new();
    for name in ["cat/10.png", "cat/9.PNG", "ant/x.jpeg", "bee/b.jpg"] {
        let shade = name.len() as u8;
        folder.grey(name, 2, 3, vec![shade; 6]);
    }
    folder.file("cat/notes.txt", "none");
    folder.file("cat/.hidden.png", "none");
    folder.file("readme.png", "not in a class");
    let data = ImageFolder::<Chw<1, 2, 3>, 3>::open(folder.0.path()).unwrap();
    assert_eq!(data.class_names(), ["ant", "bee", "cat"]);
    let found: Vec<_> = (0..data.len())
        .map(|i| {
            let sample = data.get(i).unwrap();
            let name = data
                .path(i)
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            (name, sample.target, sample.image.values()[0])
        })
        .collect();
    let expected = [
        ("x.jpeg", 0, 10),
        ("b.jpg", 1, 9),
        ("9.PNG", 2, 9),
        ("10.png", 2, 10),
    ]
    .map(|(name, class, shade)| (name.to_owned(), class, shade));
    assert_eq!(found, expected);
}

#[test]
fn folders_that_are_not_the_classes_are_errors() {
    let folder = Folder::new();
    let open = || ImageFolder::<Chw<1, 2, 3>, 3>::open(folder.0.path());
    assert_eq!(
        folder.words(open()),
        "expected 3 folders of classes in DIR, found 0: none"
    );
    for name in ["a/1.png", "b/1.png"] {
        folder.grey(name, 2, 3, vec![0; 6]);
    }
    assert_eq!(
        folder.words(open()),
        "expected 3 folders of classes in DIR, found 2: a, b"
    );
    folder.file("c/1.txt", "no picture");
    assert_eq!(folder.words(open()), "DIR/c holds no PNG or JPEG file");
    folder.file("c/1.png", "damaged");
    let words = folder.words(open().unwrap().get(2));
    assert!(words.starts_with("cannot decode DIR/c/1.png: "), "{words}");
    let missing = ImageFolder::<Chw<1, 2, 3>, 3>::open(folder.path("missing"));
    let words = folder.words(missing);
    assert!(words.starts_with("cannot read DIR/missing: "), "{words}");
}

/// A header of a tar archive, as POSIX says.
fn tar_header(name: &str, size: usize, kind: u8) -> Vec<u8> {
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

fn tar_entry(name: &str, contents: &[u8], kind: u8) -> Vec<u8> {
    let mut entry = tar_header(name, contents.len(), kind);
    entry.extend(contents);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar() -> Vec<u8> {
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

#[test]
fn an_archive_is_a_folder() {
    let folder = Folder::new();
    for bytes in [tar(), gzip(&tar())] {
        let path = folder.file("set.tar", bytes);
        let data = ImageFolder::<Chw<1, 2, 3>, 2>::from_tar(&path).unwrap();
        assert_eq!(data.class_names(), ["cat", "dog"]);
        let found: Vec<_> = (0..data.len())
            .map(|i| data.get(i).unwrap())
            .map(|sample| (sample.target, sample.image.values()[0]))
            .collect();
        assert_eq!(found, [(0, 10), (1, 1), (1, 2)]);
        assert!(data.path(0).ends_with("set.tar/train/cat/10.png"));
    }
}

#[test]
fn damaged_archives_are_errors() {
    let folder = Folder::new();
    let words = |bytes: &[u8]| {
        let path = folder.file("set.tar", bytes);
        folder.words(ImageFolder::<Chw<1, 2, 3>, 2>::from_tar(path))
    };
    assert_eq!(
        words(&tar()[..700]),
        "entry 1 of DIR/set.tar is cut short: 188 bytes of 512"
    );
    let picture = png(&Picture::new(1, 2, 3, vec![2; 6]).unwrap()).len();
    assert_eq!(
        words(&tar()[..1034]),
        format!("entry 1 of DIR/set.tar is cut short: 10 bytes of {picture}")
    );
    let mut wrong = tar();
    wrong[3] ^= 1;
    assert_eq!(
        words(&wrong),
        "entry 0 of DIR/set.tar has a header whose checksum is wrong"
    );
    assert_eq!(words(&[]), "DIR/set.tar holds no PNG or JPEG file");
    let announced = tar_header("a/b.png", 0o77777777777, b'0');
    assert_eq!(
        words(&announced),
        "entry 0 of DIR/set.tar is cut short: 0 bytes of 8589934591"
    );
    let one = tar_entry("only/1.png", b"any", b'0');
    assert_eq!(
        words(&one),
        "expected 2 folders of classes in DIR/set.tar, found 1: only"
    );
}

type Pairs = MaskPairs<1, 2, 3, 2>;

#[test]
fn masks_are_found_by_name_or_by_a_list() {
    let folder = Folder::new();
    for (i, class) in [(9, 0), (10, 1)] {
        folder.grey(&format!("photos/{i}.png"), 4, 6, vec![i; 24]);
        let mut mask = vec![255 * class; 24];
        mask[0] = 100;
        mask[7] = 100;
        folder.grey(&format!("masks/{i}.jpeg"), 4, 6, mask);
    }
    let list = folder.file(
        "list.txt",
        "\nphotos/9.png masks/9.jpeg\n photos/10.png\tmasks/10.jpeg\n\n",
    );
    let by_name = Pairs::from_folders(folder.path("photos"), folder.path("masks"));
    for pairs in [by_name, Pairs::from_list(list)] {
        let pairs = pairs.unwrap().values([0, 255]).ignoring(100);
        assert_eq!(pairs.len(), 2);
        let (first, second) = (pairs.get(0).unwrap(), pairs.get(1).unwrap());
        assert_eq!(first.image.values(), [9; 6]);
        assert_eq!(second.image.values(), [10; 6]);
        // Row 1, column 1 of the file is the pixel under the middle of the first.
        assert_eq!(first.target, [IGNORE, 0, 0, 0, 0, 0]);
        assert_eq!(second.target, [IGNORE, 1, 1, 1, 1, 1]);
    }
}

#[test]
fn pairs_that_do_not_fit_are_errors() {
    let folder = Folder::new();
    let open = || Pairs::from_folders(folder.path("photos"), folder.path("masks"));
    folder.grey("photos/1.png", 2, 3, vec![0; 6]);
    folder.grey("masks/2.png", 2, 3, vec![0; 6]);
    assert_eq!(
        folder.words(open()),
        "DIR/photos/1.png has no mask of its name in DIR/masks"
    );
    folder.grey("masks/1.png", 3, 2, vec![0; 6]);
    assert_eq!(
        folder.words(open().unwrap().get(0)),
        "DIR/masks/1.png is 3×2, but its picture DIR/photos/1.png is 2×3"
    );
    folder.grey("masks/1.png", 2, 3, vec![0, 1, 1, 0, 2, 0]);
    assert_eq!(
        folder.words(open().unwrap().get(0)),
        "value 2 at row 1, column 1 of DIR/masks/1.png is none of the classes: 0, 1"
    );
    let colours = Picture::filled(2, 3, [1, 2, 3]);
    colours.save(folder.path("masks/1.png")).unwrap();
    assert_eq!(
        folder.words(open().unwrap().get(0)),
        "DIR/masks/1.png is in colours, but a mask is a grey picture whose values are classes"
    );
    let list = folder.file("list.txt", "a b\n\nonly\n");
    assert_eq!(
        folder.words(Pairs::from_list(list)),
        "line 3 of DIR/list.txt needs the names of a picture and a mask, found \"only\""
    );
    let list = folder.file("list.txt", "\n");
    assert_eq!(
        folder.words(Pairs::from_list(list)),
        "DIR/list.txt holds no pair of a picture and a mask"
    );
}

fn object(name: &str, [xmin, ymin, xmax, ymax]: [&str; 4]) -> String {
    format!(
        "<object><name>{name}</name><bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin>\
         <xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox></object>"
    )
}

fn annotation(objects: &str) -> String {
    format!("<annotation><size><width>60</width><height>40</height></size>{objects}</annotation>")
}

type Cells = VocBoxes<1, 20, 20, 2>;

fn cells(folder: &Folder, xml: &str) -> Result<Cells, DataError> {
    folder.file("ImageSets/all.txt", "one\n");
    folder.file("Annotations/one.xml", xml);
    Cells::open(folder.0.path(), "all", ["red", "white"])
}

#[test]
fn boxes_scale_with_their_picture_and_empty_ones_are_counted() {
    let folder = Folder::new();
    folder.grey("JPEGImages/one.jpg", 40, 60, vec![7; 2400]);
    let objects = [
        object("wh<!-- -->&#105;te", ["6", "4", "30", " 20.5 "]),
        object("red", ["9", "9", "9", "12"]),
        object("red", ["-10", "0", "15", "99"]),
        object("red", ["61", "0", "70", "10"]),
    ];
    let data = cells(&folder, &annotation(&objects.concat())).unwrap();
    let thing = |class, [xmin, ymin, xmax, ymax]: [f32; 4]| BoundingBox {
        class,
        xmin,
        ymin,
        xmax,
        ymax,
    };
    let skipped: Vec<_> = data.skipped().iter().map(|s| (s.object, s.found)).collect();
    assert_eq!(
        skipped,
        [
            (1, thing(0, [9., 9., 9., 12.])),
            (3, thing(0, [61., 0., 70., 10.])),
        ]
    );
    assert!(data.skipped()[0].path.ends_with("one.xml"));
    assert_eq!(data.boxes(0)[1], thing(0, [0., 0., 15., 40.]));
    let sample = data.get(0).unwrap();
    assert_eq!(sample.image.values(), [7; 400]);
    let expected = [[2., 2., 10., 10.25], [0., 0., 5., 20.]];
    for (found, expected) in sample.target.iter().zip(expected) {
        let found = [found.xmin, found.ymin, found.xmax, found.ymax];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
    assert_eq!(sample.target.len(), 2);
}

#[test]
fn damaged_annotations_are_errors() {
    let folder = Folder::new();
    let words = |xml: &str| folder.words(cells(&folder, xml));
    assert_eq!(
        words("<annotation>\n<size>"),
        "line 2 of DIR/Annotations/one.xml is no XML: <size> is not closed"
    );
    let closed = words("<annotation>\n</size>");
    let start = "line 2 of DIR/Annotations/one.xml is no XML: ";
    assert!(closed.starts_with(start), "{closed}");
    assert_eq!(
        words("<a>&half;</a>"),
        "line 1 of DIR/Annotations/one.xml is no XML: &half; stands for nothing"
    );
    assert_eq!(
        words(""),
        "line 1 of DIR/Annotations/one.xml is no XML: there is no element"
    );
    assert_eq!(
        words("<annotation></annotation>"),
        "DIR/Annotations/one.xml has no <size>"
    );
    assert_eq!(
        words("<a><size><width>0</width><height>9</height></size></a>"),
        "DIR/Annotations/one.xml has a <width> of \"0\""
    );
    let good = object("red", ["1", "1", "2", "2"]);
    let with = |bad: &str| annotation(&format!("{good}{bad}"));
    assert_eq!(
        words(&with("<object><name>red</name></object>")),
        "object 1 of DIR/Annotations/one.xml has no <bndbox>"
    );
    assert_eq!(
        words(&with(&object("blue", ["1", "1", "2", "2"]))),
        "object 1 of DIR/Annotations/one.xml is a \"blue\", but the classes are red, white"
    );
    for number in ["", "two", "NaN", "inf", "1e30"] {
        assert_eq!(
            words(&with(&object("red", ["1", number, "2", "2"]))),
            format!("object 1 of DIR/Annotations/one.xml has a <ymin> of {number:?}")
        );
    }
    folder.grey("JPEGImages/one.jpg", 60, 40, vec![7; 2400]);
    let turned = cells(&folder, &annotation(&good)).unwrap();
    assert_eq!(
        folder.words(turned.get(0)),
        "DIR/Annotations/one.xml says that DIR/JPEGImages/one.jpg is 40×60, but it is 60×40"
    );
    folder.file("ImageSets/none.txt", "");
    assert_eq!(
        folder.words(Cells::open(folder.0.path(), "none", ["red", "white"])),
        "DIR/ImageSets/none.txt holds no name of a picture"
    );
}

/// Elements within elements, deeper than a stack.
#[test]
fn deep_xml_is_no_danger() {
    let folder = Folder::new();
    let deep = "<a>".repeat(200_000) + &"</a>".repeat(200_000);
    let data = cells(&folder, &annotation(&deep)).unwrap();
    assert!(data.boxes(0).is_empty());
}

fn tub(folder: &Folder, catalog: &str) -> Result<Tub<1, 2, 3, 2>, DataError> {
    folder.file("catalog_0.catalog", catalog);
    Tub::open(folder.0.path(), ["user/angle", "user/throttle"])
}

#[test]
fn frames_come_in_the_order_of_driving_without_the_deleted() {
    let folder = Folder::new();
    let record = |i: u32| {
        format!(
            r#"{{"_index": {i}, "cam/image_array": "{i}.jpg", "user/angle": {}, "user/throttle": 1}}"#,
            f64::from(i) / 4.0
        )
    };
    folder.file("manifest.json", "[]\n{}\n{\"deleted_indexes\": [1, 10]}\n");
    folder.file("catalog_10.catalog", [record(10), record(11)].join("\n"));
    folder.file("catalog_2.catalog", record(2));
    folder.file("._catalog_0.catalog", [0xff, 0xfe]);
    folder.file("catalog_0.catalog_manifest", "none");
    folder.grey("images/2.jpg", 4, 6, vec![8; 24]);
    let frames = tub(&folder, &[record(0), record(1)].join("\n")).unwrap();
    let numbers: Vec<_> = frames.numbers().collect();
    assert_eq!(numbers, [[0.0, 1.0], [0.5, 1.0], [2.75, 1.0]]);
    let sample = frames.get(1).unwrap();
    assert_eq!(
        (sample.image.values(), sample.target),
        (&[8; 6][..], [0.5, 1.0])
    );
    let words = folder.words(frames.get(0));
    assert!(
        words.starts_with("cannot read DIR/images/0.jpg: "),
        "{words}"
    );
}

#[test]
fn damaged_logs_are_errors() {
    let folder = Folder::new();
    let words = |catalog: &str| folder.words(tub(&folder, catalog));
    let json = words("{\n");
    let start = "line 1 of DIR/catalog_0.catalog is no JSON: ";
    assert!(json.starts_with(start), "{json}");
    assert_eq!(
        words("\n{\"cam/image_array\": \"0.jpg\", \"user/angle\": \"left\"}"),
        "line 2 of DIR/catalog_0.catalog needs a number in \"user/angle\", found \"left\""
    );
    assert_eq!(
        words("[1]"),
        "line 1 of DIR/catalog_0.catalog needs a number in \"user/angle\", found nothing"
    );
    assert_eq!(
        words(r#"{"user/angle": 1e300, "user/throttle": 0}"#),
        "line 1 of DIR/catalog_0.catalog needs a number in \"user/angle\", found 1e+300"
    );
    assert_eq!(
        words(r#"{"user/angle": 1, "user/throttle": 0}"#),
        "line 1 of DIR/catalog_0.catalog needs the name of a file in \"cam/image_array\", \
         found nothing"
    );
    assert_eq!(words(""), "DIR holds no record in a catalog");
    folder.file("manifest.json", "not JSON");
    let manifest = words("");
    assert!(
        manifest.starts_with("line 1 of DIR/manifest.json is no JSON"),
        "{manifest}"
    );
}

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
