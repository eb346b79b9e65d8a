//! LeNet-5 learns handwritten digits.
//!
//! `cargo run --release --example mnist` trains on digits drawn by the program; `--data DIR` takes
//! the four files of MNIST (or Fashion-MNIST), plain or gzipped. The last line is the accuracy on
//! the test set; the parameters end up in `lenet5.safetensors`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use rand::{rngs::StdRng, SeedableRng};
use shapeproof::data::{synthetic_digits, Digits, Normalize};
use shapeproof::prelude::*;
use shapeproof::train::{cross_entropy, Adam};
use shapeproof::weights;

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
    /// Folder with the four IDX files, plain or .gz
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Passes over the training set; 0 only evaluates
    #[arg(long, default_value_t = 3)]
    epochs: usize,
    /// Images in a mini-batch
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Learning rate at the start; it falls to 0 along a cosine
    #[arg(long, default_value_t = 0.002, value_parser = positive)]
    lr: f64,
    /// Seed of the parameters, of the order of the images and of synthetic digits
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Parameters to start from
    #[arg(long, value_name = "FILE")]
    load: Option<PathBuf>,
    /// Folder for lenet5.safetensors
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(x) if x > 0.0 && x < f64::INFINITY => Ok(x),
        _ => Err("a learning rate is a positive number".into()),
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let (train, test) = match &arguments.data {
        Some(dir) => (Digits::mnist_train(dir)?, Digits::mnist_test(dir)?),
        None => {
            println!("no --data, so the digits are drawn by the program");
            // The seeds differ, so that no test image is a training image.
            let seed = arguments.seed.wrapping_mul(2);
            (
                synthetic_digits(20_000, seed),
                synthetic_digits(4_000, seed.wrapping_add(1)),
            )
        }
    };
    let normalize = Normalize::of(&train);
    let (train, test) = (train.normalized(normalize), test.normalized(normalize));

    println!("{}", LeNet5::summary());
    let dev = Cpu::seed_from_u64(arguments.seed);
    let mut net: LeNet5 = LeNet5::try_new(&dev)?;
    if let Some(path) = &arguments.load {
        weights::load(&mut net, path)?;
    }
    if arguments.epochs > 0 {
        let path = arguments.out.join("lenet5.safetensors");
        std::fs::create_dir_all(&arguments.out)
            .map_err(|e| format!("cannot make the folder {}: {e}", arguments.out.display()))?;
        // Learned now, not after an epoch.
        tempfile::tempfile_in(&arguments.out)
            .map_err(|e| format!("cannot write into {}: {e}", arguments.out.display()))?;
        fit(&mut net, &dev, &train, &test, arguments, &path)?;
        println!("parameters in {}", path.display());
    }
    println!("test accuracy {:.4}", accuracy(&net, &dev, &test)?);
    Ok(())
}

/// Trains for `--epochs` passes and saves after each.
fn fit(
    net: &mut LeNet5,
    dev: &Cpu,
    train: &Digits,
    test: &Digits,
    arguments: &Arguments,
    path: &std::path::Path,
) -> Result<(), Box<dyn Error>> {
    let batch_size = arguments.batch as usize;
    let steps = train.len().div_ceil(batch_size) * arguments.epochs;
    let mut rng = StdRng::seed_from_u64(arguments.seed);
    let mut opt = Adam::new(net, arguments.lr);
    let mut grads = net.alloc_grads();
    let mut step = 0;
    let style = ProgressStyle::with_template("{prefix} {bar:24} {pos}/{len} {msg} eta {eta}")?;

    for epoch in 1..=arguments.epochs {
        let bar = ProgressBar::new(train.len() as u64).with_style(style.clone());
        bar.set_prefix(format!("epoch {epoch}"));
        let start = Instant::now();
        let (mut seen, mut hits, mut loss_sum) = (0, 0, 0.0);
        for batch in train.shuffled_batches(dev, batch_size, &mut rng)? {
            let batch = batch?;
            let size = batch.labels.len();
            let progress = step as f64 / steps as f64;
            opt.lr = arguments.lr * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());

            let logits = net.try_forward_mut(batch.images.traced(grads))?;
            hits += count_hits(&logits.as_vec(), &batch.labels);
            let loss = cross_entropy(logits, &batch.labels)?;
            let value = loss.array();
            if !value.is_finite() {
                return Err(format!(
                    "the loss is {value} in epoch {epoch} at image {seen} of {}; try a lower --lr than {}",
                    train.len(),
                    arguments.lr,
                )
                .into());
            }
            grads = loss.try_backward()?;
            opt.step(net, &mut grads)?;

            step += 1;
            seen += size;
            loss_sum += f64::from(value) * size as f64;
            let (n, seconds) = (seen as f64, start.elapsed().as_secs_f64());
            bar.set_position(seen as u64);
            bar.set_message(format!(
                "loss {:.4} accuracy {:.4} {:.0} images/s",
                loss_sum / n,
                hits as f64 / n,
                n / seconds,
            ));
        }
        bar.finish_and_clear();
        let seconds = start.elapsed().as_secs_f64();
        weights::save(net, path)?;
        println!(
            "epoch {epoch} loss {:.4} accuracy {:.4} {:.0} images/s {seconds:.1} s, test {:.4}",
            loss_sum / seen as f64,
            hits as f64 / seen as f64,
            seen as f64 / seconds,
            accuracy(net, dev, test)?,
        );
    }
    Ok(())
}

/// The share of images whose largest logit is that of their class.
fn accuracy(net: &LeNet5, dev: &Cpu, data: &Digits) -> Result<f64, Box<dyn Error>> {
    let mut hits = 0;
    for batch in data.batches(dev, 256)? {
        let batch = batch?;
        let logits = net.try_forward(batch.images)?;
        hits += count_hits(&logits.as_vec(), &batch.labels);
    }
    Ok(hits as f64 / data.len() as f64)
}

fn count_hits(logits: &[f32], labels: &[usize]) -> usize {
    let best = |row: &[f32]| (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]));
    let guesses = logits.chunks(10).map(best);
    guesses.zip(labels).filter(|(g, l)| *g == Some(**l)).count()
}
