//! How long the compiler takes over models of 5 to 200 layers.
//!
//! `cargo bench --bench compile_time` writes each model into a crate of its own in a temporary
//! folder, next to ready-built dependencies, and times `cargo check` and `cargo build` of that
//! crate alone, in the default dev profile and without anything left from an earlier run. A line
//!
//! ```text
//! chain 50 check 1.42 build 3.10 rmeta 123456
//! ```
//!
//! has seconds of wall time (the median of three runs) and the bytes of the metadata that rustc
//! writes for the same file as a library: a stand-in for the size of the expansion, which stable
//! Rust does not show. The last lines say which goals hold on this machine; a goal that is missed
//! is no failure of the program.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use tempfile::TempDir;

/// The workspace of shapeproof.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// The generated crate.
const CRATE: &str = "generated";
const LAYERS: [usize; 5] = [5, 20, 50, 100, 200];
/// Times are medians of so many runs.
const RUNS: usize = 3;

/// Longest `cargo check`, in seconds, of a model of so many layers.
const CHECK_GOALS: [(usize, f64); 2] = [(50, 1.0), (200, 3.0)];
/// Largest (time of 200 layers − of 5) / (of 100 − of 5) that still counts as linear: a straight
/// line gives 2.05, a parabola 4.
const GROWTH_GOAL: f64 = 3.0;

/// Every convolution keeps this shape, unless its model is wrong.
const CONV: &str = "Conv2d<8, Kernel<3>, Padding<1>>";

fn main() {
    // Cargo passes `--bench` to benches it measures, and not to those that `cargo test` runs.
    let has = |argument: &str| env::args().any(|a| a == argument);
    if !has("--bench") || has("--test") {
        eprintln!("compile_time measures under `cargo bench --bench compile_time` only");
        return;
    }

    let folder = Folder::new();
    eprintln!("building the dependencies, which is not measured");
    let without_model = "use shapeproof as _;\nfn main() {}\n".to_owned();
    for command in ["check", "build"] {
        folder.write(&without_model);
        succeeded(&folder.cargo(&[command]));
    }
    let empty = folder.times(&[without_model]).remove(0);

    let kinds = [
        ("chain", chain as fn(usize) -> Fields),
        ("residual", residual),
        ("unet", unet),
    ];
    let mut times = Vec::new();
    for (kind, fields) in kinds {
        let programs = LAYERS.map(|layers| fields(layers).program(layers));
        let of_kind = folder.times(&programs);
        for ((layers, program), times) in LAYERS.iter().zip(&programs).zip(&of_kind) {
            let (check, build) = (times.check.median(), times.build.median());
            let rmeta = folder.rmeta_bytes(program);
            println!("{kind} {layers} check {check:.2} build {build:.2} rmeta {rmeta}");
        }
        times.push((kind, of_kind));
    }
    let wrong = wrong_chain(&folder, 50);
    println!("chain-wrong 50 check {wrong:.2}");

    let (check, build) = (empty.check.median(), empty.build.median());
    println!("\na program without a model: check {check:.2} build {build:.2}");
    println!(
        "growth of the fastest runs, (200 layers − 5) / (100 − 5): \
         linear 2.05, quadratic 4, goal below {GROWTH_GOAL:.2}"
    );
    for (kind, of_kind) in &times {
        report_growth(kind, "check", of_kind, |t| &t.check);
        report_growth(kind, "build", of_kind, |t| &t.build);
    }
    for (layers, goal) in CHECK_GOALS {
        println!("check of {layers} layers, goal below {goal:.2} s");
        for (kind, of_kind) in &times {
            let check = at(of_kind, layers).check.median();
            println!("  {kind}: {check:.2}, {}", verdict(check < goal));
        }
    }
}

/// The seconds of each run.
#[derive(Clone, Default)]
struct Runs(Vec<f64>);

impl Runs {
    fn median(&self) -> f64 {
        let mut seconds = self.0.clone();
        seconds.sort_by(f64::total_cmp);
        seconds[seconds.len() / 2]
    }

