//! Metrics against cases counted by hand, and against a known evaluator.

use shapeproof::data::{BoundingBox, IGNORE};
use shapeproof::prelude::*;
use shapeproof::train::metrics::{
    argmax, argmax_mask, top_k_hits, AveragePrecision, ConfusionMatrix, Detection, Interpolation,
    RegressionErrors,
};

fn close(found: Option<f64>, expected: f64) {
    let found = found.expect("there is a number");
    assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
}

/// Truths in rows: 3 cats (2 found, 1 taken for a dog), 2 dogs (1 found, 1 taken for a cat), 1 cow
/// (taken for a dog), no pig; nothing is taken for a cow or a pig.
fn farm() -> ConfusionMatrix<4> {
    let mut matrix = ConfusionMatrix::new();
    for (truth, found) in [(0, 0), (0, 0), (0, 1), (1, 1), (1, 0), (2, 1)] {
        matrix.add(truth, found);
    }
    matrix
}

#[test]
fn a_confusion_matrix_counts() {
    let farm = farm();
    assert_eq!(
        (farm.total(), farm.count(0, 1), farm.count(1, 0)),
        (6, 1, 1)
    );
    assert_eq!((farm.truths(0), farm.findings(0)), (3, 3));
    close(farm.accuracy(), 3. / 6.);
    close(farm.precision(0), 2. / 3.);
    close(farm.precision(1), 1. / 3.);
    assert_eq!((farm.precision(2), farm.precision(3)), (None, None));
    close(farm.recall(1), 1. / 2.);
    close(farm.recall(2), 0.);
    assert_eq!(farm.recall(3), None);
    close(farm.f1(0), 2. / 3.);
    close(farm.f1(1), 2. / 5.);
    close(farm.f1(2), 0.);
    assert_eq!(farm.f1(3), None);
    close(farm.mean_f1(), (2. / 3. + 2. / 5.) / 3.);
    close(farm.iou(0), 2. / 4.);
    close(farm.iou(1), 1. / 4.);
    close(farm.iou(2), 0.);
    assert_eq!(farm.iou(3), None);
    close(farm.mean_iou(), (0.5 + 0.25) / 3.);
    close(farm.weighted_iou(), (3. * 0.5 + 2. * 0.25) / 6.);

    let mut twice = farm.clone();
    twice.merge(&farm);
    assert_eq!(twice.total(), 12);
    assert_eq!(twice.mean_iou(), farm.mean_iou());
}

#[test]
fn of_nothing_nothing_is_known() {
    let none = ConfusionMatrix::<3>::new();
    assert_eq!(none.accuracy(), None);
    assert_eq!((none.mean_iou(), none.mean_f1()), (None, None));
    assert_eq!(none.weighted_iou(), None);
    let none = RegressionErrors::new();
    assert_eq!(
        (none.mae(), none.mse(), none.correlation()),
        (None, None, None)
    );
    let none = AveragePrecision::<2>::new();
    assert_eq!((none.map50(), none.map()), (None, None));
}

#[test]
#[should_panic(expected = "classes 0 and 3 of 3")]
fn a_class_that_is_none_is_refused() {
    ConfusionMatrix::<3>::new().add(0, 3);
}

#[test]
fn the_class_found_is_that_of_the_largest_logit() {
    let dev = Cpu::default();
    let rows = [
        [0.1, 0.7, 0.2],
        [5.0, 5.0, -1.0],
        [f32::NAN, -3.0, -2.0],
        [f32::NAN; 3],
    ];
    let logits: Tensor<(usize, Const<3>), f32, _> = dev.tensor_from_vec(rows.concat(), (4, Const));
    let mut matrix = ConfusionMatrix::<3>::new();
    matrix.add_logits(&logits, &[1, 1, 2, 0]);
    assert_eq!((matrix.count(1, 1), matrix.count(1, 0)), (1, 1));
    assert_eq!((matrix.count(2, 2), matrix.count(0, 0)), (1, 1));
    assert_eq!(argmax::<f64>(&[]), 0);
    assert_eq!(argmax(&[f64::NEG_INFINITY, f64::NAN]), 0);

    let hits = |k| top_k_hits(&logits, &[2, 1, 0, 0], k);
    // Ranks of the truths: second, second (equal, and later), last (NaN), first.
    assert_eq!([0, 1, 2, 3].map(hits), [0, 1, 3, 4]);
}

