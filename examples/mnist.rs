//! LeNet-5 learns handwritten digits.
//!
//! `cargo run --release --example mnist` trains on digits drawn by the program; `--data DIR` takes
//! the four files of MNIST (or Fashion-MNIST), plain or gzipped. The last line is the accuracy on
//! the test set; the parameters end up in `lenet5.safetensors`, the curves in `lenet5.png`.

mod flags;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use flags::{Defaults, Flags};
use shapeproof::data::{synthetic_digits, Digits, Loader, Normalize};
use shapeproof::predict::Classifier;
use shapeproof::prelude::*;
use shapeproof::train::{evaluate, Accuracy, Adam, CrossEntropy, Schedule, Score, Supervised};

/// LeNet-5 on 28×28 grey images, with ReLU and max-pooling.
#[model(input = Chw<1, 28, 28>, output = Flat<10>, max_params = 62_000)]
struct LeNet5 {
    conv1: Conv2d<6, Kernel<5>, Padding<2>>,
    relu1: Relu,
    pool1: MaxPool2d<2>,
    conv2: Conv2d<16, Kernel<5>>,
    relu2: Relu,
    pool2: MaxPool2d<2>,
    flatten: Flatten,
    fc1: Linear<120>,
    relu3: Relu,
    fc2: Linear<84>,
    relu4: Relu,
    fc3: Linear<10>,
}

/// Trains LeNet-5 on MNIST, or on synthetic digits when no data is given.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
}

/// What the example `predict` calls the digits.
const NAMES: [&str; 10] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

fn main() -> ExitCode {
    let defaults = Defaults {
        epochs: 3,
        batch: 64,
        lr: 0.002,
    };
    flags::main(defaults, run)
}

fn run(Arguments { flags }: Arguments) -> Result<(), Box<dyn Error>> {
    let (train, test) = match &flags.data {
        Some(dir) => (Digits::mnist_train(dir)?, Digits::mnist_test(dir)?),
        None => {
            println!("no --data, so the digits are drawn by the program");
            // The seeds differ, so that no test image is a training image.
            let seed = flags.seed.wrapping_mul(2);
            (
                synthetic_digits(20_000, seed),
                synthetic_digits(4_000, seed.wrapping_add(1)),
            )
        }
    };
    let normalize = Normalize::of(&train);
    let train = Loader::new(train.normalized(normalize), flags.batch()).shuffled(flags.seed);
    let test = Loader::new(test.normalized(normalize), 256);

    println!("{}", LeNet5::summary());
    let dev = Cpu::seed_from_u64(flags.seed);
    let mut net: LeNet5 = LeNet5::try_new(&dev)?;
    flags.load(&mut net)?;
    let mut objective = Supervised::new(CrossEntropy::default(), Accuracy::default());
    if flags.epochs > 0 {
        let mut opt = Adam::new(&net, flags.lr);
        let fit = flags.fit("lenet5")?.schedule(Schedule::cosine());
        let trained = fit.run(&mut net, &mut opt, &train, &test, &mut objective)?;
        flags.history(&trained, "lenet5")?;
    }
    let accuracy = evaluate(&net, &dev, &test, &mut objective)?.score.value();
    if flags.epochs > 0 {
        // With the normalisation and the names, so that the example `predict` can use it.
        let path = flags.folder()?.join("lenet5.safetensors");
        let classifier = Classifier::<_>::new(net, normalize).named(NAMES);
        classifier.save(&path)?;
        println!("the classifier is in {}", path.display());
    }
    println!("test accuracy {:.4}", accuracy.unwrap_or(0.0));
    Ok(())
}
