//! A small Faster R-CNN finds blood cells, or digits.
//!
//! `cargo run --release --example detect` trains on scenes of the digits 0, 1 and 2 that the program
//! draws; `--data DIR` takes the folder of BCCD, with its lists `train` and `val`. The last line is the
//! mean average precision on the test set, where a box is right that shares half with a thing;
//! `detections.png` shows what was found. Parameters end up in `detect.safetensors`.

mod flags;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use flags::{Defaults, Flags};
use rand::{rngs::StdRng, SeedableRng};
use shapeproof::data::{
    Boxes, ColorJitter, DigitScenes, Examples, Loader, Normalize, RandomAffine,
    RandomHorizontalFlip, RandomVerticalFlip, Samples, Source, VocBoxes,
};
use shapeproof::detection::{Anchors, BoxHead, FasterRcnn, RegionProposals, RoiAlign};
use shapeproof::engine::with_constant_inputs;
use shapeproof::models::{SmallBoxHead, SmallRpn};
use shapeproof::prelude::*;
use shapeproof::train::metrics::AveragePrecision;
use shapeproof::train::{evaluate, AdamW, Objective, ObjectiveError, Schedule, Score, Traced};
use shapeproof::vision::{draw_bounding_boxes, make_grid};

type Photo = Chw<3, 120, 160>;
type Things = Boxes<3>;
/// The network that proposes boxes, and the one that looks into them.
type Net = (SmallRpn, SmallBoxHead);
/// Trains a small Faster R-CNN on BCCD, or on scenes of digits when no data is given.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
}

/// What ties the two networks together, and learns.
struct Finder(FasterRcnn<3, 3, 7, 7, 3>);

impl Objective<Net, Photo, Things, f32, Cpu> for Finder {
    type Score = AveragePrecision<3>;

    fn score(&self) -> AveragePrecision<3> {
        AveragePrecision::new()
    }

    fn train(
        &mut self,
        (rpn, head): &mut Net,
        batch: Examples<Photo, Things, f32, Cpu>,
        gradients: Gradients<f32, Cpu>,
        _: &mut AveragePrecision<3>,
    ) -> Result<Traced<f32, Cpu>, ObjectiveError> {
        let mut rng = StdRng::seed_from_u64(batch.images.device().random_u64());
        let images = batch.images.traced(gradients);
        let first = with_constant_inputs(|| rpn.try_forward_mut(images))?;
        let second = |parts| head.try_forward_mut(parts);
        Ok(self.0.loss(first, &batch.values, &mut rng, second)?)
    }

    fn evaluate(
        &mut self,
        (rpn, head): &Net,
        batch: Examples<Photo, Things, f32, Cpu>,
        score: &mut AveragePrecision<3>,
    ) -> Result<f64, ObjectiveError> {
        let first = rpn.try_forward(batch.images)?;
        let found = self
            .0
            .detect(first.clone(), |parts| head.try_forward(parts))?;
        for (truths, found) in batch.values.iter().zip(&found) {
            score.add(truths, found);
        }
        // The same anchors and boxes are drawn every time.
        let mut rng = StdRng::seed_from_u64(0);
        let second = |parts| head.try_forward(parts);
        let loss = self.0.loss(first, &batch.values, &mut rng, second)?;
        Ok(loss.array().into())
    }
}

