//! What all that is timed has in common.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::workload::Workload;

/// Runs a workload once.
pub type Step = Box<dyn FnMut() -> Result<()>>;

/// A library that is timed.
pub trait Peer {
    /// Its name in the output.
    fn name(&self) -> &'static str;

    /// Makes the network and the data of a workload, those of the last one being dropped. Returns
    /// the ways to run it, of which the fastest counts; none where the peer has no such workload.
    ///
    /// # Errors
    /// When the peer refuses.
    fn open(&mut self, workload: &Workload) -> Result<Vec<String>>;

    /// Runs the workload in one way for so long, at least once, and returns the median time.
    ///
    /// # Errors
    /// When the peer refuses.
    fn run(&mut self, way: &str, time: Duration) -> Result<Duration>;
}

/// A library that is part of this program.
pub struct Linked {
    name: &'static str,
    open: fn(&Workload) -> Result<Step>,
    step: Option<Step>,
}

impl Linked {
    /// Named `name`; `open` makes the step of a workload.
    pub fn new(name: &'static str, open: fn(&Workload) -> Result<Step>) -> Self {
        Linked {
            name,
            open,
            step: None,
        }
    }
}

impl Peer for Linked {
    fn name(&self) -> &'static str {
        self.name
    }

    fn open(&mut self, workload: &Workload) -> Result<Vec<String>> {
        self.step = None;
        self.step = Some((self.open)(workload)?);
        Ok(vec![String::from("default")])
    }

    fn run(&mut self, _: &str, time: Duration) -> Result<Duration> {
        let step = self.step.as_mut().context("no workload is open")?;
        let end = Instant::now() + time;
        let mut times = Vec::new();
        while times.is_empty() || Instant::now() < end {
            let start = Instant::now();
            step()?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        Ok(times[times.len() / 2])
    }
}
