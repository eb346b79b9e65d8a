//! What a model is to learn from a batch: any loss, of any number of models.

use std::error::Error;

use dfdx::prelude::{
    Gradients, HasShape, NoneTape, OwnedTape, Shape, SplitTape, Tape, Tensor, Trace,
};

use super::loss::{Loss, Truth};
use super::score::{Score, Scores};
use crate::data::{Examples, Target};
use crate::engine::{try_run, try_run_mut, with_constant_inputs};
use crate::layers::Network;
use crate::model::Model;
use crate::tensor::{Batch, Batched, Device, Element, Features};

/// Why an objective has no loss: whatever its losses, its models and its author say.
pub type ObjectiveError = Box<dyn Error + Send + Sync>;

/// The loss of a batch on its tape.
pub type Traced<E, D> = Tensor<(), E, D, OwnedTape<E, D>>;

/// What a model is to learn: the loss of a batch of images of the shape `S` with targets of the
/// kind `T`, and a score for people to read.
///
/// [`Supervised`] is the ready-made one: one model, one loss, one score. Where a loss needs more, as
/// of several models, of several outputs, or of the images themselves, write it here, and
/// [`Fit`](super::Fit) does the rest. `M` is anything with parameters: a `#[model]`, or a tuple of
/// several.
///
/// # Example
/// An autoencoder, whose target is its input:
/// ```
/// use shapeproof::data::{synthetic_digits, Class, Examples, Loader};
/// use shapeproof::engine::with_constant_inputs;
/// use shapeproof::prelude::*;
/// use shapeproof::train::{Adam, Fit, NoScore, Objective, ObjectiveError, Traced};
///
/// #[model(input = Chw<1, 28, 28>, output = Chw<1, 28, 28>)]
/// struct Autoencoder {
///     flatten: Flatten,
///     code: Linear<16>,
///     relu: Relu,
///     picture: Linear<784>,
///     reshape: Reshape<1, 28, 28>,
/// }
///
/// struct Reconstruction;
///
/// impl Objective<Autoencoder, Chw<1, 28, 28>, Class<10>, f32, Cpu> for Reconstruction {
///     type Score = NoScore;
///
///     fn score(&self) -> NoScore {
///         NoScore
///     }
///
///     fn train(
///         &mut self,
///         net: &mut Autoencoder,
///         batch: Examples<Chw<1, 28, 28>, Class<10>, f32, Cpu>,
///         gradients: Gradients<f32, Cpu>,
///         _: &mut NoScore,
///     ) -> Result<Traced<f32, Cpu>, ObjectiveError> {
///         let pictures = batch.images.clone();
///         let images = batch.images.traced(gradients);
///         let found = with_constant_inputs(|| net.try_forward_mut(images))?;
///         Ok((found - pictures).try_square()?.try_mean()?)
///     }
///
///     fn evaluate(
///         &mut self,
///         net: &Autoencoder,
///         batch: Examples<Chw<1, 28, 28>, Class<10>, f32, Cpu>,
///         _: &mut NoScore,
///     ) -> Result<f64, ObjectiveError> {
///         let found = net.try_forward(batch.images.clone())?;
///         let loss: Tensor<Rank0, f32, Cpu> = (found - batch.images).try_square()?.try_mean()?;
///         Ok(loss.array().into())
///     }
/// }
///
/// let dev = Cpu::seed_from_u64(1);
/// let mut net: Autoencoder = Autoencoder::new(&dev);
/// let mut opt = Adam::new(&net, 0.002);
/// let train = Loader::new(synthetic_digits(64, 1), 16).shuffled(1);
/// let test = Loader::new(synthetic_digits(32, 2), 16);
/// let trained = Fit::new(3).run(&mut net, &mut opt, &train, &test, &mut Reconstruction)?;
/// let [first, .., last] = &trained.history.epochs[..] else { panic!("three epochs") };
/// assert!(last.valid_loss < first.valid_loss);
/// # Ok::<(), shapeproof::train::FitError>(())
/// ```
pub trait Objective<M, S: Batched, T: Target, E: Element, D: Device<E>> {
    /// What is counted beside the loss.
    type Score: Score;

    /// A score of nothing yet.
    fn score(&self) -> Self::Score;

    /// The loss of a batch that the model trains on, on the tape that begins with `gradients`
    /// (`batch.images.traced(gradients)`), and the score of what the model says.
    ///
    /// What is random is drawn from the device of `batch.images`, which is seeded anew for each
    /// batch, so that a run that goes on draws what it would have drawn.
    ///
    /// # Errors
    /// Whatever hinders; [`Fit`](super::Fit) adds the epoch and the batch.
    fn train(
        &mut self,
        net: &mut M,
        batch: Examples<S, T, E, D>,
        gradients: Gradients<E, D>,
        score: &mut Self::Score,
    ) -> Result<Traced<E, D>, ObjectiveError>;