/// What is learned, what is tested, the anchors for it, and the names of the classes.
type Task = (
    Samples<Photo, Things>,
    Samples<Photo, Things>,
    Anchors<3, 3>,
    [&'static str; 3],
);

fn task(flags: &Flags) -> Result<Task, Box<dyn Error>> {
    let anchors = |scales, ratios| Anchors {
        stride: 4.0,
        scales,
        ratios,
    };
    let Some(dir) = &flags.data else {
        println!("no --data, so scenes of digits are drawn by the program");
        // The seeds differ, so that no test image is a training image.
        let seed = flags.seed.wrapping_mul(2);
        let draw = |count, seed| DigitScenes::<3, 120, 160, 3>::new(count, 6, seed).in_memory();
        let anchors = anchors([14.0, 22.0, 34.0], [1.0, 1.6, 3.0]);
        return Ok((
            draw(300, seed)?,
            draw(60, seed.wrapping_add(1))?,
            anchors,
            ["0", "1", "2"],
        ));
    };
    let names = ["RBC", "WBC", "Platelets"];
    let read = |set| VocBoxes::<3, 120, 160, 3>::open(dir, set, names)?.in_memory();
    // A quarter of what the boxes of the training set measure in the files: 38, 102 and 188 pixels.
    let anchors = anchors([10.0, 25.0, 48.0], [0.7, 1.0, 1.4]);
    Ok((read("train")?, read("val")?, anchors, names))
}

fn main() -> ExitCode {
    flags::main(
        Defaults {
            epochs: 12,
            batch: 8,
            lr: 0.001,
        },
        run,
    )
}

fn run(Arguments { flags }: Arguments) -> Result<(), Box<dyn Error>> {
    let (train, test, anchors, names) = task(&flags)?;
    let (normalize, test) = (Normalize::of_source(&train)?, Arc::new(test));
    let grey = normalize.mean.iter().sum::<f64>() / 3.0 * 255.0;
    let mut train = Loader::new(train, flags.batch())
        .shuffled(flags.seed)
        .normalized(normalize);
    if flags.data.is_some() {
        // Cells look the same from every side; digits do not.
        let moved = RandomAffine::new(0.0).translate(0.1, 0.1).scale(0.85..=1.2);
        let light = ColorJitter::new()
            .brightness(0.15)
            .contrast(0.15)
            .saturation(0.15);
        train = train
            .augmented(RandomHorizontalFlip::new(0.5))
            .augmented(RandomVerticalFlip::new(0.5))
            .augmented(moved.fill(grey as u8))
            .augmented(light.hue(0.02));
    }
    let mut rpn = RegionProposals::new(anchors);
    rpn.after = 200;
    let mut head = BoxHead::default();
    head.sampler.size = 64;
    let align = RoiAlign {
        spatial_scale: 0.25,
        sampling_ratio: 2,
    };
    let mut finder = Finder(FasterRcnn { rpn, align, head });

    println!("{}\n{}", SmallRpn::summary(), SmallBoxHead::summary());
    let dev = Cpu::seed_from_u64(flags.seed);
    let mut net: Net = (SmallRpn::try_new(&dev)?, SmallBoxHead::try_new(&dev)?);
    flags.load(&mut net)?;
    if flags.epochs > 0 {
        let mut opt = AdamW::new(&net, flags.lr);
        let fit = flags
            .fit("detect")?
            .schedule(Schedule::cosine().warm_up(20));
        let valid = Loader::new(Arc::clone(&test).range(0..16), 8).normalized(normalize);
        let trained = fit.run(&mut net, &mut opt, &train, &valid, &mut finder)?;
        flags.history(&trained, "detect")?;
        flags.save(&net, "detect")?;
    }
    let loader = Loader::new(Arc::clone(&test), 8).normalized(normalize);
    let map50 = evaluate(&net, &dev, &loader, &mut finder)?.score.value();
    let mut pictures = Vec::new();
    let first = Loader::new(Arc::clone(&test).range(0..6), 6).normalized(normalize);
    for batch in first.epoch(&dev, 0)? {
        let first = net.0.try_forward(batch?.images)?;
        let found = finder.0.detect(first, |parts| net.1.try_forward(parts))?;
        for (number, found) in found.iter().enumerate() {
            let photo = test.get(number)?.image.to_picture().resized(360, 480);
            let sure = found.iter().filter(|found| found.score >= 0.5);
            let named = sure.map(|found| {
                let words = format!("{} {:.0}", names[found.thing.class], 100.0 * found.score);
                (found.thing.scaled(3.0, 3.0), words)
            });
            pictures.push(draw_bounding_boxes(&photo, &named.collect::<Vec<_>>()));
        }
    }
    let path = flags.folder()?.join("detections.png");
    make_grid(&pictures, 3).save(&path)?;
    println!("boxes in {}", path.display());
    println!("test map50 {:.3}", map50.unwrap_or(0.0));
    Ok(())
}
