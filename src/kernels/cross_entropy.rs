//! How far scores are from the truth, and in which direction: softmax, logarithm, loss and gradient
//! in one pass.

use super::softmax::largest_and_sum;
use super::{expect_len, Number};

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

/// The same by the formula of the textbook.
pub mod naive {
    use super::{Number, Targets};

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
