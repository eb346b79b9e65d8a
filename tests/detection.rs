//! The parts of Faster R-CNN: anchors, coding, suppression, matching, RoI align and losses, by cases
//! worked out by hand, by brute force, and by differences.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use shapeproof::data::BoundingBox;
use shapeproof::detection::{
    batched_nms, nms, Anchors, BoxCoder, BoxError, BoxHead, DetectionError, FasterRcnn, Match,
    Matcher, RegionProposals, Roi, RoiAlign, SampledRois, Sampler,
};
use shapeproof::gradcheck::{away_from_kinks, GradCheck};
use shapeproof::prelude::*;
use shapeproof::train::metrics::Detection;

fn place(xmin: f32, ymin: f32, xmax: f32, ymax: f32) -> BoundingBox {
    BoundingBox {
        class: 0,
        xmin,
        ymin,
        xmax,
        ymax,
    }
}

fn of_class(class: usize, thing: BoundingBox) -> BoundingBox {
    BoundingBox { class, ..thing }
}

fn scored(thing: BoundingBox, score: f32) -> Detection {
    Detection { thing, score }
}

// ---- anchors and coding ----

#[test]
fn anchors_have_their_area_and_form_around_the_middle_of_their_pixel() {
    let anchors = Anchors {
        stride: 4.0,
        scales: [8.0, 20.0],
        ratios: [0.5, 1.0, 2.0],
    };
    let boxes = anchors.grid(3, 5);
    assert_eq!(boxes.len(), 6 * 3 * 5);
    assert_eq!(Anchors::<2, 3>::PER_PIXEL, 6);
    for (number, anchor) in boxes.iter().enumerate() {
        let (kind, row, column) = (number / 15, number / 5 % 3, number % 5);
        let (scale, ratio) = ([8.0, 20.0][kind / 3], [0.5, 1.0, 2.0][kind % 3]);
        let (width, height) = (anchor.xmax - anchor.xmin, anchor.ymax - anchor.ymin);
        assert!((width * height - scale * scale).abs() < 1e-3, "{anchor}");
        assert!((height / width - ratio).abs() < 1e-5, "{anchor}");
        let middle = (
            (anchor.xmin + anchor.xmax) / 2.0,
            (anchor.ymin + anchor.ymax) / 2.0,
        );
        assert_eq!(middle, (column as f32 * 4.0 + 2.0, row as f32 * 4.0 + 2.0));
    }
}

/// torchvision's `BoxCoder((10, 10, 5, 5)).encode_single` by hand: the middle moves by (2, −5) of
/// (20, 10), the width doubles, the height is halved.
#[test]
fn deltas_of_a_box_by_hand() {
    let coder = BoxCoder {
        weights: [10.0, 10.0, 5.0, 5.0],
    };
    let anchor = place(10.0, 10.0, 30.0, 20.0);
    let thing = place(2.0, 7.5, 42.0, 12.5);
    let deltas = coder.encode(&anchor, &thing);
    let ln2 = std::f32::consts::LN_2;
    let expected = [1.0, -5.0, 5.0 * ln2, -5.0 * ln2];
    for (found, expected) in deltas.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{deltas:?}");
    }
}

#[test]
fn decoding_undoes_encoding() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut drawn = || {
        let (x, y) = (rng.gen_range(-9.0..90.0), rng.gen_range(-9.0..90.0));
        let (w, h) = (rng.gen_range(1.0..60.0), rng.gen_range(1.0..60.0));
        place(x, y, x + w, y + h)
    };
    let coder = BoxCoder {
        weights: [10.0, 3.0, 5.0, 2.0],
    };
    for _ in 0..200 {
        let (anchor, thing) = (drawn(), drawn());
        let again = coder.decode(&anchor, coder.encode(&anchor, &thing));
        let off = [
            again.xmin - thing.xmin,
            again.ymin - thing.ymin,
            again.xmax - thing.xmax,
            again.ymax - thing.ymax,
        ];
        assert!(off.iter().all(|d| d.abs() < 1e-3), "{again} for {thing}");
    }
}

