//! The lines and the table that are printed.

use std::fmt;
use std::time::Duration;

use crate::workload::Workload;

/// A peer's times of one workload beside ours.
#[derive(Clone, Copy)]
pub struct Cell {
    /// The peer.
    pub peer: &'static str,
    /// The peer's median time.
    pub ms: f64,
    /// Our median time.
    pub ours_ms: f64,
    /// The median over the rounds of the peer's time over ours.
    pub ratio: f64,
}

impl Cell {
    /// Of the times of each round.
    pub fn new(peer: &'static str, times: &[Duration], ours: &[Duration]) -> Self {
        let ms = |times: &[Duration]| median(times.iter().map(|time| 1e3 * time.as_secs_f64()));
        let pairs = times.iter().zip(ours);
        Cell {
            peer,
            ms: ms(times),
            ours_ms: ms(ours),
            ratio: median(pairs.map(|(time, ours)| time.as_secs_f64() / ours.as_secs_f64())),
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}

/// A time with three digits that count, at least.
fn digits(ms: f64) -> String {
    let decimals = if ms < 0.1 {
        4
    } else if ms < 1.0 {
        3
    } else {
        2
    };
    format!("{ms:.decimals$}")
}

/// The line of one cell.
pub fn row(workload: &Workload, threads: usize, cell: &Cell) -> String {
    let (name, peer, ratio) = (workload.name, cell.peer, cell.ratio);
    let (ms, ours) = (digits(cell.ms), digits(cell.ours_ms));
    format!("{name} threads {threads} peer {peer} ms {ms} ours {ours} ratio {ratio:.2}")
}

/// GFLOP/s of every workload, and what part of the machine's peak they are.
pub struct Table {
    threads: usize,
    peers: Vec<&'static str>,
    peak: Option<f64>,
    lines: Vec<(Workload, Vec<Option<Cell>>)>,
}

impl Table {
    /// With a column for each of `peers`.
    pub fn new(threads: usize, peers: Vec<&'static str>) -> Self {
        Table {
            threads,
            peers,
            peak: None,
            lines: Vec::new(),
        }
    }

    /// Tells a measured peak; the highest counts.
    pub fn peak(&mut self, gflops: Option<f64>) {
        let all = self.peak.into_iter().chain(gflops);
        self.peak = all.max_by(f64::total_cmp);
    }

    /// Adds the line of a workload, one cell for each peer.
    pub fn line(&mut self, workload: Workload, cells: Vec<Option<Cell>>) {
        self.lines.push((workload, cells));
    }

    /// GFLOP/s and, where the peak is known, the percentage of it.
    fn speed(&self, workload: &Workload, ms: f64) -> String {
        let gflops = workload.flop() as f64 / ms / 1e6;
        match self.peak {
            Some(peak) => format!("{gflops:.1} ({:.0} %)", 100.0 * gflops / peak),
            None => format!("{gflops:.1}"),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_peak = match self.peak {
            Some(peak) => format!(", and % of the fp32 peak of {peak:.0} GFLOP/s"),
            None => String::from(" (the processor's fp32 peak could not be measured)"),
        };
        writeln!(f, "threads {}: nominal GFLOP/s{of_peak}\n", self.threads)?;
        writeln!(
            f,
            "| workload | MFLOP | ours | {} |",
            self.peers.join(" | ")
        )?;
        writeln!(f, "|---|---:|---:|{}", "---:|".repeat(self.peers.len()))?;
        for (workload, cells) in &self.lines {
            let ours = cells.iter().flatten().next();
            let ours = ours.map_or(String::new(), |cell| self.speed(workload, cell.ours_ms));
            let mflop = workload.flop() as f64 / 1e6;
            write!(f, "| {} | {mflop:.1} | {ours} |", workload.name)?;
            for cell in cells {
                let speed = cell.map_or(String::new(), |cell| self.speed(workload, cell.ms));
                write!(f, " {speed} |")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
