//! Data sets, their batches, and the digits that the program draws.

use rand::rngs::StdRng;
use rand::SeedableRng;
use shapeproof::data::{synthetic_digits, Dataset, MiniBatch, Normalize};
use shapeproof::prelude::*;

/// `count` images of 2 channels, 2 rows and 3 columns: image `i` is `10·i, 10·i + 1, …`.
fn counting(count: u8) -> Dataset<Chw<2, 2, 3>, 4> {
    let pixels = (0..count)
        .flat_map(|i| (0..12).map(move |p| 10 * i + p))
        .collect();
    Dataset::new(pixels, (0..usize::from(count)).map(|i| i % 4).collect()).unwrap()
}

type Batches4 = Vec<MiniBatch<Chw<2, 2, 3>, 4, f64, Cpu>>;

fn first_pixels(batches: &Batches4) -> Vec<f64> {
    let first = |batch: &MiniBatch<_, 4, _, _>| -> Vec<f64> {
        let pixels: &Tensor<(usize, Const<2>, Const<2>, Const<3>), f64, Cpu> = &batch.images;
        let first = pixels.as_vec().into_iter().step_by(12);
        first.map(|x| (x * 255.0).round()).collect()
    };
    batches.iter().flat_map(first).collect()
}

#[test]
fn batches_come_in_order_and_the_last_one_is_short() {
    let dev = Cpu::default();
    let data = counting(10);
    let mut batches = data.batches::<f64, _>(&dev, 4).unwrap();
    assert_eq!(batches.len(), 3);
    let all: Batches4 = batches.by_ref().map(Result::unwrap).collect();
    assert_eq!(batches.len(), 0);
    assert!(batches.next().is_none() && batches.next().is_none());

    let sizes: Vec<usize> = all.iter().map(|batch| batch.images.shape().0).collect();
    assert_eq!(sizes, [4, 4, 2]);
    assert_eq!(
        first_pixels(&all),
        [0., 10., 20., 30., 40., 50., 60., 70., 80., 90.]
    );
    let last = &all[2];
    assert_eq!(last.labels, [0, 1]);
    assert_eq!(last.one_hot.shape(), &(2, Const::<4>));
    assert_eq!(last.one_hot.as_vec(), [1., 0., 0., 0., 0., 1., 0., 0.]);
    let expected: Vec<f64> = (80..92)
        .chain(90..102)
        .map(|p| f64::from(p) / 255.)
        .collect();
    assert_eq!(last.images.as_vec(), expected);
}

#[test]
fn a_batch_larger_than_the_set_is_the_set() {
    let data = counting(3);
    for size in [3, 4, usize::MAX] {
        let dev = Cpu::default();
        let mut batches = data.batches::<f32, _>(&dev, size).unwrap();
        assert_eq!(batches.len(), 1);
        assert_eq!(batches.next().unwrap().unwrap().labels, [0, 1, 2]);
        assert!(batches.next().is_none());
    }
}

#[test]
fn shuffling_shows_each_example_once_and_repeats_with_the_seed() {
    let dev = Cpu::default();
    let data = counting(20);
    let order = |seed| {
        let mut rng = StdRng::seed_from_u64(seed);
        let batches = data.shuffled_batches(&dev, 6, &mut rng).unwrap();
        let batches: Batches4 = batches.map(Result::unwrap).collect();
        let order = first_pixels(&batches);
        let labels = batches.into_iter().flat_map(|batch| batch.labels);
        for (pixel, label) in order.iter().zip(labels) {
            assert_eq!((*pixel as usize / 10) % 4, label);
        }
        order
    };
    let shuffled = order(1);
    assert_eq!(shuffled, order(1));
    assert_ne!(shuffled, order(2));
    let mut sorted = shuffled.clone();
    sorted.sort_by(f64::total_cmp);
    assert_ne!(shuffled, sorted);
    let all: Vec<f64> = (0..20).map(|i| f64::from(10 * i)).collect();
    assert_eq!(sorted, all);
}

