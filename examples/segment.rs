//! A U-Net tells for every pixel what it belongs to: membranes of cells, or the things in a street.
//!
//! `cargo run --release --example segment` learns discs that the program draws. `--data DIR` takes
//! slices of tissue (`image/` and `label/`, as in ISBI's challenge of 2012), or streets (`train.txt` and
//! `val.txt`, as CamVid). Parameters and the picture `segments.png` (photo, truth, what was found) go
//! into `--out`. The last line is the intersection over union on images that were not learned from: of
//! the membranes, or of the classes of streets, each weighing as much as it has pixels.

mod flags;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use flags::{Defaults, Flags};
use shapeproof::data::{
    ColorJitter, ElasticTransform, Loader, Mask, MaskPairs, Normalize, RandomAffine,
    RandomHorizontalFlip, RandomVerticalFlip, Samples, Source, Subset, SyntheticShapes, Tiles,
    IGNORE,
};
use shapeproof::layers::Network;
use shapeproof::prelude::*;
use shapeproof::train::metrics::{argmax, ConfusionMatrix};
use shapeproof::train::{AdamW, CrossEntropy, MeanIou, Schedule, Supervised};
use shapeproof::vision::{captioned, draw_segmentation_masks, make_grid};

/// Two 3×3 convolutions, each normalised over the batch.
#[block]
struct Twice<const F: usize> {
    conv1: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    bn1: BatchNorm2d,
    relu1: Relu,
    conv2: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    bn2: BatchNorm2d,
    relu2: Relu,
}

/// A step up: enlarges what comes from below and joins it with what was there on the way down.
#[block(input = (skip, below))]
struct Up<const F: usize> {
    #[from(below)]
    up: ConvTranspose2d<F, Kernel<2>, Stride<2>>,
    #[from(skip, up)]
    both: Concat,
    twice: Twice<F>,
}

/// Tissue, in tiles of 256×256: inside of a cell or membrane.
#[model(input = Chw<1, 256, 256>, output = Chw<2, 256, 256>, max_params = 500_000)]
struct Membranes {
    down1: Twice<16>,
    pool1: MaxPool2d<2>,
    down2: Twice<32>,
    pool2: MaxPool2d<2>,
    down3: Twice<64>,
    pool3: MaxPool2d<2>,
    bottom: Twice<128>,
    #[from(down3, bottom)]
    up3: Up<64>,
    #[from(down2, up3)]
    up2: Up<32>,
    #[from(down1, up2)]
    up1: Up<16>,
    classes: Conv2d<2, Kernel<1>>,
}

/// Streets of 360×480 in colours, eleven classes. It sees them half as large, and its answer is
/// enlarged.
#[model(input = Chw<3, 360, 480>, output = Chw<11, 360, 480>, max_params = 500_000)]
struct Streets {
    half: Conv2d<24, Kernel<5>, Stride<2>, Padding<2>>,
    down1: Twice<24>,
    pool1: MaxPool2d<2>,
    down2: Twice<48>,
    pool2: MaxPool2d<2>,
    bottom: Twice<96>,
    wide: Conv2d<96, Kernel<3>, Dilation<4>, Padding<4>, NoBias>,
    wide_bn: BatchNorm2d,
    wide_relu: Relu,
    #[from(down2, wide_relu)]
    up2: Up<48>,
    #[from(down1, up2)]
    up1: Up<24>,
    classes: Conv2d<11, Kernel<1>>,
    whole: Upsample2d<2, Bilinear>,
}

/// Images and masks of `HH`×`WW`, cut into tiles of `H`×`W`.
type Cut<
    const C: usize,
    const HH: usize,
    const WW: usize,
    const H: usize,
    const W: usize,
    const N: usize,
> = Tiles<Subset<Arc<Samples<Chw<C, HH, WW>, Mask<HH, WW, N>>>>, H, W>;

/// Trains a U-Net on slices of tissue or on streets, or on drawn discs when no data is given.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
}

fn main() -> ExitCode {
    let defaults = Defaults {
        epochs: 30,
        batch: 4,
        lr: 0.003,
    };
    flags::main(defaults, run)
}

fn run(Arguments { flags }: Arguments) -> Result<(), Box<dyn Error>> {
    let Some(dir) = &flags.data else {
        println!("no --data, so discs are drawn by the program");
        // The seeds differ, so that no test image is a training image.
        let draw = |count, seed| SyntheticShapes::<1, 512, 512, 2>::new(count, seed).in_memory();
        let seed = flags.seed.wrapping_mul(2);
        let (drawn, test) = (draw(3, seed)?, draw(2, seed.wrapping_add(1))?);
        return membranes(&flags, drawn, 2, test);
    };
    if dir.join("train.txt").exists() {
        return streets(&flags, dir);
    }
    // Black is membrane, white the inside of a cell.
    let pairs = MaskPairs::<1, 512, 512, 2>::from_folders(dir.join("image"), dir.join("label"))?;
    let pairs = pairs.values([255, 0]);
    // Slices that follow each other are alike, so the last fifth is for the test.
    let (n, slices) = (pairs.len(), Arc::new(pairs));
    if n < 5 {
        return Err(format!("{n} slices cannot be split into learned and tested ones").into());
    }
    let learned = slices.clone().range(0..n * 4 / 5).in_memory()?;
    let watched_from = learned.len() - n / 15;
    membranes(
        &flags,
        learned,
        watched_from,
        slices.range(n * 4 / 5..n).in_memory()?,
    )
}

type Slices = Samples<Chw<1, 512, 512>, Mask<512, 512, 2>>;

