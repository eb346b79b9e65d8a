//! A U-Net tells for every pixel what it belongs to: membranes of cells, or the things in a street.
//!
//! `cargo run --release --example segment` learns cells that the program draws. `--data DIR` takes
//! slices of tissue (`image/` and `label/`, as in ISBI's challenge of 2012), or streets (`train.txt` and
//! `val.txt`, as CamVid). Parameters and `segments.png` (photo, truth, what was found) go into `--out`.
//! The last line is the intersection over union on images that were not learned from: of membranes, or of
//! the classes of streets, each weighing as much as it has pixels.

mod flags;

use std::{error::Error, path::Path, process::ExitCode, sync::Arc};

use flags::{Defaults, Flags};
use rand::rngs::StdRng;
use shapeproof::data::{
    ColorJitter, ElasticTransform, Loader, Mask, MaskPairs, Normalize, RandomAffine, RandomApply,
    RandomHorizontalFlip, RandomVerticalFlip, Sample, Samples, Source, SyntheticCells, Tiles,
    Transform, IGNORE,
};
use shapeproof::layers::Network;
use shapeproof::models::{SmallUNet, StreetUNet};
use shapeproof::predict::predict_mask;
use shapeproof::prelude::*;
use shapeproof::train::metrics::ConfusionMatrix;
use shapeproof::train::{AdamW, CrossEntropy, Dice, Loss, MeanIou, Schedule, Supervised};
use shapeproof::vision::{captioned, draw_segmentation_masks, make_grid};

type Outcome = Result<(), Box<dyn Error>>;
type Slices = Samples<Chw<1, 512, 512>, Mask<512, 512, 2>>;

/// Trains a U-Net on slices of tissue or on streets, or on drawn cells when no data is given.
#[derive(clap::Parser)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
}

/// Turns what looks the same from all sides on its head, and moves the mask up by some pixels then.
struct UpsideDown(usize);

impl Transform<Chw<1, 256, 256>, Mask<256, 256, 2>> for UpsideDown {
    fn apply(&self, tile: &mut Sample<Chw<1, 256, 256>, Mask<256, 256, 2>>, rng: &mut StdRng) {
        RandomVerticalFlip::new(1.0).apply(tile, rng);
        tile.target.copy_within(256 * self.0.., 0);
    }
}

fn main() -> ExitCode {
    let defaults = Defaults {
        epochs: 40,
        batch: 2,
        lr: 0.002,
    };
    flags::main(defaults, run)
}

fn run(Arguments { flags }: Arguments) -> Outcome {
    let Some(dir) = &flags.data else {
        println!("no --data, so cells are drawn by the program");
        // The seeds differ, so that no test image is a training image.
        let draw = |count, seed| SyntheticCells::<512, 512>::new(count, seed).in_memory();
        let seed = flags.seed.wrapping_mul(2);
        let (drawn, test) = (draw(3, seed)?, draw(2, seed.wrapping_add(1))?);
        return membranes(&flags, drawn, test, UpsideDown(0));
    };
    if dir.join("train.txt").exists() {
        return streets(&flags, dir);
    }
    if !dir.join("image").exists() {
        return Err(format!("{} has neither image/ nor train.txt", dir.display()).into());
    }
    // Black is membrane, white the inside of a cell.
    let pairs = MaskPairs::<1, 512, 512, 2>::from_folders(dir.join("image"), dir.join("label"))?;
    // Slices that follow each other are alike, so the last fifth is for the test.
    let (n, slices) = (pairs.len(), Arc::new(pairs.values([255, 0])));
    if n < 3 {
        return Err(format!("{n} slices cannot be split; it takes 3").into());
    }
    let part = |range| slices.clone().range(range).in_memory();
    let last = n - (n / 5).max(1);
    // The masks' lines lie half a pixel too high; moved up by one, they do so on their heads, too.
    membranes(&flags, part(0..last)?, part(last..n)?, UpsideDown(1))
}

/// Learns from all slices but the first, which is to watch the training.
fn membranes(flags: &Flags, slices: Slices, test: Slices, turn: UpsideDown) -> Outcome {
    let normalize = Normalize::of_source(&slices)?;
    let (n, slices) = (slices.len(), Arc::new(slices));
    let tiles = |range, stride| Tiles::<_, 256, 256>::new(slices.clone().range(range), stride);
    // Moved by parts of a pixel, lines are blurred: how fine they are is learned in the end.
    let moved = flags.epochs as u64 * 2 / 3;
    let train = Loader::new(tiles(1..n, 128), flags.batch())
        .augmented(RandomHorizontalFlip::new(0.5))
        .augmented(RandomApply::new(turn, 0.5))
        .augmented_for(moved, RandomAffine::new(5.0).scale(0.9..=1.1))
        .augmented_for(moved, ElasticTransform::new(100.0, 8.0))
        .augmented(ColorJitter::new().brightness(0.15).contrast(0.3));
    let parts = [train, Loader::new(tiles(0..1, 256), flags.batch())];
    let net = SmallUNet::try_new(&Cpu::seed_from_u64(flags.seed))?;
    // The intersection over union grows by what is membrane with 2 in 5. Membranes are few: areas, too.
    let pixels = CrossEntropy::default().weighted([1.0, 1.5]);
    let loss = (pixels, Dice::default());
    let matrix = segment(flags, net, parts, loss, &test, normalize)?;
    println!("test iou {:.3}", matrix.iou(1).unwrap_or(0.0));
    Ok(())
}

