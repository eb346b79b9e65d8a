//! The sets that the program draws: repeatable, whole, and such that they can be learned.

use shapeproof::data::{
    synthetic_digits, DigitScenes, Rotated, Source, SyntheticCells, SyntheticRoad, SyntheticShapes,
    Target,
};
use shapeproof::train::metrics::RegressionErrors;

/// The same numbers give the same samples, others do not, and all targets are what they promise.
fn repeats<Src: Source>(make: impl Fn(u64) -> Src) {
    let (first, again, other) = (make(1), make(1), make(2));
    assert!(first.len() >= 20 && !first.is_empty());
    for i in 0..20 {
        let sample = first.get(i).unwrap();
        assert!(sample == again.get(i).unwrap());
        assert!(sample.image != other.get(i).unwrap().image);
        assert!(sample.image != first.get((i + 1) % 20).unwrap().image);
        assert_eq!(Src::Target::check(&sample.target), Ok(()));
    }
}

#[test]
fn drawn_sets_repeat() {
    repeats(|seed| Rotated::new(synthetic_digits(20, seed), 45.0, seed));
    repeats(|seed| SyntheticCells::<40, 50>::new(20, seed));
    repeats(|seed| SyntheticShapes::<1, 40, 50, 2>::new(20, seed));
    repeats(|seed| SyntheticShapes::<3, 40, 50, 13>::new(20, seed));
    repeats(|seed| DigitScenes::<1, 60, 90, 10>::new(20, 4, seed));
    repeats(|seed| DigitScenes::<3, 90, 60, 3>::new(20, 9, seed));
    repeats(|seed| SyntheticRoad::<3, 30, 40>::new(20, seed));
}

#[test]
fn membranes_are_dark_lines_of_five_pixels() {
    let cells = SyntheticCells::<128, 160>::new(4, 2);
    for index in 0..cells.len() {
        let sample = cells.get(index).unwrap();
        let pixels = || sample.image.values().iter().zip(&sample.target);
        let mean = |class: u8| {
            let of_class = pixels().filter(|(_, c)| **c == class);
            let (sum, count) =
                of_class.fold((0, 0), |(sum, n), (v, _)| (sum + u32::from(*v), n + 1));
            f64::from(sum) / f64::from(count)
        };
        assert!(mean(1) + 40.0 < mean(0), "{} and {}", mean(1), mean(0));
        // A line holds many squares of three pixels and, even where lines meet, none of fourteen.
        let solid = |side: usize| {
            let rows = 0..=128 - side;
            let squares = rows.flat_map(|top| (0..=160 - side).map(move |left| (top, left)));
            let full = squares.filter(|(top, left)| {
                let mut row = *top..top + side;
                row.all(|row| {
                    sample.target[row * 160 + left..][..side]
                        .iter()
                        .all(|c| *c == 1)
                })
            });
            full.count()
        };
        assert!(
            solid(3) > 100 && solid(14) == 0,
            "{} {}",
            solid(3),
            solid(14)
        );
    }
}

#[test]
fn all_classes_of_shapes_are_there() {
    let shapes = SyntheticShapes::<3, 48, 64, 13>::new(60, 4);
    let mut pixels = [0u32; 13];
    for i in 0..shapes.len() {
        for class in shapes.get(i).unwrap().target {
            pixels[usize::from(class)] += 1;
        }
    }
    let all: u32 = pixels.iter().sum();
    assert!(
        (all * 5 / 10..all * 95 / 100).contains(&pixels[0]),
        "{pixels:?}"
    );
    assert!(pixels.iter().all(|count| *count > all / 1000), "{pixels:?}");
}

#[test]
fn boxes_of_scenes_are_around_ink() {
    let scenes = DigitScenes::<1, 64, 96, 10>::new(60, 4, 7);
    let (mut digits, mut classes) = (0, [0; 10]);
    for i in 0..scenes.len() {
        let scene = scenes.get(i).unwrap();
        let mut outside = scene.image.values().to_vec();
        for thing in &scene.target {
            digits += 1;
            classes[thing.class] += 1;
            let (rows, columns) = (
                thing.ymin as usize..thing.ymax as usize,
                thing.xmin as usize..thing.xmax as usize,
            );
            let line = |row: usize| &scene.image.values()[row * 96..][columns.clone()];
            for row in [rows.start, rows.end - 1] {
                assert!(line(row).iter().any(|p| *p > 96), "a box is not tight");
            }
            for row in rows {
                outside[row * 96..][columns.clone()].fill(0);
            }
        }
        assert!(outside.iter().all(|p| *p <= 96), "ink without a box");
    }
    assert!(
        digits > 100 && classes.iter().all(|count| *count > 2),
        "{classes:?}"
    );
}

/// Where the road is in the nearest rows tells how far the car is off, where it is further away
/// how it bends; a line through both must tell the steering.
#[test]
fn the_road_tells_the_steering() {
    let road = SyntheticRoad::<1, 60, 80>::new(300, 5);
    let mut errors = RegressionErrors::new();
    for i in 0..road.len() {
        let frame = road.get(i).unwrap();
        // White edges are brighter than all else below the horizon.
        let middle = |row: usize| {
            let line = &frame.image.values()[row * 80..(row + 1) * 80];
            let mut weights = (0.0, 0.0);
            for (x, p) in line.iter().enumerate() {
                let weight = f64::from(*p).powi(4);
                weights = (weights.0 + weight, weights.1 + weight * (x as f64 - 39.5));
            }
            weights.1 / weights.0
        };
        let (near, far) = (middle(58), middle(28));
        errors.add(f64::from(frame.target[0]), near + 1.5 * far);
    }
    let correlation = errors.correlation().unwrap();
    assert!(correlation > 0.7, "{correlation}");
}

#[test]
fn angles_of_turned_digits_fill_their_range() {
    let digits = Rotated::new(synthetic_digits(200, 1), 45.0, 1);
    let angles: Vec<f32> = (0..200).map(|i| digits.get(i).unwrap().target[0]).collect();
    let mean = angles.iter().sum::<f32>() / 200.0;
    assert!(mean.abs() < 6.0, "{mean}");
    assert!(angles.iter().all(|a| a.abs() <= 45.0));
    assert!(angles.iter().any(|a| *a > 40.0) && angles.iter().any(|a| *a < -40.0));
}
