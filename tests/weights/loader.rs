//! Loading files of other programs: renaming, leaving out, loading in part, damaged files.
//!
//! The small files in `tests/fixtures` are what this program writes; `BLESS=1 cargo test --test
//! weights_loader fixtures` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::Dtype as Number;
use shapeproof::prelude::*;
use shapeproof::weights::{load, load_bytes, Difference, Loader, Saver, WeightError};

#[model(input = Chw<1, 5, 4>, output = Flat<3>)]
#[derive(Clone, Debug)]
struct Net {
    conv: Conv2d<2, Kernel<3>>,
    flatten: Flatten,
    fc: Linear<3>,
}

const TENSORS: [(&str, &[usize]); 4] = [
    ("conv.weight", &[2, 1, 3, 3]),
    ("conv.bias", &[2]),
    ("fc.weight", &[3, 12]),
    ("fc.bias", &[3]),
];

/// What `tests/weights/included.rs` loads, under names as in PyTorch.
const BLOCKS: [(&str, &[usize]); 8] = [
    ("module.layers.0.conv.weight", &[2, 2, 3, 3]),
    ("module.layers.0.conv.bias", &[2]),
    ("module.layers.0.bn.num_batches_tracked", &[]),
    ("module.layers.1.conv.weight", &[2, 2, 3, 3]),
    ("module.layers.1.conv.bias", &[2]),
    ("module.scale.weight", &[2]),
    ("module.fc.weight", &[3, 24]),
    ("module.auxiliary.weight", &[1]),
];

fn net(seed: u64) -> Net {
    Net::new(&Cpu::seed_from_u64(seed))
}

fn numbers(net: &Net) -> Vec<f32> {
    let parts = [
        net.conv.weight.as_vec(),
        net.conv.bias.as_vec(),
        net.fc.weight.as_vec(),
        net.fc.bias.as_vec(),
    ];
    parts.concat()
}

/// The numbers of all tensors of `file`: 0, 1/8, 2/8 …, which all formats hold exactly.
fn eighths() -> Vec<f32> {
    let counts = TENSORS.map(|(_, shape)| shape.iter().product::<usize>());
    let all = counts.map(|count| (0..count).map(|i| i as f32 / 8.0).collect::<Vec<_>>());
    all.concat()
}

/// A file of tensors, each of 0, 1/8, 2/8 and so on.
fn file(number: Number, tensors: &[(&str, &[usize])]) -> Vec<u8> {
    let bytes = |i: usize| match number {
        Number::F64 => (i as f64 / 8.0).to_le_bytes().to_vec(),
        Number::F32 => (i as f32 / 8.0).to_le_bytes().to_vec(),
        Number::F16 => half::f16::from_f64(i as f64 / 8.0).to_le_bytes().to_vec(),
        Number::BF16 => half::bf16::from_f64(i as f64 / 8.0).to_le_bytes().to_vec(),
        Number::I64 => (i as i64).to_le_bytes().to_vec(),
        other => panic!("no file of {other:?}"),
    };
    let numbers = tensors.iter().map(|(name, shape)| {
        let count = shape.iter().product::<usize>();
        let numbers: Vec<u8> = (0..count).flat_map(bytes).collect();
        (*name, *shape, numbers)
    });
    let numbers: Vec<_> = numbers.collect();
    let views = numbers.iter().map(|(name, shape, numbers)| {
        let view = TensorView::new(number, shape.to_vec(), numbers).expect("as many as it says");
        (name.to_string(), view)
    });
    safetensors::serialize(views, &None).expect("can be written")
}

/// The tensors of `Net` with other names.
fn called<'a>(names: &[&'a str; 4]) -> Vec<(&'a str, &'static [usize])> {
    let shapes = TENSORS.map(|(_, shape)| shape);
    names.iter().copied().zip(shapes).collect()
}

/// The path of a file with these bytes, as long as the folder lives.
fn written(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("net.safetensors");
    fs::write(&path, bytes).expect("room for a small file");
    (folder, path)
}

