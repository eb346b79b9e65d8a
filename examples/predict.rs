//! Pictures in, classes out: classifies the PNG and JPEG files given on the command line.
//!
//! `cargo run --release --example predict -- --load lenet5.safetensors a.png b.png` takes a
//! classifier of digits, as the example `mnist` writes it; `--network objects --load
//! cifar10.safetensors` one of photos, as `cifar10` writes it. How images are normalised and what
//! the classes are called is in the file. Without `--load` a LeNet-5 learns drawn digits first,
//! and without pictures it draws some, too. A file that is no picture is told, the others are
//! classified all the same, and the exit code is 1.

mod objects;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use objects::SmallResNet;
use shapeproof::data::{synthetic_digits, Loader, Normalize, Picture, Source};
use shapeproof::labels;
use shapeproof::models::LeNet5;
use shapeproof::predict::{Classifier, PredictError};
use shapeproof::prelude::*;
use shapeproof::train::{Accuracy, Adam, CrossEntropy, Fit, Schedule, Supervised};

labels! {
    /// What LeNet-5 tells apart.
    enum Digit {
        Zero = "zero",
        One = "one",
        Two = "two",
        Three = "three",
        Four = "four",
        Five = "five",
        Six = "six",
        Seven = "seven",
        Eight = "eight",
        Nine = "nine",
    }
}

/// Classifies pictures.
#[derive(Parser)]
struct Arguments {
    /// The pictures: PNG or JPEG, of any size, grey or in colours
    pictures: Vec<PathBuf>,
    /// The classifier
    #[arg(long, value_name = "FILE")]
    load: Option<PathBuf>,
    /// What network the file holds
    #[arg(long, value_enum, default_value = "digits")]
    network: Network,
    /// Folder for the drawn digits and the classifier that learned them
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Network {
    /// LeNet-5 of `mnist`
    Digits,
    /// The residual network of `cifar10`
    Objects,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Classifies all pictures; how many could not be.
fn run(arguments: Arguments) -> Result<usize, Box<dyn Error>> {
    let Arguments {
        mut pictures,
        load,
        network,
        out,
    } = arguments;
    if let (Network::Objects, Some(path)) = (network, &load) {
        let classifier = Classifier::<SmallResNet>::load(path)?;
        return Ok(classify(&pictures, |picture| {
            Ok(classifier.predict(picture)?.to_string())
        }));
    }
    let classifier: Classifier<LeNet5, Digit> = match (load, network) {
        (Some(path), _) => Classifier::load(path)?,
        (None, Network::Objects) => return Err("--network objects needs a file to --load".into()),
        (None, Network::Digits) => learned(&out)?,
    };
    if pictures.is_empty() {
        let digits = synthetic_digits(10, 5);
        for i in 0..digits.len() {
            let path = out.join(format!("digit{i}.png"));
            digits.get(i)?.image.to_picture().save(&path)?;
            pictures.push(path);
        }
    }
    Ok(classify(&pictures, |picture| {
        let prediction = classifier.predict(picture)?;
        // The class is a type of the program, which the compiler sees through.
        let kind = match prediction.class {
            Digit::One | Digit::Three | Digit::Five | Digit::Seven | Digit::Nine => "odd",
            Digit::Zero | Digit::Two | Digit::Four | Digit::Six | Digit::Eight => "even",
        };
        Ok(format!("{prediction} ({kind})"))
    }))
}

/// One line for each picture; how many could not be classified.
fn classify(
    pictures: &[PathBuf],
    answer: impl Fn(&Picture) -> Result<String, PredictError>,
) -> usize {
    let mut failed = 0;
    for path in pictures {
        let read = Picture::read(path).map_err(Box::<dyn Error>::from);
        match read.and_then(|picture| Ok(answer(&picture)?)) {
            Ok(answer) => println!("{}: {answer}", path.display()),
            Err(error) => {
                eprintln!("error: {error}");
                failed += 1;
            }
        }
    }
    println!(
        "classified {} of {}",
        pictures.len() - failed,
        pictures.len()
    );
    failed
}

/// A LeNet-5 that has learned drawn digits, saved in `out`.
fn learned(out: &Path) -> Result<Classifier<LeNet5, Digit>, Box<dyn Error>> {
    println!("no --load, so LeNet-5 learns digits drawn by the program");
    let (train, valid) = (synthetic_digits(6_000, 0), synthetic_digits(500, 1));
    let normalize = Normalize::of(&train);
    let mut net: LeNet5 = LeNet5::new(&Cpu::default());
    let mut objective = Supervised::new(CrossEntropy::default(), Accuracy::default());
    let mut opt = Adam::new(&net, 0.002);
    Fit::new(2).schedule(Schedule::cosine()).run(
        &mut net,
        &mut opt,
        &Loader::new(train, 64).shuffled(0).normalized(normalize),
        &Loader::new(valid, 250).normalized(normalize),
        &mut objective,
    )?;
    let classifier = Classifier::new(net, normalize);
    std::fs::create_dir_all(out)?;
    let path = out.join("digits.safetensors");
    classifier.save(&path)?;
    println!("the classifier is in {}", path.display());
    Ok(classifier)
}
