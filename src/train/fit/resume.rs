//! A run to a checkpoint and back.

use std::path::Path;

use dfdx::nn::tensor_collection::TensorCollection;

use super::run::Run;
use super::FitError;
use crate::data::{Loader, Source, Target};
use crate::tensor::{Batched, Device, Element};
use crate::train::checkpoint::{CheckpointError, Reader, Writer};
use crate::train::history::History;
use crate::train::objective::Objective;
use crate::train::optimizer::Optimizer;
use crate::train::score::Score;
use crate::train::snapshot::Snapshot;

impl<M, Opt, O, S, T, E, D> Run<'_, M, Opt, O, S, T, E, D>
where
    M: TensorCollection<E, D>,
    Opt: Optimizer<M, E, D>,
    S: Batched,
    T: Target,
    E: Element,
    D: Device<E>,
    O: Objective<M, S, T, E, D>,
{
    /// What decides the bits of a run, beside the model: its name, and what it is here.
    fn facts<Src: Source>(&self, train: &Loader<Src>) -> Vec<(&'static str, String)> {
        let or_none = |decay: Option<f64>| decay.map_or(String::new(), |decay| decay.to_string());
        vec![
            ("optimizer", Opt::NAME.into()),
            ("score", O::Score::NAME.into()),
            ("seed of the fit", self.fit.seed.to_string()),
            ("seed of the loader", train.seed().to_string()),
            ("images in an epoch", train.samples().to_string()),
            ("batches in an epoch", train.batches().to_string()),
            ("batches in a step", self.fit.accumulate.to_string()),
            ("decay of the average", or_none(self.fit.average)),
            ("best epoch kept", self.fit.patience.is_some().to_string()),
        ]
    }

    /// Writes everything that the run needs to go on.
    pub(super) fn save<Src: Source>(
        &self,
        train: &Loader<Src>,
        path: &Path,
    ) -> Result<(), FitError> {
        let mut file = Writer::default();
        for (name, fact) in self.facts(train) {
            file.text(name, fact);
        }
        file.text("model", std::any::type_name::<M>());
        file.text("history", self.history.to_csv());
        file.text("batches done", self.position.batch);
        file.text("images done", self.position.images);
        file.numbers("sum of the losses", &[self.position.loss_sum]);
        file.numbers("counts of the score", &self.position.score.state());
        file.snapshot("model", &Snapshot::of(&*self.net));
        if let Some(average) = &self.average {
            file.snapshot("average", average);
        }
        if let Some(best) = &self.best {
            file.snapshot("best", best);
        }
        let state = self.opt.state();
        let steps = state.parameters().iter().map(|p| p.step.to_string());
        file.text("steps", steps.collect::<Vec<_>>().join(" "));
        for parameter in state.parameters() {
            for (name, values) in state.tensors().iter().zip(&parameter.tensors) {
                if !values.is_empty() {
                    let name = format!("optimizer.{}.{name}", parameter.name);
                    file.tensor(name, vec![values.len()], values);
                }
            }
        }
        Ok(file.write::<E>(path)?)
    }

    /// Goes on from a checkpoint, if there is one; after an error nothing has changed.
    pub(super) fn resume<Src: Source>(
        &mut self,
        train: &Loader<Src>,
        path: &Path,
    ) -> Result<bool, FitError> {
        let Some(mut file) = Reader::open(path)? else {
            return Ok(false);
        };
        for (name, fact) in self.facts(train) {
            file.same(name, fact);
        }
        let text = file.text("history").to_owned();
        let Some(history) = History::from_csv(&text) else {
            return Err(file.damaged("history").into());
        };
        let mut position = self.position.clone();
        position.batch = file.parsed("batches done")?;
        position.images = file.parsed("images done")?;
        position.loss_sum = file.parsed("sum of the losses")?;
        position
            .score
            .restore(&file.numbers("counts of the score")?);

        let like = Snapshot::of(&*self.net);
        let model = file.snapshot("model", &like);
        let average = self.fit.average.map(|_| file.snapshot("average", &like));
        let has_best = self.fit.patience.is_some() && !history.epochs.is_empty();
        let best = has_best.then(|| file.snapshot("best", &like));
        let state = self.opt.state();
        let steps: Vec<&str> = file.text("steps").split_whitespace().collect();
        let steps: Result<Vec<u64>, _> = steps.into_iter().map(str::parse).collect();
        let steps = steps.map_err(|_| file.damaged("steps"))?;
        if steps.len() != state.parameters().len() {
            let (there, here) = (steps.len(), state.parameters().len());
            file.differs(format!("learned tensors: {there} there, {here} here"));
        }
        let learned = like.0.iter().filter(|kept| kept.learned);
        let mut states = Vec::new();
        for (parameter, kept) in state.parameters().iter().zip(learned) {
            let tensor = |name: &&str| {
                let name = format!("optimizer.{}.{name}", parameter.name);
                file.tensor::<E>(&name, &[kept.values.len()])
                    .unwrap_or_default()
            };
            let tensors: Vec<Vec<E>> = state.tensors().iter().map(tensor).collect();
            states.push((parameter.name.clone(), tensors));
        }
        file.finish()?;

        for ((name, tensors), step) in states.into_iter().zip(steps) {
            let set = self.opt.state_mut().set(&name, step, tensors);
            set.map_err(|e| {
                FitError::Checkpoint(CheckpointError::Differs {
                    path: path.to_owned(),
                    model: std::any::type_name::<M>().into(),
                    differences: vec![e.to_string()],
                })
            })?;
        }
        model.restore(self.net);
        self.history = history;
        self.position = position;
        self.average = average;
        self.best = best;
        Ok(true)
    }
}
