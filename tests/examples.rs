//! The examples as their users meet them: what they print last, the pictures they leave, and how
//! they refuse.

use std::path::Path;
use std::process::{Command, Output};

use shapeproof::data::{Picture, Source, SyntheticRoad, SyntheticShapes};

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

/// The only line on stderr, after an exit code of 1 and no figure.
fn refusal(example: &str, arguments: &[&str]) -> String {
    let output = run(example, arguments);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = format!("{example} {arguments:?}\n{stdout}\n{stderr}");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!stdout.lines().any(|l| l.starts_with("test ")), "{said}");
    assert_eq!(stderr.trim_end().lines().count(), 1, "{said}");
    stderr.trim_end().to_owned()
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

/// What an example has written to stdout and stderr.
fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// A picture that an example has left, which is not of one colour.
fn picture(folder: &Path, name: &str) -> Picture {
    let picture = Picture::read(folder.join(name)).unwrap_or_else(|error| panic!("{error}"));
    let first = picture.values()[0];
    assert!(
        picture.values().iter().any(|v| *v != first),
        "{name} is blank"
    );
    picture
}

#[test]
fn parameters_are_counted_by_the_compiler() {
    let (stdout, _) = texts(&run("parameters", &[]));
    // 784·100 + 100 + 100·10 + 10, and 25·16 + 16 + 25·16·32 + 32 + 32·10 + 10.
    for expected in [
        ["28x28", "Dense", "79510"],
        ["28x28", "Convolutional", "13578"],
    ] {
        let words = |line: &str| line.split_whitespace().take(3).eq(expected);
        assert!(stdout.lines().any(words), "{stdout}");
    }
    assert_eq!(
        stdout.lines().last().unwrap_or_default(),
        "dense over convolutional at 200x200: 294.7 times the parameters"
    );
}

#[test]
fn filters_are_shown_with_every_border() {
    let folder = tempfile::tempdir().unwrap();
    let (out, path) = (folder.path().to_str().unwrap(), folder.path());
    let photo = path.join("photo.png");
    let mut striped = Picture::filled(90, 120, [40, 90, 20]);
    (0..90 * 60).for_each(|i| striped.paint(i / 60, 2 * (i % 60), [250; 3]));
    striped.save(&photo).unwrap();
    let line = last_line("filters", &["--epochs", "1", "--out", out]);
    assert!(line.ends_with("filters, learned, stages"), "{line}");
    picture(path, "learned.png");
    picture(path, "stages.png");
    let sheet = picture(path, "filters.png");
    // A classifier of LeNet-5 to load, and a photo of another shape in colours.
    last_line("predict", &["--out", out]);
    let digits = path.join("digits.safetensors");
    let mut sheets = vec![sheet];
    for border in ["valid", "zero", "grey", "reflect"] {
        let load = digits.to_str().unwrap();
        let image = photo.to_str().unwrap();
        let arguments = [
            "--image", image, "--border", border, "--load", load, "--out", out,
        ];
        last_line("filters", &arguments);
        sheets.push(picture(path, "filters.png"));
    }
    // Without a border the cells stay as large as the photo; the pictures in them do not.
    let differ = |a: usize, b: usize| assert_ne!(sheets[a].values(), sheets[b].values());
    (0..sheets.len()).for_each(|a| (0..a).for_each(|b| differ(a, b)));

    let missing = refusal("filters", &["--image", "missing.png", "--out", out]);
    assert!(missing.contains("cannot read missing.png"), "{missing}");
}

