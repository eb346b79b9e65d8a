//! Loaders: typed batches of any source, read in the background, the same however many threads
//! read.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::Rng;
use shapeproof::data::{
    synthetic_digits, BoundingBox, Boxes, Class, DataError, Examples, Image, Loader, Mask,
    Normalize, Numbers, RandomAffine, RandomHorizontalFlip, Sample, SampleOf, Samples, Source,
    SyntheticShapes, Target, Tiles, Transform, IGNORE,
};
use shapeproof::prelude::*;

type Tiny = Chw<1, 1, 2>;

/// Images 0, 1, 2, … that take longer the earlier they are; some cannot be read.
struct Slow {
    len: usize,
    bad: Vec<usize>,
    asked: Arc<AtomicUsize>,
    slow: bool,
}

impl Slow {
    fn new(len: usize) -> Self {
        Slow {
            len,
            bad: Vec::new(),
            asked: Arc::default(),
            slow: false,
        }
    }
}

impl Source for Slow {
    type Shape = Tiny;
    type Target = Numbers<1>;

    fn len(&self) -> usize {
        self.len
    }

    fn get(&self, index: usize) -> Result<SampleOf<Self>, DataError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.slow {
            std::thread::sleep(Duration::from_micros(200 * (index % 7) as u64));
        }
        if self.bad.contains(&index) {
            return Err(DataError::Read {
                path: format!("image-{index}").into(),
                reason: std::io::Error::other("it is gone"),
            });
        }
        Ok(Sample {
            image: Image::new(vec![index as u8, 255])?,
            target: [index as f32],
        })
    }
}

/// Adds a random number to the first pixel and to the target.
struct Noise;

impl Transform<Tiny, Numbers<1>> for Noise {
    fn apply(&self, sample: &mut Sample<Tiny, Numbers<1>>, rng: &mut StdRng) {
        let noise = rng.gen_range(0..100);
        sample.image.values_mut()[0] += noise;
        sample.target[0] += f32::from(noise);
    }
}

fn numbers<Src>(loader: &Loader<Src>, epoch: u64) -> Vec<f64>
where
    Src: Source<Shape = Tiny, Target = Numbers<1>>,
{
    let dev = Cpu::default();
    let batches = loader.epoch::<f64, _>(&dev, epoch).unwrap();
    let mut all = Vec::new();
    for batch in batches {
        let Examples {
            images,
            targets,
            values,
            ..
        } = batch.unwrap();
        let targets: Tensor<(usize, Const<1>), f64, Cpu> = targets;
        let pixels = images.as_vec().into_iter().step_by(2);
        for ((pixel, target), value) in pixels.zip(targets.as_vec()).zip(values) {
            assert_eq!((pixel * 255.0).round(), target);
            assert_eq!(f64::from(value[0]), target);
            all.push(target);
        }
    }
    all
}

#[test]
fn the_order_does_not_depend_on_the_threads() {
    let loader = |threads, ahead| {
        let source = Slow {
            slow: true,
            ..Slow::new(100)
        };
        let loader = Loader::new(source, 3).shuffled(5).augmented(Noise);
        loader.threads(threads).ahead(ahead)
    };
    let alone = loader(0, 1);
    let epochs: Vec<_> = (0..3).map(|epoch| numbers(&alone, epoch)).collect();
    assert_ne!(epochs[0], epochs[1]);
    for (threads, ahead) in [(1, 1), (2, 4), (5, 2), (3, 0), (8, 100)] {
        let loader = loader(threads, ahead);
        // A later epoch needs no earlier one: this is how training is taken up again.
        assert_eq!(numbers(&loader, 2), epochs[2], "{threads} {ahead}");
        assert_eq!(numbers(&loader, 0), epochs[0], "{threads} {ahead}");
    }
    let other = Loader::new(Slow::new(100), 3).shuffled(6).augmented(Noise);
    assert_ne!(numbers(&other, 0), epochs[0]);
}

#[test]
fn augmentation_depends_on_the_sample_not_on_its_batch() {
    let batches_of = |size| {
        let loader = Loader::new(Slow::new(20), size).seeded(9);
        numbers(&loader.augmented(Noise), 1)
    };
    assert_eq!(batches_of(3), batches_of(20));
}

#[test]
fn each_sample_is_seen_once_and_the_rest_can_be_dropped() {
    let loader = Loader::new(Slow::new(10), 4).shuffled(1);
    let mut seen = numbers(&loader, 0);
    seen.sort_by(f64::total_cmp);
    assert_eq!(seen, (0..10).map(f64::from).collect::<Vec<_>>());
    let loader = loader.drop_last();
    assert_eq!((numbers(&loader, 0).len(), loader.samples()), (8, 8));
    let none = Loader::new(Slow::new(0), 4);
    assert!(numbers(&none, 0).is_empty());
}

