//! Metrics as training shows them: one number that is higher or lower the better the model is.

use super::loss::Truth;
use super::metrics::{argmax, AveragePrecision, ConfusionMatrix, RegressionErrors};
use crate::data::{Class, Mask, Numbers, Target};
use crate::shape::{Chw, Flat};
use crate::tensor::{Batch, Batched, Device, Element};

/// Counts that become one number.
///
/// A run that is interrupted within an epoch goes on with the counts of [`state`](Self::state); a
/// score without one shows the rest of that epoch only.
pub trait Score: Clone {
    /// What it is called in the line of an epoch and in the history: `accuracy`.
    const NAME: &'static str;
    /// Whether more is better.
    const HIGHER_IS_BETTER: bool;

    /// The number; `None` where nothing was counted.
    fn value(&self) -> Option<f64>;

    /// All that it has counted.
    fn state(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Goes on from what [`state`](Self::state) of an equal score gave; anything else is left
    /// alone.
    fn restore(&mut self, state: &[f64]) {
        let _ = state;
    }
}

/// A score of a model that puts out `Out` for targets of the kind `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot count outputs of `{Out}` for targets of `{T}`",
    label = "this score is for other targets or outputs"
)]
pub trait Scores<T: Target, Out: Batched>: Score {
    /// Counts a batch.
    fn add<E: Element, D: Device<E>>(
        &mut self,
        output: &Batch<Out, usize, E, D>,
        truth: &Truth<T, E, D>,
    );
}

/// Nothing beside the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoScore;

impl Score for NoScore {
    const NAME: &'static str = "score";
    const HIGHER_IS_BETTER: bool = true;

    fn value(&self) -> Option<f64> {
        None
    }
}

impl<T: Target, Out: Batched> Scores<T, Out> for NoScore {
    fn add<E: Element, D: Device<E>>(&mut self, _: &Batch<Out, usize, E, D>, _: &Truth<T, E, D>) {}
}

/// The share of images whose class has the largest logit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accuracy {
    hits: u64,
    images: u64,
}

impl Score for Accuracy {
    const NAME: &'static str = "accuracy";
    const HIGHER_IS_BETTER: bool = true;

    fn value(&self) -> Option<f64> {
        (self.images > 0).then(|| self.hits as f64 / self.images as f64)
    }

    fn state(&self) -> Vec<f64> {
        vec![self.hits as f64, self.images as f64]
    }

    fn restore(&mut self, state: &[f64]) {
        if let [hits, images] = state {
            (self.hits, self.images) = (*hits as u64, *images as u64);
        }
    }
}

impl<const N: usize> Scores<Class<N>, Flat<N>> for Accuracy {
    fn add<E: Element, D: Device<E>>(
        &mut self,
        output: &Batch<Flat<N>, usize, E, D>,
        truth: &Truth<Class<N>, E, D>,
    ) {
        let logits = output.as_vec();
        let guesses = logits.chunks(N.max(1)).map(argmax);
        let hits = guesses
            .zip(&truth.values)
            .filter(|(guess, class)| guess == *class);
        self.hits += hits.count() as u64;
        self.images += truth.values.len() as u64;
    }
}

/// The mean over the classes of intersection over union, of masks; [`matrix`](Self::matrix) has
/// more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeanIou<const N: usize> {
    /// Which class was taken for which.
    pub matrix: ConfusionMatrix<N>,
}

impl<const N: usize> Score for MeanIou<N> {
    const NAME: &'static str = "miou";
    const HIGHER_IS_BETTER: bool = true;

    fn value(&self) -> Option<f64> {
        self.matrix.mean_iou()
    }

    fn state(&self) -> Vec<f64> {
        self.matrix.counts().iter().map(|n| *n as f64).collect()
    }

    fn restore(&mut self, state: &[f64]) {
        let counts = state.iter().map(|n| *n as u64).collect();
        if let Some(matrix) = ConfusionMatrix::of_counts(counts) {
            self.matrix = matrix;
        }
    }
}

impl<const H: usize, const W: usize, const N: usize> Scores<Mask<H, W, N>, Chw<N, H, W>>
    for MeanIou<N>
{
    fn add<E: Element, D: Device<E>>(
        &mut self,
        output: &Batch<Chw<N, H, W>, usize, E, D>,
        truth: &Truth<Mask<H, W, N>, E, D>,
    ) {
        self.matrix.add_masks(output, &truth.values);
    }
}

/// COCO's mAP@0.5, of what an objective of one's own adds.
impl<const N: usize> Score for AveragePrecision<N> {
    const NAME: &'static str = "map50";
    const HIGHER_IS_BETTER: bool = true;

    fn value(&self) -> Option<f64> {
        self.map50()
    }
}

/// How far numbers are off on average, in their unit; [`errors`](Self::errors) has more, such as the
/// correlation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanAbsoluteError {
    /// What was found for what.
    pub errors: RegressionErrors,
}

impl Score for MeanAbsoluteError {
    const NAME: &'static str = "mae";
    const HIGHER_IS_BETTER: bool = false;

    fn value(&self) -> Option<f64> {
        self.errors.mae()
    }

    fn state(&self) -> Vec<f64> {
        self.errors.state().to_vec()
    }

    fn restore(&mut self, state: &[f64]) {
        if let Ok(state) = state.try_into() {
            self.errors = RegressionErrors::of_state(state);
        }
    }
}

impl<const N: usize> Scores<Numbers<N>, Flat<N>> for MeanAbsoluteError {
    fn add<E: Element, D: Device<E>>(
        &mut self,
        output: &Batch<Flat<N>, usize, E, D>,
        truth: &Truth<Numbers<N>, E, D>,
    ) {
        let found = output.as_vec();
        for (found, truth) in found.iter().zip(truth.values.iter().flatten()) {
            let found = found.to_f64().unwrap_or(f64::NAN);
            self.errors.add(f64::from(*truth), found);
        }
    }
}