#[test]
fn pictures_are_classified_and_bad_files_do_not_stop_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (out, path) = (folder.path().to_str().unwrap(), folder.path());
    let (stdout, _) = texts(&run("predict", &["--out", out]));
    assert!(stdout.ends_with("classified 10 of 10\n"), "{stdout}");

    let digit = path.join("digit0.png");
    let mut lines = stdout.lines();
    let first = lines.find(|line| line.contains("digit0.png")).unwrap();
    std::fs::write(path.join("bad.png"), "no picture").unwrap();
    let colours = Picture::read(&digit).unwrap().to_rgb();
    colours
        .resized(140, 140)
        .save(path.join("large.png"))
        .unwrap();
    let names = ["bad.png", "digit0.png", "missing.png", "large.png"];
    let files = names.map(|name| path.join(name).to_str().unwrap().to_owned());
    let load = path.join("digits.safetensors");
    let mut arguments = vec!["--load", load.to_str().unwrap()];
    arguments.extend(files.iter().map(String::as_str));
    let output = run("predict", &arguments);
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout.ends_with("classified 2 of 4\n"), "{stdout}");
    assert!(stdout.contains(first), "{first}\n{stdout}");
    let errors: Vec<&str> = stderr.lines().collect();
    assert_eq!(errors.len(), 2, "{stderr}");
    assert!(errors[0].contains("bad.png") && errors[1].contains("missing.png"));

    let error = refusal("predict", &["--load", digit.to_str().unwrap()]);
    assert!(error.contains("digit0.png"), "{error}");
    let error = refusal("predict", &["--network", "objects"]);
    assert!(error.contains("--load"), "{error}");
}

#[test]
fn objects_are_learned_and_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let (out, path) = (folder.path().to_str().unwrap(), folder.path());
    let tiny = "--one-of 60 --epochs 1 --batch 16 --out";
    let tiny: Vec<&str> = tiny.split(' ').chain([out]).collect();
    let line = last_line("cifar10", &tiny);
    let accuracy: f64 = line
        .strip_prefix("test accuracy ")
        .unwrap()
        .parse()
        .unwrap();
    assert!((0.0..=1.0).contains(&accuracy));
    for name in ["filters.png", "looks.png", "confusion.png", "mistakes.png"] {
        picture(path, name);
    }
    // What it has saved is what `predict` takes.
    let load = path.join("cifar10.safetensors");
    let (load, looks) = (load.to_str().unwrap(), path.join("looks.png"));
    let arguments = [
        "--network",
        "objects",
        "--load",
        load,
        looks.to_str().unwrap(),
    ];
    assert_eq!(last_line("predict", &arguments), "classified 1 of 1");

    let error = refusal("cifar10", &["--data", out, "--out", out]);
    assert!(error.contains("jpeg_train.tar.gz"), "{error}");
}

fn folder(path: impl AsRef<Path>) {
    std::fs::create_dir_all(path).expect("a temporary folder can be written");
}

/// A tub of so many frames of a synthetic road.
fn tub(dir: &Path, frames: usize) {
    let road = SyntheticRoad::<3, 60, 80>::new(frames, 1);
    folder(dir.join("images"));
    let record = |i: usize| {
        let frame = road.get(i).unwrap();
        let picture = frame.image.to_picture();
        picture.save(dir.join(format!("images/{i}.png"))).unwrap();
        let angle = frame.target[0];
        format!(r#"{{"_index": {i}, "cam/image_array": "{i}.png", "user/angle": {angle}}}"#)
    };
    let records: Vec<String> = (0..frames).map(record).collect();
    std::fs::write(dir.join("catalog_0.catalog"), records.join("\n")).unwrap();
}

#[test]
fn drive_learns_saves_and_ends_with_the_correlation() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("tub"), dir.path().join("out"));
    tub(&data, 40);
    let [data, out] = [&data, &out].map(|path| path.to_str().unwrap());
    let arguments = [
        "--data", data, "--epochs", "2", "--batch", "8", "--out", out,
    ];
    let trained = figure(&last_line("drive", &arguments), "test correlation ");
    assert!((-1.0..=1.0).contains(&trained), "{trained}");
    // The last 8 of 40 frames, in two rows of four, each twice as large and with a line of text.
    assert_eq!(
        size(dir.path().join("out/drive-frames.png")),
        (2 * 129 + 2, 4 * 162 + 2)
    );
    let saved = format!("{out}/drive.safetensors");
    let arguments = [
        "--data", data, "--epochs", "0", "--load", &saved, "--out", out,
    ];
    assert_eq!(
        figure(&last_line("drive", &arguments), "test correlation "),
        trained
    );
}

