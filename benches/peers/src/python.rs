//! PyTorch and ONNX Runtime, each in a Python process that answers `peers.py`'s requests.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};

use crate::peer::Peer;
use crate::workload::{Kind, Network, Workload};

const SCRIPT: &str = include_str!("../peers.py");

/// How OpenMP's threads wait for work in the two processes of PyTorch: as they do if nothing is
/// said, which is best where no other program runs, and asleep, which is best elsewhere.
const WAIT_POLICIES: [&[(&str, &str)]; 2] = [&[], &[("OMP_WAIT_POLICY", "PASSIVE")]];

/// How long threads may look for more work after an answer, before others are timed.
const SETTLE: Duration = Duration::from_millis(100);

/// A library in Python processes that differ in their environment.
pub struct Python {
    name: &'static str,
    processes: Vec<Process>,
}

impl Python {
    /// Starts `interpreter` with the library `name`.
    ///
    /// # Errors
    /// When it does not start, or lacks a module.
    pub fn start(interpreter: &Path, name: &'static str, threads: usize) -> Result<Self> {
        // Only PyTorch uses OpenMP, and one thread never waits.
        let policies = if name == "torch" && threads > 1 {
            &WAIT_POLICIES[..]
        } else {
            &WAIT_POLICIES[..1]
        };
        let processes = policies.iter();
        let processes =
            processes.map(|variables| Process::start(interpreter, name, threads, variables));
        Ok(Python {
            name,
            processes: processes.collect::<Result<_>>()?,
        })
    }
}

/// One Python process.
struct Process {
    name: &'static str,
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Process {
    fn start(
        interpreter: &Path,
        name: &'static str,
        threads: usize,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let mut child = Command::new(interpreter)
            .args(["-c", SCRIPT, name])
            .arg(threads.to_string())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("`{}` does not start", interpreter.display()))?;
        let requests = child.stdin.take();
        let answers = child.stdout.take().context("standard output is a pipe")?;
        let mut process = Process {
            name,
            child,
            requests,
            answers: BufReader::new(answers),
        };
        let interpreter = interpreter.display();
        match process.answer()?.split_once(' ') {
            Some(("ready", _)) => Ok(process),
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
        let mut all = Vec::new();
        for (nth, process) in self.processes.iter_mut().enumerate() {
            let ways = process.ask(&request, "ways")?;
            all.extend(ways.split_whitespace().map(|way| format!("{nth} {way}")));
        }
        Ok(all)
    }

    fn run(&mut self, way: &str, time: Duration) -> Result<Duration> {
        let (process, way) = way.split_once(' ').context("a way of this peer")?;
        let process = &mut self.processes[process.parse::<usize>()?];
        let ms = process.ask(&format!("run {way} {}", time.as_secs_f64()), "ms")?;
        let ms: f64 = ms.parse().with_context(|| format!("`{ms}` is no time"))?;
        std::thread::sleep(SETTLE);
        Ok(Duration::from_secs_f64(ms / 1e3))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // At the end of its input, the process ends.
        self.requests = None;
        let _ = self.child.wait();
    }
}
