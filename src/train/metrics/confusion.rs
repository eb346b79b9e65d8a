//! What was taken for what.

use dfdx::prelude::{Const, CopySlice, Tensor};

use crate::data::IGNORE;
use crate::tensor::Element;

/// The place of the largest number, the first one of several; 0 where all are NaN.
///
/// # Example
/// ```
/// use shapeproof::train::metrics::argmax;
/// assert_eq!(argmax(&[0.5, 2.0, f32::NAN, 2.0]), 1);
/// ```
pub fn argmax<E: Element>(numbers: &[E]) -> usize {
    let mut best: Option<usize> = None;
    for (i, x) in numbers.iter().enumerate() {
        if !x.is_nan() && best.is_none_or(|best| *x > numbers[best]) {
            best = Some(i);
        }
    }
    best.unwrap_or(0)
}

/// For every pixel, the class whose plane of `logits` has the largest number, the first one of
/// several; NaN counts as the smallest.
///
/// # Panics
/// When `logits` are no `N` planes.
pub fn argmax_mask<const N: usize, E: Element>(logits: &[E]) -> Vec<u8> {
    const { assert!(0 < N && N <= 256, "the number of a class is a byte") };
    let (numbers, plane) = (logits.len(), logits.len() / N);
    assert!(plane * N == numbers, "{numbers} logits of {N} classes");
    let of = |at: usize| std::array::from_fn::<E, N, _>(|n| logits[n * plane + at]);
    (0..plane).map(|at| argmax(&of(at)) as u8).collect()
}

/// For how many images the true class is among the `k` that have the largest logits; of equal
/// logits the first ones count as larger, and NaN as the smallest.
///
/// # Shapes
/// `logits` are `(B, N)`, `labels` are `B`.
///
/// # Panics
/// When there are not as many labels as rows, or a label is not below `N`.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// use shapeproof::train::metrics::top_k_hits;
/// let dev = Cpu::default();
/// let logits: Tensor<(usize, Const<3>), f32, _> =
///     dev.tensor_from_vec(vec![3., 2., 1., 1., 2., 3.], (2, Const));
/// assert_eq!((top_k_hits(&logits, &[1, 0], 1), top_k_hits(&logits, &[1, 0], 2)), (0, 1));
/// ```
pub fn top_k_hits<const N: usize, E, D, T>(
    logits: &Tensor<(usize, Const<N>), E, D, T>,
    labels: &[usize],
    k: usize,
) -> usize
where
    E: Element,
    D: CopySlice<E>,
{
    let logits = logits.as_vec();
    assert_eq!(logits.len(), labels.len() * N, "one label for each row");
    let rows = logits.chunks_exact(N.max(1)).zip(labels);
    let hit = |(row, label): &(&[E], &usize)| {
        let own = row[**label];
        let before = row.iter().enumerate().filter(|(i, x)| {
            let larger = **x > own || (own.is_nan() && !x.is_nan());
            let equal = **x == own || (own.is_nan() && x.is_nan());
            larger || (equal && i < *label)
        });
        before.count() < k
    };
    rows.filter(hit).count()
}

/// How often each of `N` classes was taken for which: rows are the true classes, columns those that
/// were found.
///
/// # Example
/// ```
/// use shapeproof::train::metrics::ConfusionMatrix;
///
/// let mut matrix = ConfusionMatrix::<2>::new();
/// for (truth, found) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
///     matrix.add(truth, found);
/// }
/// assert_eq!(matrix.accuracy(), Some(0.75));
/// assert_eq!((matrix.precision(1), matrix.recall(1)), (Some(0.5), Some(1.0)));
/// assert_eq!(matrix.iou(0), Some(2.0 / 3.0));
/// ```
///
/// # Same as
/// `sklearn.metrics.confusion_matrix`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix<const N: usize> {
    /// Row by row.
    counts: Vec<u64>,
}

impl<const N: usize> Default for ConfusionMatrix<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> ConfusionMatrix<N> {
    /// Nothing counted yet.
    pub fn new() -> Self {
        ConfusionMatrix {
            counts: vec![0; N * N],
        }
    }

    /// Counts one example.
    ///
    /// # Panics
    /// When a class is not below `N`.
    pub fn add(&mut self, truth: usize, found: usize) {
        assert!(truth < N && found < N, "classes {truth} and {found} of {N}");
        self.counts[truth * N + found] += 1;
    }

    /// Counts a batch: the class found for an image is that of its largest logit.
    ///
    /// # Shapes
    /// `logits` are `(B, N)`, `labels` are `B`.
    ///
    /// # Panics
    /// When there are not as many labels as rows, or a label is not below `N`.
    pub fn add_logits<E, D, T>(
        &mut self,
        logits: &Tensor<(usize, Const<N>), E, D, T>,
        labels: &[usize],
    ) where
        E: Element,
        D: CopySlice<E>,
    {
        let logits = logits.as_vec();
        assert_eq!(logits.len(), labels.len() * N, "one label for each row");
        for (row, label) in logits.chunks_exact(N.max(1)).zip(labels) {
            self.add(*label, argmax(row));
        }
    }

