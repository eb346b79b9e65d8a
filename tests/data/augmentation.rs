//! Augmentation against the geometry: what is known of an image moves as its pixels do.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest, ProptestConfig};
use rand::rngs::StdRng;
use rand::SeedableRng;
use shapeproof::data::{
    BoundingBox, Boxes, Class, ColorJitter, Cutout, ElasticTransform, Image, InterpolationMode,
    Mask, Numbers, RandomAffine, RandomApply, RandomCrop, RandomHorizontalFlip, RandomRotation,
    RandomVerticalFlip, Rotated, Sample, Samples, Source, Target, Transform, IGNORE,
};
use shapeproof::prelude::*;

const H: usize = 23;
const W: usize = 31;
type Grey = Chw<1, H, W>;
type Masks = Mask<H, W, 3>;
type Things = Boxes<2>;

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn image<S: shapeproof::tensor::Batched>(values: Vec<u8>) -> Image<S> {
    Image::new(values).unwrap()
}

/// Every pixel says where it is.
fn places() -> Vec<u8> {
    (0..H * W).map(|i| (i / W * 7 + i % W * 5) as u8).collect()
}

fn thing([xmin, ymin, xmax, ymax]: [f32; 4]) -> BoundingBox {
    BoundingBox {
        class: 1,
        xmin,
        ymin,
        xmax,
        ymax,
    }
}

fn edges(thing: &BoundingBox) -> [f32; 4] {
    [thing.xmin, thing.ymin, thing.xmax, thing.ymax]
}

/// A white rectangle on black, and the box around it.
fn blob([left, top, right, bottom]: [usize; 4]) -> Sample<Grey, Things> {
    let inside = |i: usize| {
        let (row, column) = (i / W, i % W);
        (top..bottom).contains(&row) && (left..right).contains(&column)
    };
    let values = (0..H * W).map(|i| if inside(i) { 255 } else { 0 });
    Sample {
        image: image(values.collect()),
        target: vec![thing([left, top, right, bottom].map(|x| x as f32))],
    }
}

/// The box around all pixels of more than `least`.
fn around(image: &Image<Grey>, least: u8) -> Option<[f32; 4]> {
    let bright: Vec<(usize, usize)> = (0..H * W)
        .filter(|i| image.values()[*i] > least)
        .map(|i| (i % W, i / W))
        .collect();
    let edge = |f: &dyn Fn(&(usize, usize)) -> usize| {
        let all = || bright.iter().map(f);
        Some((all().min()? as f32, all().max()? as f32 + 1.0))
    };
    let ((xmin, xmax), (ymin, ymax)) = (edge(&|p| p.0)?, edge(&|p| p.1)?);
    Some([xmin, ymin, xmax, ymax])
}

/// Three classes in stripes that are broader than what is between two pixels; the image shows
/// them.
fn striped() -> Sample<Grey, Masks> {
    let classes: Vec<u8> = (0..H * W)
        .map(|i| ((i / W / 6 + i % W / 8) % 3) as u8)
        .collect();
    Sample {
        image: image(classes.iter().map(|class| 100 * class).collect()),
        target: classes,
    }
}

/// Where all pixels around one are of its class, the image shows the class; where a pixel is from
/// outside, it is filled. Two pixels around, since what is stretched mixes over more than one.
fn moved_alike(sample: &Sample<Grey, Masks>, fill: u8) -> usize {
    let mut seen = 0;
    let class = |row: usize, column: usize| sample.target[row * W + column];
    for row in 2..H - 2 {
        for column in 2..W - 2 {
            let own = class(row, column);
            let value = sample.image.values()[row * W + column];
            if own == IGNORE {
                assert_eq!(value, fill, "row {row}, column {column}");
                continue;
            }
            let around = (0..25).map(|i| class(row + i / 5 - 2, column + i % 5 - 2));
            if around.into_iter().all(|other| other == own) {
                assert_eq!(value, 100 * own, "row {row}, column {column}");
                seen += 1;
            }
        }
    }
    seen
}

