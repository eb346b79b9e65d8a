//! A small residual network learns to tell ten kinds of photos apart, and shows what it looks at.
//!
//! `cargo run --release --example cifar10` trains on coloured digits drawn by the program; `--data
//! DIR` takes the folder with `jpeg_train.tar.gz` and `jpeg_test.tar.gz`, CIFAR-10 as JPEG files in
//! one folder for each class. Into `--out` go the classifier and pictures: the confusion matrix, the
//! surest mistakes, what speaks for the classes found (Grad-CAM, saliency), and the first filters.
//! The last line is the accuracy on the test set.

mod flags;
mod objects;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use flags::{Defaults, Flags};
use objects::SmallResNet;
use shapeproof::data::{
    synthetic_digits, Class, DataError, Digits, Image, ImageFolder, Loader, Normalize, Picture,
    RandomCrop, RandomHorizontalFlip, Sample, Samples, Source,
};
use shapeproof::predict::Classifier;
use shapeproof::prelude::*;
use shapeproof::train::metrics::ConfusionMatrix;
use shapeproof::train::{Accuracy, CrossEntropy, Schedule, Sgd, Supervised};
use shapeproof::vision::{
    captioned, confusion_picture, filters, grad_cam, make_grid, saliency, Mistakes,
};

type Photo = Chw<3, 32, 32>;
type Photos = Samples<Photo, Class<10>>;

/// Trains a small residual network on CIFAR-10, or on drawn digits when no data is given.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// Trains on one of so many photos only
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    one_of: u32,
}

fn main() -> ExitCode {
    let defaults = Defaults {
        epochs: 8,
        batch: 128,
        lr: 0.15,
    };
    flags::main(defaults, run)
}

fn run(Arguments { flags, one_of }: Arguments) -> Result<(), Box<dyn Error>> {
    let (train, test, names) = match &flags.data {
        Some(dir) => {
            let read = |name: &str| ImageFolder::<Photo, 10>::from_tar(dir.join(name));
            let (train, test) = (read("jpeg_train.tar.gz")?, read("jpeg_test.tar.gz")?);
            let names = train.class_names().to_vec();
            (train.in_memory()?, test.in_memory()?, names)
        }
        None => {
            println!("no --data, so coloured digits are drawn by the program");
            // The seeds differ, so that no test image is a training image.
            let seed = flags.seed.wrapping_mul(2);
            let train = coloured(&synthetic_digits(6_000, seed))?;
            let test = coloured(&synthetic_digits(1_000, seed.wrapping_add(1)))?;
            (
                train,
                test,
                (0..10).map(|digit| digit.to_string()).collect(),
            )
        }
    };
    let names: [&str; 10] = std::array::from_fn(|class| names[class].as_str());
    // The folders come class by class; every 25th photo is kept back to validate.
    let (mut learn, mut valid) = (Vec::new(), Vec::new());
    for i in (0..train.len()).step_by(one_of as usize) {
        let part = if (i / one_of as usize).is_multiple_of(25) {
            &mut valid
        } else {
            &mut learn
        };
        part.push(i);
    }
    let normalize = Normalize::of_source(&train)?;
    let train = std::sync::Arc::new(train);
    let valid = Loader::new(train.clone().subset(valid), 250).normalized(normalize);
    let mut train = Loader::new(train.subset(learn), flags.batch())
        .shuffled(flags.seed)
        .normalized(normalize)
        .augmented(RandomCrop::new(4));
    if flags.data.is_some() {
        // A mirrored digit is none.
        train = train.augmented(RandomHorizontalFlip::new(0.5));
    }
    let test = Loader::new(test, 250).normalized(normalize);

    println!("{}", SmallResNet::summary());
    let dev = Cpu::seed_from_u64(flags.seed);
    let mut net: SmallResNet = SmallResNet::try_new(&dev)?;
    flags.load(&mut net)?;
    if flags.epochs > 0 {
        let smoothed = CrossEntropy {
            label_smoothing: 0.1,
            ..CrossEntropy::default()
        };
        let mut objective = Supervised::new(smoothed, Accuracy::default());
        let opt = Sgd::new(&net, flags.lr).momentum(0.9).nesterov(true);
        let mut opt = opt.weight_decay(5e-4);
        let fit = flags.fit("cifar10")?.schedule(Schedule::one_cycle());
        let trained = fit.run(&mut net, &mut opt, &train, &valid, &mut objective)?;
        flags.history(&trained, "cifar10")?;
    }
    let out = flags.folder()?.to_owned();
    let path = out.join("cifar10.safetensors");
    let classifier = Classifier::<_>::new(net, normalize).named(names);
    classifier.save(&path)?;
    println!("the classifier is in {}", path.display());

    let net: &SmallResNet = classifier.net();
    filters(&net.stem.conv.weight, 12).save(out.join("filters.png"))?;
    let (mut matrix, mut mistakes) = (ConfusionMatrix::<10>::new(), Mistakes::<10>::new(24));
    for batch in test.epoch::<f32, _>(&dev, 0)? {
        let batch = batch?;
        let logits = net.try_forward(batch.images.clone())?;
        matrix.add_logits(&logits, &batch.values);
        mistakes.add(&batch.images, &batch.values, &logits, normalize);
    }
    let eighth = |i: usize| Ok(test.source().get(i * test.samples() / 8)?.image);
    let images: Vec<Image<Photo>> = (0..8).map(eighth).collect::<Result<_, DataError>>()?;
    looks(&classifier, &images)?.save(out.join("looks.png"))?;
    confusion_picture(&matrix, names).save(out.join("confusion.png"))?;
    mistakes.sheet(names, 8).save(out.join("mistakes.png"))?;
    println!(
        "pictures in {}: filters, looks, confusion, mistakes",
        out.display()
    );
    println!("test accuracy {:.4}", matrix.accuracy().unwrap_or(0.0));
    Ok(())
}