#[test]
fn no_delta_makes_a_box_without_end() {
    let anchor = place(0.0, 0.0, 16.0, 16.0);
    let huge = BoxCoder::default().decode(&anchor, [0.0, 0.0, 1e30, f32::INFINITY]);
    for side in [huge.xmax - huge.xmin, huge.ymax - huge.ymin] {
        assert!((side - 1000.0).abs() < 0.1, "{huge}");
    }
}

// ---- suppression ----

#[test]
fn exactly_the_threshold_is_not_too_much() {
    // They share 1/3.
    let found = [
        scored(place(0.0, 0.0, 2.0, 1.0), 0.5),
        scored(place(1.0, 0.0, 3.0, 1.0), 0.6),
    ];
    assert_eq!(nms(&found, 1.0 / 3.0), [1, 0]);
    assert_eq!(nms(&found, 0.33), [1]);
    assert_eq!(nms(&[], 0.5), [0; 0]);
}

/// What is removed removes nothing: the middle one goes, so the last stays.
#[test]
fn a_chain_of_boxes() {
    let found = [0.0, 4.0, 8.0].map(|x| scored(place(x, 0.0, x + 10.0, 10.0), 1.0 - x / 10.0));
    assert_eq!(nms(&found, 0.3), [0, 2]);
    let mut found = found;
    found[1].thing.class = 1;
    assert_eq!(batched_nms(&found, 0.3), [0, 1, 2]);
    found[0].score = f32::NAN;
    assert_eq!(nms(&found, 0.3), [1]);
}

/// As the definition says it: a box stays unless a surer one that stays shares more than the threshold.
#[test]
fn suppression_equals_its_definition() {
    let mut rng = StdRng::seed_from_u64(2);
    for case in 0..50 {
        let found: Vec<Detection> = (0..40)
            .map(|_| {
                let (x, y) = (rng.gen_range(0.0..30.0), rng.gen_range(0.0..30.0));
                let side = rng.gen_range(4.0..16.0);
                // Few different scores, so that some are equal.
                scored(
                    of_class(rng.gen_range(0..2), place(x, y, x + side, y + side)),
                    rng.gen_range(0..8) as f32,
                )
            })
            .collect();
        for (kept, same_class) in [(nms(&found, 0.4), false), (batched_nms(&found, 0.4), true)] {
            let surer = |a: usize, b: usize| {
                found[a].score > found[b].score || (found[a].score == found[b].score && a < b)
            };
            assert!(kept.windows(2).all(|w| surer(w[0], w[1])), "case {case}");
            for i in 0..found.len() {
                let removed = kept.iter().any(|k| {
                    surer(*k, i)
                        && found[*k].thing.iou(&found[i].thing) > 0.4
                        && (!same_class || found[*k].thing.class == found[i].thing.class)
                });
                assert_eq!(kept.contains(&i), !removed, "case {case}, box {i}");
            }
        }
    }
}

// ---- matching and sampling ----

#[test]
fn every_thing_has_its_best_anchor() {
    let truths = [place(0.0, 0.0, 10.0, 10.0), place(20.0, 0.0, 30.0, 10.0)];
    let boxes = [
        place(0.0, 0.0, 10.0, 8.0),   // 0.8 of the first
        place(0.0, 0.0, 10.0, 5.0),   // 0.5: neither
        place(20.0, 0.0, 24.0, 10.0), // 0.4: the best of the second
        place(26.0, 0.0, 30.0, 10.0), // the same
        place(50.0, 0.0, 60.0, 10.0), // of none
    ];
    let proposals = Matcher::PROPOSALS.matches(&boxes, &truths);
    use Match::{Background, Ignored, Truth};
    assert_eq!(
        proposals,
        [Truth(0), Ignored, Truth(1), Truth(1), Background]
    );
    let rois = Matcher::ROIS.matches(&boxes, &truths);
    assert_eq!(
        rois,
        [Truth(0), Truth(0), Background, Background, Background]
    );
    assert_eq!(
        Matcher::PROPOSALS.matches(&boxes, &[]),
        [Background; 5],
        "without things all is background"
    );
    let far = [place(90.0, 90.0, 99.0, 99.0)];
    assert_eq!(
        Matcher::PROPOSALS.matches(&boxes, &far),
        [Background; 5],
        "a thing that nothing touches takes no box"
    );
}

