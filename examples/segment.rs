//! A U-Net tells for every pixel what it belongs to: membranes of cells, or the things in a street.
//!
//! `cargo run --release --example segment` learns cells that the program draws. `--data DIR` takes
//! slices of tissue (`image/` and `label/`, as in ISBI's challenge of 2012), or streets (`train.txt` and
//! `val.txt`, as CamVid). Parameters and `segments.png` (photo, truth, what was found) go into `--out`.
//! The last line is the intersection over union on images that were not learned from: of membranes, or of
//! the classes of streets, each weighing as much as it has pixels.

mod flags;

use flags::{Defaults, Flags};
use rand::rngs::StdRng;
use shapeproof::data::{
    ColorJitter, ElasticTransform, InterpolationMode, Loader, Mask, MaskPairs, Normalize, Picture,
    RandomAffine, RandomApply, RandomHorizontalFlip, RandomVerticalFlip, Sample, Samples, Source,
    SyntheticCells, Tiles, Transform,
};
use shapeproof::models::{SmallUNet, StreetUNet};
use shapeproof::predict::{predict_logits, predict_mask, with_hflip, PredictError};
use shapeproof::prelude::*;
use shapeproof::train::metrics::{argmax_mask, ConfusionMatrix};
use shapeproof::train::{AdamW, CrossEntropy, Dice, MeanIou, Objective, Schedule, Supervised};
use shapeproof::vision::{captioned, draw_segmentation_masks, make_grid};
use std::{error::Error, path::Path, process::ExitCode, sync::Arc};

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
        return membranes(&flags, draw(2, seed)?, draw(2, seed | 1)?, 0);
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
    membranes(&flags, part(0..last)?, part(last..n)?, 1)
}

/// Learns from all slices but the first, which is to watch the training.
fn membranes(flags: &Flags, slices: Slices, test: Slices, up: usize) -> Outcome {
    let normalize = Normalize::of_source(&slices)?;
    let (n, slices) = (slices.len(), Arc::new(slices));
    let tiles = |part, stride| Tiles::<_, 256, 256>::new(slices.clone().subset(part), stride);
    // ISBI's slices are sharper from the 16th on, as those of the test are: they are seen twice.
    let learned = (1..n).chain(15..n).collect();
    // Means of pixels would blur the lines, but for the last fifth even ragged ones are left out.
    let (most, mode) = (flags.epochs as u64 * 4 / 5, InterpolationMode::Nearest);
    let affine = RandomAffine::new(5.0).scale(0.9..=1.1);
    let train = Loader::new(tiles(learned, 128), flags.batch())
        .augmented(RandomHorizontalFlip::new(0.5))
        .augmented(RandomApply::new(UpsideDown(up), 0.5))
        .augmented_for(most, affine.interpolation(mode))
        .augmented_for(most, ElasticTransform::new(100.0, 8.0).interpolation(mode))
        .augmented(ColorJitter::new().brightness(0.15).contrast(0.3));
    let valid = Loader::new(tiles(vec![0], 256), flags.batch());
    let parts = [train.shuffled(flags.seed), valid].map(|part| part.normalized(normalize));
    let dev = Cpu::seed_from_u64(flags.seed);
    let mut net = SmallUNet::try_new(&dev)?;
    // The intersection over union grows by what is membrane with 2 in 5. Membranes are few: areas, too.
    let pixels = CrossEntropy::default().weighted([1.0, 1.5]);
    let objective = Supervised::new((pixels, Dice::default()), MeanIou::default());
    fit(flags, &mut net, parts, objective)?;
    let logits = |slice: &Picture| predict_logits(&net, &dev, slice, normalize, 128);
    let matrix = compare(flags, &test, |slice| {
        let mut seen = with_hflip(slice, logits)?;
        let mut turned = with_hflip(&slice.hflip().vflip(), logits)?;
        for plane in turned.chunks_exact_mut(512 * 512) {
            plane.reverse();
            // On their heads, masks were moved up; on their feet again, what is found lies too low.
            plane.copy_within(512 * up.., 0);
        }
        seen.iter_mut().zip(turned).for_each(|(a, b)| *a += b);
        Ok(argmax_mask::<2, _>(&seen))
    })?;
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
    let light = ColorJitter::new().brightness(0.2).contrast(0.2);
    // Every eighth photo is kept back to watch the training.
    let part = |watched| {
        let part = (0..photos.len()).filter(|i| (i % 8 == 0) == watched);
        Loader::new(photos.clone().subset(part.collect()), flags.batch()).normalized(normalize)
    };
    let train = part(false)
        .shuffled(flags.seed)
        .augmented(RandomHorizontalFlip::new(0.5))
        .augmented(RandomAffine::new(0.0).translate(0.1, 0.1).scale(0.8..=1.3))
        .augmented(light.saturation(0.2));
    let dev = Cpu::seed_from_u64(flags.seed);
    let mut net = StreetUNet::try_new(&dev)?;
    let objective = Supervised::new(CrossEntropy::default(), MeanIou::default());
    fit(flags, &mut net, [train, part(true)], objective)?;
    let found = |photo: &Picture| predict_mask(&net, &dev, photo, normalize, 180);
    let matrix = compare(flags, &test, found)?;
    let names = "sky building pole road pavement tree sign fence car pedestrian bicyclist";
    for (class, name) in names.split(' ').enumerate() {
        println!("{name:10} iou {:.3}", matrix.iou(class).unwrap_or(f64::NAN));
    }
    println!("test miou {:.3}", matrix.weighted_iou().unwrap_or(0.0));
    Ok(())
}

/// Trains `net`, and saves its parameters and its history.
fn fit<M, Src, O>(flags: &Flags, net: &mut M, parts: [Loader<Src>; 2], mut task: O) -> Outcome
where
    M: Model + TensorCollection<f32, Cpu>,
    Src: Source,
    O: Objective<M, Src::Shape, Src::Target, f32, Cpu>,
{
    println!("{}", M::summary());
    flags.load(net)?;
    if flags.epochs > 0 {
        let mut opt = AdamW::new(net, flags.lr);
        let schedule = Schedule::cosine().warm_up(20);
        let fit = flags.fit("segment")?.schedule(schedule);
        let trained = fit.run(net, &mut opt, &parts[0], &parts[1], &mut task)?;
        flags.history(&trained, "segment")?;
        flags.save(net, "segment")?;
    }
    Ok(())
}

/// Counts what is found in the test, and draws the first photos.
fn compare<const C: usize, const H: usize, const W: usize, const N: usize>(
    flags: &Flags,
    test: &Samples<Chw<C, H, W>, Mask<H, W, N>>,
    find: impl Fn(&Picture) -> Result<Vec<u8>, PredictError>,
) -> Result<ConfusionMatrix<N>, Box<dyn Error>> {
    let (mut matrix, mut pictures) = (ConfusionMatrix::new(), Vec::new());
    for number in 0..test.len() {
        let sample = test.get(number)?;
        let photo = sample.image.to_picture();
        let found = find(&photo)?;
        matrix.add_mask(&sample.target, &found);
        if number < 3 {
            let over = |mask: &[u8]| draw_segmentation_masks(&photo, mask, 0.6, Some(0));
            let (truth, found) = (over(&sample.target), over(&found));
            let row = [(photo, "photo"), (truth, "truth"), (found, "found")];
            pictures.extend(row.map(|(picture, name)| captioned(&picture, name)));
        }
    }
    let path = flags.folder()?.join("segments.png");
    make_grid(&pictures, 3).save(&path)?;
    println!("pictures in {}", path.display());
    Ok(matrix)
}
