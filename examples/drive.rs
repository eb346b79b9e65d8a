//! A small PilotNet learns to steer a car by what its camera sees.
//!
//! `cargo run --release --example drive` drives along a winding road that the program draws; `--data
//! DIR` takes a tub of Donkeycar. The frames are split by time: the first 70 % are for training, the
//! next 10 % to watch it, the last 20 % for the test, so that no test frame has a neighbour among
//! those learned from. The last line is the correlation of the steering found with the driver's;
//! `drive-frames.png` and `drive-angles.png` in `--out` show both.

mod flags;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use flags::{Defaults, Flags};
use shapeproof::data::{
    ColorJitter, Loader, Normalize, Numbers, Picture, RandomAffine, RandomHorizontalFlip, Samples,
    Source, SyntheticRoad, Tub,
};
use shapeproof::prelude::*;
use shapeproof::train::metrics::RegressionErrors;
use shapeproof::train::{AdamW, MeanAbsoluteError, Mse, Schedule, Supervised};
use shapeproof::vision::{captioned, draw_line, make_grid};

/// PilotNet on frames of 60×80, with batch normalisation and dropout: there are few of them.
#[model(input = Chw<3, 60, 80>, output = Flat<1>, max_params = 300_000)]
struct Pilot {
    conv1: Conv2d<24, Kernel<5>, Stride<2>, NoBias>,
    bn1: BatchNorm2d,
    relu1: Relu,
    conv2: Conv2d<36, Kernel<5>, Stride<2>, NoBias>,
    bn2: BatchNorm2d,
    relu2: Relu,
    conv3: Conv2d<48, Kernel<5>, Stride<2>, NoBias>,
    bn3: BatchNorm2d,
    relu3: Relu,
    conv4: Conv2d<64, Kernel<3>, Padding<1>, NoBias>,
    bn4: BatchNorm2d,
    relu4: Relu,
    flatten: Flatten,
    drop1: Dropout<1, 2>,
    fc1: Linear<100>,
    relu5: Relu,
    drop2: Dropout<1, 2>,
    fc2: Linear<1>,
}

/// Trains a small PilotNet on a drive.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
}

fn main() -> ExitCode {
    let defaults = Defaults {
        epochs: 25,
        batch: 32,
        lr: 0.002,
    };
    flags::main(defaults, run)
}