#[test]
fn samples_are_balanced_and_repeatable() {
    let mut matches = vec![Match::Background; 50];
    matches[..20].fill(Match::Truth(1));
    matches[20..30].fill(Match::Ignored);
    let sampler = Sampler {
        size: 16,
        positive: 0.25,
    };
    let draw = |seed| sampler.sample(&matches, &mut StdRng::seed_from_u64(seed));
    let drawn = draw(3);
    assert_eq!(drawn, draw(3));
    assert_ne!(drawn, draw(4));
    assert_eq!(drawn.len(), 16);
    assert!(drawn[..4].iter().all(|i| *i < 20), "{drawn:?}");
    assert!(drawn[4..].iter().all(|i| *i >= 30), "{drawn:?}");
    let mut once = drawn.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), 16, "no box is drawn twice: {drawn:?}");
    // Too few of each: all that there are.
    let few = [Match::Truth(0), Match::Ignored, Match::Background];
    let drawn = sampler.sample(&few, &mut StdRng::seed_from_u64(0));
    assert_eq!(drawn, [0, 2]);
}

// ---- RoI align ----

type Features<E, const C: usize, const H: usize, const W: usize> =
    Batch<Chw<C, H, W>, usize, E, Cpu>;

/// Where values rise evenly, the mean of a bin is the value in its middle, whatever the points.
#[test]
fn a_bin_of_a_slope_is_the_slope_at_its_middle() {
    let dev = Cpu::default();
    let value = |y: f64, x: f64| 3.0 * y - 2.0 * x + 1.0;
    let values: Vec<f64> = (0..2 * 8 * 9)
        .map(|i| {
            let (image, y, x) = (i / 72, i / 9 % 8, i % 9);
            // The middle of pixel x is at x + 1/2.
            100.0 * image as f64 + value(y as f64 + 0.5, x as f64 + 0.5)
        })
        .collect();
    let features: Features<f64, 1, 8, 9> = dev.tensor_from_vec(values, (2, Const, Const, Const));
    // In pixels of an image of twice the size; the bins keep half a pixel from the edges.
    let region = place(3.0, 2.0, 12.0, 14.0);
    let rois = [0, 1].map(|image| Roi {
        image,
        place: region,
    });
    for sampling_ratio in [0, 1, 2, 3] {
        let align = RoiAlign::<4, 3> {
            spatial_scale: 0.5,
            sampling_ratio,
        };
        let parts = align.try_forward(features.clone(), &rois).unwrap();
        let parts: Batch<Chw<1, 4, 3>, usize, f64, Cpu> = parts;
        for (at, found) in parts.as_vec().into_iter().enumerate() {
            let (image, i, j) = (at / 12, at / 3 % 4, at % 3);
            let (y, x) = (1.0 + (i as f64 + 0.5) * 1.5, 1.5 + (j as f64 + 0.5) * 1.5);
            let expected = 100.0 * image as f64 + value(y, x);
            assert!(
                (found - expected).abs() < 1e-12,
                "bin ({i}, {j}) of image {image} is {found}, expected {expected}"
            );
        }
    }
}

#[test]
fn beyond_the_image_is_nothing() {
    let dev = Cpu::default();
    let features: Features<f32, 1, 2, 2> = dev.ones_like(&(1, Const, Const, Const));
    let align = RoiAlign::<1, 2> {
        sampling_ratio: 2,
        ..RoiAlign::default()
    };
    // The points lie at x = −5.5, −2.5 | 0.5, 3.5 and, less half a pixel, two of them outside by more
    // than one; y is inside.
    let roi = Roi {
        image: 0,
        place: place(-7.0, 0.0, 5.0, 2.0),
    };
    let parts = align.try_forward(features, &[roi]).unwrap();
    assert_eq!(parts.as_vec(), [0.0, 0.5]);
}

#[test]
fn gradients_of_roi_align() {
    let dev = Cpu::default();
    let features: Features<f64, 2, 4, 5> =
        dev.tensor_from_vec(away_from_kinks(80, 1), (2, Const, Const, Const));
    let rois = [
        (1, place(0.0, 0.0, 10.0, 8.0)),
        (0, place(1.3, 2.2, 5.1, 7.9)),
        (1, place(6.0, -3.0, 14.0, 3.0)),
        (1, place(4.0, 4.0, 4.0, 4.0)),
    ];
    let rois = rois.map(|(image, place)| Roi { image, place });
    for sampling_ratio in [0, 2] {
        let align = RoiAlign::<3, 2> {
            spatial_scale: 0.5,
            sampling_ratio,
        };
        GradCheck::new()
            .function(
                |x| align.try_forward(x, &rois).expect("regions of the batch"),
                features.clone(),
            )
            .unwrap();
    }
}