#[test]
fn errors_come_in_their_place_and_the_rest_after_them() {
    for threads in [0, 1, 4] {
        let source = Slow {
            bad: vec![4, 9],
            slow: true,
            ..Slow::new(14)
        };
        let loader = Loader::new(source, 3).threads(threads);
        let dev = Cpu::default();
        let batches = loader.epoch::<f32, _>(&dev, 0).unwrap();
        assert_eq!(batches.len(), 5);
        let words: Vec<String> = batches
            .map(|batch| match batch {
                Ok(batch) => format!("{}", batch.values[0][0]),
                Err(error) => error.to_string(),
            })
            .collect();
        assert_eq!(
            words,
            [
                "0",
                "cannot read image-4: it is gone",
                "6",
                "cannot read image-9: it is gone",
                "12",
            ]
        );
    }
}

#[test]
fn threads_read_no_further_than_they_may() {
    let source = Slow::new(1000);
    let asked = Arc::clone(&source.asked);
    let loader = Loader::new(source, 2).threads(4).ahead(3);
    let mut epoch = loader.epoch::<f32, _>(&Cpu::default(), 0).unwrap();
    epoch.next().unwrap().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    // One batch was taken, three may wait.
    assert_eq!(asked.load(Ordering::SeqCst), 8);
    drop(epoch);
    assert_eq!(asked.load(Ordering::SeqCst), 8);
}

#[test]
fn dropping_an_epoch_early_does_not_hang() {
    let start = Instant::now();
    for taken in 0..20 {
        let source = Slow {
            slow: true,
            ..Slow::new(100_000)
        };
        let loader = Loader::new(source, 500).threads(1 + taken % 4);
        let mut epoch = loader.epoch::<f32, _>(&Cpu::default(), 0).unwrap();
        if taken % 5 == 0 {
            epoch.next().unwrap().unwrap();
        }
    }
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_panic_while_reading_comes_out_in_its_place() {
    static ASKED: AtomicBool = AtomicBool::new(false);
    let source = Slow::new(8).with_targets::<Numbers<1>, _>(|[number]| {
        ASKED.store(true, Ordering::SeqCst);
        assert!(number != 5.0, "five is right out");
        [number]
    });
    let loader = Loader::new(source, 2).threads(2);
    let mut epoch = loader.epoch::<f32, _>(&Cpu::default(), 0).unwrap();
    assert!(epoch.next().unwrap().is_ok() && epoch.next().unwrap().is_ok());
    let third = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| epoch.next()));
    let panic = third.expect_err("the third batch has a five");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"five is right out"));
    assert!(epoch.next().unwrap().is_ok() && epoch.next().is_none());
    assert!(ASKED.load(Ordering::SeqCst));
}

#[test]
fn what_a_batch_cannot_be_is_an_error() {
    let words = |loader: &Loader<Slow>| {
        let error = loader.epoch::<f32, _>(&Cpu::default(), 0).err();
        error.expect("must be refused").to_string()
    };
    assert_eq!(
        words(&Loader::new(Slow::new(4), 0)),
        "a batch needs at least one example, asked for batches of 0"
    );
    let normalize = Normalize {
        mean: [0.0],
        std: [f64::NAN],
    };
    assert_eq!(
        words(&Loader::new(Slow::new(4), 2).normalized(normalize)),
        "channel 0 cannot be normalised by a mean of 0 and a standard deviation of NaN"
    );
}

#[test]
fn a_loader_normalises_as_its_source_does_or_as_it_is_told() {
    let digits = synthetic_digits(20, 3);
    let normalize = Normalize::of(&digits);
    assert_eq!(normalize, Normalize::of_source(&digits).unwrap());
    let digits = digits.normalized(normalize);
    let dev = Cpu::default();
    let expected = digits.batches::<f32, _>(&dev, 20).unwrap().next().unwrap();
    let expected = expected.unwrap();

    let loader = Loader::new(digits.clone().range(0..99), 20);
    let found = loader.epoch::<f32, _>(&dev, 0).unwrap().next().unwrap();
    let found = found.unwrap();
    assert_eq!(found.images.as_vec(), expected.images.as_vec());
    assert_eq!(found.targets.as_vec(), expected.one_hot.as_vec());
    assert_eq!(found.values, expected.labels);

    let loader = Loader::new(Arc::new(digits), 20).normalized(Normalize::BYTES);
    let bytes = loader.epoch::<f32, _>(&dev, 0).unwrap().next().unwrap();
    let bytes = bytes.unwrap().images.as_vec();
    assert_eq!(bytes.iter().fold(0.0, |m, x| x.max(m)), 255.0);
}