#[test]
fn pixels_that_are_ignored_are_not_counted() {
    let dev = Cpu::default();
    // Two images of 1×3 pixels, two planes each; the second wins where it is positive.
    let planes = vec![0., 0., 0., -1., 1., 1., 0., 0., 0., 1., -1., 1.];
    let logits: Tensor<(usize, Const<2>, Const<1>, Const<3>), f64, _> =
        dev.tensor_from_vec(planes, (2, Const, Const, Const));
    let mut matrix = ConfusionMatrix::<2>::new();
    matrix.add_masks(&logits, &[vec![0, 1, IGNORE], vec![0, 0, IGNORE]]);
    let counts = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(t, f)| matrix.count(t, f));
    assert_eq!(counts, [2, 1, 0, 1]);
}

#[test]
fn a_mask_is_what_the_planes_say() {
    let planes = [0.5, 2.0, f32::NAN, f32::NAN, 0.5, 3.0, -9.0, f32::NAN];
    let mask = argmax_mask::<2, _>(&planes);
    assert_eq!(mask, [0, 1, 1, 0]);
    let mut matrix = ConfusionMatrix::<2>::new();
    matrix.add_mask(&[0, 1, 0, IGNORE], &mask);
    assert_eq!(matrix.counts(), [1, 1, 0, 1]);
}

#[test]
#[should_panic(expected = "7 logits of 2 classes")]
fn planes_of_different_sizes_are_no_mask() {
    argmax_mask::<2, f32>(&[0.0; 7]);
}

#[test]
fn errors_and_correlation() {
    let of = |pairs: &[(f64, f64)]| {
        let mut errors = RegressionErrors::new();
        for (truth, found) in pairs {
            errors.add(*truth, *found);
        }
        errors
    };
    let some = of(&[(1., 3.), (2., 1.), (4., 4.), (5., 8.)]);
    close(some.mae(), (2. + 1. + 0. + 3.) / 4.);
    close(some.mse(), (4. + 1. + 0. + 9.) / 4.);
    // Means 3 and 4; products of distances 2, 3, 0, 8; squares 4+1+1+4 and 1+9+0+16.
    close(some.correlation(), 13. / (10f64 * 26.).sqrt());
    assert_eq!(some.count(), 4);
    close(of(&[(1., -2.), (2., -4.), (3., -6.)]).correlation(), -1.);
    assert_eq!(of(&[(1., 2.), (1., 3.)]).correlation(), None);
    assert_eq!(of(&[(1., 2.), (3., 2.)]).correlation(), None);
    // A large mean takes no digits away.
    close(
        of(&[(1e9, 1e9 + 1.), (1e9 + 1., 1e9 + 2.), (1e9 + 2., 1e9 + 3.)]).correlation(),
        1.,
    );
}

fn thing(class: usize, [x, y, width, height]: [u32; 4]) -> BoundingBox {
    BoundingBox {
        class,
        xmin: x as f32,
        ymin: y as f32,
        xmax: (x + width) as f32,
        ymax: (y + height) as f32,
    }
}

fn found(thing: BoundingBox, score: f32) -> Detection {
    Detection { thing, score }
}

#[test]
fn average_precision_by_hand() {
    let boxes = [thing(0, [0, 0, 10, 10]), thing(0, [20, 0, 10, 10])];
    let elsewhere = thing(0, [50, 50, 10, 10]);
    let mut ap = AveragePrecision::<2>::new();
    // In the order of scores: right, wrong, right. Recalls ½, ½, 1; precisions 1, ½, ⅔.
    ap.add(
        &boxes,
        &[
            found(boxes[1], 0.3),
            found(elsewhere, 0.5),
            found(boxes[0], 0.9),
        ],
    );
    close(
        ap.of_class(0, 0.5, Interpolation::Voc),
        0.5 * 1. + 0.5 * 2. / 3.,
    );
    // Recalls 0 to 0.5 are 51 of the 101.
    close(ap.map50(), (51. + 50. * 2. / 3.) / 101.);
    close(ap.map(), (51. + 50. * 2. / 3.) / 101.);
    // The other class is not there, so a finding of it changes no mean.
    assert_eq!(ap.of_class(1, 0.5, Interpolation::Coco), None);
    ap.add(&[], &[found(thing(1, [0, 0, 5, 5]), 1.0)]);
    close(ap.map50(), (51. + 50. * 2. / 3.) / 101.);
    // But one of this class in an empty image is wrong, and the surest: precisions ½, ⅓, ½.
    ap.add(&[], &[found(elsewhere, 1.0)]);
    close(ap.of_class(0, 0.5, Interpolation::Voc), 0.5);
}

