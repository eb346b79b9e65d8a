//! A model with its normalisation and its classes.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use dfdx::nn::{Module, TensorCollection};
use dfdx::prelude::Cpu;
use serde_json::{json, Value};

use super::{Label, PredictError};
use crate::data::{Image, Normalize, Picture};
use crate::model::{BuildOn, Model};
use crate::shape::{Chw, Flat};
use crate::tensor::{Batch, Device, Element};
use crate::vision::to_tensor;
use crate::weights::{Loader, Saver, WeightError};

/// The key of the text in the file that is about the classifier.
const KEY: &str = "shapeproof.classifier";

/// A model that tells classes of pictures apart, with what its answers depend on: how images are
/// normalised and what the classes are called.
///
/// `L` is what a class is in the program: an enum of as many names as the model has outputs, made by
/// [`labels!`](crate::labels), or `usize` (the default), the number of the class. A picture of any
/// size, grey or RGB, is brought to what the model takes.
///
/// See the [room](crate::predict) for an example.
pub struct Classifier<M, L = usize, D = Cpu> {
    net: M,
    names: Vec<String>,
    mean: Vec<f64>,
    std: Vec<f64>,
    device: D,
    label: PhantomData<fn() -> L>,
}

/// What a classifier says of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction<L> {
    /// The likeliest class.
    pub class: L,
    /// What it is called.
    pub name: String,
    /// How likely it is, from 0 to 1: the softmax of the model's outputs.
    pub probability: f64,
    /// The same of every class, in the order of their numbers.
    pub probabilities: Vec<f64>,
}

/// The class and its probability: `cat 0.97`.
impl<L> fmt::Display for Prediction<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:.2}", self.name, self.probability)
    }
}

