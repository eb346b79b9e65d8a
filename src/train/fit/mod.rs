//! Trains any model on any data by any loss.

mod error;
mod progress;
mod resume;
mod run;

pub use error::FitError;
pub use run::{evaluate, Ended, Evaluation, Trained};

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::Arc;

use dfdx::prelude::TensorCollection;

use super::history::EpochRecord;
use super::objective::Objective;
use super::optimizer::Optimizer;
use super::schedule::Schedule;
use super::score::Score;
use crate::data::{Loader, Source};
use crate::tensor::{Device, Element};

/// Which number of the validation says whether a model has become better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watch {
    /// The loss.
    #[default]
    Loss,
    /// The score of the objective.
    Score,
}

/// Trains a model: how long, how fast, and what to do on the way.
///
/// Everything that is random depends on a seed, the epoch and the batch, never on what came before:
/// the order of the images and their augmentation on the [`Loader`]'s seed, what layers such as
/// `Dropout` draw on that of [`seed`](Self::seed).
///
/// # Example
/// ```
/// use shapeproof::data::{synthetic_digits, Loader, RandomCrop};
/// use shapeproof::prelude::*;
/// use shapeproof::train::{evaluate, Accuracy, Adam, CrossEntropy, Fit, Schedule, Supervised};
///
/// #[model(input = Chw<1, 28, 28>, output = Flat<10>)]
/// struct Net {
///     conv: Conv2d<4, Kernel<5>, Stride<2>>,
///     relu: Relu,
///     flatten: Flatten,
///     fc: Linear<10>,
/// }
///
/// let dev = Cpu::seed_from_u64(1);
/// let mut net: Net = Net::new(&dev);
/// let mut opt = Adam::new(&net, 0.003);
/// let train = Loader::new(synthetic_digits(400, 1), 32).shuffled(1).augmented(RandomCrop::new(2));
/// let valid = Loader::new(synthetic_digits(100, 2), 100);
/// let mut objective = Supervised::new(CrossEntropy::default(), Accuracy::default());
///
/// let fit = Fit::new(4).schedule(Schedule::cosine().warm_up(5)).clip_norm(5.0).seed(1);
/// let trained = fit.run(&mut net, &mut opt, &train, &valid, &mut objective)?;
/// assert_eq!(trained.history.epochs.len(), 4);
///
/// let test = Loader::new(synthetic_digits(100, 3), 100);
/// let result = evaluate(&net, &dev, &test, &mut objective)?;
/// println!("test accuracy {:.4}", result.score.value().unwrap());
/// # use shapeproof::train::Score;
/// # assert!(result.score.value() > Some(0.5), "{result:?}");
/// # Ok::<(), shapeproof::train::FitError>(())
/// ```
///
/// Losses and scores that are ready-made stand at [`Supervised`](super::Supervised); anything else
/// is an [`Objective`] of your own.
#[derive(Clone, Debug)]
#[must_use]
pub struct Fit {
    epochs: usize,
    seed: u64,
    schedule: Schedule,
    clip_norm: Option<f64>,
    accumulate: usize,
    average: Option<f64>,
    patience: Option<usize>,
    watch: Watch,
    checkpoint: Option<PathBuf>,
    every: Option<usize>,
    resume: bool,
    stop: Option<Arc<AtomicBool>>,
    ctrl_c: bool,
    quiet: bool,
}

impl Fit {
    /// `epochs` passes over the training set at the optimiser's learning rate.
    pub fn new(epochs: usize) -> Self {
        Fit {
            epochs,
            seed: 0,
            schedule: Schedule::constant(),
            clip_norm: None,
            accumulate: 1,
            average: None,
            patience: None,
            watch: Watch::Loss,
            checkpoint: None,
            every: None,
            resume: false,
            stop: None,
            ctrl_c: false,
            quiet: false,
        }
    }

    /// Decides what layers draw while they train; default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How the learning rate changes from step to step.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Shortens the gradients of all parameters together to this Euclidean norm, where they are
    /// longer. On the CPU only; on other devices it is an error.
    ///
    /// # Same as
    /// `torch.nn.utils.clip_grad_norm_(net.parameters(), norm)`
    ///
    /// # Source
    /// Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013.
    ///
    /// # Panics
    /// When `norm` is not a positive number.
    pub fn clip_norm(mut self, norm: f64) -> Self {
        assert!(
            norm > 0.0 && norm.is_finite(),
            "gradients are clipped to a positive norm, not {norm}"
        );
        self.clip_norm = Some(norm);
        self
    }

    /// One step for every `batches` batches, along the mean of their gradients, as if they were one
    /// batch; what is left over at the end of an epoch makes a step of its own.
    ///
    /// # Panics
    /// When `batches` is 0.
    pub fn accumulate(mut self, batches: usize) -> Self {
        assert!(batches > 0, "a step takes at least one batch");
        self.accumulate = batches;
        self
    }