fn run(Arguments { flags }: Arguments) -> Result<(), Box<dyn Error>> {
    let drive: Samples<Chw<3, 60, 80>, Numbers<1>> = match &flags.data {
        Some(dir) => Tub::<3, 60, 80, 1>::open(dir, ["user/angle"])?.in_memory()?,
        None => {
            println!("no --data, so the program draws a road");
            SyntheticRoad::<3, 60, 80>::new(1_000, flags.seed).in_memory()?
        }
    };
    let (frames, drive) = (drive.len(), Arc::new(drive));
    if frames < 10 {
        return Err(
            format!("a drive of {frames} frames cannot be split by time; it takes 10").into(),
        );
    }
    let (watched, last) = (frames * 7 / 10, frames * 8 / 10);
    let train = drive.clone().range(0..watched);
    let valid = drive.clone().range(watched..last);
    let test = drive.range(last..frames);
    let normalize = Normalize::of_source(&train)?;
    let light = ColorJitter::new()
        .brightness(0.3)
        .contrast(0.3)
        .saturation(0.3);
    let train = Loader::new(train, flags.batch())
        .shuffled(flags.seed)
        .normalized(normalize)
        .augmented(RandomHorizontalFlip::new(0.5).negating([true]))
        .augmented(RandomAffine::new(0.0).translate(0.05, 0.05))
        .augmented(light);
    let valid = Loader::new(valid, 100).normalized(normalize);

    println!("{}", Pilot::summary());
    let dev = Cpu::seed_from_u64(flags.seed);
    let mut net: Pilot = Pilot::try_new(&dev)?;
    flags.load(&mut net)?;
    let mut objective = Supervised::new(Mse, MeanAbsoluteError::default());
    if flags.epochs > 0 {
        let mut opt = AdamW::new(&net, flags.lr);
        opt.weight_decay = 0.05;
        let fit = flags.fit("drive")?.schedule(Schedule::cosine()).ema(0.98);
        let trained = fit.run(&mut net, &mut opt, &train, &valid, &mut objective)?;
        flags.history(&trained, "drive")?;
        flags.save(&net, "drive")?;
    }

    let (mut errors, mut angles) = (RegressionErrors::new(), Vec::new());
    for batch in Loader::new(test.clone(), 100)
        .normalized(normalize)
        .epoch(&dev, 0)?
    {
        let batch = batch?;
        let found = net.try_forward(batch.images)?.as_vec();
        angles.extend(batch.values.iter().map(|truth| truth[0]).zip(found));
    }
    for (truth, found) in &angles {
        errors.add(f64::from(*truth), f64::from(*found));
    }
    let out = flags.folder()?;
    plot(&angles).save(out.join("drive-angles.png"))?;
    // Twelve frames, evenly spread.
    let shown = (0..12.min(angles.len())).map(|i| i * angles.len() / 12.min(angles.len()));
    let frames: Result<Vec<Picture>, _> = shown
        .map(|i| {
            test.get(i)
                .map(|frame| with_dial(&frame.image.to_picture(), angles[i]))
        })
        .collect();
    make_grid(&frames?, 4).save(out.join("drive-frames.png"))?;
    let [mae, mse] = [errors.mae(), errors.mse()].map(|error| error.unwrap_or(f64::NAN));
    println!("test mae {mae:.3} mse {mse:.3}");
    println!(
        "test correlation {:.3}",
        errors.correlation().unwrap_or(0.0)
    );
    Ok(())
}

const TRUTH: [u8; 3] = [60, 220, 90];
const FOUND: [u8; 3] = [255, 140, 0];

/// A frame twice as large, with a line from its lower edge for each angle: upwards is straight on,
/// 60° to the left and to the right are −1 and 1.
fn with_dial(frame: &Picture, (truth, found): (f32, f32)) -> Picture {
    let (height, width) = (2 * frame.height(), 2 * frame.width());
    let mut picture = frame.resized(height, width);
    for (angle, colour) in [(truth, TRUTH), (found, FOUND)] {
        let (sin, cos) = (angle.clamp(-1.5, 1.5) * 60f32.to_radians()).sin_cos();
        let (middle, length) = (width as f32 / 2.0, height as f32 * 0.6);
        for wide in [-0.5, 0.5] {
            let from = (middle + wide, height as f32 - 1.0);
            let to = (from.0 + length * sin, from.1 - length * cos);
            draw_line(&mut picture, from, to, colour);
        }
    }
    captioned(&picture, &format!("{truth:+.2}, found {found:+.2}"))
}

/// Both angles of all frames in time, from −1 at the lower edge to 1 at the upper one.
fn plot(angles: &[(f32, f32)]) -> Picture {
    let (height, width) = (200, (4 * angles.len()).max(8));
    let mut picture = Picture::filled(height, width, [255; 3]);
    let place = |i: usize, angle: f32| (4.0 * i as f32 + 2.0, 100.0 - 95.0 * angle);
    draw_line(&mut picture, (0.0, 100.0), (width as f32, 100.0), [200; 3]);
    for i in 1..angles.len() {
        let (before, now) = (angles[i - 1], angles[i]);
        draw_line(
            &mut picture,
            place(i - 1, before.0),
            place(i, now.0),
            [20, 140, 50],
        );
        draw_line(&mut picture, place(i - 1, before.1), place(i, now.1), FOUND);
    }
    captioned(
        &picture,
        "steering over time: green the driver, orange the network",
    )
}
