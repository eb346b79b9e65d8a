//! A capsule network reads digits and draws them again.
//!
//! `cargo run --release --example capsules` trains on digits drawn by the program; `--data DIR` takes
//! the four files of MNIST. The last line is the accuracy on the test set. `reconstructions.png`
//! shows digits above what is drawn from the pose of their longest capsule, `perturbations.png` what
//! becomes of one digit when one of the 16 numbers of its pose changes, a row for each.
//!
//! The network is that of the paper (`shapeproof::models::CapsNet`) with 64 filters in place of 256,
//! which leaves a fourteenth of the multiply-accumulates. docs/capsules.md tells how it learns. Sabour,
//! Frosst and Hinton, "Dynamic Routing Between Capsules", 2017.

mod flags;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use flags::{Defaults, Flags};
use shapeproof::data::{
    synthetic_digits, Class, Digits, Examples, Loader, Normalize, Picture, RandomCrop, Source,
};
use shapeproof::engine::with_constant_inputs;
use shapeproof::models::CapsDecoder;
use shapeproof::prelude::*;
use shapeproof::train::{
    evaluate, margin_loss, Accuracy, Adam, Mse, Objective, ObjectiveError, Schedule, Score, Scores,
    Traced, Truth,
};
use shapeproof::vision::{make_grid, to_pictures};

/// Finds digits and their poses.
#[model(input = Chw<1, 28, 28>, output = (digits: Chw<10, 16, 1>, lengths: Flat<10>))]
struct CapsNet {
    conv1: Conv2d<64, Kernel<9>>,
    relu: Relu,
    primary: PrimaryCaps<64, 8, 9, 2>,
    digits: DigitCaps<10, 16>,
    lengths: CapsLength,
}

/// The network, and what draws a digit from a pose, where the poses of all others are zero.
type Nets = (CapsNet, CapsDecoder);

/// Trains a capsule network on MNIST, or on synthetic digits when no data is given.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// Images to train on, at most 58,000, or 6,000 that are drawn by the program
    #[arg(long, default_value_t = 20_000)]
    images: usize,
}

type Poses = Batch<Chw<10, 16, 1>, usize, f32, Cpu>;
type Pictures = Batch<Chw<1, 28, 28>, usize, f32, Cpu>;
type Seen = Examples<Chw<1, 28, 28>, Class<10>, f32, Cpu>;

/// Margin loss, and a little of how far the picture is off.
struct Capsules;

/// The paper's weight of a sum over 784 pixels, here of their mean.
const RECONSTRUCTION: f32 = 0.0005 * 784.0;

impl Objective<Nets, Chw<1, 28, 28>, Class<10>, f32, Cpu> for Capsules {
    type Score = Accuracy;

    fn score(&self) -> Accuracy {
        Accuracy::default()
    }

    fn train(
        &mut self,
        (net, decoder): &mut Nets,
        batch: Seen,
        gradients: Gradients<f32, Cpu>,
        score: &mut Accuracy,
    ) -> Result<Traced<f32, Cpu>, ObjectiveError> {
        let (images, truth) = Truth::of(batch);
        let pixels = images.clone();
        let forward = || net.try_forward_mut(images.traced(gradients));
        let (poses, lengths) = with_constant_inputs(forward)?;
        score.add(&lengths.retaped::<NoneTape>(), &truth);
        let drawn = decoder.try_forward_mut(poses.try_mul(choice(&pixels, &truth.values))?)?;
        let off = Mse.of(drawn, &pixels)?.try_mul(RECONSTRUCTION)?;
        Ok(off.try_add(margin_loss(lengths, truth.targets)?)?)
    }

    fn evaluate(
        &mut self,
        (net, decoder): &Nets,
        batch: Seen,
        score: &mut Accuracy,
    ) -> Result<f64, ObjectiveError> {
        let (pixels, truth) = Truth::of(batch);
        let (poses, lengths) = net.try_forward(pixels.clone())?;
        score.add(&lengths, &truth);
        let drawn = decoder.try_forward(poses.try_mul(choice(&pixels, &truth.values))?)?;
        let off = Mse.of(drawn, &pixels)?.try_mul(RECONSTRUCTION)?;
        let loss = off.try_add(margin_loss(lengths, truth.targets)?)?;
        Ok(loss.array().into())
    }
}

/// Ones for the capsule of each image's class, zeros for the others.
fn choice(images: &Pictures, classes: &[usize]) -> Poses {
    let ones = |class: usize| (0..160).map(move |i| f32::from(u8::from(i / 16 == class)));
    let numbers = classes.iter().flat_map(|class| ones(*class)).collect();
    let dev = images.device();
    dev.tensor_from_vec(numbers, (classes.len(), Const, Const, Const))
}