/// Learns from the first `learned` slices and is watched on the rest of them.
fn membranes(
    flags: &Flags,
    slices: Slices,
    learned: usize,
    test: Slices,
) -> Result<(), Box<dyn Error>> {
    let normalize = Normalize::of_source(&slices)?;
    let (slices, test) = (Arc::new(slices), Arc::new(test));
    // Tissue looks the same from all sides, and gives way.
    let train = slices.clone().range(0..learned);
    let train = Loader::new(Tiles::new(train, 128), flags.batch())
        .augmented(RandomHorizontalFlip::new(0.5))
        .augmented(RandomVerticalFlip::new(0.5))
        .augmented(RandomAffine::new(30.0).scale(0.85..=1.15))
        .augmented(ElasticTransform::new(100.0, 8.0))
        .augmented(ColorJitter::new().brightness(0.1).contrast(0.2));
    // Tiles of the test overlap: near its edge a tile knows little of what is around.
    let valid = Tiles::new(slices.range(learned..usize::MAX), 256);
    let test = Tiles::new(test.range(0..usize::MAX), 128);
    println!("{}", Membranes::summary());
    let net = Membranes::try_new(&Cpu::seed_from_u64(flags.seed))?;
    let matrix = segment(flags, net, train, [valid, test], normalize, Some(0))?;
    println!("test iou {:.3}", matrix.iou(1).unwrap_or(0.0));
    Ok(())
}

const STREET: [&str; 11] = [
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
];

fn streets(flags: &Flags, dir: &Path) -> Result<(), Box<dyn Error>> {
    // The twelfth class is what nobody has named.
    let read = |list| MaskPairs::<3, 360, 480, 11>::from_list(dir.join(list));
    let photos = read("train.txt")?.ignoring(11).in_memory()?;
    let test = read("val.txt")?.ignoring(11).in_memory()?;
    let normalize = Normalize::of_source(&photos)?;
    let (photos, test) = (Arc::new(photos), Arc::new(test));
    // Every eighth photo is kept back to watch the training.
    let part = |watched| {
        let part = (0..photos.len()).filter(|i| (i % 8 == 7) == watched);
        // One tile is the whole of a photo.
        Tiles::new(photos.clone().subset(part.collect()), 1)
    };
    let light = ColorJitter::new().brightness(0.2).contrast(0.2);
    let train = Loader::new(part(false), flags.batch())
        .augmented(RandomHorizontalFlip::new(0.5))
        .augmented(RandomAffine::new(0.0).translate(0.1, 0.1).scale(0.8..=1.3))
        .augmented(light.saturation(0.2));
    let parts = [part(true), Tiles::new(test.range(0..usize::MAX), 1)];
    println!("{}", Streets::summary());
    let net = Streets::try_new(&Cpu::seed_from_u64(flags.seed))?;
    let matrix = segment(flags, net, train, parts, normalize, None)?;
    for (class, name) in STREET.iter().enumerate() {
        println!("{name:12} iou {:.3}", matrix.iou(class).unwrap_or(f64::NAN));
    }
    println!(
        "mean of the classes {:.3}",
        matrix.mean_iou().unwrap_or(0.0)
    );
    println!("test miou {:.3}", matrix.weighted_iou().unwrap_or(0.0));
    Ok(())
}

/// Trains `net` on tiles and counts what it finds in whole images of the test. Pictures of them show
/// all classes but `ground`.
fn segment<
    const C: usize,
    const HH: usize,
    const WW: usize,
    const H: usize,
    const W: usize,
    const N: usize,
    M,
>(
    flags: &Flags,
    mut net: M,
    train: Loader<Cut<C, HH, WW, H, W, N>>,
    [valid, test]: [Cut<C, HH, WW, H, W, N>; 2],
    normalize: Normalize<C>,
    ground: Option<u8>,
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
{
    flags.load(&mut net)?;
    if flags.epochs > 0 {
        let train = train.shuffled(flags.seed).normalized(normalize);
        let valid = Loader::new(valid, 4).normalized(normalize);
        let mut objective = Supervised::new(CrossEntropy::default(), MeanIou::default());
        let mut opt = AdamW::new(&net, flags.lr);
        let schedule = Schedule::cosine().warm_up(20);
        let fit = flags.fit("segment")?.schedule(schedule);
        let trained = fit.run(&mut net, &mut opt, &train, &valid, &mut objective)?;
        flags.history(&trained, "segment")?;
        flags.save(&net, "segment")?;
    }
    // What all tiles say of a pixel is added up.
    let images = test.source().len();
    let mut sums = vec![vec![0f32; N * HH * WW]; images];
    let dev = Cpu::default();
    let tiles = Loader::new(test.clone(), 1).normalized(normalize);
    for (number, batch) in tiles.epoch(&dev, 0)?.enumerate() {
        let (image, top, left) = test.place(number);
        let logits = net.try_forward(batch?.images)?.as_vec();
        for (line, row) in logits.chunks_exact(W).enumerate() {
            let first = (line / H * HH + top + line % H) * WW + left;
            let sums = &mut sums[image][first..first + W];
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, logit)| *sum += logit);
        }
    }
    let (mut matrix, mut pictures) = (ConfusionMatrix::new(), Vec::new());
    for (image, sums) in sums.iter().enumerate() {
        let sample = test.source().get(image)?;
        let plane = HH * WW;
        let of_pixel = |at| -> [f32; N] { std::array::from_fn(|class| sums[class * plane + at]) };
        let found: Vec<u8> = (0..plane).map(|at| argmax(&of_pixel(at)) as u8).collect();
        for (truth, found) in sample.target.iter().zip(&found) {
            if *truth != IGNORE {
                matrix.add(usize::from(*truth), usize::from(*found));
            }
        }
        if image < 3 {
            let photo = sample.image.to_picture();
            let over = |mask: &[u8]| draw_segmentation_masks(&photo, mask, 0.6, ground);
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