/// Features that are used twice gather both gradients.
#[test]
fn roi_align_adds_to_gradients() {
    let dev = Cpu::default();
    let features: Features<f64, 1, 3, 4> =
        dev.tensor_from_vec(away_from_kinks(12, 2), (1, Const, Const, Const));
    let roi = Roi {
        image: 0,
        place: place(0.0, 0.0, 4.0, 3.0),
    };
    let align = RoiAlign::<3, 4> {
        sampling_ratio: 1,
        ..RoiAlign::default()
    };
    // A bin is a pixel here, so the sum has a gradient of 1, and the sum of squares of 2x.
    let parts = align
        .try_forward(features.leaky_trace(), &[roi, roi])
        .unwrap();
    let (sum, tape) = parts.sum::<Rank0, _>().split_tape();
    let squares = features.clone().put_tape(tape).square().sum::<Rank0, _>();
    let gradients = (squares + sum).backward();
    let found = gradients.get(&features).as_vec();
    for (found, x) in found.into_iter().zip(features.as_vec()) {
        assert!((found - (2.0 * x + 2.0)).abs() < 1e-12, "{found} at {x}");
    }
}

#[test]
fn regions_that_are_none() {
    let dev = Cpu::default();
    let features: Features<f32, 1, 2, 3> = dev.zeros_like(&(2, Const, Const, Const));
    let align = RoiAlign::<2, 2>::default();
    let whole = place(0.0, 0.0, 3.0, 2.0);
    let none = align.try_forward(features.clone(), &[]).unwrap();
    assert_eq!(none.shape().0, 0);
    let (image, place) = (2, whole);
    let error = align.try_forward(features.clone(), &[Roi { image, place }]);
    assert_eq!(
        error.unwrap_err().to_string(),
        "region 0 is of image 2, there are 2 from 0"
    );
    let endless = Roi {
        image: 1,
        place: BoundingBox {
            xmax: f32::NAN,
            ..whole
        },
    };
    assert!(matches!(
        align.try_forward(features, &[endless]),
        Err(DetectionError::Boxes(BoxError::Edges { number: 0, .. }))
    ));
}

// ---- the two stages ----

/// Two anchors at each of 1×2 pixels, 8 and 16 wide, 8 pixels apart.
fn two_pixels() -> RegionProposals<2, 1> {
    RegionProposals::new(Anchors {
        stride: 8.0,
        scales: [8.0, 16.0],
        ratios: [1.0],
    })
}

type Maps<const C: usize, E = f32> = Batch<Chw<C, 1, 2>, usize, E, Cpu>;

fn maps<const C: usize>(dev: &Cpu, values: Vec<f32>) -> Maps<C> {
    let batch = values.len() / (2 * C);
    dev.tensor_from_vec(values, (batch, Const, Const, Const))
}

#[test]
fn proposals_by_hand() {
    let dev = Cpu::default();
    // Small anchors at both pixels, then large ones.
    let objectness = maps::<2>(&dev, vec![0.0, 1.0, -1.0, -2.0]);
    let mut deltas = vec![0.0; 16];
    deltas[1] = 0.25; // dx of the second small anchor: two pixels
    let deltas = maps::<8>(&dev, deltas);
    let found = two_pixels().proposals(&objectness, &deltas);
    let found: Vec<(BoundingBox, f32)> = found[0].iter().map(|d| (d.thing, d.score)).collect();
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    assert_eq!(
        found,
        [
            (place(10.0, 0.0, 16.0, 8.0), sigmoid(1.0)),
            (place(0.0, 0.0, 8.0, 8.0), 0.5),
            // 16 pixels around (4, 4) and around (12, 4), cut off, which share half of each other.
            (place(0.0, 0.0, 12.0, 8.0), sigmoid(-1.0)),
            (place(4.0, 0.0, 16.0, 8.0), sigmoid(-2.0)),
        ]
    );
    let few = RegionProposals {
        before: 3,
        iou: 0.6,
        min_size: 7.0,
        ..two_pixels()
    };
    let found = few.proposals(&objectness, &deltas);
    // The fourth does not come in, the first is too narrow, the third shares 2/3 with the second.
    let found: Vec<BoundingBox> = found[0].iter().map(|d| d.thing).collect();
    assert_eq!(found, [place(0.0, 0.0, 8.0, 8.0)]);
}