#[test]
fn one_generator_shuffles_every_pass_anew() {
    let dev = Cpu::default();
    let data = counting(20);
    let mut rng = StdRng::seed_from_u64(1);
    let mut pass = || -> Batches4 {
        let batches = data.shuffled_batches(&dev, 20, &mut rng).unwrap();
        batches.map(Result::unwrap).collect()
    };
    let (first, second) = (pass(), pass());
    assert_ne!(first_pixels(&first), first_pixels(&second));
}

#[test]
fn batches_of_none_are_an_error() {
    let (dev, data) = (Cpu::default(), counting(2));
    let words = "a batch needs at least one example, asked for batches of 0";
    let error = data.batches::<f32, _>(&dev, 0).err().unwrap();
    assert_eq!(error.to_string(), words);
    let mut rng = StdRng::seed_from_u64(0);
    let error = data.shuffled_batches::<f32, _>(&dev, 0, &mut rng);
    assert_eq!(error.err().unwrap().to_string(), words);
}

#[test]
fn take_keeps_the_first_examples() {
    let data = counting(10).take(3);
    assert_eq!((data.len(), data.label(2)), (3, 2));
    assert_eq!(data.image(2)[0], 20);
    assert_eq!(counting(10).take(11).len(), 10);

    let none = counting(10).take(0);
    assert!(none.is_empty());
    assert_eq!(Normalize::of(&none), Normalize::NONE);
    let dev = Cpu::default();
    assert!(none.batches::<f32, _>(&dev, 4).unwrap().next().is_none());
}

#[test]
fn pixels_and_labels_in_memory_are_checked() {
    type Small = Dataset<Chw<2, 2, 3>, 4>;
    let words = |pixels: usize, labels: &[usize]| {
        let error = Small::new(vec![0; pixels], labels.to_vec()).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        words(23, &[0, 1]),
        "expected 24 pixels (2 labels for images of 2×2×3), found 23"
    );
    assert_eq!(
        words(24, &[0]),
        "expected 12 pixels (1 label for images of 2×2×3), found 24"
    );
    assert_eq!(
        words(12, &[]),
        "expected 0 pixels (0 labels for images of 2×2×3), found 12"
    );
    assert_eq!(
        words(24, &[3, 4]),
        "label 4 at record 1 of the labels given, but there are 4 classes"
    );
    let nothing = "a data set needs at least one example of at least one pixel, found none";
    assert_eq!(words(0, &[]), nothing);
    let error = Dataset::<Chw<0, 2, 3>, 4>::new(vec![], vec![0]).unwrap_err();
    assert_eq!(error.to_string(), nothing);
    assert_eq!(
        format!("{:?}", counting(2)),
        "Dataset { shape: Chw { channels: 2, height: 2, width: 3 }, classes: 4, len: 2, \
         scales: [Scale { mean: 0.0, std: 1.0 }] }"
    );
}

/// Channel 0 holds 0, 0, 255, 255 (mean 1/2, deviation 1/2), channel 1 holds 51 only (mean 1/5).
#[test]
fn every_channel_is_normalised_by_its_own_numbers() {
    let data = Dataset::<Chw<2, 1, 2>, 2>::new(vec![0, 255, 51, 51, 255, 0, 51, 51], vec![0, 1]);
    let data = data.unwrap();
    let normalize = Normalize::of(&data);
    assert_eq!(normalize.mean, [0.5, 0.2]);
    assert_eq!(normalize.std, [0.5, 0.0]);

    let dev = Cpu::default();
    let data = data.normalized(normalize);
    let batch = data.batches::<f64, _>(&dev, 2).unwrap().next().unwrap();
    assert_eq!(
        batch.unwrap().images.as_vec(),
        [-1., 1., 0., 0., 1., -1., 0., 0.]
    );
    let data = data.normalized(Normalize {
        mean: [0.0, 0.1],
        std: [2.0, 0.5],
    });
    let batch = data.batches::<f32, _>(&dev, 1).unwrap().next().unwrap();
    assert_eq!(batch.unwrap().images.as_vec(), [0.0, 0.5, 0.2, 0.2]);
}