/// Each target's tensor has the numbers of its type: the batch is 2, the classes 3, the mask 1×2.
#[test]
fn targets_become_tensors_of_their_kind() {
    fn batch<T: Target>(values: Vec<T::Value>) -> Examples<Tiny, T, f64, Cpu> {
        let sample = |target| Sample::<Tiny, T> {
            image: Image::new(vec![0, 0]).unwrap(),
            target,
        };
        let samples = Samples::new(values.into_iter().map(sample).collect()).unwrap();
        let loader = Loader::new(samples, 2).threads(0);
        let mut epoch = loader.epoch(&Cpu::default(), 0).unwrap();
        epoch.next().unwrap().unwrap()
    }
    let classes: Tensor<(usize, Const<3>), f64, Cpu> = batch::<Class<3>>(vec![2, 0]).targets;
    assert_eq!(classes.as_vec(), [0., 0., 1., 1., 0., 0.]);

    let masks = batch::<Mask<1, 2, 3>>(vec![vec![1, IGNORE], vec![0, 2]]).targets;
    let masks: Tensor<(usize, Const<3>, Const<1>, Const<2>), f64, Cpu> = masks;
    assert_eq!(
        masks.as_vec(),
        [0., 0., 1., 0., 0., 0., 1., 0., 0., 0., 0., 1.]
    );

    let numbers = batch::<Numbers<2>>(vec![[0.5, -1.0], [2.0, 3.0]]).targets;
    assert_eq!(numbers.as_vec(), [0.5, -1.0, 2.0, 3.0]);

    let thing = BoundingBox {
        class: 1,
        xmin: 0.0,
        ymin: 0.0,
        xmax: 1.5,
        ymax: 1.0,
    };
    let boxes: Vec<Vec<BoundingBox>> = batch::<Boxes<2>>(vec![vec![thing], vec![]]).targets;
    assert_eq!(boxes, [vec![thing], vec![]]);
}

#[test]
fn targets_that_their_type_does_not_promise_are_errors() {
    fn words<T: Target>(value: T::Value) -> String {
        let image = Image::new(vec![0, 0]).unwrap();
        let sample = Sample::<Tiny, T> {
            image,
            target: value,
        };
        Samples::new(vec![sample]).err().unwrap().to_string()
    }
    let thing = BoundingBox {
        class: 0,
        xmin: 1.0,
        ymin: 0.0,
        xmax: 1.0,
        ymax: 2.0,
    };
    assert_eq!(
        words::<Class<3>>(3),
        "sample 0 of those given: class 3, but there are 3"
    );
    assert_eq!(
        words::<Mask<1, 2, 3>>(vec![0]),
        "sample 0 of those given: a mask of 1×2 has 2 pixels, found 1"
    );
    assert_eq!(
        words::<Mask<1, 2, 3>>(vec![0, 7]),
        "sample 0 of those given: class 7 at row 0, column 1 of the mask, but there are 3"
    );
    assert_eq!(
        words::<Boxes<1>>(vec![thing]),
        "sample 0 of those given: box 0 from (1, 0) to (1, 2) holds nothing"
    );
    assert_eq!(
        words::<Numbers<2>>([0.0, f32::NAN]),
        "sample 0 of those given: number 1 is NaN"
    );
    // And where a source of one's own makes them.
    let source = Slow::new(4).with_targets::<Class<2>, _>(|[number]| number as usize);
    let loader = Loader::new(source, 4);
    let mut epoch = loader.epoch::<f32, _>(&Cpu::default(), 0).unwrap();
    let error = epoch.next().unwrap().err().unwrap().to_string();
    assert_eq!(error, "sample 2 of those given: class 2, but there are 2");
}

#[test]
fn subsets_keep_their_order_and_their_source() {
    let last = Slow::new(10).range(7..99);
    assert_eq!((last.len(), last.get(0).unwrap().target), (3, [7.0]));
    assert_eq!(last.source().len(), 10);
    let some = Slow::new(10).subset(vec![9, 0, 9]);
    let loader = Loader::new(some, 2);
    assert_eq!(numbers(&loader, 0), [9., 0., 9.]);
    let copies = Slow::new(3).in_memory().unwrap();
    assert_eq!(copies.get(2).unwrap(), Slow::new(3).get(2).unwrap());
}

#[test]
#[should_panic(expected = "index 10 of a set of 10")]
fn a_subset_of_what_is_not_there_is_refused_at_once() {
    Slow::new(10).subset(vec![0, 10]);
}

