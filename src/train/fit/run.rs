//! One run: epochs, batches and steps.

use std::any::Any;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::atomic::Ordering;

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorRef,
};
use dfdx::prelude::{Backward, Cpu, Gradients, Shape, Tensor, TryMul, ZeroGrads};
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use super::progress::Shown;
use super::{Fit, FitError};
use crate::data::{Loader, Source};
use crate::layers::observe;
use crate::tensor::{scalar, Device, Element};
use crate::train::gradients;
use crate::train::history::{EpochRecord, History};
use crate::train::interrupt::Guard;
use crate::train::objective::{number, Objective, Traced};
use crate::train::optimizer::Optimizer;
use crate::train::score::Score;
use crate::train::snapshot::Snapshot;

/// What has become of a run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trained {
    /// Every epoch.
    pub history: History,
    /// Why it ended.
    pub ended: Ended,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// All epochs were run.
    Done,
    /// No epoch was better than epoch `best` (from 1) for as many as [`Fit::patience`] says.
    Patience {
        /// The best epoch.
        best: usize,
    },
    /// It was told to stop; so many batches of epoch `epoch` (from 1) were done.
    Stopped {
        /// The epoch.
        epoch: usize,
        /// Batches of it that were done.
        batches: usize,
    },
}

/// What a model says of data that it does not learn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation<Sc> {
    /// The mean loss over the images.
    pub loss: f64,
    /// The score of all of them.
    pub score: Sc,
    /// How many they are.
    pub images: usize,
}

/// The loss and the score of `net` over all batches of `data`.
///
/// # Errors
/// When data cannot be read, when there is none, or when the objective fails.
pub fn evaluate<M, Src, E, D, O>(
    net: &M,
    device: &D,
    data: &Loader<Src>,
    objective: &mut O,
) -> Result<Evaluation<O::Score>, FitError>
where
    Src: Source,
    E: Element,
    D: Device<E>,
    O: Objective<M, Src::Shape, Src::Target, E, D>,
{
    validate(net, device, data, objective, 0)
}

fn validate<M, Src, E, D, O>(
    net: &M,
    device: &D,
    data: &Loader<Src>,
    objective: &mut O,
    epoch: usize,
) -> Result<Evaluation<O::Score>, FitError>
where
    Src: Source,
    E: Element,
    D: Device<E>,
    O: Objective<M, Src::Shape, Src::Target, E, D>,
{
    let mut score = objective.score();
    let (mut sum, mut images) = (0.0, 0);
    let batches = data.batches();
    for (i, batch) in data.epoch::<E, D>(device, 0)?.enumerate() {
        let batch = batch?;
        let size = batch.values.len();
        let loss = objective.evaluate(net, batch, &mut score);
        let loss = loss.map_err(|reason| FitError::Objective {
            set: "validation",
            epoch,
            batch: i + 1,
            batches,
            reason,
        })?;
        sum += loss * size as f64;
        images += size;
    }
    if images == 0 {
        return Err(FitError::Empty { set: "validation" });
    }
    Ok(Evaluation {
        loss: sum / images as f64,
        score,
        images,
    })
}

/// A run on the way. What a checkpoint holds is all that it needs to go on.
pub(super) struct Run<'a, M, Opt, O: Objective<M, S, T, E, D>, S, T, E, D>
where
    S: crate::tensor::Batched,
    T: crate::data::Target,
    E: Element,
    D: Device<E>,
{
    pub fit: &'a Fit,
    pub net: &'a mut M,
    pub opt: &'a mut Opt,
    objective: &'a mut O,
    device: D,
    /// The learning rate that the schedule changes.
    lr: f64,
    guard: Option<Guard>,
    pub history: History,
    pub average: Option<Snapshot<E>>,
    pub best: Option<Snapshot<E>>,
    pub position: Position<O::Score>,
    kind: PhantomData<fn(S, T)>,
}

/// Where in an epoch a run is.
#[derive(Clone)]
pub(super) struct Position<Sc> {
    /// Batches of this epoch that are done.
    pub batch: usize,
    /// The sum of the losses of their images.
    pub loss_sum: f64,
    /// Their images.
    pub images: u64,
    /// Their score.
    pub score: Sc,
}

