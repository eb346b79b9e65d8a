//! Times shapeproof and other libraries on the same workloads, in turns: see `README.md`.

mod ours;
mod peak;
mod peer;
mod python;
mod report;
mod workload;

#[cfg(feature = "burn")]
mod burn;
#[cfg(feature = "candle")]
mod candle;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};
use clap::{Parser, ValueEnum};

use peer::{Linked, Peer};
use report::{Cell, Table};
use workload::{Workload, WORKLOADS};

/// Times shapeproof and other libraries on the same workloads, in turns.
#[derive(Parser)]
struct Options {
    /// A Python with torch, onnxruntime and onnx; without it, these two peers are left out.
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,

    /// The numbers of threads, each measured in a process of its own.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2])]
    threads: Vec<usize>,

    /// The peers; all of them if not said.
    #[arg(long, value_delimiter = ',', value_enum)]
    peers: Vec<PeerName>,

    /// The workloads; all of them if not said.
    #[arg(long, value_delimiter = ',', value_name = "WORKLOAD", value_parser = workload_named)]
    only: Vec<Workload>,

    /// How often each workload runs, ours and the peers in turns.
    #[arg(long, default_value_t = 5)]
    rounds: u32,

    /// Seconds for each peer and workload, all rounds together; a round has at least one run.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum PeerName {
    Torch,
    Onnxruntime,
    Candle,
    Burn,
}

fn workload_named(name: &str) -> Result<Workload, String> {
    let found = WORKLOADS.iter().find(|workload| workload.name == name);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = WORKLOADS.iter().map(|workload| workload.name).collect();
        format!("the workloads are {}", names.join(", "))
    })
}

/// Holds the number of threads in the processes that measure.
const THREADS: &str = "SHAPEPROOF_PEERS_THREADS";

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<ExitCode> {
    ensure!(
        !cfg!(debug_assertions),
        "a debug build would be measured: run with `--release`"
    );
    ensure!(options.rounds > 0, "--rounds must be at least 1");
    ensure!(
        options.seconds > 0.0 && options.seconds.is_finite(),
        "--seconds must be above 0"
    );
    ensure!(
        !options.threads.contains(&0),
        "--threads: the least number of threads is 1"
    );
    if let Ok(threads) = std::env::var(THREADS) {
        let threads = threads.parse().context(THREADS)?;
        measure(options, threads)?;
        return Ok(ExitCode::SUCCESS);
    }
    for threads in &options.threads {
        // Thread pools have the size that the environment says when they start.
        let mut measuring = Command::new(std::env::current_exe()?);
        measuring.args(std::env::args_os().skip(1));
        for variable in [
            THREADS,
            "RAYON_NUM_THREADS",
            "OMP_NUM_THREADS",
            "MKL_NUM_THREADS",
        ] {
            measuring.env(variable, threads.to_string());
        }
        let status = measuring.status()?;
        if !status.success() {
            // The process has said why, unless it was killed.
            ensure!(status.code().is_some(), "with {threads} threads: {status}");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures all that was asked for, with as many threads as this process has been started for.
fn measure(options: &Options, threads: usize) -> Result<()> {
    let mut ours = Linked::new("ours", ours::open);
    let mut peers = peers(options, threads)?;
    let workloads = match options.only.as_slice() {
        [] => &WORKLOADS,
        only => only,
    };
    let names = peers.iter().map(|peer| peer.name());
    let mut table = Table::new(threads, names.collect());
    for workload in workloads {
        table.peak(peak::gflops(threads));
        let time = Duration::from_secs_f64(options.seconds / f64::from(options.rounds));
        let cells = in_turns(&mut ours, &mut peers, workload, options.rounds, time)?;
        for cell in cells.iter().flatten() {
            println!("{}", report::row(workload, threads, cell));
        }
        table.line(*workload, cells);
    }
    println!("\n{table}");
    Ok(())
}

/// The peers that were asked for; one that cannot start is told and left out.
fn peers(options: &Options, threads: usize) -> Result<Vec<Box<dyn Peer>>> {
    let asked: &[PeerName] = match options.peers.as_slice() {
        [] => PeerName::value_variants(),
        asked => asked,
    };
    let mut peers: Vec<Box<dyn Peer>> = Vec::new();
    for name in asked {
        let peer: Result<Box<dyn Peer>> = match name {
            PeerName::Torch => python(options, "torch", threads),
            PeerName::Onnxruntime => python(options, "onnxruntime", threads),
            #[cfg(feature = "candle")]
            PeerName::Candle => Ok(Box::new(Linked::new("candle", candle::open))),
            #[cfg(feature = "burn")]
            PeerName::Burn => Ok(Box::new(Linked::new("burn", burn::open))),
            #[allow(unreachable_patterns)]
            _ => Err(anyhow::anyhow!("left out when this program was built")),
        };
        match peer {
            Ok(peer) => peers.push(peer),
            Err(error) => {
                let name = name.to_possible_value().context("no peer is hidden")?;
                eprintln!("without {}: {error:#}", name.get_name());
            }
        }
    }
    if peers.is_empty() {
        bail!("no peer is left");
    }
    Ok(peers)
}

fn python(options: &Options, name: &'static str, threads: usize) -> Result<Box<dyn Peer>> {
    let interpreter = options.python.as_deref();
    let interpreter = interpreter.context("no `--python PATH` was given")?;
    Ok(Box::new(python::Python::start(interpreter, name, threads)?))
}

/// Times one workload: in every round ours, then each way of each peer. `None` for a peer that
/// has no such workload.
fn in_turns(
    ours: &mut Linked,
    peers: &mut [Box<dyn Peer>],
    workload: &Workload,
    rounds: u32,
    time: Duration,
) -> Result<Vec<Option<Cell>>> {
    ours.open(workload)?;
    ours.run("default", Duration::ZERO)?;
    let mut ways = Vec::new();
    for (nth, peer) in peers.iter_mut().enumerate() {
        let opened = peer.open(workload).unwrap_or_else(|error| {
            let (peer, workload) = (peer.name(), workload.name);
            eprintln!("without {peer} in {workload}: {error:#}");
            Vec::new()
        });
        for way in opened {
            // What is made at the first run is not timed.
            peer.run(&way, Duration::ZERO)?;
            ways.push((nth, way, Vec::new()));
        }
    }
    let mut our_times = Vec::new();
    for _ in 0..rounds {
        our_times.push(ours.run("default", time)?);
        for (nth, way, times) in &mut ways {
            times.push(peers[*nth].run(way, time)?);
        }
    }
    let cells = peers.iter().enumerate().map(|(nth, peer)| {
        let of_peer = ways.iter().filter(|(of, ..)| *of == nth);
        let cells = of_peer.map(|(_, _, times)| Cell::new(peer.name(), times, &our_times));
        cells.min_by(|a, b| a.ms.total_cmp(&b.ms))
    });
    Ok(cells.collect())
}