fn streets(flags: &Flags, dir: &Path) -> Outcome {
    // The twelfth class is what nobody has named.
    let read = |list| MaskPairs::<3, 360, 480, 11>::from_list(dir.join(list));
    let photos = read("train.txt")?.ignoring(11).in_memory()?;
    let test = read("val.txt")?.ignoring(11).in_memory()?;
    let (normalize, photos) = (Normalize::of_source(&photos)?, Arc::new(photos));
    if photos.len() < 2 {
        return Err("one photo cannot be split; it takes 2".into());
    }
    // Every eighth photo is kept back to watch the training.
    let part = |watched| {
        let part = (0..photos.len()).filter(|i| (i % 8 == 0) == watched);
        Loader::new(photos.clone().subset(part.collect()), flags.batch())
    };
    let light = ColorJitter::new().brightness(0.2).contrast(0.2);
    let train = part(false)
        .augmented(RandomHorizontalFlip::new(0.5))
        .augmented(RandomAffine::new(0.0).translate(0.1, 0.1).scale(0.8..=1.3))
        .augmented(light.saturation(0.2));
    let net = StreetUNet::try_new(&Cpu::seed_from_u64(flags.seed))?;
    let (parts, loss) = ([train, part(true)], CrossEntropy::default());
    let matrix = segment(flags, net, parts, loss, &test, normalize)?;
    let names = "sky building pole road pavement tree sign fence car pedestrian bicyclist";
    for (class, name) in names.split(' ').enumerate() {
        println!("{name:10} iou {:.3}", matrix.iou(class).unwrap_or(f64::NAN));
    }
    println!("test miou {:.3}", matrix.weighted_iou().unwrap_or(0.0));
    Ok(())
}

/// Trains `net` and counts what it finds in the test, whose images may be larger than it takes.
fn segment<
    const C: usize,
    const HH: usize,
    const WW: usize,
    const H: usize,
    const W: usize,
    const N: usize,
    M,
    Src,
>(
    flags: &Flags,
    mut net: M,
    [train, valid]: [Loader<Src>; 2],
    loss: impl Loss<Mask<H, W, N>, Output = Chw<N, H, W>>,
    test: &Samples<Chw<C, HH, WW>, Mask<HH, WW, N>>,
    normalize: Normalize<C>,
) -> Result<ConfusionMatrix<N>, Box<dyn Error>>
where
    M: Model<Input = Chw<C, H, W>, Output = Chw<N, H, W>>
        + Network<f32, Cpu>
        + TensorCollection<f32, Cpu>
        + Module<
            Batch<Chw<C, H, W>, usize, f32, Cpu>,
            Output = Batch<Chw<N, H, W>, usize, f32, Cpu>,
            Error = CpuError,
        >,
    Src: Source<Shape = Chw<C, H, W>, Target = Mask<H, W, N>>,
{
    println!("{}", M::summary());
    flags.load(&mut net)?;
    if flags.epochs > 0 {
        let [train, valid] = [train.shuffled(flags.seed), valid].map(|p| p.normalized(normalize));
        let mut objective = Supervised::new(loss, MeanIou::default());
        let mut opt = AdamW::new(&net, flags.lr);
        let schedule = Schedule::cosine().warm_up(20);
        let fit = flags.fit("segment")?.schedule(schedule);
        let trained = fit.run(&mut net, &mut opt, &train, &valid, &mut objective)?;
        flags.history(&trained, "segment")?;
        flags.save(&net, "segment")?;
    }
    let (mut matrix, mut pictures, dev) = (ConfusionMatrix::new(), Vec::new(), Cpu::default());
    for number in 0..test.len() {
        let sample = test.get(number)?;
        let photo = sample.image.to_picture();
        let found = predict_mask(&net, &dev, &photo, normalize, H / 2)?;
        let pixels = sample.target.iter().zip(&found);
        for (truth, found) in pixels.filter(|(truth, _)| **truth != IGNORE) {
            matrix.add(usize::from(*truth), usize::from(*found));
        }
        if number < 3 {
            let over = |mask: &[u8]| draw_segmentation_masks(&photo, mask, 0.6, Some(0));
            pictures.push(captioned(&photo, "photo"));
            pictures.push(captioned(&over(&sample.target), "truth"));
            pictures.push(captioned(&over(&found), "found"));
        }
    }
    let path = flags.folder()?.join("segments.png");
    make_grid(&pictures, 3).save(&path)?;
    println!("pictures in {}", path.display());
    Ok(matrix)
}