#[test]
fn the_loss_of_proposals_by_hand() {
    let dev = Cpu::default();
    let objectness = maps::<2>(&dev, vec![2.0, 0.0, 0.0, -1.0]);
    let mut deltas = vec![0.0; 16];
    deltas[0] = 1.0; // dx of the first small anchor, which should be 0
    deltas[2] = 0.05; // its dy
    let deltas = maps::<8>(&dev, deltas);
    let truths = [vec![place(0.0, 0.0, 8.0, 8.0)]];
    let mut rng = StdRng::seed_from_u64(0);
    let loss = two_pixels()
        .loss(
            objectness.leaky_trace(),
            deltas.leaky_trace(),
            &truths,
            &mut rng,
        )
        .unwrap();
    // The first is the thing; the large one at its pixel shares 1/4 of it.
    let said = (1.0 + (-2.0f32).exp()).ln() + 2.0 * 2f32.ln() + (1.0 + (-1.0f32).exp()).ln();
    let far = (1.0 - 0.5 / 9.0) + 0.5 * 0.05 * 0.05 * 9.0;
    let expected = (said + far) / 4.0;
    assert!(
        (loss.array() - expected).abs() < 1e-6,
        "{} is not {expected}",
        loss.array()
    );
    let gradients = loss.backward();
    let found = gradients.get(&deltas).as_vec();
    let mut expected = [0.0; 16];
    (expected[0], expected[2]) = (0.25, 0.05 * 9.0 / 4.0);
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }
}

#[test]
fn gradients_of_both_losses() {
    let dev = Cpu::default();
    let objectness: Maps<2, f64> =
        dev.tensor_from_vec(away_from_kinks(8, 1), (2, Const, Const, Const));
    let deltas: Maps<8, f64> =
        dev.tensor_from_vec(away_from_kinks(32, 2), (2, Const, Const, Const));
    let truths = [vec![place(1.0, 0.0, 8.0, 7.0)], vec![]];
    GradCheck::new()
        .function(
            |(objectness, deltas)| {
                let mut rng = StdRng::seed_from_u64(5);
                two_pixels()
                    .loss(objectness, deltas, &truths, &mut rng)
                    .expect("two images")
            },
            (objectness, deltas),
        )
        .unwrap();

    let head = BoxHead::<2>::default();
    let proposals = [vec![scored(place(0.0, 0.0, 8.0, 7.0), 0.5)]];
    let truths = [vec![of_class(1, place(1.0, 0.0, 8.0, 7.0))]];
    let mut rng = StdRng::seed_from_u64(6);
    let sampled = head.sample(&proposals, &truths, &mut rng).unwrap();
    assert_eq!(sampled.labels, [1, 1]);
    let rows = sampled.rois.len();
    let classes: Batch<Flat<3>, usize, f64, Cpu> =
        dev.tensor_from_vec(away_from_kinks(3 * rows, 3), (rows, Const));
    let deltas: Batch<Flat<8>, usize, f64, Cpu> =
        dev.tensor_from_vec(away_from_kinks(8 * rows, 4), (rows, Const));
    GradCheck::new()
        .function(
            |(classes, deltas)| {
                head.loss(classes, deltas, &sampled)
                    .expect("as many regions")
            },
            (classes, deltas),
        )
        .unwrap();
}