/// Each image beside where the last stage finds the class that it is taken for (Grad-CAM), and the
/// pixels on which that hangs (saliency).
fn looks(
    classifier: &Classifier<SmallResNet>,
    images: &[Image<Photo>],
) -> Result<Picture, Box<dyn Error>> {
    let guesses = classifier.predict_all(images)?;
    let classes: Vec<usize> = guesses.iter().map(|guess| guess.class).collect();
    let tensor = classifier.tensor(images)?;
    let cams = grad_cam(classifier.net(), &tensor, "stage2", &classes)?;
    let pixels = saliency(classifier.net(), &tensor, &classes)?;
    let mut pictures = Vec::new();
    for (i, image) in images.iter().enumerate() {
        let photo = image.to_picture().resized_nearest(96, 96);
        pictures.push(captioned(&photo, &guesses[i].to_string()));
        pictures.push(captioned(&cams[i].over(&photo, 0.5), "Grad-CAM"));
        pictures.push(captioned(&pixels[i].over(&photo, 0.8), "saliency"));
    }
    Ok(make_grid(&pictures, 6))
}

/// Digits of 28×28 pixels, in colours of their own on a dark ground of 32×32.
fn coloured(digits: &Digits) -> Result<Photos, DataError> {
    let sample = |i: usize| {
        let mut values = vec![0; 3 * 32 * 32];
        for (channel, plane) in values.chunks_exact_mut(32 * 32).enumerate() {
            let ink = 255 - (i * (channel + 3) * 37 % 128) as u32;
            let ground = (i * (channel + 5) * 29 % 64) as u32;
            for (at, value) in plane.iter_mut().enumerate() {
                let (row, column) = ((at / 32).wrapping_sub(2), (at % 32).wrapping_sub(2));
                let inside = row < 28 && column < 28;
                let grey = if inside {
                    digits.image(i)[row * 28 + column]
                } else {
                    0
                };
                let grey = u32::from(grey);
                *value = ((grey * ink + (255 - grey) * ground) / 255) as u8;
            }
        }
        let image = Image::new(values)?;
        Ok(Sample {
            image,
            target: digits.label(i),
        })
    };
    Samples::new(
        (0..digits.len())
            .map(sample)
            .collect::<Result<_, DataError>>()?,
    )
}