#[test]
fn the_fixtures_are_what_this_program_writes() {
    let whole = file(Number::F32, &TENSORS);
    let data_parallel = called(&[
        "module.conv.weight",
        "module.conv.bias",
        "module.fc.weight",
        "module.fc.bias",
    ]);
    let fixtures = [
        ("net", whole.clone()),
        ("data_parallel", file(Number::F16, &data_parallel)),
        ("integers", file(Number::I64, &TENSORS)),
        ("cut_off", whole[..300].to_vec()),
        ("blocks", file(Number::F64, &BLOCKS)),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (name, bytes) in fixtures {
        let path = folder.join(name).with_extension("safetensors");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
        let found = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(found == bytes, "{} is another file", path.display());
    }
}

#[test]
fn files_of_every_float_are_read_exactly() {
    for number in [Number::F64, Number::F32, Number::F16, Number::BF16] {
        let bytes = file(number, &TENSORS);
        let mut one = net(1);
        load_bytes(&mut one, &bytes).unwrap();
        assert_eq!(numbers(&one), eighths(), "{number:?}");
        let mut double: Net<f64, Cpu> = Net::new(&Cpu::default());
        load_bytes(&mut double, &bytes).unwrap();
        assert_eq!(double.fc.bias.array(), [0.0, 0.125, 0.25], "{number:?}");
    }
}

#[test]
fn half_floats_that_are_not_finite_are_refused() {
    for (number, infinity) in [(Number::F16, 0x7c00u16), (Number::BF16, 0xff80)] {
        let mut bytes = file(number, &TENSORS);
        let last = bytes.len() - 2;
        bytes[last..].copy_from_slice(&infinity.to_le_bytes());
        let mut one = net(1);
        let before = numbers(&one);
        let error = load_bytes(&mut one, &bytes).unwrap_err();
        assert!(
            matches!(&error, WeightError::NotFinite { name, index: 35, .. } if name == "fc.weight"),
            "{error}"
        );
        assert_eq!(numbers(&one), before);
    }
}

#[test]
fn renamings_are_applied_one_after_the_other() {
    let names = [
        "module.stem.0.weight",
        "module.stem.0.bias",
        "module.head.w",
        "module.head.bias",
    ];
    let (_folder, path) = written(&file(Number::F32, &called(&names)));
    let loader = Loader::new()
        .rename_prefix("module.", "")
        .rename("stem.0", "conv")
        .rename_exact("head.w", "head.weight")
        .rename_with(|name| name.replace("head", "fc"));
    let mut one = net(1);
    let report = loader.load(&mut one, &path).unwrap();
    assert_eq!(report.loaded, TENSORS.map(|(name, _)| name));
    assert!(report.is_complete());
    assert_eq!(report.to_string(), "4 loaded");
    assert_eq!(numbers(&one), eighths());
}

#[test]
fn without_the_renaming_both_names_of_a_tensor_are_told() {
    let bytes = file(
        Number::F32,
        &called(&["a.w", "conv.bias", "fc.weight", "fc.bias"]),
    );
    let loader = Loader::new().rename("a", "b");
    let error = loader.load_bytes(&mut net(1), &bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the given slice does not fit the model:\
         \n  `conv.weight` [2, 1, 3, 3] is missing\
         \n  `a.w` [2, 1, 3, 3] (renamed to `b.w`) is not in the model",
    );
}

#[test]
fn a_partial_loader_takes_what_fits_and_reports_the_rest() {
    let tensors: [(&str, &[usize]); 6] = [
        ("conv.weight", &[2, 1, 3, 3]),
        ("conv.bias", &[4]),
        ("bn.num_batches_tracked", &[]),
        ("fc.weight", &[3, 12]),
        ("head.weight", &[7]),
        ("old.weight", &[2]),
    ];
    let bytes = file(Number::F32, &tensors);
    let mut one = net(1);
    let (bias, fc_bias) = (one.conv.bias.array(), one.fc.bias.array());
    let report = Loader::new()
        .ignore("old")
        .partial()
        .load_bytes(&mut one, &bytes)
        .unwrap();
    assert_eq!(report.loaded, ["conv.weight", "fc.weight"]);
    assert_eq!(report.missing, ["fc.bias"]);
    assert_eq!(report.unexpected, ["head.weight"]);
    let shape = Difference::Shape {
        name: "conv.bias".into(),
        model: vec![2],
        file: vec![4],
    };
    assert_eq!(shape.name(), "conv.bias");
    assert_eq!(report.skipped, [shape]);
    let mut ignored = report.ignored.clone();
    ignored.sort();
    assert_eq!(ignored, ["bn.num_batches_tracked", "old.weight"]);
    assert!(!report.is_complete());
    assert_eq!(
        report.to_string().lines().next_back(),
        Some("  `conv.bias` is [4], the model needs [2]")
    );
    assert_eq!(one.fc.weight.array()[0][1], 0.125);
    assert_eq!(
        (one.conv.bias.array(), one.fc.bias.array()),
        (bias, fc_bias)
    );
}

#[test]
fn a_partial_loader_still_refuses_numbers_that_are_not_finite() {
    let mut bytes = file(Number::F32, &[("fc.bias", &[3])]);
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    let error = Loader::new().partial().load_bytes(&mut net(1), &bytes);
    assert!(matches!(
        error,
        Err(WeightError::NotFinite { index: 2, .. })
    ));
}

#[test]
fn two_tensors_of_one_name_are_named() {
    let names = ["conv.weight", "conv.bias", "a.fc.weight", "b.fc.weight"];
    let bytes = file(Number::F32, &called(&names));
    let mut one = net(1);
    let before = numbers(&one);
    let loader = Loader::new().rename_prefix("a", "").rename_prefix("b", "");
    let error = loader.partial().load_bytes(&mut one, &bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the given slice: `a.fc.weight` and `b.fc.weight` are both called `fc.weight` after renaming",
    );
    assert_eq!(numbers(&one), before);
}

#[test]
fn a_saver_renames_and_keeps_the_old_file_where_it_cannot() {
    let (_folder, path) = written(b"old");
    let one = net(1);
    let error = Saver::new()
        .rename("weight", "bias")
        .save(&one, &path)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("`conv.weight` and `conv.bias` are both called `conv.bias` after renaming"),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"old");

    let saver = Saver::new()
        .rename("fc", "classifier.6")
        .rename_prefix("", "module");
    saver.save(&one, &path).unwrap();
    let mut two = net(2);
    assert!(matches!(
        load(&mut two, &path),
        Err(WeightError::Differs { .. })
    ));
    let loader = Loader::new()
        .rename_prefix("module", "")
        .rename("classifier.6", "fc");
    loader.load(&mut two, &path).unwrap();
    assert_eq!(numbers(&one), numbers(&two));
}

