//! How far scores are from the truth, and in which direction: softmax, logarithm, loss and gradient
//! in one pass; or, with smoothed or missing labels and for every pixel, one after the other.

use super::softmax::largest_and_sum;
use super::{expect_len, Axis, Number};

/// What each row should have been.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a, T> {
    /// The number of the right class, one a row.
    Classes(&'a [usize]),
    /// The probability of every class, row by row.
    Probabilities(&'a [T]),
}

/// `L = −1/B · Σ_{b,i} t[b, i] · ln softmax(x[b])[i]`, and its gradient
/// `d_x[b, i] = (softmax(x[b])[i] · Σ_j t[b, j] − t[b, i]) / B`.
///
/// Returns `L`; a batch of none has a loss of 0.
///
/// # Shapes
/// `logits` and `d_logits` `(B, classes)`.
///
/// # Panics
/// When a slice has another size, or a class is not smaller than `classes`.
///
/// # Same as
/// `torch.nn.functional.cross_entropy` and its gradient
///
/// # Example
/// ```
/// use shapeproof::kernels::cross_entropy::{forward_backward, Targets};
/// let mut gradient = [0.0; 2];
/// let loss = forward_backward(2, &[7.0f64, 7.0], Targets::Classes(&[1]), &mut gradient);
/// assert!((loss - 2f64.ln()).abs() < 1e-15);
/// assert_eq!(gradient, [0.5, -0.5]);
/// ```
pub fn forward_backward<T: Number>(
    classes: usize,
    logits: &[T],
    targets: Targets<T>,
    d_logits: &mut [T],
) -> T {
    assert!(classes > 0, "there must be at least one class");
    let batch = logits.len() / classes;
    expect_len("logits", logits.len(), batch * classes);
    expect_len("d_logits", d_logits.len(), logits.len());
    match targets {
        Targets::Classes(targets) => expect_len("targets", targets.len(), batch),
        Targets::Probabilities(targets) => expect_len("targets", targets.len(), logits.len()),
    }
    let share = T::one() / T::of(batch as f64);
    let mut loss = T::zero();
    let rows = logits.chunks_exact(classes);
    for (row, (x, dx)) in rows.zip(d_logits.chunks_exact_mut(classes)).enumerate() {
        let (largest, sum) = largest_and_sum(x, 0..classes);
        let log = sum.ln();
        match targets {
            Targets::Classes(targets) => {
                let class = targets[row];
                assert!(
                    class < classes,
                    "the target of row {row} is class {class}, there are {classes} classes"
                );
                loss -= x[class] - largest - log;
                for (dx, x) in dx.iter_mut().zip(x) {
                    *dx = (*x - largest).exp() / sum * share;
                }
                dx[class] -= share;
            }
            Targets::Probabilities(targets) => {
                let t = &targets[row * classes..(row + 1) * classes];
                let whole: T = t.iter().copied().sum();
                for (dx, (x, t)) in dx.iter_mut().zip(x.iter().zip(t)) {
                    let shifted = *x - largest;
                    // An impossible class costs nothing, even if its score is −∞.
                    if *t != T::zero() {
                        loss -= *t * (shifted - log);
                    }
                    *dx = (shifted.exp() / sum * whole - *t) * share;
                }
            }
        }
    }
    if batch == 0 {
        loss
    } else {
        loss * share
    }
}

/// Scores along an axis, with the right class of every row: of an example, or of a pixel.
///
/// A row counts unless its label is [`ignore_index`](Classes::ignore_index). With the rows that
/// count, `p = softmax(x)`, `ε` the smoothing and `n` the sum of the weights of their labels,
///
/// `L = −1/n · Σ_rows ((1 − ε) · w[label] · ln p[label] + ε/C · Σ_c w[c] · ln p[c])`
#[derive(Clone, Copy, Debug)]
pub struct Classes<'a> {
    /// `outer` examples of `len` classes for each of `inner` pixels.
    pub axis: Axis,
    /// The right classes, `outer · inner` of them.
    pub labels: &'a [usize],
    /// `ε`: the share of the target that is spread evenly over all classes.
    pub label_smoothing: f64,
    /// The label of rows that do not count.
    pub ignore_index: Option<usize>,
    /// `w`: what each class weighs; empty where all weigh 1.
    pub weight: &'a [f64],
}

