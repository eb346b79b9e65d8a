//! A trained model as a product: a picture in, a class and its probability out, or a class for every
//! pixel ([`predict_mask`]).
//!
//! This room knows models, weights and pictures; it must never know a training loop. Begin with
//! [`Classifier`], which holds a model together with what its answers depend on: how its training
//! images were normalised, and what its classes are called. All of it goes into one file.
//!
//! ```
//! use shapeproof::data::{Normalize, Picture};
//! use shapeproof::labels;
//! use shapeproof::predict::Classifier;
//! use shapeproof::prelude::*;
//!
//! #[model(input = Chw<1, 4, 4>, output = Flat<2>)]
//! struct Net {
//!     flatten: Flatten,
//!     fc: Linear<2>,
//! }
//! labels! {
//!     /// What hangs outside.
//!     enum Sky {
//!         Day = "day",
//!         Night = "night",
//!     }
//! }
//!
//! // Whoever has trained a model saves it as a classifier …
//! let net: Net = Net::new(&Cpu::default());
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("sky.safetensors");
//! Classifier::<_, Sky>::new(net, Normalize { mean: [0.4], std: [0.3] }).save(&path)?;
//!
//! // … and whoever uses it needs nothing but the file.
//! let sky = Classifier::<Net, Sky>::load(&path)?;
//! let photo = Picture::filled(60, 80, [200, 220, 255]);
//! let prediction = sky.predict(&photo)?;
//! match prediction.class {
//!     Sky::Day | Sky::Night => assert!(prediction.probability >= 0.5),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod classifier;
mod error;
mod label;
mod mask;

pub use classifier::{Classifier, Prediction};
pub use error::PredictError;
pub use label::Label;
pub use mask::{predict_logits, predict_mask, with_hflip};