/// With `x = λ·a + (1 − λ)·b` for image and target alike, the target tells λ, and λ the image.
#[test]
fn mixup_mixes_images_and_targets_alike() {
    let image = |p: u8| Image::new(vec![p, 255 - p]).unwrap();
    let samples = [(0, 0), (51, 1), (255, 2)]
        .map(|(p, target)| Sample::<Tiny, Class<3>> {
            image: image(p),
            target,
        })
        .to_vec();
    let loader = Loader::new(Samples::new(samples).unwrap(), 3).mixup(0.4);
    let dev = Cpu::default();
    let mut lambdas = Vec::new();
    for epoch in 0..5 {
        let batch = loader.epoch::<f64, _>(&dev, epoch).unwrap().next().unwrap();
        let batch = batch.unwrap();
        let targets = batch.targets.as_vec();
        let lambda = targets[0];
        let rest = 1.0 - lambda;
        let expected = [lambda, 0., rest, rest, lambda, 0., 0., rest, lambda];
        let images = [0., 1., 0.2, 0.8, 1., 0.];
        for (i, found) in batch.images.as_vec().into_iter().enumerate() {
            let expected = lambda * images[i] + rest * images[(i + 4) % 6];
            assert!((found - expected).abs() < 1e-12);
        }
        for (found, expected) in targets.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(batch.values, [0, 1, 2]);
        lambdas.push(lambda);
    }
    lambdas.dedup();
    assert_eq!(lambdas.len(), 5);
}

#[test]
fn real_augmentation_is_the_same_in_every_thread() {
    let loader = |threads| {
        let loader = Loader::new(synthetic_digits(30, 2), 7).shuffled(1);
        let affine = RandomAffine::new(20.0).scale(0.8..=1.2).shear(10.0);
        loader.augmented(affine).threads(threads)
    };
    let images = |loader: Loader<_>| -> Vec<Vec<f32>> {
        let epoch = loader.epoch::<f32, _>(&Cpu::default(), 4).unwrap();
        epoch.map(|batch| batch.unwrap().images.as_vec()).collect()
    };
    assert_eq!(images(loader(0)), images(loader(3)));
}

#[test]
fn some_augmentation_is_for_the_first_epochs_only() {
    let loader = || Loader::new(synthetic_digits(4, 2), 4);
    let plain = loader();
    let mirrored = loader().augmented(RandomHorizontalFlip::new(1.0));
    let first = loader().augmented_for(2, RandomHorizontalFlip::new(1.0));
    let images = |loader: &Loader<_>, epoch| -> Vec<f32> {
        let mut batches = loader.epoch::<f32, _>(&Cpu::default(), epoch).unwrap();
        batches.next().unwrap().unwrap().images.as_vec()
    };
    for epoch in 0..4 {
        let expected = if epoch < 2 { &mirrored } else { &plain };
        assert_eq!(images(&first, epoch), images(expected, epoch), "{epoch}");
        assert_ne!(images(&mirrored, epoch), images(&plain, epoch));
    }
}

#[test]
fn tiles_cover_an_image_and_keep_their_masks() {
    let scenes = SyntheticShapes::<3, 11, 14, 5>::new(3, 7);
    let tiles = Tiles::<_, 4, 6>::new(scenes, 5);
    // Rows from 0, 5 and 7, columns from 0, 5 and 8.
    let places = [0, 5, 7].map(|top| [0, 5, 8].map(|left| (top, left)));
    assert_eq!(tiles.len(), 3 * 9);
    for (index, (top, left)) in (0..3).flat_map(|_| places.concat()).enumerate() {
        let (tile, whole) = (tiles.get(index).unwrap(), scenes.get(index / 9).unwrap());
        for (i, class) in tile.target.iter().enumerate() {
            let at = (top + i / 6) * 14 + left + i % 6;
            assert_eq!(*class, whole.target[at], "tile {index}, pixel {i}");
            let pixel = |values: &[u8], at, plane| [0usize, 1, 2].map(|c| values[c * plane + at]);
            assert_eq!(
                pixel(tile.image.values(), i, 4 * 6),
                pixel(whole.image.values(), at, 11 * 14),
                "tile {index}, pixel {i}"
            );
        }
    }
}

#[test]
fn a_tile_as_large_as_its_image_is_the_image() {
    let scenes = SyntheticShapes::<1, 5, 8, 3>::new(2, 7);
    let tiles = Tiles::<_, 5, 8>::new(scenes, 1);
    assert_eq!(tiles.len(), 2);
    assert_eq!(tiles.get(1).unwrap(), scenes.get(1).unwrap());
}