/// Pixels that are taken through all classes before the next: few enough to stay in the cache.
const PIXELS: usize = 1024;

impl Classes<'_> {
    /// `n`: the number of rows that count or, with weights, what their labels weigh together.
    pub fn counted(&self) -> f64 {
        let counts = |label: &&usize| Some(**label) != self.ignore_index;
        let counted = self.labels.iter().filter(counts);
        if self.weight.is_empty() {
            return counted.count() as f64;
        }
        counted.map(|label| self.weight[*label]).sum()
    }

    /// What a class weighs.
    pub fn weighs(&self, class: usize) -> f64 {
        self.weight.get(class).copied().unwrap_or(1.0)
    }

    /// `L`, and what [`backward`](Classes::backward) needs of every row: its largest score and
    /// `Σ_c exp(x[c] − largest)`. If no row counts, `L` is NaN.
    ///
    /// # Shapes
    /// `logits` `(outer, len, inner)`, `largest` and `sums` `(outer, inner)`.
    ///
    /// # Panics
    /// When a slice has another size, or the label of a row that counts is no class.
    ///
    /// # Same as
    /// `torch.nn.functional.cross_entropy(x, labels, weight=…, ignore_index=…, label_smoothing=…)`
    pub fn forward<T: Number>(&self, logits: &[T], largest: &mut [T], sums: &mut [T]) -> T {
        self.expect(logits, largest, sums);
        let Axis { len, inner, .. } = self.axis;
        largest.fill(T::neg_infinity());
        sums.fill(T::zero());
        let (smoothing, even) = self.shares::<T>();
        let mut loss = T::zero();
        for (outer, from) in self.pieces() {
            let rows = outer * inner + from..outer * inner + (from + PIXELS).min(inner);
            let labels = &self.labels[rows.clone()];
            let (largest, sums) = (&mut largest[rows.clone()], &mut sums[rows]);
            let plane = |class: usize| {
                let first = (outer * len + class) * inner + from;
                &logits[first..first + labels.len()]
            };
            for class in 0..len {
                for (most, x) in largest.iter_mut().zip(plane(class)) {
                    // Passes over NaN, but the sum does not.
                    *most = most.max(*x);
                }
            }
            for class in 0..len {
                for (sum, (x, most)) in sums.iter_mut().zip(plane(class).iter().zip(&*largest)) {
                    *sum += (*x - *most).exp();
                }
            }
            for (i, label) in labels.iter().enumerate() {
                if Some(*label) == self.ignore_index {
                    continue;
                }
                let log = sums[i].ln();
                let cost = |class: usize| log - (plane(class)[i] - largest[i]);
                let weighs = |class: usize| T::of(self.weighs(class));
                loss += (T::one() - smoothing) * weighs(*label) * cost(*label);
                if smoothing != T::zero() {
                    let costs = (0..len).map(|class| weighs(class) * cost(class));
                    loss += even * costs.sum::<T>();
                }
            }
        }
        loss / T::of(self.counted())
    }

    /// Adds `d_loss · ∂L/∂x = d_loss/n · (p[c] · Σ_j t[j] − t[c])` to `d_logits`, with `t` the target,
    /// `(1 − ε) · w[c] · 1[c = label] + w[c] · ε/C`; and nothing where a row does not count.
    ///
    /// # Shapes
    /// As in [`forward`](Classes::forward), which gave `largest` and `sums`; `d_logits` as
    /// `logits`.
    ///
    /// # Panics
    /// When a slice has another size, or the label of a row that counts is no class.
    pub fn backward<T: Number>(
        &self,
        logits: &[T],
        largest: &[T],
        sums: &[T],
        d_loss: T,
        d_logits: &mut [T],
    ) {
        self.expect(logits, largest, sums);
        expect_len("d_logits", d_logits.len(), logits.len());
        let Axis { len, inner, .. } = self.axis;
        let (smoothing, even) = self.shares::<T>();
        let share = d_loss / T::of(self.counted());
        let all = even * T::of((0..len).map(|class| self.weighs(class)).sum());
        for (outer, from) in self.pieces() {
            let rows = outer * inner + from..outer * inner + (from + PIXELS).min(inner);
            let labels = &self.labels[rows.clone()];
            let (largest, sums) = (&largest[rows.clone()], &sums[rows]);
            for class in 0..len {
                let even = even * T::of(self.weighs(class));
                let first = (outer * len + class) * inner + from;
                let plane = first..first + labels.len();
                let (x, dx) = (&logits[plane.clone()], &mut d_logits[plane]);
                for (i, label) in labels.iter().enumerate() {
                    if Some(*label) == self.ignore_index {
                        continue;
                    }
                    let right = (T::one() - smoothing) * T::of(self.weighs(*label));
                    let own = if *label == class { right } else { T::zero() };
                    let p = (x[i] - largest[i]).exp() / sums[i];
                    dx[i] += share * (p * (right + all) - own - even);
                }
            }
        }
    }

    /// `ε` and `ε/C`.
    fn shares<T: Number>(&self) -> (T, T) {
        let even = self.label_smoothing / self.axis.len as f64;
        (T::of(self.label_smoothing), T::of(even))
    }

    /// Every example with the first of every few pixels.
    fn pieces(&self) -> impl Iterator<Item = (usize, usize)> {
        let Axis { outer, inner, .. } = self.axis;
        (0..outer).flat_map(move |outer| (0..inner).step_by(PIXELS).map(move |from| (outer, from)))
    }

    #[track_caller]
    fn expect<T>(&self, logits: &[T], largest: &[T], sums: &[T]) {
        let Axis { outer, len, inner } = self.axis;
        expect_len("logits", logits.len(), self.axis.numbers());
        expect_len("labels", self.labels.len(), outer * inner);
        expect_len("largest", largest.len(), outer * inner);
        expect_len("sums", sums.len(), outer * inner);
        for (row, label) in self.labels.iter().enumerate() {
            assert!(
                *label < len || Some(*label) == self.ignore_index,
                "the label of row {row} is class {label}, there are {len} classes"
            );
        }
    }
}

