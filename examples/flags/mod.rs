//! What the examples share: the flags `--data --epochs --batch --lr --seed --load --resume --out`, the
//! folder and the checkpoint that they name, and errors in one line.
//!
//! An example has a struct of its arguments, in which [`Flags`] is flattened beside flags of its own:
//!
//! ```text
//! mod flags;
//!
//! #[derive(Parser)]
//! struct Arguments {
//!     #[command(flatten)]
//!     flags: Flags,
//! }
//!
//! fn main() -> ExitCode {
//!     flags::main(Defaults { epochs: 3, batch: 64, lr: 0.002 }, run)
//! }
//!
//! fn run(Arguments { flags }: Arguments) -> Result<(), Box<dyn Error>> {
//!     …
//!     flags.load(&mut net)?;                        // --load
//!     if flags.epochs > 0 {
//!         let fit = flags.fit("lenet5")?;           // --epochs, --seed, --resume, --out, Ctrl-C
//!         let trained = fit.run(&mut net, &mut opt, &train, &valid, &mut objective)?;
//!         flags.history(&trained, "lenet5")?;       // --out/lenet5.csv, --out/lenet5.png
//!         flags.save(&net, "lenet5")?;              // --out/lenet5.safetensors
//!     }
//! }
//! ```

// Not every example uses all of it.
#![allow(dead_code)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches};
use shapeproof::prelude::*;
use shapeproof::tensor::Device;
use shapeproof::train::{Fit, Trained};
use shapeproof::vision::plot_history;
use shapeproof::weights;

#[derive(Args, Clone, Debug)]
pub struct Flags {
    /// Folder with the data; without it the program draws its own
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Passes over the training set; 0 only evaluates
    #[arg(long)]
    pub epochs: usize,
    /// Images in a mini-batch
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Learning rate that the schedule starts from
    #[arg(long, value_parser = positive)]
    pub lr: f64,
    /// Seed of the parameters, of the order of the images and of synthetic data
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Parameters to start from
    #[arg(long, value_name = "FILE")]
    pub load: Option<PathBuf>,
    /// Go on from the checkpoint in --out, if there is one
    #[arg(long)]
    resume: bool,
    /// Folder for parameters, pictures and the checkpoint
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
}

/// What an example takes where its user says nothing.
pub struct Defaults {
    pub epochs: usize,
    pub batch: u32,
    pub lr: f64,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(x) if x > 0.0 && x < f64::INFINITY => Ok(x),
        _ => Err("a learning rate is a positive number".into()),
    }
}

/// Runs an example with the arguments of the program; an error is one line on stderr and exit code 1.
pub fn main<A: CommandFactory + FromArgMatches>(
    defaults: Defaults,
    run: impl FnOnce(A) -> Result<(), Box<dyn Error>>,
) -> ExitCode {
    let Defaults { epochs, batch, lr } = defaults;
    // clap takes defaults that live as long as the program.
    let given = |value: String| {
        let value: &'static str = value.leak();
        move |flag: clap::Arg| flag.required(false).default_value(value)
    };
    let matches = A::command()
        .mut_arg("epochs", given(epochs.to_string()))
        .mut_arg("batch", given(batch.to_string()))
        .mut_arg("lr", given(lr.to_string()))
        .get_matches();
    let arguments = A::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Flags {
    /// `--batch`.
    pub fn batch(&self) -> usize {
        self.batch as usize
    }

    /// Starts from the parameters of `--load`, if it is given.
    pub fn load<M, D>(&self, net: &mut M) -> Result<(), weights::WeightError>
    where
        M: TensorCollection<f32, D>,
        D: Device<f32>,
    {
        self.load
            .iter()
            .try_for_each(|path| weights::load(net, path))
    }

    /// The folder `--out`, made if need be and tried out, so that a mistake is not learned after an
    /// epoch.
    pub fn folder(&self) -> Result<&Path, Box<dyn Error>> {
        let out = &self.out;
        std::fs::create_dir_all(out)
            .map_err(|e| format!("cannot make the folder {}: {e}", out.display()))?;
        tempfile::tempfile_in(out)
            .map_err(|e| format!("cannot write into {}: {e}", out.display()))?;
        Ok(out)
    }

    /// Training for `--epochs` that Ctrl-C stops, with the checkpoint `NAME.checkpoint` in the folder
    /// `--out`, from which `--resume` goes on.
    pub fn fit(&self, name: &str) -> Result<Fit, Box<dyn Error>> {
        let checkpoint = self.folder()?.join(format!("{name}.checkpoint"));
        let fit = Fit::new(self.epochs).seed(self.seed).stop_at_ctrl_c();
        Ok(fit.checkpoint(checkpoint).resume(self.resume))
    }

    /// Writes the history of a training to `NAME.csv` and, as a plot, to `NAME.png` in the folder
    /// `--out`.
    pub fn history(&self, trained: &Trained, name: &str) -> Result<(), Box<dyn Error>> {
        let path = self.folder()?.join(name);
        trained.history.save_csv(path.with_extension("csv"))?;
        plot_history(&trained.history).save(path.with_extension("png"))?;
        Ok(())
    }

    /// Writes the parameters to `NAME.safetensors` in the folder `--out`, and says so.
    pub fn save<M, D>(&self, net: &M, name: &str) -> Result<(), Box<dyn Error>>
    where
        M: TensorCollection<f32, D>,
        D: Device<f32>,
    {
        let path = self.folder()?.join(format!("{name}.safetensors"));
        weights::save(net, &path)?;
        println!("parameters in {}", path.display());
        Ok(())
    }
}