#[test]
fn two_flips_are_none() {
    type Flip<'a> = (
        &'a dyn Transform<Grey, Masks>,
        &'a dyn Transform<Grey, Things>,
    );
    let flips: [Flip<'_>; 2] = [
        (
            &RandomHorizontalFlip::new(1.0),
            &RandomHorizontalFlip::new(1.0),
        ),
        (&RandomVerticalFlip::new(1.0), &RandomVerticalFlip::new(1.0)),
    ];
    for (of_masks, of_boxes) in flips {
        let old = Sample::<Grey, Masks> {
            image: image(places()),
            ..striped()
        };
        let mut new = old.clone();
        of_masks.apply(&mut new, &mut rng(0));
        assert_ne!(new, old);
        of_masks.apply(&mut new, &mut rng(0));
        assert_eq!(new, old);

        let old = Sample::<Grey, Things> {
            image: image(places()),
            target: vec![thing([0., 1.5, 7.25, 9.]), thing([20., 3., 31., 23.])],
        };
        let mut new = old.clone();
        of_boxes.apply(&mut new, &mut rng(0));
        assert_ne!(new.target, old.target);
        of_boxes.apply(&mut new, &mut rng(0));
        assert_eq!(new, old);
    }
}

#[test]
fn flips_turn_rows_or_columns_around() {
    let old = image::<Chw<2, 2, 3>>((0..12).collect());
    let target = 0;
    let mut new = Sample::<_, Class<1>> { image: old, target };
    RandomHorizontalFlip::new(1.0).apply(&mut new, &mut rng(0));
    assert_eq!(new.image.values(), [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9]);
    RandomVerticalFlip::new(1.0).apply(&mut new, &mut rng(0));
    assert_eq!(new.image.values(), [5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6]);
    RandomVerticalFlip::new(0.0).apply(&mut new, &mut rng(0));
    assert_eq!(new.image.values()[0], 5);
}

#[test]
fn a_mirror_changes_the_sign_of_the_steering_only_where_told() {
    let flip = RandomHorizontalFlip::new(0.5).negating([true, false]);
    let old = Sample::<Grey, Numbers<2>> {
        image: image(places()),
        target: [0.25, 0.75],
    };
    let mut flipped = 0;
    for seed in 0..100 {
        let mut new = old.clone();
        flip.apply(&mut new, &mut rng(seed));
        let mirrored = new.image != old.image;
        flipped += u32::from(mirrored);
        let sign = if mirrored { -1.0 } else { 1.0 };
        assert_eq!(new.target, [sign * 0.25, 0.75]);
    }
    assert!((30..70).contains(&flipped), "{flipped} of 100");
}

#[test]
fn what_is_applied_sometimes_leaves_the_others_as_they_are() {
    let flip = RandomApply::new(RandomVerticalFlip::new(1.0), 0.25);
    let old = striped();
    let mut upside_down = old.clone();
    RandomVerticalFlip::new(1.0).apply(&mut upside_down, &mut rng(0));
    assert_ne!(upside_down.image, old.image);
    let mut applied = 0;
    for seed in 0..200 {
        let mut new = old.clone();
        flip.apply(&mut new, &mut rng(seed));
        let changed = new != old;
        applied += u32::from(changed);
        assert!(!changed || new == upside_down);
    }
    assert!((30..70).contains(&applied), "{applied} of 200");
}

#[test]
fn a_crop_shifts_image_mask_and_boxes_by_the_same_pixels() {
    let crop = RandomCrop::new(4).fill(7);
    let mut shifts = std::collections::HashSet::new();
    for seed in 0..200 {
        let old = striped();
        let mut new = old.clone();
        crop.apply(&mut new, &mut rng(seed));
        let mut white = blob([8, 8, 20, 15]);
        crop.apply(&mut white, &mut rng(seed));
        let [left, top, ..] = around(&white.image, 128).expect("the blob is still there");
        let (right, down) = (left as isize - 8, top as isize - 8);
        for row in 0..H {
            for column in 0..W {
                let from = (row as isize - down, column as isize - right);
                let inside = (0..H as isize).contains(&from.0) && (0..W as isize).contains(&from.1);
                let (pixel, class) = if inside {
                    let at = from.0 as usize * W + from.1 as usize;
                    (old.image.values()[at], old.target[at])
                } else {
                    (7, IGNORE)
                };
                assert_eq!(new.image.values()[row * W + column], pixel);
                assert_eq!(new.target[row * W + column], class);
            }
        }
        shifts.insert((right, down));
        assert!(right.abs() <= 4 && down.abs() <= 4);
        assert_eq!(edges(&white.target[0]), around(&white.image, 128).unwrap());
    }
    assert!(shifts.len() > 60, "{} of 81", shifts.len());
}