impl<const C: usize, const H: usize, const W: usize, const N: usize, E, D, M, L> Classifier<M, L, D>
where
    M: Model<Input = Chw<C, H, W>, Output = Flat<N>, Number = E>,
    M: Module<Batch<Chw<C, H, W>, usize, E, D>, Output = Batch<Flat<N>, usize, E, D>>,
    M: TensorCollection<E, D> + BuildOn<D>,
    E: Element,
    D: Device<E>,
    L: Label<N>,
{
    /// A trained model whose images were normalised by `normalize`. Its classes have the names of
    /// `L`; where `L` has none, they are called by their numbers, unless [`named`](Self::named) says
    /// otherwise.
    pub fn new(net: M, normalize: Normalize<C>) -> Self {
        let names = match L::NAMES {
            Some(names) => names.map(str::to_owned).to_vec(),
            None => (0..N).map(|class| class.to_string()).collect(),
        };
        Classifier {
            net,
            names,
            mean: normalize.mean.to_vec(),
            std: normalize.std.to_vec(),
            device: D::default(),
            label: PhantomData,
        }
    }

    /// With these names of the classes, in the order of their numbers, such as
    /// [`ImageFolder::class_names`](crate::data::ImageFolder::class_names).
    pub fn named(self, names: [&str; N]) -> Self {
        let names = names.map(str::to_owned).to_vec();
        Classifier { names, ..self }
    }

    /// Writes model, normalisation and names of the classes into one safetensors file. Other
    /// programs read it, too: it is a file of parameters with a text in its header.
    ///
    /// # Errors
    /// As [`weights::save`](crate::weights::save).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), WeightError> {
        // As texts, which are read again bit by bit; JSON's numbers may not be.
        let texts = |numbers: &[f64]| numbers.iter().map(f64::to_string).collect::<Vec<_>>();
        let text = json!({
            "model": M::NAME,
            "mean": texts(&self.mean),
            "std": texts(&self.std),
            "classes": self.names,
        });
        let saver = Saver::new().metadata(KEY, text.to_string());
        saver.save(&self.net, path)
    }

    /// Reads a file that [`save`](Self::save) has written.
    ///
    /// # Errors
    /// As [`weights::load`](crate::weights::load); when the file holds parameters only, and when its
    /// classes are not those of `L`.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, PredictError> {
        let (path, device) = (path.as_ref(), D::default());
        let mut net = M::try_build_on(&device).map_err(failed)?;
        let report = Loader::new().load(&mut net, path)?;
        let not_a_classifier = || PredictError::NotAClassifier { path: path.into() };
        let text = report.metadata.get(KEY).ok_or_else(not_a_classifier)?;
        let unreadable = |what| PredictError::Description {
            path: path.into(),
            what,
            text: text.clone(),
        };
        let said: Value = serde_json::from_str(text).map_err(|_| unreadable("a description"))?;
        let numbers = |key| -> Option<Vec<f64>> {
            let list = said.get(key)?.as_array()?.iter();
            let numbers: Option<Vec<f64>> = list.map(|n| n.as_str()?.parse().ok()).collect();
            numbers.filter(|numbers| numbers.len() == C)
        };
        let mean = numbers("mean").ok_or_else(|| unreadable("the mean of every channel"))?;
        let std = numbers("std").ok_or_else(|| unreadable("the spread of every channel"))?;
        let classes = said.get("classes").and_then(Value::as_array);
        let classes = classes.ok_or_else(|| unreadable("the classes"))?.iter();
        let names = classes.map(|name| name.as_str().map(str::to_owned));
        let names: Option<Vec<String>> = names.collect();
        let names = names.ok_or_else(|| unreadable("the classes"))?;
        if names.len() != N {
            return Err(PredictError::Count {
                path: path.into(),
                file: names.len(),
                model: N,
            });
        }
        let own = L::NAMES.iter().flatten();
        if let Some((class, (file, program))) =
            (names.iter().zip(own).enumerate()).find(|(_, (file, program))| file != *program)
        {
            return Err(PredictError::Names {
                path: path.into(),
                class,
                file: file.clone(),
                program: (*program).to_owned(),
            });
        }
        Ok(Classifier {
            net,
            names,
            mean,
            std,
            device,
            label: PhantomData,
        })
    }

    /// What is on a picture, whatever its size and colours: it is resized to what the model takes,
    /// in grey where that has one channel. Does not build where it has neither 1 nor 3.
    ///
    /// # Errors
    /// When the device is out of memory.
    pub fn predict(&self, picture: &Picture) -> Result<Prediction<L>, PredictError> {
        let mut all = self.predict_all(&[Image::of(picture)])?;
        Ok(all.remove(0))
    }

    /// What is on each of these images, all at once.
    ///
    /// # Errors
    /// When the device is out of memory.
    pub fn predict_all(
        &self,
        images: &[Image<Chw<C, H, W>>],
    ) -> Result<Vec<Prediction<L>>, PredictError> {
        if images.is_empty() {
            return Ok(Vec::new());
        }
        let logits = self.net.try_forward(self.tensor(images)?).map_err(failed)?;
        let logits = logits.as_vec();
        Ok(logits
            .chunks_exact(N)
            .map(|row| self.prediction(row))
            .collect())
    }

    /// The images as the model takes them.
    ///
    /// # Errors
    /// When the device is out of memory.
    pub fn tensor(
        &self,
        images: &[Image<Chw<C, H, W>>],
    ) -> Result<Batch<Chw<C, H, W>, usize, E, D>, PredictError> {
        to_tensor(&self.device, images, self.normalize()).map_err(failed)
    }

    fn prediction(&self, row: &[E]) -> Prediction<L> {
        let row: Vec<f64> = row.iter().map(|x| x.to_f64().unwrap_or(f64::NAN)).collect();
        let class = crate::train::metrics::argmax(&row);
        let powers: Vec<f64> = row.iter().map(|x| (x - row[class]).exp()).collect();
        let sum: f64 = powers.iter().sum();
        let probabilities: Vec<f64> = powers.iter().map(|power| power / sum).collect();
        Prediction {
            class: L::of(class),
            name: self.names[class].clone(),
            probability: probabilities[class],
            probabilities,
        }
    }

    /// How images are normalised.
    pub fn normalize(&self) -> Normalize<C> {
        Normalize {
            mean: std::array::from_fn(|channel| self.mean[channel]),
            std: std::array::from_fn(|channel| self.std[channel]),
        }
    }
}

impl<M, L, D> Classifier<M, L, D> {
    /// The model.
    pub fn net(&self) -> &M {
        &self.net
    }

    /// The model, without the rest.
    pub fn into_net(self) -> M {
        self.net
    }

    /// What the classes are called, in the order of their numbers.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// The classes, not the parameters.
impl<M, L, D> fmt::Debug for Classifier<M, L, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Classifier")
            .field("names", &self.names)
            .field("mean", &self.mean)
            .field("std", &self.std)
            .finish_non_exhaustive()
    }
}

pub(super) fn failed(error: impl fmt::Debug) -> PredictError {
    PredictError::Device {
        reason: format!("{error:?}"),
    }
}
