//! The example `mnist` as its user meets it: what it prints last, how it refuses, and that `predict`
//! takes what it saves.

use std::path::Path;
use std::process::{Command, Output};

use shapeproof::data::Picture;

fn run(example: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--example", example, "--"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs")
}

fn mnist(arguments: &[&str]) -> Output {
    run("mnist", arguments)
}

/// The only line on stderr, after an exit code of 1 and no accuracy.
fn refusal(arguments: &[&str]) -> String {
    let output = mnist(arguments);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        output.status.code(),
        Some(1),
        "{arguments:?}\n{stdout}\n{stderr}"
    );
    assert!(!stdout.contains("test accuracy"), "{arguments:?}\n{stdout}");
    assert_eq!(
        stderr.trim_end().lines().count(),
        1,
        "{arguments:?}\n{stderr}"
    );
    stderr.trim_end().to_owned()
}

/// Four small IDX files of dark and bright images in turn: 3 to train on, 2 to test.
fn idx_files(dir: &Path, height: u32, training_labels: &[u8]) {
    let images = |count: u32| {
        let header = [2051, count, height, 28].map(u32::to_be_bytes).concat();
        let image =
            |i: u32| vec![if i.is_multiple_of(2) { 20 } else { 220 }; (height * 28) as usize];
        [header, (0..count).flat_map(image).collect()].concat()
    };
    let labels = |labels: &[u8]| {
        let header = [2049, labels.len() as u32].map(u32::to_be_bytes).concat();
        [header, labels.to_vec()].concat()
    };
    for (name, bytes) in [
        ("train-images-idx3-ubyte", images(3)),
        ("train-labels-idx1-ubyte", labels(training_labels)),
        ("t10k-images-idx3-ubyte", images(2)),
        ("t10k-labels-idx1-ubyte", labels(&[9, 0])),
    ] {
        std::fs::write(dir.join(name), bytes).expect("a temporary folder can be written");
    }
}

#[test]
fn wrong_data_is_one_line_with_the_file_and_the_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let error = refusal(&["--data", data]);
    assert!(
        error.contains("train-images-idx3-ubyte.gz exists"),
        "{error}"
    );

    idx_files(dir.path(), 27, &[1, 2, 3]);
    let error = refusal(&["--data", data]);
    assert!(
        error.contains("expected images of 28×28, found 27×28 in"),
        "{error}"
    );

    idx_files(dir.path(), 28, &[1, 2]);
    let error = refusal(&["--data", data]);
    assert!(
        error.contains("3 images in") && error.contains("but 2 labels in"),
        "{error}"
    );

    idx_files(dir.path(), 28, &[1, 10, 3]);
    let error = refusal(&["--data", data]);
    assert!(error.contains("label 10 at record 1 of"), "{error}");
}

#[test]
fn parameters_that_cannot_be_read_or_written_are_one_line_with_the_file() {
    let dir = tempfile::tempdir().unwrap();
    idx_files(dir.path(), 28, &[1, 2, 3]);
    let data = dir.path().to_str().unwrap();
    let missing = dir.path().join("missing.safetensors");
    let error = refusal(&["--data", data, "--load", missing.to_str().unwrap()]);
    assert!(
        error.contains("cannot read") && error.contains("missing.safetensors"),
        "{error}"
    );

    let file = dir.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let error = refusal(&["--data", data, "--out", file.to_str().unwrap()]);
    assert!(
        error.contains("cannot make the folder") && error.contains("a file"),
        "{error}"
    );
}

#[test]
fn it_trains_saves_loads_and_ends_with_the_accuracy() {
    let dir = tempfile::tempdir().unwrap();
    idx_files(dir.path(), 28, &[9, 0, 9]);
    let (data, out) = (dir.path().to_str().unwrap(), dir.path().join("out"));
    let last_line = |arguments: &[&str]| {
        let output = mnist(arguments);
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        stdout.lines().last().unwrap_or_default().to_owned()
    };
    let out = out.to_str().unwrap();
    let arguments = [
        "--data", data, "--epochs", "20", "--batch", "2", "--out", out,
    ];
    // Dark images are nines and bright ones zeros, which only a trained net tells apart.
    let untrained = last_line(&["--data", data, "--epochs", "0"]);
    assert_ne!(untrained, "test accuracy 1.0000");
    assert_eq!(last_line(&arguments), "test accuracy 1.0000");
    let saved = format!("{out}/lenet5.safetensors");
    let arguments = ["--data", data, "--epochs", "0", "--load", &saved];
    assert_eq!(last_line(&arguments), "test accuracy 1.0000");

    // What it has saved is what the example `predict` takes.
    let pictures = [("dark.png", 20), ("bright.png", 220)].map(|(name, grey)| {
        let path = dir.path().join(name);
        Picture::filled(28, 28, [grey; 3]).save(&path).unwrap();
        path
    });
    let paths = pictures.each_ref().map(|path| path.to_str().unwrap());
    let output = run("predict", &["--load", &saved, paths[0], paths[1]]);
    let said = String::from_utf8_lossy(&output.stdout);
    let answers = said.lines().filter_map(|line| line.split_once("png: "));
    let classes: Vec<_> = answers.map(|(_, a)| a.split(' ').next().unwrap()).collect();
    assert_eq!(classes, ["nine", "zero"], "{output:?}");
}