#[test]
fn headers_that_cannot_be_meant_are_errors_with_their_numbers() {
    let header = |json: &str| {
        let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
        bytes.extend(json.as_bytes());
        bytes
    };
    let mut absurd = header("{}");
    absurd[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let cases = [
        (
            absurd,
            "a header of 18446744073709551615 bytes follows, 2 are left",
        ),
        (vec![1, 2, 3], "begins with 8 bytes"),
        (
            b"PK\x03\x04 a zip file, as torch.save writes".to_vec(),
            "are left",
        ),
        (
            header(
                r#"{"a":{"dtype":"U8","shape":[18446744073709551608],"data_offsets":[0,18446744073709551608]}}"#,
            ),
            "speaks of 18446744073709551608 bytes of numbers, 0 are there",
        ),
    ];
    for (bytes, expected) in cases {
        let error = load_bytes(&mut net(1), &bytes).unwrap_err().to_string();
        let begin = format!(
            "the given slice ({} bytes) is not a whole safetensors file",
            bytes.len()
        );
        assert!(
            error.starts_with(&begin) && error.contains(expected),
            "{error}"
        );
    }
}

#[test]
fn every_truncation_is_an_error_and_changes_nothing() {
    let whole = file(Number::F32, &TENSORS);
    let mut one = net(1);
    let before = numbers(&one);
    for len in 0..whole.len() {
        let error = Loader::new().partial().load_bytes(&mut one, &whole[..len]);
        assert!(
            matches!(error, Err(WeightError::Format { .. })),
            "{len} bytes"
        );
    }
    assert_eq!(numbers(&one), before);
}

proptest! {
    /// Whatever is damaged: the model is loaded in whole or unchanged, and nothing panics.
    #[test]
    fn damaged_files_never_panic(
        damage in prop::collection::vec((0usize..700, any::<u8>()), 1..4),
        len in prop::option::of(0usize..700),
    ) {
        let mut bytes = file(Number::F32, &TENSORS);
        for (place, byte) in damage {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        if let Some(len) = len {
            bytes.truncate(len);
        }
        let mut one = net(1);
        let before = numbers(&one);
        if load_bytes(&mut one, &bytes).is_err() {
            prop_assert_eq!(numbers(&one), before);
        }
    }

    /// What a saver renames, a loader with the opposite renaming finds.
    #[test]
    fn a_renaming_and_its_opposite_cancel(name in "[a-z]{1,6}(\\.[0-9]{1,2}){0,2}", prefix in "[A-Z]{0,6}") {
        let (_folder, path) = written(b"");
        let (one, mut two) = (net(1), net(2));
        Saver::new()
            .rename("conv", name.clone() + ".X")
            .rename_prefix("", prefix.clone())
            .save(&one, &path)
            .unwrap();
        Loader::new()
            .rename_prefix(prefix, "")
            .rename(name + ".X", "conv")
            .load(&mut two, &path)
            .unwrap();
        prop_assert_eq!(numbers(&one), numbers(&two));
    }
}