fn main() -> ExitCode {
    let defaults = Defaults {
        epochs: 2,
        batch: 32,
        lr: 0.002,
    };
    flags::main(defaults, run)
}

fn run(Arguments { flags, images }: Arguments) -> Result<(), Box<dyn Error>> {
    let (train, valid, test) = match &flags.data {
        Some(dir) => {
            let all = Digits::mnist_train(dir)?;
            let (len, last) = (all.len(), all.len().saturating_sub(2_000));
            let train = all.clone().range(0..images.min(last));
            (train, all.range(last..len), Digits::mnist_test(dir)?)
        }
        None => {
            println!("no --data, so the digits are drawn by the program");
            // The seeds differ, so that no test image is a training image.
            let drawn =
                |n, more| synthetic_digits(n, flags.seed.wrapping_mul(3).wrapping_add(more));
            let (train, valid) = (drawn(6_000, 0), drawn(500, 1));
            (train.range(0..images), valid.range(0..500), drawn(1_000, 2))
        }
    };
    let train = Loader::new(train, flags.batch()).shuffled(flags.seed);
    let train = train.augmented(RandomCrop::new(2));
    let (valid, test) = (Loader::new(valid, 256), Loader::new(test, 256));

    println!("{}", CapsNet::summary());
    let dev = Cpu::seed_from_u64(flags.seed);
    let mut net: Nets = (CapsNet::try_new(&dev)?, CapsDecoder::try_new(&dev)?);
    flags.load(&mut net)?;
    if flags.epochs > 0 {
        let mut opt = Adam::new(&net, flags.lr);
        let fit = flags.fit("capsules")?.schedule(Schedule::one_cycle());
        let trained = fit.run(&mut net, &mut opt, &train, &valid, &mut Capsules)?;
        flags.history(&trained, "capsules")?;
        flags.save(&net, "capsules")?;
    }
    draw(&net, &dev, &test, flags.folder()?)?;
    let accuracy = evaluate(&net, &dev, &test, &mut Capsules)?.score.value();
    println!("test accuracy {:.4}", accuracy.unwrap_or(0.0));
    Ok(())
}

/// What is added to a number of a pose, as in the paper: −0.25, −0.20, …, 0.25.
const STEPS: usize = 11;

fn draw(nets: &Nets, dev: &Cpu, test: &Loader<Digits>, to: &Path) -> Result<(), Box<dyn Error>> {
    let (net, decoder) = nets;
    let Some(batch) = test.epoch(dev, 0)?.next() else {
        return Ok(());
    };
    let images: Pictures = batch?.images;
    let (poses, lengths) = net.try_forward(images.clone())?;
    let longest = |lengths: &[f32]| (0..10).max_by(|a, b| lengths[*a].total_cmp(&lengths[*b]));
    let found: Vec<usize> = lengths.as_vec().chunks(10).filter_map(longest).collect();
    let poses: Poses = poses.try_mul(choice(&images, &found))?;
    let drawn = decoder.try_forward(poses.clone())?;

    let pictures = |images: &Pictures| to_pictures(images, Normalize::NONE);
    let (seen, drawn) = (pictures(&images), pictures(&drawn));
    let rows = seen.chunks(10).zip(drawn.chunks(10)).take(2);
    let rows: Vec<_> = rows.flat_map(|(a, b)| [a, b].concat()).collect();
    save(make_grid(&rows, 10), &to.join("reconstructions.png"))?;

    let (pose, digit) = (&poses.as_vec()[..160], found[0]);
    let changed = (0..16 * STEPS).flat_map(|place| {
        let mut pose = pose.to_vec();
        pose[digit * 16 + place / STEPS] += 0.05 * (place % STEPS) as f32 - 0.25;
        pose
    });
    let changed: Poses = dev.tensor_from_vec(changed.collect(), (16 * STEPS, Const, Const, Const));
    let drawn = pictures(&decoder.try_forward(changed)?);
    save(make_grid(&drawn, STEPS), &to.join("perturbations.png"))
}

/// Twice as large, because digits are small.
fn save(picture: Picture, path: &Path) -> Result<(), Box<dyn Error>> {
    let (height, width) = (2 * picture.height(), 2 * picture.width());
    picture.resized_nearest(height, width).save(path)?;
    println!("picture in {}", path.display());
    Ok(())
}