#[test]
fn boxes_are_clipped_and_dropped_when_less_than_half_is_seen() {
    let crop = RandomCrop::new(10);
    let old = [0.0, 0.0, 8.0, 6.0];
    let mut kept = 0;
    for seed in 0..300 {
        let mut corner = blob([0, 0, 8, 6]);
        let mut middle = blob([14, 10, 18, 14]);
        crop.apply(&mut corner, &mut rng(seed));
        crop.apply(&mut middle, &mut rng(seed));
        let [left, top, ..] = around(&middle.image, 128).expect("the middle is still there");
        let (right, down) = (left - 14.0, top - 10.0);
        let seen = |least: f32, most: f32, shift: f32| (most + shift) - (least + shift).max(0.0);
        let share = seen(old[0], old[2], right) * seen(old[1], old[3], down).max(0.0) / 48.0;
        if share >= 0.5 {
            kept += 1;
            assert_eq!(
                edges(&corner.target[0]),
                around(&corner.image, 128).unwrap()
            );
        } else {
            assert!(corner.target.is_empty(), "{share} is seen");
        }
    }
    assert!((100..250).contains(&kept), "{kept} of 300");
}

#[test]
fn stretching_by_two_doubles_a_box_in_the_middle() {
    let mut sample = blob([12, 9, 20, 14]);
    RandomAffine::new(0.0)
        .scale(2.0..=2.0)
        .apply(&mut sample, &mut rng(0));
    // From the middle (15.5, 11.5): −3.5, −2.5, 4.5, 2.5, all doubled.
    assert_eq!(edges(&sample.target[0]), [8.5, 6.5, 24.5, 16.5]);
}

#[test]
fn positive_angles_are_anticlockwise() {
    // A mark to the right of the middle goes up.
    let mut values = vec![0; 31 * 31];
    for row in 14..17 {
        values[row * 31 + 25..row * 31 + 28].fill(255);
    }
    let samples: Vec<_> = (0..20)
        .map(|_| Sample::<Chw<1, 31, 31>, Class<1>> {
            image: image(values.clone()),
            target: 0,
        })
        .collect();
    let turned = Rotated::new(Samples::new(samples).unwrap(), 60.0, 3);
    for i in 0..20 {
        let Sample { image, target } = turned.get(i).unwrap();
        let (mut sum, mut x, mut y) = (0.0, 0.0, 0.0);
        for (at, value) in image.values().iter().enumerate() {
            sum += f64::from(*value);
            x += f64::from(*value) * ((at % 31) as f64 - 15.0);
            y += f64::from(*value) * ((at / 31) as f64 - 15.0);
        }
        // Rows point downwards.
        let found = f64::atan2(-y / sum, x / sum).to_degrees();
        assert!(
            (found - f64::from(target[0])).abs() < 1.0,
            "{found} {target:?}"
        );
    }
}

