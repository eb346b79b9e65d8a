//! What is shown while a model trains: a bar on a terminal, one line an epoch anywhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::train::history::EpochRecord;
use crate::train::score::Score;

/// How often the numbers beside the bar change.
const PAUSE: Duration = Duration::from_millis(100);

/// One epoch as it is shown.
pub(super) struct Shown {
    bar: ProgressBar,
    start: Instant,
    said: Option<Instant>,
    /// Images before the start: those of an earlier run.
    before: u64,
}

impl Shown {
    /// A bar over `images` images, of which `before` were done by an earlier run.
    pub fn new(epoch: usize, epochs: usize, images: u64, before: u64, quiet: bool) -> Self {
        let bar = match quiet {
            true => ProgressBar::hidden(),
            false => ProgressBar::new(images),
        };
        let template = "{prefix} {bar:24} {pos}/{len} {msg} eta {eta}";
        let style = ProgressStyle::with_template(template);
        let bar = bar.with_style(style.expect("the template is a right one"));
        bar.set_prefix(format!("epoch {epoch}/{epochs}"));
        bar.set_position(before);
        bar.reset_eta();
        Shown {
            bar,
            start: Instant::now(),
            said: None,
            before,
        }
    }

    /// After a batch: `images` are done, with this mean loss and score.
    pub fn batch<Sc: Score>(&mut self, images: u64, loss: f64, score: &Sc) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_position(images);
        if self.said.is_some_and(|said| said.elapsed() < PAUSE) {
            return;
        }
        self.said = Some(Instant::now());
        let seconds = self.start.elapsed().as_secs_f64();
        let speed = (images - self.before) as f64 / seconds;
        let score = words::<Sc>(score.value());
        self.bar
            .set_message(format!("loss {loss:.4}{score} {speed:.0} images/s"));
    }

    /// While the model is validated.
    pub fn validating(&self) {
        self.bar.set_message("validating");
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// How long training has taken, in seconds.
    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// The line of an epoch, after `images` in `seconds` of training.
    pub fn line<Sc: Score>(&self, epoch: &EpochRecord, images: u64, seconds: f64) -> String {
        let speed = (images - self.before) as f64 / seconds.max(1e-9);
        format!(
            "epoch {} loss {:.4}{} {speed:.0} images/s {seconds:.1} s, validation loss {:.4}{}",
            epoch.epoch,
            epoch.train_loss,
            words::<Sc>(epoch.train_score),
            epoch.valid_loss,
            words::<Sc>(epoch.valid_score),
        )
    }
}

fn words<Sc: Score>(score: Option<f64>) -> String {
    score.map_or(String::new(), |score| format!(" {} {score:.4}", Sc::NAME))
}