#[test]
fn after_normalisation_the_mean_is_zero_and_the_spread_one() {
    let dev = Cpu::default();
    let data = synthetic_digits(50, 3);
    let normalize = Normalize::of(&data);
    let data = data.normalized(normalize);
    let batch = data.batches::<f64, _>(&dev, 50).unwrap().next().unwrap();
    let values = batch.unwrap().images.as_vec();
    let average =
        |f: &dyn Fn(f64) -> f64| values.iter().map(|x| f(*x)).sum::<f64>() / values.len() as f64;
    assert!(average(&|x| x).abs() < 1e-12);
    assert!((average(&|x| x * x) - 1.0).abs() < 1e-12);
}

#[test]
fn drawn_digits_are_balanced_shuffled_and_repeatable() {
    let digits = synthetic_digits(1003, 5);
    let mut counts = [0; 10];
    for label in digits.labels() {
        counts[*label] += 1;
    }
    counts.sort();
    assert_eq!(counts, [100, 100, 100, 100, 100, 100, 100, 101, 101, 101]);
    assert!(digits.labels().windows(2).any(|pair| pair[0] > pair[1]));

    let again = synthetic_digits(1003, 5);
    assert_eq!(digits.labels(), again.labels());
    assert!((0..1003).all(|i| digits.image(i) == again.image(i)));
    let other = synthetic_digits(1003, 6);
    assert_ne!(digits.labels(), other.labels());
    assert!((0..1003).all(|i| digits.image(i) != other.image(i)));
    assert!(synthetic_digits(0, 5).is_empty());
}

#[test]
fn drawn_digits_are_ink_on_black_inside_of_the_image() {
    let digits = synthetic_digits(500, 8);
    for i in 0..digits.len() {
        let image = digits.image(i);
        let ink = image.iter().filter(|pixel| **pixel > 128).count();
        assert!(
            (15..300).contains(&ink),
            "a {} of {ink} pixels",
            digits.label(i)
        );
        let border = (0..28).flat_map(|k| [k, 27 * 28 + k, 28 * k, 28 * k + 27]);
        let touched = border.filter(|k| image[*k] > 128).count();
        assert!(touched < 10, "a {} leaves the image", digits.label(i));
    }
}

/// An image is nearer to the other images of its class than to those of any other, mostly: a
/// stand-in for training a network that takes no time.
#[test]
fn drawn_digits_can_be_told_apart() {
    let (train, test) = (synthetic_digits(2000, 1), synthetic_digits(200, 2));
    let distance = |a: &[u8], b: &[u8]| -> u64 {
        let square = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b)).pow(2);
        a.iter().zip(b).map(square).sum()
    };
    let hits = (0..test.len()).filter(|i| {
        let nearest = (0..train.len()).min_by_key(|j| distance(test.image(*i), train.image(*j)));
        train.label(nearest.unwrap()) == test.label(*i)
    });
    let hits = hits.count();
    assert!(hits >= 180, "{hits} of 200");
}

#[test]
fn a_normalisation_that_gives_no_numbers_is_an_error() {
    let data = || Dataset::<Chw<1, 1, 2>, 2>::new(vec![0, 255], vec![1]).unwrap();
    for (mean, std) in [(f64::NAN, 1.0), (0.5, f64::INFINITY), (0.5, -1.0)] {
        let normalize = Normalize {
            mean: [mean],
            std: [std],
        };
        let data = data().normalized(normalize);
        let error = data.batches::<f32, _>(&Cpu::default(), 1).err();
        let error = error.expect("must be refused").to_string();
        let expected = format!(
            "channel 0 cannot be normalised by a mean of {mean} and a standard deviation of {std}"
        );
        assert_eq!(error, expected);
    }
}
