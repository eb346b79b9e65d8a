//! PyTorch and ONNX Runtime, each in a Python process that answers `peers.py`'s requests.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};

use crate::peer::Peer;
use crate::workload::{Kind, Network, Workload};

const SCRIPT: &str = include_str!("../peers.py");

/// A Python process with one library.
pub struct Python {
    name: &'static str,
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Python {
    /// Starts `interpreter` with the library `name`.
    ///
    /// # Errors
    /// When it does not start, or lacks a module.
    pub fn start(interpreter: &Path, name: &'static str, threads: usize) -> Result<Self> {
        let command = [OsStr::new("-c"), OsStr::new(SCRIPT), OsStr::new(name)];
        let mut process = Command::new(interpreter)
            .args(command)
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("`{}` does not start", interpreter.display()))?;
        let requests = process.stdin.take();
        let answers = process.stdout.take().context("standard output is a pipe")?;
        let mut python = Python {
            name,
            process,
            requests,
            answers: BufReader::new(answers),
        };
        let interpreter = interpreter.display();
        match python.answer()?.split_once(' ') {
            Some(("ready", _)) => Ok(python),
            Some(("missing", module)) => bail!("`{interpreter}` has no module `{module}`"),
            _ => bail!("`{interpreter}` does not answer as peers.py does"),
        }
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line)?;
        ensure!(read > 0, "the Python process of {} has ended", self.name);
        let line = line.trim_end();
        match line.strip_prefix("error ") {
            Some(text) => bail!("{}: {text}", self.name),
            None => Ok(line.to_owned()),
        }
    }

    /// Sends a request; the answer must begin with `word`, and what follows is returned.
    fn ask(&mut self, request: &str, word: &str) -> Result<String> {
        let requests = self.requests.as_mut().context("open until drop")?;
        writeln!(requests, "{request}")?;
        let answer = self.answer()?;
        let rest = answer.strip_prefix(word);
        let rest = rest.with_context(|| format!("{} answers `{answer}`", self.name))?;
        Ok(rest.trim().to_owned())
    }
}

impl Peer for Python {
    fn name(&self) -> &'static str {
        self.name
    }

    fn open(&mut self, workload: &Workload) -> Result<Vec<String>> {
        if self.name == "onnxruntime" && workload.kind != Kind::Infer {
            return Ok(Vec::new());
        }
        let network = match workload.network {
            Network::LeNet5 => "lenet5",
            Network::VggSmall => "vggsmall",
            Network::ResNet20 => "resnet20",
            Network::Conv3x3 => "conv3x3",
        };
        let kind = match workload.kind {
            Kind::Infer => "infer",
            Kind::TrainStep => "train",
            Kind::ForwardBackward => "forward_backward",
        };
        let (batch, parameters) = (workload.batch, workload.network.parameters());
        let request = format!("open {network} {kind} {batch} {parameters}");
        let ways = self.ask(&request, "ways")?;
        Ok(ways.split_whitespace().map(str::to_owned).collect())
    }

    fn run(&mut self, way: &str, time: Duration) -> Result<Duration> {
        let ms = self.ask(&format!("run {way} {}", time.as_secs_f64()), "ms")?;
        let ms: f64 = ms.parse().with_context(|| format!("`{ms}` is no time"))?;
        Ok(Duration::from_secs_f64(ms / 1e3))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // At the end of its input, the process ends.
        self.requests = None;
        let _ = self.process.wait();
    }
}