#[test]
fn elastic_transform_wobbles_by_as_much_as_it_should() {
    let mut sample = striped();
    ElasticTransform::new(0.0, 3.0).apply(&mut sample, &mut rng(0));
    assert_eq!(sample, striped());
    let mut seen = 0;
    for seed in 0..10 {
        let mut sample = striped();
        ElasticTransform::new(30.0, 4.0)
            .fill(9)
            .apply(&mut sample, &mut rng(seed));
        assert_ne!(sample.target, striped().target);
        seen += moved_alike(&sample, 9);
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn what_is_cut_out_is_not_asked_for() {
    for seed in 0..50 {
        let mut masked = striped();
        Cutout::new(9).fill(255).apply(&mut masked, &mut rng(seed));
        let pairs = masked.image.values().iter().zip(&masked.target);
        let mut hidden = 0;
        for (pixel, class) in pairs {
            assert_eq!(*pixel == 255, *class == IGNORE);
            hidden += usize::from(*pixel == 255);
        }
        assert!((25..=81).contains(&hidden), "{hidden}");

        let mut boxed = blob([10, 8, 18, 14]);
        Cutout::new(9).apply(&mut boxed, &mut rng(seed));
        let left = boxed.image.values().iter().filter(|p| **p == 255).count();
        assert_eq!(
            boxed.target.len(),
            usize::from(2 * left >= 48),
            "{left} of 48"
        );
        if let Some(kept) = boxed.target.first() {
            assert_eq!(edges(kept), [10., 8., 18., 14.]);
        }
    }
    // Larger than the image, and of no pixel.
    let mut all = striped();
    Cutout::new(100).apply(&mut all, &mut rng(0));
    assert!(all.target.iter().all(|class| *class == IGNORE));
    let mut none = striped();
    Cutout::new(0).apply(&mut none, &mut rng(0));
    assert_eq!(none, striped());
}

#[test]
fn colours_change_and_targets_do_not() {
    type Photo = Sample<Chw<3, 1, 3>, Class<5>>;
    let old = || Photo {
        image: image(vec![200, 0, 90, 100, 0, 90, 50, 0, 90]),
        target: 4,
    };
    let mut same = old();
    ColorJitter::new().apply(&mut same, &mut rng(0));
    assert_eq!(same, old());

    let mut factors = Vec::new();
    for seed in 0..30 {
        let mut new = old();
        ColorJitter::new()
            .brightness(0.2)
            .apply(&mut new, &mut rng(seed));
        let factor = f64::from(new.image.values()[0]) / 200.0;
        assert!((0.79..1.21).contains(&factor));
        for (new, old) in new.image.values().iter().zip(old().image.values()) {
            assert!((f64::from(*new) - f64::from(*old) * factor).abs() <= 1.5);
        }
        factors.push(factor);

        let mut new = old();
        ColorJitter::new().hue(0.5).apply(&mut new, &mut rng(seed));
        let sorted = |values: [u8; 3]| {
            let mut values = values;
            values.sort_unstable();
            values
        };
        let v = new.image.values();
        // The largest and the least value of a pixel stay, grey and black stay.
        let [least, _, most] = sorted([v[0], v[3], v[6]]);
        assert!(least.abs_diff(50) <= 1 && most.abs_diff(200) <= 1);
        assert_eq!([v[1], v[4], v[7]], [0; 3]);
        assert_eq!([v[2], v[5], v[8]], [90; 3]);

        let mut new = old();
        ColorJitter::new()
            .saturation(0.9)
            .apply(&mut new, &mut rng(seed));
        let v = new.image.values();
        let grey = |r: u8, g: u8, b: u8| {
            0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b)
        };
        // Unless a value has reached its end, a pixel is as bright as before.
        if v[0] < 255 && v[6] > 0 {
            assert!((grey(v[0], v[3], v[6]) - grey(200, 100, 50)).abs() < 1.5);
        }

        let mut new = old();
        ColorJitter::new()
            .contrast(0.5)
            .apply(&mut new, &mut rng(seed));
        assert_eq!(new.target, 4);
    }
    factors.sort_by(f64::total_cmp);
    assert!(factors[0] < 0.9 && factors[29] > 1.1);
}

#[test]
#[should_panic(expected = "images cannot be stretched by 0 to 1")]
fn images_cannot_be_stretched_to_nothing() {
    RandomAffine::new(0.0).scale(0.0..=1.0);
}

#[test]
#[should_panic(expected = "2 is no probability")]
fn a_probability_is_at_most_one() {
    RandomHorizontalFlip::new(2.0);
}

fn same_twice<T: Target>(transform: impl Transform<Grey, T>, old: Sample<Grey, T>, seed: u64) {
    let apply = |seed| {
        let mut new = old.clone();
        transform.apply(&mut new, &mut rng(seed));
        new
    };
    assert_eq!(apply(seed), apply(seed));
    assert_ne!(apply(seed), apply(seed + 1));
}

#[test]
fn the_generator_decides_everything() {
    same_twice(RandomRotation::new(30.0), striped(), 5);
    same_twice(
        RandomAffine::new(9.0).translate(0.1, 0.2).shear(9.0),
        striped(),
        5,
    );
    same_twice(ElasticTransform::new(50.0, 5.0), striped(), 5);
    same_twice(ColorJitter::new().brightness(0.5), striped(), 5);
    same_twice(RandomCrop::new(9), blob([5, 5, 9, 9]), 5);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_box_around_a_blob_still_bounds_it(
        left in 0usize..24, top in 0usize..16, width in 3usize..12, height in 3usize..12,
        seed: u64,
    ) {
        let old = blob([left, top, (left + width).min(W), (top + height).min(H)]);
        let affine = RandomAffine::new(40.0).translate(0.2, 0.3).scale(0.7..=1.5).shear(15.0);
        let mut new = old.clone();
        affine.apply(&mut new, &mut rng(seed));
        if let (Some(found), Some(kept)) = (around(&new.image, 127), new.target.first()) {
            let kept = edges(kept);
            // The middle of a bright pixel is in the box.
            prop_assert!(kept[0] <= found[0] + 1.0 && kept[1] <= found[1] + 1.0);
            prop_assert!(found[2] <= kept[2] + 1.0 && found[3] <= kept[3] + 1.0);
            prop_assert!(kept[0] >= 0.0 && kept[1] >= 0.0);
            prop_assert!(kept[2] <= W as f32 && kept[3] <= H as f32);
        }

        let mut new = old;
        ElasticTransform::new(40.0, 4.0).apply(&mut new, &mut rng(seed));
        // What is more than half bright was in the box; what was in the box is at least a quarter
        // bright, for at a corner three of four neighbours are dark.
        let (inner, outer) = (around(&new.image, 127), around(&new.image, 63));
        if let (Some(inner), Some(outer), Some(kept)) = (inner, outer, new.target.first()) {
            let kept = edges(kept);
            prop_assert!(outer[0] <= kept[0] && kept[0] <= inner[0], "{outer:?} {kept:?} {inner:?}");
            prop_assert!(outer[1] <= kept[1] && kept[1] <= inner[1], "{outer:?} {kept:?} {inner:?}");
            prop_assert!(inner[2] <= kept[2] && kept[2] <= outer[2], "{outer:?} {kept:?} {inner:?}");
            prop_assert!(inner[3] <= kept[3] && kept[3] <= outer[3], "{outer:?} {kept:?} {inner:?}");
        }
    }

    #[test]
    fn mask_and_image_move_alike(seed: u64, fill in any::<u8>()) {
        let affine = RandomAffine::new(50.0).translate(0.3, 0.3).scale(0.6..=1.8).shear(20.0);
        let mut sample = striped();
        affine.fill(fill).apply(&mut sample, &mut rng(seed));
        moved_alike(&sample, fill);
        prop_assert_eq!(Masks::check(&sample.target), Ok(()));
    }

    #[test]
    fn nearest_pixels_of_image_and_mask_are_the_same_ones(seed: u64, which in 0usize..3) {
        let mode = InterpolationMode::Nearest;
        let affine = RandomAffine::new(50.0).translate(0.3, 0.3).scale(0.6..=1.8).shear(20.0);
        let affine = affine.fill(255).interpolation(mode);
        // Every pixel of the mask says where it comes from, and the image says so, too.
        let target: Vec<u8> = (0..H * W).map(|i| (i * 7 % 254) as u8).collect();
        let image = image(target.iter().map(|place| place + 1).collect());
        let mut sample = Sample::<Grey, Mask<H, W, 254>> { image, target };
        let elastic = ElasticTransform::new(40.0, 4.0).fill(255).interpolation(mode);
        let turn = RandomRotation::new(90.0).fill(255).interpolation(mode);
        let moves: [&dyn Transform<Grey, _>; 3] = [&affine, &turn, &elastic];
        moves[which].apply(&mut sample, &mut rng(seed));
        for (pixel, place) in sample.image.values().iter().zip(&sample.target) {
            let expected = if *place == IGNORE { 255 } else { place + 1 };
            prop_assert_eq!(*pixel, expected);
        }
    }
}