    /// Keeps an average of the weights, `a ← decay · a + (1 − decay) · w` after every step but the
    /// first, where it is `w`. The average is what is validated and what the model has in the end.
    ///
    /// The statistics of batch normalisation are taken from the model as they are.
    ///
    /// # Same as
    /// `torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(decay))`
    ///
    /// # Panics
    /// When `decay` is not from 0 to 1.
    pub fn ema(mut self, decay: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&decay),
            "a decay from 0 to 1, not {decay}"
        );
        self.average = Some(decay);
        self
    }

    /// Ends after `epochs` epochs in a row that were not better than the best one before, and gives
    /// the model the weights of the best epoch (also where all epochs were run).
    ///
    /// # Panics
    /// When `epochs` is 0.
    pub fn patience(mut self, epochs: usize) -> Self {
        assert!(epochs > 0, "one epoch is the least patience");
        self.patience = Some(epochs);
        self
    }

    /// What [`patience`](Self::patience) looks at; default the loss of the validation.
    pub fn watch(mut self, watch: Watch) -> Self {
        self.watch = watch;
        self
    }

    /// After every epoch, and where the run is told to stop, writes all that it needs to go on into
    /// the file `path`: model, optimiser, average, best epoch, history, and how far it is.
    ///
    /// The file is written beside `path`, waits until the disk has it, and is renamed: whenever the
    /// program or the machine dies, `path` is a whole checkpoint, the old one or the new one. It is a
    /// safetensors file; the tensors of the model begin with `model.`.
    pub fn checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.checkpoint = Some(path.into());
        self
    }

    /// Writes the [`checkpoint`](Self::checkpoint) after every so many batches of an epoch, too (at
    /// the next step).
    ///
    /// # Panics
    /// When `batches` is 0.
    pub fn checkpoint_every(mut self, batches: usize) -> Self {
        assert!(
            batches > 0,
            "a checkpoint is at least one batch from the next"
        );
        self.every = Some(batches);
        self
    }

    /// Goes on from the [`checkpoint`](Self::checkpoint), if there is one, to the same bits that the
    /// run would have come to without the interruption; from the beginning otherwise.
    ///
    /// Give the same model, data, seeds and settings. A checkpoint of another model, optimiser, seed
    /// or number of batches is an error. The learning rate, the schedule, clipping, the optimiser's
    /// other options and the number of epochs may change; the bits are then others, where they count.
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Ends after the step at which `flag` is found to be set.
    pub fn stop_when(mut self, flag: Arc<AtomicBool>) -> Self {
        self.stop = Some(flag);
        self
    }

    /// Ends after the step at which Ctrl-C is pressed; pressed again, it ends the program.
    ///
    /// This sets the program's one handler of Ctrl-C, which ends the program at once where no
    /// model trains.
    pub fn stop_at_ctrl_c(mut self) -> Self {
        self.ctrl_c = true;
        self
    }

    /// Prints nothing. Otherwise a bar is shown on a terminal, and one line for each epoch anywhere.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Trains `net` on the batches of `train`, and validates it after each epoch on those of
    /// `valid`.
    ///
    /// The learning rate of `opt` is what the schedule changes; in the end it is what it was.
    ///
    /// # Errors
    /// [`FitError`]: when data cannot be read, when the objective fails, when a loss or gradient is
    /// not finite, when a checkpoint cannot be written or does not fit. What the model learns is then
    /// as after the last step; statistics, as those of batch normalisation, may have seen one batch
    /// more.
    pub fn run<M, Opt, Src, V, E, D, O>(
        &self,
        net: &mut M,
        opt: &mut Opt,
        train: &Loader<Src>,
        valid: &Loader<V>,
        objective: &mut O,
    ) -> Result<Trained, FitError>
    where
        M: TensorCollection<E, D>,
        Opt: Optimizer<M, E, D>,
        Src: Source,
        V: Source<Shape = Src::Shape, Target = Src::Target>,
        E: Element,
        D: Device<E>,
        O: Objective<M, Src::Shape, Src::Target, E, D>,
    {
        let lr = opt.lr();
        let result = run::Run::new(self, net, opt, objective)?.all(train, valid);
        opt.set_lr(lr);
        result
    }

    /// The best of these epochs, by the number that is watched.
    fn best<Sc: Score>(&self, epochs: &[EpochRecord]) -> Option<usize> {
        let number = |epoch: &EpochRecord| match self.watch {
            Watch::Loss => -epoch.valid_loss,
            Watch::Score => {
                let score = epoch.valid_score.unwrap_or(f64::NAN);
                if Sc::HIGHER_IS_BETTER {
                    score
                } else {
                    -score
                }
            }
        };
        let mut best: Option<(usize, f64)> = None;
        for (i, number) in epochs.iter().map(number).enumerate() {
            // NaN is better than nothing only.
            if best.is_none_or(|(_, best)| number > best || best.is_nan()) {
                best = Some((i, number));
            }
        }
        best.map(|(i, _)| i)
    }
}