impl<Sc> Position<Sc> {
    fn start(score: Sc) -> Self {
        Position {
            batch: 0,
            loss_sum: 0.0,
            images: 0,
            score,
        }
    }
}

impl<'a, M, Opt, O, S, T, E, D> Run<'a, M, Opt, O, S, T, E, D>
where
    M: TensorCollection<E, D>,
    Opt: Optimizer<M, E, D>,
    S: crate::tensor::Batched,
    T: crate::data::Target,
    E: Element,
    D: Device<E>,
    O: Objective<M, S, T, E, D>,
{
    pub fn new(
        fit: &'a Fit,
        net: &'a mut M,
        opt: &'a mut Opt,
        objective: &'a mut O,
    ) -> Result<Self, FitError> {
        let guard = fit.ctrl_c.then(Guard::new).transpose();
        let Some(device) = device_of(net) else {
            let reason = "the model has no parameters to learn".into();
            return Err(FitError::Device { reason });
        };
        Ok(Run {
            guard: guard.map_err(|reason| FitError::CtrlC { reason })?,
            lr: opt.lr(),
            history: History {
                score: O::Score::NAME.into(),
                epochs: Vec::new(),
            },
            average: fit.average.map(|_| Snapshot::of(net)),
            best: None,
            position: Position::start(objective.score()),
            kind: PhantomData,
            device,
            fit,
            net,
            opt,
            objective,
        })
    }

    /// All epochs that are left.
    pub fn all<Src, V>(
        mut self,
        train: &Loader<Src>,
        valid: &Loader<V>,
    ) -> Result<Trained, FitError>
    where
        Src: Source<Shape = S, Target = T>,
        V: Source<Shape = S, Target = T>,
    {
        if train.batches() == 0 {
            return Err(FitError::Empty { set: "training" });
        }
        let checkpoint = self.fit.checkpoint.as_deref();
        if let (Some(path), true) = (checkpoint, self.fit.resume) {
            let resumed = self.resume(train, path)?;
            if !self.fit.quiet {
                let path = path.display();
                match (resumed, self.history.epochs.len(), self.position.batch) {
                    (false, ..) => println!("no checkpoint {path}, so training begins"),
                    (true, epochs, 0) => println!("going on after epoch {epochs} of {path}"),
                    (true, epochs, batch) => {
                        println!(
                            "going on after batch {batch} of epoch {} of {path}",
                            epochs + 1
                        )
                    }
                }
            }
        }
        let ended = loop {
            if self.history.epochs.len() >= self.fit.epochs {
                break Ended::Done;
            }
            if let Some(best) = self.out_of_patience() {
                break Ended::Patience { best };
            }
            let stopped = self.told_to_stop() || !self.epoch(train, valid)?;
            if let Some(path) = checkpoint {
                self.save(train, path)?;
            }
            if stopped {
                let (epoch, batches) = (self.history.epochs.len() + 1, self.position.batch);
                if !self.fit.quiet {
                    let saved = checkpoint.map_or(String::new(), |path| {
                        format!("; to go on, resume from {}", path.display())
                    });
                    println!("stopped in epoch {epoch} after batch {batches}{saved}");
                }
                break Ended::Stopped { epoch, batches };
            }
        };
        if !matches!(ended, Ended::Stopped { .. })
            && let Some(last) = self.best.take().or(self.average.take())
        {
            last.restore(self.net);
        }
        Ok(Trained {
            history: self.history,
            ended,
        })
    }

    /// The best epoch, if it is too long ago.
    fn out_of_patience(&self) -> Option<usize> {
        let epochs = &self.history.epochs;
        let patience = self.fit.patience?;
        let best = self.fit.best::<O::Score>(epochs)?;
        (epochs.len() - best > patience).then_some(best + 1)
    }

    fn told_to_stop(&self) -> bool {
        let flag = self.fit.stop.as_ref();
        flag.is_some_and(|flag| flag.load(Ordering::SeqCst))
            || self.guard.as_ref().is_some_and(Guard::pressed)
    }

    /// One epoch from where it was left, and its validation; `false` where it was told to stop.
    fn epoch<Src, V>(&mut self, train: &Loader<Src>, valid: &Loader<V>) -> Result<bool, FitError>
    where
        Src: Source<Shape = S, Target = T>,
        V: Source<Shape = S, Target = T>,
    {
        let index = self.history.epochs.len();
        let samples = train.samples() as u64;
        let before = self.position.images;
        let (epochs, quiet) = (self.fit.epochs, self.fit.quiet);
        let mut shown = Shown::new(index + 1, epochs, samples, before, quiet);
        let ran = self.batches(train, &mut shown);
        if !matches!(ran, Ok(true)) {
            shown.clear();
            return ran;
        }
        let seconds = shown.seconds();
        shown.validating();
        if let Some(average) = &mut self.average {
            average.swap(self.net);
        }
        let device = seeded(&self.device, [self.fit.seed, index as u64, u64::MAX]);
        let validated = validate(&*self.net, &device, valid, self.objective, index + 1);
        let best = self.fit.patience.map(|_| Snapshot::of(&*self.net));
        if let Some(average) = &mut self.average {
            average.swap(self.net);
        }
        shown.clear();
        let validated = validated?;
        let done = std::mem::replace(&mut self.position, Position::start(self.objective.score()));
        let record = EpochRecord {
            epoch: index + 1,
            lr: self.opt.lr(),
            train_loss: done.loss_sum / done.images as f64,
            train_score: done.score.value(),
            valid_loss: validated.loss,
            valid_score: validated.score.value(),
        };
        self.history.epochs.push(record);
        if self.fit.best::<O::Score>(&self.history.epochs) == Some(index) {
            self.best = best;
        }
        if !quiet {
            println!("{}", shown.line::<O::Score>(&record, done.images, seconds));
        }
        Ok(true)
    }

    /// The batches of an epoch that are left; `false` where it was told to stop.
    fn batches<Src>(&mut self, train: &Loader<Src>, shown: &mut Shown) -> Result<bool, FitError>
    where
        Src: Source<Shape = S, Target = T>,
    {
        let epoch = self.history.epochs.len();
        let batches = train.batches();
        let together = self.fit.accumulate;
        let per_epoch = batches.div_ceil(together) as u64;
        let steps = per_epoch * self.fit.epochs as u64;
        let failed = |e: D::Err| FitError::Device {
            reason: e.to_string(),
        };
        let mut gradients = self.net.try_alloc_grads().map_err(failed)?;
        let device =
            |batch: usize| seeded(&self.device, [self.fit.seed, epoch as u64, batch as u64]);
        let first = self.position.batch;
        let mut left = train.epoch_from::<E, D>(&device(first), epoch as u64, first)?;
        for batch in first..batches {
            left.set_device(device(batch));
            let Some(examples) = left.next().transpose()? else {
                break;
            };
            let size = examples.values.len();
            let place = batch - batch % together;
            let group = together.min(batches - place);
            let step = epoch as u64 * per_epoch + (batch / together) as u64;
            let lr = self.lr * self.fit.schedule.factor(step, steps, per_epoch);

            let score = &mut self.position.score;
            let loss = self.objective.train(self.net, examples, gradients, score);
            let loss = loss.map_err(|reason| FitError::Objective {
                set: "training",
                epoch: epoch + 1,
                batch: batch + 1,
                batches,
                reason,
            })?;
            let value = number(&loss);
            if !value.is_finite() {
                return Err(FitError::Loss {
                    loss: value,
                    layer: self.first_not_finite(train, batch)?,
                    epoch: epoch + 1,
                    batch: batch + 1,
                    batches,
                    lr,
                });
            }
            gradients = backward(loss, group).map_err(failed)?;
            self.position.batch = batch + 1;
            self.position.images += size as u64;
            self.position.loss_sum += value * size as f64;
            if batch + 1 == place + group {
                if let Some(parameter) = self.clip(&mut gradients)? {
                    return Err(FitError::Gradient {
                        loss: value,
                        parameter,
                        epoch: epoch + 1,
                        batch: batch + 1,
                        batches,
                    });
                }
                self.opt.set_lr(lr);
                self.opt.step(self.net, &mut gradients).map_err(failed)?;
                if let (Some(average), Some(decay)) = (&mut self.average, self.fit.average) {
                    // The weights before it would stay in the average for long.
                    let decay = if step == 0 { 0.0 } else { decay };
                    average.average(&*self.net, decay);
                }
                if batch + 1 < batches {
                    if self.told_to_stop() {
                        return Ok(false);
                    }
                    let (path, every) = (self.fit.checkpoint.as_deref(), self.fit.every);
                    let due = every.is_some_and(|every| (batch + 1) / every > place / every);
                    if let (Some(path), true) = (path, due) {
                        self.save(train, path)?;
                    }
                }
            }
            let position = &self.position;
            let mean = position.loss_sum / position.images as f64;
            shown.batch(position.images, mean, &position.score);
        }
        Ok(true)
    }

    /// The first layer that puts out NaN or an infinity for a batch, which is run once more.
    fn first_not_finite<Src>(
        &mut self,
        train: &Loader<Src>,
        batch: usize,
    ) -> Result<Option<String>, FitError>
    where
        Src: Source<Shape = S, Target = T>,
    {
        let epoch = self.history.epochs.len() as u64;
        let device = seeded(&self.device, [self.fit.seed, epoch, batch as u64]);
        let mut again = train.epoch_from::<E, D>(&device, epoch, batch)?;
        let Some(examples) = again.next().transpose()? else {
            return Ok(None);
        };
        let mut score = self.objective.score();
        let (_, seen) = observe::<E, D, _>(|| {
            let gradients = Gradients::leaky();
            self.objective
                .train(self.net, examples, gradients, &mut score)
        });
        Ok(seen.first_not_finite().map(ToString::to_string))
    }

    /// Shortens the gradients, or says which of them is not finite.
    fn clip(&self, gradients: &mut Gradients<E, D>) -> Result<Option<String>, FitError> {
        let failed = |e: dfdx::prelude::CpuError| FitError::Device {
            reason: e.to_string(),
        };
        let sight = gradients::look(&*self.net, gradients).map_err(failed)?;
        let most = self.fit.clip_norm;
        match (sight, most) {
            (None, Some(_)) => Err(FitError::Clip),
            (None, None) => Ok(None),
            (Some(sight), _) if sight.broken.is_some() => Ok(sight.broken),
            (Some(sight), Some(most)) if sight.norm() > most => {
                // As PyTorch: a little shorter, so that no norm is divided by 0.
                let factor = most / (sight.norm() + 1e-6);
                gradients::scale(&*self.net, gradients, factor).map_err(failed)?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}

/// The gradients of a loss that is one of `group`, whose mean is wanted.
fn backward<E: Element, D: Device<E>>(
    loss: Traced<E, D>,
    group: usize,
) -> Result<Gradients<E, D>, D::Err> {
    match group {
        1 => loss.try_backward(),
        _ => loss
            .try_mul(scalar::<E>(1.0 / group as f64))?
            .try_backward(),
    }
}

/// A device like `device` whose random numbers are decided by `what`; on the CPU only.
fn seeded<D: Clone + 'static>(device: &D, what: [u64; 3]) -> D {
    let mut seed = [0; 32];
    for (bytes, word) in seed.chunks_exact_mut(8).zip(what) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let seed = StdRng::from_seed(seed).next_u64();
    let mut cpu = Some(Cpu::seed_from_u64(seed));
    match (&mut cpu as &mut dyn Any).downcast_mut::<Option<D>>() {
        Some(cpu) => cpu.take().expect("it was put there"),
        None => device.clone(),
    }
}

/// The device of a model's first parameter.
fn device_of<M: TensorCollection<E, D>, E: Element, D: Device<E>>(model: &M) -> Option<D> {
    let mut found = DeviceOf(None, PhantomData);
    let Ok(_) = M::iter_tensors(&mut RecursiveWalker {
        m: model,
        f: &mut found,
    });
    found.0
}

struct DeviceOf<E, D>(Option<D>, PhantomData<E>);

impl<E: Element, D: Device<E>> TensorVisitor<E, D> for DeviceOf<E, D> {
    type Viewer = ViewTensorRef;
    type Err = Infallible;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, D>,
        tensor: &Tensor<S, E, D>,
    ) -> Result<Option<Tensor<S, E, D>>, Infallible> {
        self.0.get_or_insert_with(|| tensor.device().clone());
        Ok(None)
    }
}