#[test]
fn an_image_without_things_is_learned_as_background() {
    let dev = Cpu::default();
    let objectness = maps::<2>(&dev, vec![0.0; 4]);
    let deltas = maps::<8>(&dev, vec![3.0; 16]);
    let mut rng = StdRng::seed_from_u64(0);
    let loss = two_pixels()
        .loss(
            objectness.leaky_trace(),
            deltas.leaky_trace(),
            &[vec![]],
            &mut rng,
        )
        .unwrap();
    assert!(
        (loss.array() - 2f32.ln()).abs() < 1e-6,
        "deltas do not count"
    );
    let gradients = loss.backward();
    assert_eq!(gradients.get(&objectness).as_vec(), [0.5 / 4.0; 4]);

    let none: RegionProposals<2, 1> = RegionProposals {
        sampler: Sampler {
            size: 0,
            positive: 0.5,
        },
        ..two_pixels()
    };
    let loss = none
        .loss(
            objectness.leaky_trace(),
            deltas.leaky_trace(),
            &[vec![]],
            &mut rng,
        )
        .unwrap();
    assert_eq!(loss.array(), 0.0, "no anchor is drawn");
    loss.backward();

    let head = BoxHead::<2>::default();
    let proposals = [vec![scored(place(0.0, 0.0, 8.0, 8.0), 0.5)]];
    let sampled = head.sample(&proposals, &[vec![]], &mut rng).unwrap();
    assert_eq!(sampled.labels, [2]);
    let classes: Batch<Flat<3>, usize, f32, Cpu> = dev.zeros_like(&(1, Const));
    let deltas: Batch<Flat<8>, usize, f32, Cpu> = dev.ones_like(&(1, Const));
    let loss = head
        .loss(classes.leaky_trace(), deltas.leaky_trace(), &sampled)
        .unwrap();
    assert!((loss.array() - 3f32.ln()).abs() < 1e-6);
    // Neither things nor proposals: nothing to learn from, and no panic.
    let nothing = head.sample(&[vec![]], &[vec![]], &mut rng).unwrap();
    assert_eq!(nothing, SampledRois::default());
    let parts = RoiAlign::<2, 2>::default()
        .try_forward(objectness.leaky_trace(), &nothing.rois)
        .unwrap();
    let mut net: Head = Head::new(&dev);
    let (classes, deltas) = net.forward_mut(parts);
    let loss = head.loss(classes, deltas, &nothing).unwrap();
    assert_eq!(loss.array(), 0.0);
    loss.backward();
}

/// The smallest head of two classes.
#[model(input = Chw<2, 2, 2>, output = (classes: Flat<3>, deltas: Flat<8>))]
struct Head {
    flatten: Flatten,
    classes: Linear<3>,
    #[from(flatten)]
    deltas: Linear<8>,
}

#[test]
fn findings_by_hand() {
    let dev = Cpu::default();
    let head = BoxHead::<2> {
        score: 0.2,
        ..BoxHead::default()
    };
    let rois = [
        place(0.0, 0.0, 10.0, 10.0),
        place(0.0, 0.0, 10.0, 9.0),
        place(20.0, 0.0, 40.0, 10.0),
    ]
    .map(|place| Roi { image: 0, place });
    let ln = |p: f32| p.ln();
    // Probabilities of both classes and of background.
    let classes = vec![
        ln(0.6),
        ln(0.3),
        ln(0.1), //
        ln(0.7),
        ln(0.1),
        ln(0.2), //
        ln(0.1),
        ln(0.1),
        ln(0.8),
    ];
    let classes: Batch<Flat<3>, usize, f32, Cpu> = dev.tensor_from_vec(classes, (3, Const));
    let mut deltas = vec![0.0; 24];
    deltas[4] = 1.0; // dx of class 1 of the first region: 1/10 of its width
    let deltas: Batch<Flat<8>, usize, f32, Cpu> = dev.tensor_from_vec(deltas, (3, Const));
    let found = head
        .detections(&classes, &deltas, &rois, 2, (30, 30))
        .unwrap();
    assert!(found[1].is_empty());
    let found: Vec<BoundingBox> = found[0].iter().map(|d| d.thing).collect();
    assert_eq!(
        found,
        [
            place(0.0, 0.0, 10.0, 9.0),
            of_class(1, place(1.0, 0.0, 11.0, 10.0)),
        ]
    );
    assert_eq!(
        head.detections(&classes, &deltas, &rois[..2], 1, (30, 30))
            .unwrap_err()
            .to_string(),
        "2 regions for 3 rows of the head's output"
    );
}