    /// The loss of a batch without a tape, and its score.
    ///
    /// # Errors
    /// Whatever hinders; [`Fit`](super::Fit) adds the epoch and the batch.
    fn evaluate(
        &mut self,
        net: &M,
        batch: Examples<S, T, E, D>,
        score: &mut Self::Score,
    ) -> Result<f64, ObjectiveError>;
}

/// One model learns targets by one loss; a score counts beside it.
///
/// The compiler compares all four: the model takes images of the data's shape, puts out what the
/// loss takes for the data's targets, and the score reads both.
///
/// | target | losses | scores |
/// |---|---|---|
/// | [`Class<N>`](crate::data::Class) | [`CrossEntropy`](super::CrossEntropy), [`Focal`](super::Focal), [`BceWithLogits`](super::BceWithLogits), [`Margin`](super::Margin) | [`Accuracy`](super::Accuracy) |
/// | [`Mask<H, W, N>`](crate::data::Mask) | [`CrossEntropy`](super::CrossEntropy), [`Focal`](super::Focal), [`BceWithLogits`](super::BceWithLogits), [`Dice`](super::Dice) | [`MeanIou`](super::MeanIou) |
/// | [`Numbers<N>`](crate::data::Numbers) | [`Mse`](super::Mse), [`Mae`](super::Mae), [`Huber`](super::Huber) | [`MeanAbsoluteError`](super::MeanAbsoluteError) |
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Supervised<L, Sc> {
    /// What is made small.
    pub loss: L,
    /// What is counted.
    pub score: Sc,
}

impl<L, Sc> Supervised<L, Sc> {
    /// A loss, and a score of nothing yet.
    pub fn new(loss: L, score: Sc) -> Self {
        Supervised { loss, score }
    }
}

impl<M, S, T, E, D, L, Sc> Objective<M, S, T, E, D> for Supervised<L, Sc>
where
    S: Batched,
    T: Target,
    E: Element,
    D: Device<E>,
    L: Loss<T>,
    Sc: Scores<T, L::Output>,
    M: Model<Input = S, Output = L::Output> + Network<E, D>,
{
    type Score = Sc;

    fn score(&self) -> Sc {
        self.score.clone()
    }

    fn train(
        &mut self,
        net: &mut M,
        batch: Examples<S, T, E, D>,
        gradients: Gradients<E, D>,
        score: &mut Sc,
    ) -> Result<Traced<E, D>, ObjectiveError> {
        let (images, truth) = Truth::of(batch);
        let (images, tape) = images.traced(gradients).split_tape();
        let run = |images, tape| with_constant_inputs(|| try_run_mut(net, images, tape));
        let output = through::<S, L::Output, _, _, _>(images, tape, run)?;
        let (output, tape) = output.split_tape();
        score.add(&output, &truth);
        self.loss.of_batch(output, truth, tape)
    }

    fn evaluate(
        &mut self,
        net: &M,
        batch: Examples<S, T, E, D>,
        score: &mut Sc,
    ) -> Result<f64, ObjectiveError> {
        let (images, truth) = Truth::of(batch);
        let run = |images, tape| try_run(net, images, tape);
        let output = through::<S, L::Output, _, _, _>(images, NoneTape, run)?;
        score.add(&output, &truth);
        let loss = self.loss.of_batch(output, truth, NoneTape)?;
        Ok(number(&loss))
    }
}

/// What a model of one input and one output makes of images.
///
/// By the engine itself, not by dfdx's `Module`: the model's input and output are then compared by
/// their shapes only, which is one error where they do not fit.
fn through<S, Out, E, D, Tp>(
    images: Batch<S, usize, E, D>,
    tape: Tp,
    run: impl FnOnce(Vec<Features<E, D>>, Tp) -> Result<(Vec<Features<E, D>>, Tp), D::Err>,
) -> Result<Batch<Out, usize, E, D, Tp>, ObjectiveError>
where
    S: Batched,
    Out: Batched,
    E: Element,
    D: Device<E>,
    Tp: Tape<E, D>,
{
    let failed = |e: D::Err| e.to_string();
    let batch = images.shape().concrete().into_iter().next().unwrap_or(0);
    let images = Features::from_typed::<S, usize>(images).map_err(failed)?;
    let (outputs, tape) = run(vec![images], tape).map_err(failed)?;
    let output = outputs.into_iter().next().expect("a model has an output");
    let output = output.put_tape(tape).try_into_typed::<Out, usize>(batch);
    Ok(output.map_err(failed)?)
}

/// A loss on the host.
pub(super) fn number<E: Element, D: Device<E>, Tp>(loss: &Tensor<(), E, D, Tp>) -> f64 {
    loss.as_vec()[0].to_f64().unwrap_or(f64::NAN)
}
