//! What became of each epoch.

use std::fmt::Write as _;
use std::path::Path;

/// One epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochRecord {
    /// Its number, from 1.
    pub epoch: usize,
    /// The learning rate of its last step.
    pub lr: f64,
    /// The mean loss of the images that the model has trained on, while it did.
    pub train_loss: f64,
    /// Their score.
    pub train_score: Option<f64>,
    /// The mean loss of the images that it was validated on.
    pub valid_loss: f64,
    /// Their score.
    pub valid_score: Option<f64>,
}

/// All epochs of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// What the score is called.
    pub score: String,
    /// In their order.
    pub epochs: Vec<EpochRecord>,
}

impl History {
    /// As a table of comma-separated values with a line of names; the numbers lose no digit.
    pub fn to_csv(&self) -> String {
        let score = &self.score;
        let mut csv = format!("epoch,lr,train_loss,train_{score},valid_loss,valid_{score}\n");
        for e in &self.epochs {
            let or_empty = |score: Option<f64>| score.map_or(String::new(), |s| s.to_string());
            let (train, valid) = (or_empty(e.train_score), or_empty(e.valid_score));
            let (epoch, lr) = (e.epoch, e.lr);
            // Writing into a string cannot fail.
            let _ = writeln!(
                csv,
                "{epoch},{lr},{},{train},{},{valid}",
                e.train_loss, e.valid_loss
            );
        }
        csv
    }

    /// The history of which this is the table; `None` where it is none.
    pub fn from_csv(csv: &str) -> Option<Self> {
        let mut lines = csv.lines();
        let score = lines.next()?.split(',').nth(3)?.strip_prefix("train_")?;
        let epoch = |line: &str| {
            let fields: Vec<&str> = line.split(',').collect();
            let [epoch, lr, train_loss, train_score, valid_loss, valid_score] = fields[..] else {
                return None;
            };
            let or_none = |text: &str| match text {
                "" => Some(None),
                text => text.parse().ok().map(Some),
            };
            Some(EpochRecord {
                epoch: epoch.parse().ok()?,
                lr: lr.parse().ok()?,
                train_loss: train_loss.parse().ok()?,
                train_score: or_none(train_score)?,
                valid_loss: valid_loss.parse().ok()?,
                valid_score: or_none(valid_score)?,
            })
        };
        Some(History {
            score: score.to_owned(),
            epochs: lines.map(epoch).collect::<Option<_>>()?,
        })
    }

    /// Writes [`to_csv`](Self::to_csv) into a file, which is whole at any moment.
    ///
    /// # Errors
    /// [`WeightError::Write`](crate::weights::WeightError::Write) with the file and the reason.
    pub fn save_csv(&self, path: impl AsRef<Path>) -> Result<(), crate::weights::WeightError> {
        crate::weights::write_whole(path.as_ref(), self.to_csv().as_bytes())
    }
}
