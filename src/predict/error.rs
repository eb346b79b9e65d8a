//! The words of what can go wrong with a trained model.

use std::path::PathBuf;

use crate::weights::WeightError;

/// Why a model could not be read, or could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictError {
    /// The parameters could not be read.
    #[error(transparent)]
    Weights(#[from] WeightError),
    /// The file holds parameters only.
    #[error(
        "{} does not say how images are normalised; `Classifier::save` writes it into the file",
        path.display()
    )]
    NotAClassifier {
        /// The file.
        path: PathBuf,
    },
    /// What the file says of normalisation or classes cannot be meant.
    #[error("{}: {what} cannot be read from `{text}`", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// What the file says.
        text: String,
    },
    /// The file is about other classes.
    #[error(
        "{}: class {class} is called `{file}` in the file, `{program}` in the program",
        path.display()
    )]
    Names {
        /// The file.
        path: PathBuf,
        /// The number of the first class that differs.
        class: usize,
        /// Its name in the file.
        file: String,
        /// Its name in the program.
        program: String,
    },
    /// The file is about more or fewer classes.
    #[error("{} names {file} classes, the model has {model}", path.display())]
    Count {
        /// The file.
        path: PathBuf,
        /// Names in the file.
        file: usize,
        /// Outputs of the model.
        model: usize,
    },
    /// A picture is smaller than what the model sees at once.
    #[error(
        "a picture of {height}×{width} is smaller than the {}×{} that the model sees at once",
        tile.0, tile.1
    )]
    PictureSize {
        /// Rows of the picture.
        height: usize,
        /// Columns of the picture.
        width: usize,
        /// Rows and columns that the model takes.
        tile: (usize, usize),
    },
    /// The device has failed.
    #[error("the device failed: {reason}")]
    Device {
        /// What it says.
        reason: String,
    },
}