#[test]
fn what_does_not_belong_together() {
    let head = BoxHead::<2>::default();
    let mut rng = StdRng::seed_from_u64(0);
    let thing = of_class(2, place(0.0, 0.0, 1.0, 1.0));
    let error = head
        .sample(&[vec![]], &[vec![thing]], &mut rng)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "a thing in image 0 is of class 2, the head has 2 from 0"
    );
    let error = head.sample(&[], &[vec![thing]], &mut rng).unwrap_err();
    assert_eq!(error.to_string(), "0 lists of proposals for 1 images");
    let dev = Cpu::default();
    let objectness = maps::<2>(&dev, vec![0.0; 4]);
    let deltas = maps::<8>(&dev, vec![0.0; 16]);
    let error = two_pixels().loss(objectness, deltas, &[], &mut rng);
    assert_eq!(
        error.unwrap_err().to_string(),
        "0 lists of boxes for 1 images"
    );
}

// ---- all of it ----

#[model(
    input = Chw<1, 16, 24>,
    output = (features: Chw<8, 4, 6>, objectness: Chw<1, 4, 6>, deltas: Chw<4, 4, 6>)
)]
struct First {
    conv1: Conv2d<8, Kernel<4>, Stride<4>>,
    relu1: Relu,
    conv2: Conv2d<8, Kernel<3>, Padding<1>>,
    features: Relu,
    objectness: Conv2d<1, Kernel<1>>,
    #[from(features)]
    deltas: Conv2d<4, Kernel<1>>,
}

#[model(input = Chw<8, 2, 2>, output = (classes: Flat<3>, deltas: Flat<8>))]
struct Second {
    flatten: Flatten,
    fc: Linear<16>,
    relu: Relu,
    classes: Linear<3>,
    #[from(relu)]
    deltas: Linear<8>,
}

/// A bright square of class 1 in the first image, nothing in the second: both networks learn it by one
/// loss, and the same seed learns the same.
#[test]
fn two_networks_learn_together() {
    let dev = Cpu::default();
    let thing = of_class(1, place(4.0, 4.0, 12.0, 12.0));
    let truths = [vec![thing], vec![]];
    let inside = |i: usize| i < 384 && (4..12).contains(&(i / 24)) && (4..12).contains(&(i % 24));
    let pixels = (0..2 * 384)
        .map(|i| f32::from(u8::from(inside(i))))
        .collect();
    let images: Features<f32, 1, 16, 24> = dev.tensor_from_vec(pixels, (2, Const, Const, Const));
    let rcnn = FasterRcnn::<1, 1, 2, 2, 2> {
        rpn: RegionProposals::new(Anchors {
            stride: 4.0,
            scales: [8.0],
            ratios: [1.0],
        }),
        align: RoiAlign {
            spatial_scale: 0.25,
            sampling_ratio: 2,
        },
        head: BoxHead::default(),
    };
    let learn = || {
        let dev = Cpu::seed_from_u64(3);
        let mut net: (First, Second) = (First::new(&dev), Second::new(&dev));
        let mut opt = shapeproof::train::Adam::new(&net, 0.01);
        let mut rng = StdRng::seed_from_u64(4);
        let mut grads = net.alloc_grads();
        let mut losses = Vec::new();
        for _ in 0..150 {
            let (first, second) = (&mut net.0, &mut net.1);
            let first = first.forward_mut(images.clone().traced(grads));
            let loss = rcnn
                .loss(first, &truths, &mut rng, |parts| {
                    second.try_forward_mut(parts)
                })
                .unwrap();
            losses.push(loss.array());
            grads = loss.backward();
            opt.step(&mut net, &mut grads).unwrap();
        }
        let first = net.0.forward(images.clone());
        let found = rcnn
            .detect(first, |parts| net.1.try_forward(parts))
            .unwrap();
        (losses, found)
    };
    let (losses, found) = learn();
    assert!(
        losses[149] < losses[0] / 5.0,
        "{} to {}",
        losses[0],
        losses[149]
    );
    let best = found[0].first().expect("something is found");
    assert_eq!(best.thing.class, 1);
    assert!(best.thing.iou(&thing) > 0.7, "{best:?}");
    let sure = found[1].iter().filter(|found| found.score > 0.5);
    assert_eq!(sure.count(), 0, "nothing is there");
    assert_eq!(learn(), (losses, found));
}