#[test]
fn drive_names_what_is_wrong_with_a_tub() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let error = refusal("drive", &["--data", data]);
    assert!(
        error.contains(data) && error.contains("record in a catalog"),
        "{error}"
    );

    tub(dir.path(), 9);
    let error = refusal("drive", &["--data", data]);
    assert!(error.contains("a drive of 9 frames"), "{error}");

    std::fs::write(
        dir.path().join("catalog_0.catalog"),
        r#"{"user/throttle": 1}"#,
    )
    .unwrap();
    let error = refusal("drive", &["--data", data]);
    assert!(
        error.contains("catalog_0.catalog") && error.contains("user/angle"),
        "{error}"
    );
}

/// Grey slices of 512×512, dark where a drawn shape is, with their masks.
fn slices(dir: &Path, count: usize) {
    let drawn = SyntheticShapes::<1, 512, 512, 2>::new(count, 1);
    folder(dir.join("image"));
    folder(dir.join("label"));
    for i in 0..count {
        let sample = drawn.get(i).unwrap();
        let mask = sample.target.iter().map(|class| 255 - 255 * class);
        let mask = Picture::new(1, 512, 512, mask.collect()).unwrap();
        mask.save(dir.join(format!("label/{i}.png"))).unwrap();
        let picture = sample.image.to_picture();
        picture.save(dir.join(format!("image/{i}.png"))).unwrap();
    }
}

#[test]
fn segment_learns_slices_and_says_how_much_it_has_found() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("slices"), dir.path().join("out"));
    slices(&data, 3);
    let [data, out] = [&data, &out].map(|path| path.to_str().unwrap());
    let arguments = ["--data", data, "--epochs", "1", "--out", out];
    let trained = figure(&last_line("segment", &arguments), "test iou ");
    assert!((0.0..=1.0).contains(&trained), "{trained}");
    // The one slice of the test: itself, truth and what was found, each with a line of text.
    let sheet = picture(Path::new(out), "segments.png");
    assert_eq!((sheet.height(), sheet.width()), (521 + 2, 3 * 514 + 2));

    let saved = format!("{out}/segment.safetensors");
    let load = [
        "--data", data, "--epochs", "0", "--load", &saved, "--out", out,
    ];
    assert_eq!(figure(&last_line("segment", &load), "test iou "), trained);
}

#[test]
fn segment_takes_streets_and_names_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let (path, data) = (dir.path(), dir.path().to_str().unwrap());
    let error = refusal("segment", &["--data", data]);
    assert!(error.contains("neither image/ nor train.txt"), "{error}");

    slices(path, 2);
    let error = refusal("segment", &["--data", data]);
    assert!(error.contains("2 slices cannot be split"), "{error}");

    // One class more than CamVid has.
    let mask = Picture::new(1, 360, 480, vec![12; 360 * 480]).unwrap();
    mask.save(path.join("mask.png")).unwrap();
    Picture::filled(360, 480, [9; 3])
        .save(path.join("street.png"))
        .unwrap();
    for list in ["train.txt", "val.txt"] {
        std::fs::write(path.join(list), "street.png mask.png\n").unwrap();
    }
    let error = refusal("segment", &["--data", data]);
    assert!(
        error.contains("mask.png") && error.contains("value 12"),
        "{error}"
    );

    let striped = (0..360 * 480).map(|at| (at / 40 % 12) as u8).collect();
    let mask = Picture::new(1, 360, 480, striped).unwrap();
    mask.save(path.join("mask.png")).unwrap();
    let error = refusal("segment", &["--data", data]);
    assert!(error.contains("one photo cannot be split"), "{error}");

    std::fs::write(path.join("train.txt"), "street.png mask.png\n".repeat(2)).unwrap();
    let arguments = ["--data", data, "--epochs", "0", "--out", data];
    let untrained = figure(&last_line("segment", &arguments), "test miou ");
    assert!((0.0..=1.0).contains(&untrained), "{untrained}");
}
