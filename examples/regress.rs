//! A small network tells by how much a digit is turned.
//!
//! `cargo run --release --example regress` turns digits drawn by the program by up to 45 degrees
//! either way; `--data DIR` takes the four files of MNIST. The last line is the mean absolute error
//! on the test set, in degrees. `upright.png` shows digits above the same turned back by what the
//! network says, with the true and the found angles.
//!
//! # What the network puts out
//!
//! An angle has a seam: 359 degrees are one away from 0, but a loss of the numbers thinks them far
//! apart, and between both a network must jump. The sine and the cosine of an angle have no seam: near
//! directions have near numbers, and `atan2` gives the angle back, whatever the length of the two.
//! Here angles are threefold, so that ±45 degrees become ±135: most of the circle is used, which
//! makes an error of the numbers a third as large in degrees, and the rest of it keeps both ends apart.

mod flags;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use flags::{Defaults, Flags};
use shapeproof::data::{
    synthetic_digits, DataError, Digits, Loader, Normalize, Numbers, Picture, Rotated, Sample,
    Source,
};
use shapeproof::prelude::*;
use shapeproof::train::{Adam, MeanAbsoluteError, Mse, Schedule, Supervised};
use shapeproof::vision::{captioned, make_grid};

/// Sine and cosine of three times the angle.
#[model(input = Chw<1, 28, 28>, output = Flat<2>)]
struct Compass {
    conv1: Conv2d<16, Kernel<3>, Padding<1>, NoBias>,
    bn1: BatchNorm2d,
    relu1: Relu,
    pool1: MaxPool2d<2>,
    conv2: Conv2d<32, Kernel<3>, Padding<1>, NoBias>,
    bn2: BatchNorm2d,
    relu2: Relu,
    pool2: MaxPool2d<2>,
    conv3: Conv2d<64, Kernel<3>, NoBias>,
    bn3: BatchNorm2d,
    relu3: Relu,
    flatten: Flatten,
    fc1: Linear<128>,
    relu4: Relu,
    fc2: Linear<2>,
}

/// Learns how far digits of MNIST are turned, or synthetic ones when no data is given.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// Images to train on, at most 58,000, or 12,000 that are drawn by the program
    #[arg(long, default_value_t = 58_000)]
    images: usize,
}

/// Digits are turned by at most so many degrees.
const MOST: f64 = 45.0;
/// Angles are multiplied by this, so that the ends are 135 degrees from the middle.
const FOLD: f32 = 3.0;

fn direction([degrees]: [f32; 1]) -> [f32; 2] {
    let (sin, cos) = (FOLD * degrees).to_radians().sin_cos();
    [sin, cos]
}

fn degrees(direction: &[f32]) -> f64 {
    f64::from(direction[0].atan2(direction[1]).to_degrees() / FOLD)
}

fn main() -> ExitCode {
    let defaults = Defaults {
        epochs: 4,
        batch: 64,
        lr: 0.003,
    };
    flags::main(defaults, run)
}

fn run(Arguments { flags, images }: Arguments) -> Result<(), Box<dyn Error>> {
    // The seeds differ, so that no test image is a training image.
    let seed = flags.seed.wrapping_mul(3);
    let drawn = |count, more: u64| synthetic_digits(count, seed.wrapping_add(more));
    let (train, valid, test) = match &flags.data {
        Some(dir) => {
            let all = Digits::mnist_train(dir)?;
            let (len, last) = (all.len(), all.len().saturating_sub(2_000));
            let train = all.clone().range(0..last);
            (train, all.range(last..len), Digits::mnist_test(dir)?)
        }
        None => {
            println!("no --data, so the digits are drawn by the program");
            (
                drawn(12_000, 0).range(0..12_000),
                drawn(500, 1).range(0..500),
                drawn(2_000, 2),
            )
        }
    };
    let normalize = Normalize::of_source(&train)?;
    // Of all of them, so that a network that is loaded sees what it saw, whatever --images says.
    let train = Rotated::new(train.range(0..images), MOST, seed);
    let train = train.with_targets::<Numbers<2>, _>(direction);
    let train = Loader::new(train.in_memory()?, flags.batch()).shuffled(flags.seed);
    let train = train.normalized(normalize);
    let valid = Rotated::new(valid, MOST, seed.wrapping_add(1));
    let valid = Loader::new(valid.with_targets::<Numbers<2>, _>(direction), 256);
    let valid = valid.normalized(normalize);
    let test = Rotated::new(test, MOST, seed.wrapping_add(2));

    println!("{}", Compass::summary());
    let dev = Cpu::seed_from_u64(flags.seed);
    let mut net: Compass = Compass::try_new(&dev)?;
    flags.load(&mut net)?;
    if flags.epochs > 0 {
        let mut opt = Adam::new(&net, flags.lr);
        let mut objective = Supervised::new(Mse, MeanAbsoluteError::default());
        let fit = flags.fit("regress")?.schedule(Schedule::one_cycle());
        let trained = fit.run(&mut net, &mut opt, &train, &valid, &mut objective)?;
        flags.history(&trained, "regress")?;
        flags.save(&net, "regress")?;
    }

    let (mut off, mut first) = (0.0, Vec::new());
    for batch in Loader::new(test.clone(), 256)
        .normalized(normalize)
        .epoch(&dev, 0)?
    {
        let batch = batch?;
        let found = net.try_forward(batch.images)?.as_vec();
        for (found, [turned]) in found.chunks(2).map(degrees).zip(batch.values) {
            off += (found - f64::from(turned)).abs();
            if first.len() < SHOWN {
                first.push(found);
            }
        }
    }
    let path = flags.folder()?.join("upright.png");
    turned_upright(&test, &first)?.save(&path)?;
    println!("digits above the same turned upright in {}", path.display());
    println!("test mae {:.2} degrees", off / test.len() as f64);
    Ok(())
}

/// Digits in the picture, and in a row of it.
const SHOWN: usize = 20;
const ROW: usize = 10;

/// The first images, each with the true angle, above the same turned back by the angle found.
fn turned_upright(test: &Rotated<Digits>, found: &[f64]) -> Result<Picture, DataError> {
    let (mut seen, mut upright) = (Vec::new(), Vec::new());
    for (i, found) in found.iter().enumerate() {
        let Sample { image, target } = test.get(i)?;
        let caption = |image: Picture, degrees: f64| {
            captioned(&image.resized(56, 56), &format!("{degrees:.0}"))
        };
        seen.push(caption(image.to_picture(), target[0].into()));
        upright.push(caption(image.rotated(-found).to_picture(), *found));
    }
    let rows = seen.chunks(ROW).zip(upright.chunks(ROW));
    let rows: Vec<Picture> = rows.flat_map(|(a, b)| [a, b].concat()).collect();
    Ok(make_grid(&rows, ROW))
}
