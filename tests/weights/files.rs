//! Saving and loading: what is written is read, and a file that does not fit says why.

use std::fs;
use std::path::Path;

use shapeproof::prelude::*;
use shapeproof::weights::{load, save, Difference, WeightError};

#[model(input = Chw<2, 6, 5>, output = Flat<3>)]
#[derive(Clone, Debug)]
struct Net {
    conv: Conv2d<4, Kernel<3, 2>, NoBias>,
    relu: Relu,
    flatten: Flatten,
    fc: Linear<3>,
}

/// Like `Net`, with another kernel, a bias and another name.
#[model(input = Chw<2, 6, 5>, output = Flat<3>)]
struct Other {
    conv: Conv2d<4, Kernel<2, 3>>,
    flatten: Flatten,
    head: Linear<3>,
}

fn net(seed: u64) -> Net {
    Net::new(&Cpu::seed_from_u64(seed))
}

fn numbers(net: &Net) -> Vec<f32> {
    let parts = [
        net.conv.weight.as_vec(),
        net.fc.weight.as_vec(),
        net.fc.bias.as_vec(),
    ];
    parts.concat()
}

#[test]
fn what_is_saved_is_loaded_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let (one, mut two) = (net(1), net(2));
    assert_ne!(
        numbers(&one),
        numbers(&two),
        "another seed must give other numbers"
    );
    save(&one, &path).unwrap();
    load(&mut two, &path).unwrap();
    assert_eq!(numbers(&one), numbers(&two));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "a temporary file is left: {left:?}");
}

#[test]
fn dfdx_reads_our_files_and_we_read_its() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    let one = net(1);
    save(&one, &ours).unwrap();
    one.save_safetensors(&theirs).unwrap();
    let (mut two, mut three) = (net(2), net(3));
    two.load_safetensors(&ours).unwrap();
    load(&mut three, &theirs).unwrap();
    assert_eq!(numbers(&one), numbers(&two));
    assert_eq!(numbers(&one), numbers(&three));
}

#[test]
fn a_file_of_f32_goes_into_a_model_of_f64_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let one = net(1);
    save(&one, &path).unwrap();
    let mut double: Net<f64, Cpu> = Net::new(&Cpu::default());
    load(&mut double, &path).unwrap();
    save(&double, &path).unwrap();
    let mut two = net(2);
    load(&mut two, &path).unwrap();
    assert_eq!(numbers(&one), numbers(&two));
}

#[test]
fn every_difference_is_listed_at_once_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.safetensors");
    let other: Other = Other::new(&Cpu::default());
    save(&other, &path).unwrap();
    let mut one = net(1);
    let before = numbers(&one);
    let error = load(&mut one, &path).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} does not fit the model:\
             \n  `conv.weight` is [4, 2, 2, 3], the model needs [4, 2, 3, 2]\
             \n  `fc.weight` [3, 64] is missing\
             \n  `fc.bias` [3] is missing\
             \n  `conv.bias` [4] is not in the model\
             \n  `head.bias` [3] is not in the model\
             \n  `head.weight` [3, 60] is not in the model",
            path.display(),
        ),
    );
    assert_eq!(before, numbers(&one));
}

#[test]
fn numbers_that_are_not_finite_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let mut one = net(1);
    one.fc.bias = Cpu::default().tensor([0.5, f32::NAN, 1.0]);
    save(&one, &path).unwrap();
    let mut two = net(2);
    let before = numbers(&two);
    let error = load(&mut two, &path).unwrap_err().to_string();
    assert!(
        error.ends_with("`fc.bias` holds NaN at position 1 of 3"),
        "{error}"
    );
    assert_eq!(before, numbers(&two));
}

#[test]
fn integers_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let bytes = [0u8; 4 * 2 * 3 * 2 * 8];
    let view = |shape: &[usize]| {
        let len = shape.iter().product::<usize>() * 8;
        safetensors::tensor::TensorView::new(safetensors::Dtype::I64, shape.to_vec(), &bytes[..len])
            .unwrap()
    };
    let file = safetensors::serialize([("conv.weight", view(&[4, 2, 3, 2]))], &None).unwrap();
    fs::write(&path, file).unwrap();
    let Err(WeightError::Differs { differences, .. }) = load(&mut net(1), &path) else {
        panic!("integers were read as parameters");
    };
    assert_eq!(
        differences[0],
        Difference::Dtype {
            name: "conv.weight".into(),
            file: "I64".into()
        },
    );
}

#[test]
fn a_missing_file_and_every_truncation_are_errors_that_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let missing = load(&mut net(1), &path).unwrap_err();
    assert!(matches!(missing, WeightError::Read { .. }), "{missing}");
    assert!(missing.to_string().contains("net.safetensors"), "{missing}");

    save(&net(1), &path).unwrap();
    let whole = fs::read(&path).unwrap();
    for len in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        fs::write(&path, &whole[..len]).unwrap();
        let error = load(&mut net(1), &path).unwrap_err().to_string();
        assert!(
            error.contains("net.safetensors") && error.contains(&format!("({len} bytes)")),
            "cut to {len} bytes: {error}"
        );
    }
}

#[test]
fn garbage_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("garbage");
    let cases: [&[u8]; 5] = [
        &[0xff; 64],
        &[0; 64],
        b"\x02\0\0\0\0\0\0\0{}",
        b"\x08\0\0\0\0\0\0\0notjson!",
        b"\x50\0\0\0\0\0\0\0{\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[18446744073709551615,2]}}",
    ];
    for bytes in cases {
        fs::write(&path, bytes).unwrap();
        let error = load(&mut net(1), &path).unwrap_err().to_string();
        assert!(error.contains("garbage"), "{bytes:?}: {error}");
    }
}

#[test]
fn a_save_that_fails_names_the_file_and_keeps_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("no such folder").join("net.safetensors");
    let error = save(&net(1), &nowhere).unwrap_err().to_string();
    assert!(
        error.starts_with("cannot write") && error.contains("no such folder"),
        "{error}"
    );

    // A folder of that name cannot be replaced by a file.
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("kept"), "kept").unwrap();
    let error = save(&net(1), &taken).unwrap_err();
    assert!(matches!(error, WeightError::Write { .. }), "{error}");
    assert!(Path::new(&taken).join("kept").exists());
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "a temporary file is left");
}