    /// The run that whatever else the machine does has slowed least.
    fn fastest(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// How long cargo takes over a model.
#[derive(Clone, Default)]
struct Times {
    check: Runs,
    build: Runs,
}

/// The times of the model of so many layers.
fn at(times: &[Times], layers: usize) -> &Times {
    let place = LAYERS.iter().position(|l| *l == layers);
    &times[place.expect("a goal is about a size that is measured")]
}

fn verdict(holds: bool) -> &'static str {
    if holds {
        "holds"
    } else {
        "missed"
    }
}

fn report_growth(kind: &str, command: &str, times: &[Times], runs: fn(&Times) -> &Runs) {
    let beyond_five = |layers| runs(at(times, layers)).fastest() - runs(at(times, 5)).fastest();
    let growth = beyond_five(200) / beyond_five(100);
    let verdict = verdict((0.0..GROWTH_GOAL).contains(&growth));
    println!("  {kind} {command}: {growth:.2}, {verdict}");
}

/// The seconds of `cargo check` of a chain whose middle kernel is too large, which is one error.
fn wrong_chain(folder: &Folder, layers: usize) -> f64 {
    let mut fields = chain(layers);
    // Odd places hold a ReLU.
    let middle = layers / 4 * 2;
    fields.0[middle] = format!("layer{middle}: Conv2d<8, Kernel<31>>");
    let program = fields.program(layers);
    let runs = (0..RUNS).map(|_| {
        let (seconds, output) = folder.time("check", &program);
        let text = String::from_utf8_lossy(&output.stderr);
        let errors = text.lines().filter(|l| l.starts_with("error[E")).count();
        assert!(
            !output.status.success() && errors == 1 && text.contains(&format!("layer{middle}`")),
            "the wrong chain needs one error, about layer{middle}, and got {errors}:\n{text}"
        );
        seconds
    });
    Runs(runs.collect()).median()
}

/// The fields of a model from 8×16×16 to the shape it ends with.
struct Fields(Vec<String>);

impl Fields {
    /// A program that builds the model and runs it, so that a build has to make code for it.
    fn program(&self, layers: usize) -> String {
        assert_eq!(
            self.0.len(),
            layers,
            "a model has as many layers as its line says"
        );
        let size = if self.0.iter().any(|f| f.contains("MaxPool2d")) {
            8
        } else {
            16
        };
        let mut text = format!(
            "//! Generated.\n\
             use shapeproof::prelude::*;\n\n\
             #[model(input = Chw<8, 16, 16>, output = Chw<8, {size}, {size}>)]\n\
             pub struct Net {{\n"
        );
        for field in &self.0 {
            writeln!(text, "    {field},").expect("a String takes all text");
        }
        text.push_str(
            "}\n\n\
             /// Builds and runs the model.\n\
             pub fn main() {\n    \
                 let dev = Cpu::default();\n    \
                 let net: Net = Net::new(&dev);\n    \
                 let image: Batch<Chw<8, 16, 16>, usize, f32, Cpu> =\n        \
                     dev.zeros_like(&(1, Const, Const, Const));\n    \
                 println!(\"{:?}\", net.forward(image).as_vec());\n\
             }\n",
        );
        text
    }
}

/// Convolution, ReLU, convolution, ReLU, …
fn chain(layers: usize) -> Fields {
    let layer = |i| match i % 2 {
        0 => CONV,
        _ => "Relu",
    };
    Fields(
        (0..layers)
            .map(|i| format!("layer{i}: {}", layer(i)))
            .collect(),
    )
}

/// A convolution and the sum of what goes in and comes out, again and again.
fn residual(layers: usize) -> Fields {
    let mut fields = Vec::new();
    let mut before = "input".to_owned();
    for i in 0..layers {
        if i % 2 == 0 {
            fields.push(format!("layer{i}: {CONV}"));
        } else {
            fields.push(format!("#[from({before}, layer{})] layer{i}: Add", i - 1));
            before = format!("layer{i}");
        }
    }
    Fields(fields)
}

/// A stem that halves the image, convolutions on the way down, and for each of them, in reverse
/// order, a `Concat` with what went into it and a convolution on the way up.
///
/// All skips are of one resolution, since no layer enlarges an image.
fn unet(layers: usize) -> Fields {
    let depth = (layers - 2) / 3;
    let bottom = (layers - 2) % 3;
    let mut fields = vec![format!("stem: {CONV}"), "down0: MaxPool2d<2>".to_owned()];
    for i in 1..=depth {
        fields.push(format!("down{i}: {CONV}"));
    }
    let mut before = format!("down{depth}");
    for i in 0..bottom {
        before = format!("bottom{i}");
        fields.push(format!("{before}: {CONV}"));
    }
    for i in (0..depth).rev() {
        fields.push(format!("#[from({before}, down{i})] skip{i}: Concat"));
        before = format!("up{i}");
        fields.push(format!("{before}: {CONV}"));
    }
    Fields(fields)
}

/// A folder with the generated crate and its built dependencies, removed in the end.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Folder(TempDir::new().expect("the temporary folder can be written"));
        let manifest = format!(
            "[workspace]\n\n\
             [package]\nname = \"{CRATE}\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
             [[example]]\nname = \"library\"\ncrate-type = [\"lib\"]\n\n\
             [dependencies]\nshapeproof = {{ path = {ROOT:?} }}\n"
        );
        fs::write(folder.path("Cargo.toml"), manifest).expect("the folder can be written");
        // rustc writes metadata for a library only, so this is the same file as one.
        let library = "#[path = \"../src/main.rs\"]\npub mod model;\n";
        for (name, text) in [("src/main.rs", ""), ("examples/library.rs", library)] {
            let path = folder.path(name);
            let parent = path.parent().expect("it is in a folder");
            fs::create_dir(parent).expect("the folder can be written");
            fs::write(path, text).expect("the folder can be written");
        }
        for file in ["Cargo.lock", "rust-toolchain.toml"] {
            fs::copy(Path::new(ROOT).join(file), folder.path(file))
                .unwrap_or_else(|error| panic!("{file} can be copied: {error}"));
        }
        folder
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// Puts `program` into the generated crate, of which nothing is left but the dependencies.
    fn write(&self, program: &str) {
        match fs::remove_dir_all(self.path("target/debug/incremental")) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                panic!("the folder can be written: {error}")
            }
            _ => {}
        }
        fs::write(self.path("src/main.rs"), program).expect("the folder can be written");
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // What whoever measures has set for builds of their own must not change the result.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            let prefixes = ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_"];
            let names = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_INCREMENTAL"];
            if prefixes.iter().any(|p| text.starts_with(p)) || names.contains(&&*text) {
                cargo.env_remove(&name);
            }
        }
        cargo
            .args(arguments)
            .args(["--offline", "--color", "never", "--target-dir"])
            .arg(self.path("target"))
            .current_dir(self.0.path())
            .output()
            .expect("cargo can be started")
    }

    /// Runs `cargo command` on `program` alone.
    fn time(&self, command: &str, program: &str) -> (f64, Output) {
        self.write(program);
        let start = Instant::now();
        let output = self.cargo(&[command]);
        let seconds = start.elapsed().as_secs_f64();
        let text = String::from_utf8_lossy(&output.stderr);
        let compiled: Vec<_> = text
            .lines()
            .map(str::trim_start)
            .filter(|line| line.starts_with("Checking ") || line.starts_with("Compiling "))
            .collect();
        assert!(
            matches!(compiled[..], [only] if only.contains(CRATE)),
            "only the generated crate is compiled while time is taken, not {compiled:?}; \
             was shapeproof edited meanwhile?\n{text}"
        );
        (seconds, output)
    }

    /// The times of each program, all of which compile.
    fn times(&self, programs: &[String]) -> Vec<Times> {
        let mut all = vec![Times::default(); programs.len()];
        // In rounds, so that a busy moment of the machine does not meet all runs of one program.
        for _ in 0..RUNS {
            for (program, times) in programs.iter().zip(&mut all) {
                for (command, runs) in [("check", &mut times.check), ("build", &mut times.build)] {
                    let (seconds, output) = self.time(command, program);
                    succeeded(&output);
                    runs.0.push(seconds);
                }
            }
        }
        all
    }

    /// The size of the metadata of `program` as a library.
    fn rmeta_bytes(&self, program: &str) -> u64 {
        self.write(program);
        succeeded(&self.cargo(&["check", "--example", "library"]));
        let found = fs::read_dir(self.path("target/debug/examples"))
            .expect("cargo made the folder")
            .map(|entry| entry.expect("the folder can be read").path())
            .find(|path| path.extension().is_some_and(|e| e == "rmeta"))
            .expect("cargo check of a library writes metadata");
        fs::metadata(found).expect("the file is there").len()
    }
}

fn succeeded(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo failed:\n{text}");
}