/// The same by the formula of the textbook.
pub mod naive {
    use super::{Classes, Number, Targets};

    /// `L` of [`Classes`]; overflows for large numbers.
    pub fn of_classes<T: Number>(classes: &Classes, logits: &[T]) -> T {
        let axis = classes.axis;
        let (mut loss, mut counted) = (T::zero(), T::zero());
        for (row, label) in classes.labels.iter().enumerate() {
            if Some(*label) == classes.ignore_index {
                continue;
            }
            let (outer, inner) = (row / axis.inner, row % axis.inner);
            let x = |class: usize| logits[(outer * axis.len + class) * axis.inner + inner];
            let sum: T = (0..axis.len).map(|class| x(class).exp()).sum();
            for class in 0..axis.len {
                let right = f64::from(u8::from(class == *label));
                let target = (1.0 - classes.label_smoothing) * right
                    + classes.label_smoothing / axis.len as f64;
                loss -= T::of(target * classes.weighs(class)) * (x(class).exp() / sum).ln();
            }
            counted += T::of(classes.weighs(*label));
        }
        loss / counted
    }

    /// `L`; overflows for large numbers.
    pub fn forward<T: Number>(classes: usize, logits: &[T], targets: Targets<T>) -> T {
        let batch = logits.len() / classes;
        let mut loss = T::zero();
        for row in 0..batch {
            let x = &logits[row * classes..(row + 1) * classes];
            let sum: T = x.iter().map(|x| x.exp()).sum();
            for class in 0..classes {
                let target = match targets {
                    Targets::Classes(t) if t[row] == class => T::one(),
                    Targets::Classes(_) => T::zero(),
                    Targets::Probabilities(t) => t[row * classes + class],
                };
                loss -= target * (x[class].exp() / sum).ln();
            }
        }
        loss / T::of(batch as f64)
    }
}