    /// Counts the pixels of a mask; those that are [`IGNORE`] in the `truth` are left out.
    ///
    /// # Panics
    /// When the masks differ in size, or a class is not below `N`.
    pub fn add_mask(&mut self, truth: &[u8], found: &[u8]) {
        assert_eq!(truth.len(), found.len(), "masks of one size");
        let pixels = truth.iter().zip(found);
        for (truth, found) in pixels.filter(|(truth, _)| **truth != IGNORE) {
            self.add(usize::from(*truth), usize::from(*found));
        }
    }

    /// Counts the pixels of a batch: the class found for a pixel is that of its largest logit.
    /// Pixels that are [`IGNORE`] in the mask are left out.
    ///
    /// # Shapes
    /// `logits` are `(B, N, H, W)`, `masks` are `B` times `H · W`, row by row.
    ///
    /// # Panics
    /// When the masks have not as many pixels, or a class is not below `N`.
    pub fn add_masks<const H: usize, const W: usize, E, D, T>(
        &mut self,
        logits: &Tensor<(usize, Const<N>, Const<H>, Const<W>), E, D, T>,
        masks: &[Vec<u8>],
    ) where
        E: Element,
        D: CopySlice<E>,
    {
        let logits = logits.as_vec();
        assert_eq!(
            logits.len(),
            masks.len() * N * H * W,
            "one mask for each image"
        );
        for (image, mask) in logits.chunks_exact((N * H * W).max(1)).zip(masks) {
            assert_eq!(mask.len(), H * W, "a mask has the pixels of its image");
            self.add_mask(mask, &argmax_mask::<N, E>(image));
        }
    }

    /// Counts what another matrix has counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, other) in self.counts.iter_mut().zip(&other.counts) {
            *count += other;
        }
    }

    /// How often `truth` was taken for `found`.
    ///
    /// # Panics
    /// When a class is not below `N`.
    pub fn count(&self, truth: usize, found: usize) -> u64 {
        assert!(truth < N && found < N, "classes {truth} and {found} of {N}");
        self.counts[truth * N + found]
    }

    /// All counts, row by row.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The matrix of these counts, row by row; `None` unless there are `N · N`.
    pub fn of_counts(counts: Vec<u64>) -> Option<Self> {
        (counts.len() == N * N).then_some(ConfusionMatrix { counts })
    }

    /// How many examples were counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many examples are of a class.
    ///
    /// # Panics
    /// When `class` is not below `N`.
    pub fn truths(&self, class: usize) -> u64 {
        (0..N).map(|found| self.count(class, found)).sum()
    }

    /// How many examples were taken for a class.
    ///
    /// # Panics
    /// When `class` is not below `N`.
    pub fn findings(&self, class: usize) -> u64 {
        (0..N).map(|truth| self.count(truth, class)).sum()
    }

    /// The share of examples whose class was found; `None` of none.
    pub fn accuracy(&self) -> Option<f64> {
        let hits = (0..N).map(|class| self.count(class, class)).sum();
        share(hits, self.total())
    }

    /// The share of those taken for a class that are of it; `None` when none was.
    ///
    /// # Panics
    /// When `class` is not below `N`.
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.findings(class))
    }

    /// The share of those of a class that were taken for it; `None` when there is none.
    ///
    /// # Panics
    /// When `class` is not below `N`.
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.truths(class))
    }

    /// The harmonic mean of precision and recall, `2·TP / (2·TP + FP + FN)`; `None` when a class
    /// neither is there nor was found.
    ///
    /// # Panics
    /// When `class` is not below `N`.
    pub fn f1(&self, class: usize) -> Option<f64> {
        let both = self.truths(class) + self.findings(class);
        share(2 * self.count(class, class), both)
    }

    /// Intersection over union, `TP / (TP + FP + FN)`; `None` when a class neither is there nor was
    /// found.
    ///
    /// # Panics
    /// When `class` is not below `N`.
    pub fn iou(&self, class: usize) -> Option<f64> {
        let hits = self.count(class, class);
        let union = self.truths(class) + self.findings(class) - hits;
        share(hits, union)
    }

    /// The mean of [`f1`](Self::f1) over the classes that have one: "macro" F1.
    pub fn mean_f1(&self) -> Option<f64> {
        mean((0..N).filter_map(|class| self.f1(class)))
    }

    /// The mean of [`iou`](Self::iou) over the classes that have one.
    pub fn mean_iou(&self) -> Option<f64> {
        mean((0..N).filter_map(|class| self.iou(class)))
    }

    /// The mean of [`iou`](Self::iou) over all examples: each class weighs as much as there is of
    /// it ("frequency weighted").
    pub fn weighted_iou(&self) -> Option<f64> {
        let weighted = |class| {
            let iou = self.iou(class)?;
            Some(iou * self.truths(class) as f64)
        };
        let sum: f64 = (0..N).filter_map(weighted).sum();
        (self.total() > 0).then(|| sum / self.total() as f64)
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The mean of numbers, `None` of none.
pub(super) fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u64);
    for number in numbers {
        sum += number;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}
