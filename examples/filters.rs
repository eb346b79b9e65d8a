//! What filters see: a photo through kernels set by hand, and through the stages of a trained LeNet.
//!
//! `cargo run --release --example filters -- --image photo.png` writes three sheets into `--out`:
//! `filters.png`, the photo through edge, Sobel, Laplacian, sharpen, blur and emboss kernels, its
//! border handled as `--border` says; `stages.png`, the photo after each stage of LeNet-5; and
//! `learned.png`, the filters that LeNet-5 has learned. Without `--image` the program draws a
//! picture; without `--load` LeNet-5 learns drawn digits first.

mod bank;
mod flags;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use bank::{Grey, Mirrored, Valid, Zero, INNER, NAMES, SIDE, SLOPES};
use clap::{Parser, ValueEnum};
use flags::{Defaults, Flags};
use shapeproof::data::{synthetic_digits, Image, Loader, Normalize, Picture};
use shapeproof::layers::observe;
use shapeproof::models::LeNet5;
use shapeproof::predict::Classifier;
use shapeproof::prelude::*;
use shapeproof::train::{Accuracy, Adam, CrossEntropy, Schedule, Supervised};
use shapeproof::vision::{captioned, feature_maps, filters, make_grid, to_tensor};

/// Shows what filters see.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// A PNG or JPEG file; its middle square is taken
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// What stands around the photo
    #[arg(long, value_enum, default_value = "reflect")]
    border: Border,
}

#[derive(Clone, Copy, ValueEnum)]
enum Border {
    /// Nothing: the filtered photo is smaller
    Valid,
    /// Black
    Zero,
    /// Grey
    Grey,
    /// The photo, mirrored at its outermost pixels
    Reflect,
}

fn main() -> ExitCode {
    let defaults = Defaults {
        epochs: 2,
        batch: 64,
        lr: 0.002,
    };
    flags::main(defaults, run)
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments {
        flags,
        image,
        border,
    } = arguments;
    let photo = match image {
        Some(path) => middle(&Picture::read(path)?),
        None => drawn(),
    };
    let out = flags.folder()?.to_owned();
    let dev = Cpu::seed_from_u64(flags.seed);

    let image = Image::<Chw<1, SIDE, SIDE>>::of(&photo);
    let x = to_tensor(&dev, std::slice::from_ref(&image), Normalize::NONE)?;
    let (numbers, side) = match border {
        Border::Valid => (Valid::<f32, Cpu>::new(&dev).forward(x).as_vec(), INNER),
        Border::Zero => (Zero::<f32, Cpu>::new(&dev).forward(x).as_vec(), SIDE),
        Border::Grey => (Grey::<f32, Cpu>::new(&dev).forward(x).as_vec(), SIDE),
        Border::Reflect => (Mirrored::<f32, Cpu>::new(&dev).forward(x).as_vec(), SIDE),
    };
    let mut sheet = vec![captioned(&image.to_picture(), "photo")];
    let maps = numbers.chunks_exact(side * side).zip(NAMES).enumerate();
    sheet.extend(maps.map(|(i, (map, name))| captioned(&pictured(map, side, i < SLOPES), name)));
    make_grid(&sheet, 3).save(out.join("filters.png"))?;

    let (net, normalize) = match &flags.load {
        Some(path) => {
            let classifier = Classifier::<LeNet5>::load(path)?;
            let normalize = classifier.normalize();
            (classifier.into_net(), normalize)
        }
        None => learned(&flags, &dev)?,
    };
    filters(&net.conv1.weight, 16).save(out.join("learned.png"))?;
    let small = Image::<Chw<1, 28, 28>>::of(&photo);
    let x = to_tensor(&dev, std::slice::from_ref(&small), normalize)?;
    let (_, seen) = observe::<f32, Cpu, _>(|| net.forward(x));
    let mut stages = vec![captioned(
        &small.to_picture().resized_nearest(112, 112),
        "28x28",
    )];
    for (layer, zoom) in [
        ("conv1", 3),
        ("relu1", 3),
        ("pool1", 6),
        ("conv2", 6),
        ("relu2", 6),
        ("pool2", 12),
    ] {
        let maps = feature_maps(&seen.get(layer)?.clone().into_images(), 0, zoom);
        stages.push(captioned(&maps, layer));
    }
    make_grid(&stages, 4).save(out.join("stages.png"))?;
    println!("pictures in {}: filters, learned, stages", out.display());
    Ok(())
}

/// A LeNet-5 that has learned drawn digits, and how they were normalised.
fn learned(flags: &Flags, dev: &Cpu) -> Result<(LeNet5, Normalize<1>), Box<dyn Error>> {
    println!("no --load, so LeNet-5 learns digits drawn by the program");
    let seed = flags.seed.wrapping_mul(2);
    let train = synthetic_digits(4_000, seed);
    let valid = synthetic_digits(500, seed.wrapping_add(1));
    let normalize = Normalize::of(&train);
    let train = Loader::new(train, flags.batch()).shuffled(flags.seed);
    let (train, valid) = (train.normalized(normalize), Loader::new(valid, 250));
    let valid = valid.normalized(normalize);
    let mut net: LeNet5 = LeNet5::try_new(dev)?;
    let mut objective = Supervised::new(CrossEntropy::default(), Accuracy::default());
    let mut opt = Adam::new(&net, flags.lr);
    let fit = flags.fit("filters")?.schedule(Schedule::cosine());
    fit.run(&mut net, &mut opt, &train, &valid, &mut objective)?;
    Ok((net, normalize))
}

/// A map as a picture: of slopes, 0 is grey and the steepest black or white; others are pixels.
fn pictured(map: &[f32], side: usize, slopes: bool) -> Picture {
    let most = map
        .iter()
        .fold(f32::MIN_POSITIVE, |most, x| most.max(x.abs()));
    let byte = |x: &f32| {
        let share = if slopes { (x / most + 1.0) / 2.0 } else { *x };
        (share * 255.0 + 0.5) as u8 // `as` cuts off below 0 and above 255
    };
    let values = map.iter().map(byte).collect();
    Picture::new(1, side, side, values).expect("a map has side · side numbers")
}

/// The middle square of a photo, in grey.
fn middle(photo: &Picture) -> Picture {
    let photo = photo.to_grey();
    let side = photo.height().min(photo.width());
    let (top, left) = ((photo.height() - side) / 2, (photo.width() - side) / 2);
    let rows = (top..top + side).map(|row| row * photo.width() + left);
    let values = rows.flat_map(|at| photo.values()[at..at + side].to_vec());
    Picture::new(1, side, side, values.collect()).expect("a square has side · side values")
}

/// A sky that gets darker, a sun, hills and a fence.
fn drawn() -> Picture {
    let mut picture = Picture::filled(SIDE, SIDE, [0; 3]).to_grey();
    for row in 0..SIDE {
        for column in 0..SIDE {
            let (y, x) = (row as f32, column as f32);
            let hill = 150.0 + 25.0 * (x / 40.0).sin() + 10.0 * (x / 11.0).cos();
            let grey = if (x - 190.0).hypot(y - 60.0) < 30.0 {
                250.0
            } else if row > 200 && column % 32 < 10 {
                220.0
            } else if y > hill {
                60.0 + (y - hill) / 2.0
            } else {
                200.0 - y / 2.0
            };
            picture.paint(row, column, [grey as u8; 3]);
        }
    }
    picture
}
