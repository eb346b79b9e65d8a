//! Saving and loading: what is written is read, and a file that does not fit says why.

use std::fs;
use std::path::Path;

use shapeproof::prelude::*;
use shapeproof::weights::{self, load, save, Difference, WeightError};

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

shapeproof::labels! {
    /// The three classes of [`Three`].
    enum Pet {
        Cat = "cat",
        Dog = "dog",
        Cow = "a cow",
    }
}

#[model(input = Chw<3, 2, 2>, output = Flat<3>)]
struct Three {
    pool: GlobalAvgPool2d,
    fc: Linear<3>,
}

#[test]
fn a_classifier_is_one_file() {
    use shapeproof::data::{Normalize, Picture};
    use shapeproof::predict::{Classifier, PredictError};

    let mut net: Three = Three::new(&Cpu::default());
    let ln3 = 3f32.ln();
    net.fc.weight = net
        .fc
        .weight
        .device()
        .tensor([[0.; 3], [ln3, 0., 0.], [0.; 3]]);
    net.fc.bias = net.fc.weight.device().zeros();
    let normalize = Normalize {
        mean: [0.2, 0.1 + 0.2, 1.0 / 3.0],
        std: [0.8, 0.7, 1.0 / 7.0],
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pets.safetensors");
    Classifier::<_, Pet>::new(net, normalize)
        .save(&path)
        .unwrap();

    let pets = Classifier::<Three, Pet>::load(&path).unwrap();
    assert_eq!(pets.normalize(), normalize);
    assert_eq!(pets.names(), ["cat", "dog", "a cow"]);
    // White has a red of (1 − 0.2) / 0.8 = 1, so a dog the logit ln 3, and one of 3 + 1 + 1 parts.
    for white in [
        Picture::filled(7, 5, [255; 3]),
        Picture::filled(2, 2, [255; 3]).to_grey(),
    ] {
        let prediction = pets.predict(&white).unwrap();
        assert_eq!(prediction.class, Pet::Dog);
        assert_eq!(prediction.to_string(), "dog 0.60");
        for (found, expected) in prediction.probabilities.iter().zip([0.2, 0.6, 0.2]) {
            assert!((found - expected).abs() < 1e-6, "{prediction:?}");
        }
    }
    assert!(pets.predict_all(&[]).unwrap().is_empty());
    // By number, with the file's names; and as a plain file of parameters.
    let numbered = Classifier::<Three>::load(&path).unwrap();
    let prediction = numbered.predict(&Picture::filled(1, 1, [255; 3])).unwrap();
    assert_eq!((prediction.class, &*prediction.name), (1, "dog"));
    let net: Three = Three::load(&path).unwrap();
    assert_eq!(net.fc.weight.array(), pets.net().fc.weight.array());

    // Other names, parameters only, and no file.
    let named = Classifier::<_>::new(net, normalize).named(["cat", "hen", "a cow"]);
    named.save(&path).unwrap();
    let error = Classifier::<Three, Pet>::load(&path)
        .unwrap_err()
        .to_string();
    let expected = "pets.safetensors: class 1 is called `hen` in the file, `dog` in the program";
    assert!(error.ends_with(expected), "{error}");
    weights::save(named.net(), &path).unwrap();
    let error = Classifier::<Three, Pet>::load(&path)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("pets.safetensors does not say how images are normalised"),
        "{error}"
    );
    let described = |text: &str| {
        let saver = weights::Saver::new().metadata("shapeproof.classifier", text);
        saver.save(named.net(), &path).unwrap();
        Classifier::<Three, Pet>::load(&path)
            .unwrap_err()
            .to_string()
    };
    let cases = [
        (
            "{",
            "pets.safetensors: a description cannot be read from `{`",
        ),
        (
            r#"{"mean": ["1", "2"]}"#,
            "the mean of every channel cannot be read from",
        ),
        (
            r#"{"mean": ["1", "2", "3"], "std": ["1", "2", "x"]}"#,
            "the spread of every channel cannot",
        ),
        (
            r#"{"mean": ["1", "2", "3"], "std": ["1", "2", "3"]}"#,
            "the classes cannot be read from",
        ),
        (
            r#"{"mean": ["1", "2", "3"], "std": ["1", "2", "3"], "classes": ["cat"]}"#,
            "names 1 classes, the model has 3",
        ),
    ];
    for (text, expected) in cases {
        let error = described(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
    std::fs::remove_file(&path).unwrap();
    let error = Classifier::<Three, Pet>::load(&path).unwrap_err();
    assert!(matches!(error, PredictError::Weights(_)), "{error}");
    assert!(error.to_string().contains("pets.safetensors"), "{error}");
}
