//! The examples as their users meet them: what they print last, the pictures they leave, and how
//! they refuse.

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

/// The last line on stdout, after success.
fn last_line(example: &str, arguments: &[&str]) -> String {
    let output = run(example, arguments);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}\n{stdout}\n{stderr}");
    stdout.lines().last().unwrap_or_default().to_owned()
}

/// The number behind `words` in a last line.
fn figure(line: &str, words: &str) -> f64 {
    let number = line.strip_prefix(words);
    let number = number.unwrap_or_else(|| panic!("`{line}` does not begin with `{words}`"));
    number
        .trim()
        .parse()
        .expect("the last line ends in a number")
}

fn size(path: impl AsRef<Path>) -> (usize, usize) {
    let picture = Picture::read(path).expect("the example has written it");
    (picture.height(), picture.width())
}

#[test]
fn capsules_learn_draw_and_end_with_the_accuracy() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    let tiny = [
        "--images", "24", "--epochs", "1", "--batch", "8", "--out", out,
    ];
    let trained = figure(&last_line("capsules", &tiny), "test accuracy ");
    assert!((0.0..=1.0).contains(&trained), "{trained}");
    // Four rows of ten digits, and 16 rows of eleven, with two pixels between; twice as large.
    let reconstructions = size(dir.path().join("reconstructions.png"));
    assert_eq!(reconstructions, (2 * (4 * 30 + 2), 2 * (10 * 30 + 2)));
    let perturbations = size(dir.path().join("perturbations.png"));
    assert_eq!(perturbations, (2 * (16 * 30 + 2), 2 * (11 * 30 + 2)));

    let saved = format!("{out}/capsules.safetensors");
    let again = ["--epochs", "0", "--load", &saved, "--out", out];
    let again = figure(&last_line("capsules", &again), "test accuracy ");
    assert_eq!(again, trained);
}

#[test]
fn regress_learns_turns_digits_upright_and_ends_with_the_error() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    let tiny = [
        "--images", "96", "--epochs", "1", "--batch", "16", "--out", out,
    ];
    let degrees = |line: &str| {
        let number = line.strip_suffix(" degrees");
        figure(number.unwrap_or(line), "test mae ")
    };
    let trained = degrees(&last_line("regress", &tiny));
    assert!((0.0..=60.0).contains(&trained), "{trained}");
    // Four rows of ten digits, each with a line of text.
    let (height, width) = size(dir.path().join("upright.png"));
    assert!(height > 4 * 58 && width >= 10 * 58, "{height}×{width}");

    let saved = format!("{out}/regress.safetensors");
    let again = ["--epochs", "0", "--load", &saved, "--out", out];
    assert_eq!(degrees(&last_line("regress", &again)), trained);
}
