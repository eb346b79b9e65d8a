//! Folders of pictures, good and bad: what they hold, or the one sentence that says what is wrong.

use std::fs;

use crate::folders::{annotation, gzip, object, png, tar, tar_entry, tar_header, Folder};
use shapeproof::data::{
    BoundingBox, DataError, ImageFolder, MaskPairs, Picture, Source, Tub, VocBoxes, IGNORE,
};
use shapeproof::prelude::*;

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
fn flips_mirror_every_channel() {
    let colours = Picture::new(3, 2, 2, (1..=12).collect()).unwrap();
    let sideways = [2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11];
    assert_eq!(colours.hflip().values(), sideways);
    let upside_down = [3, 4, 1, 2, 7, 8, 5, 6, 11, 12, 9, 10];
    assert_eq!(colours.vflip().values(), upside_down);
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