#[test]
fn a_thing_is_found_once() {
    let box_ = thing(0, [0, 0, 10, 10]);
    let mut ap = AveragePrecision::<1>::new();
    ap.add(&[box_], &[found(box_, 0.8), found(box_, 0.9)]);
    close(ap.map50(), 1.0);
    let mut ap = AveragePrecision::<1>::new();
    let other = thing(0, [5, 0, 10, 10]);
    // Both findings are nearest to the first thing: for VOC the second one is wrong, for COCO it
    // goes to the other thing, of which it covers a third.
    let near = thing(0, [1, 0, 10, 10]);
    ap.add(&[box_, other], &[found(box_, 0.9), found(near, 0.8)]);
    close(ap.of_class(0, 0.3, Interpolation::Voc), 0.5);
    close(ap.of_class(0, 0.3, Interpolation::Coco), 1.0);
}

#[test]
fn the_order_of_scores_is_all_that_matters() {
    let box_ = thing(0, [0, 0, 10, 10]);
    let wrong = thing(0, [40, 0, 10, 10]);
    let map = |right: f32, other: f32| {
        let mut ap = AveragePrecision::<1>::new();
        ap.add(&[box_], &[found(wrong, other), found(box_, right)]);
        ap.map50()
    };
    assert_eq!(map(0.2, 0.1), map(900.0, -3.0));
    assert_eq!(map(0.2, f32::NAN), Some(1.0));
    close(map(0.1, 0.2), 0.5);
}

/// The numbers of pycocotools 2.0 for the same boxes, drawn by the same generator; its loop:
///
/// ```python
/// for image in range(20):
///     for _ in range(u(7)):
///         c, x, y, w, h = u(3), u(80), u(60), 5 + u(40), 5 + u(40)
///         truths.append((image, c, [x, y, w, h]))
///         if u(10) < 8:
///             c = u(3) if u(10) == 0 else c
///             x, y, w, h = x + u(7) - 3, y + u(7) - 3, w + u(5), h + u(5)
///             found.append((image, c, [x, y, w, h], (8 + u(24)) / 32))
///     for _ in range(u(4)):
///         found.append((image, u(3), [u(80), u(60), 5 + u(40), 5 + u(40)], u(24) / 32))
/// precision = COCOeval(…).eval["precision"][:, :, :, 0, 2]  # threshold, recall, class
/// ```
#[test]
fn average_precision_is_that_of_pycocotools() {
    let mut state = 1u64;
    let mut u = |n: u64| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((state >> 33) % n) as i32
    };
    let at = |class: i32, [x, y, w, h]: [i32; 4]| BoundingBox {
        class: class as usize,
        xmin: x as f32,
        ymin: y as f32,
        xmax: (x + w) as f32,
        ymax: (y + h) as f32,
    };
    let mut ap = AveragePrecision::<3>::new();
    let (mut things, mut findings) = (0, 0);
    for _ in 0..20 {
        let (mut truths, mut found) = (Vec::new(), Vec::new());
        for _ in 0..u(7) {
            let c = u(3);
            let [x, y, w, h] = [u(80), u(60), 5 + u(40), 5 + u(40)];
            truths.push(at(c, [x, y, w, h]));
            if u(10) < 8 {
                // Python looks at the condition first, too.
                let c = if u(10) == 0 { u(3) } else { c };
                let edges = [x + u(7) - 3, y + u(7) - 3, w + u(5), h + u(5)];
                let score = (8 + u(24)) as f32 / 32.0;
                found.push(Detection {
                    thing: at(c, edges),
                    score,
                });
            }
        }
        for _ in 0..u(4) {
            let c = u(3);
            let edges = [u(80), u(60), 5 + u(40), 5 + u(40)];
            let score = u(24) as f32 / 32.0;
            found.push(Detection {
                thing: at(c, edges),
                score,
            });
        }
        things += truths.len();
        findings += found.len();
        ap.add(&truths, &found);
    }
    assert_eq!((things, findings), (48, 68));
    let classes = |iou| [0, 1, 2].map(|c| ap.of_class(c, iou, Interpolation::Coco));
    let expected = [0.5044004400440044, 0.4962143273150845, 0.6351001265540088];
    for (found, expected) in classes(0.5).into_iter().zip(expected) {
        close(found, expected);
    }
    let expected = [0.14332861857614332, 0.11845827439886845, 0.3646610814927646];
    for (found, expected) in classes(0.75).into_iter().zip(expected) {
        close(found, expected);
    }
    close(ap.map50(), 0.5452382979710326);
    close(ap.map(), 0.2377951340876271);
}
