//! Training in one call: that a run which was interrupted comes to the same bits, whatever
//! interrupts it, and what each setting does.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use shapeproof::data::{
    synthetic_digits, Class, Examples, Loader, RandomCrop, RandomRotation, Source,
};
use shapeproof::prelude::*;
use shapeproof::train::{
    Accuracy, Adam, AdamW, CrossEntropy, Ended, Fit, FitError, History, NoScore, Objective,
    ObjectiveError, Optimizer as _, Schedule, Sgd, Supervised, Traced,
};
use shapeproof::weights;

/// With everything that draws random numbers or keeps a state.
#[model(input = Chw<1, 28, 28>, output = Flat<10>)]
struct Net {
    conv: Conv2d<4, Kernel<5>, Stride<3>>,
    bn: BatchNorm2d,
    relu: Relu,
    drop: Dropout<1, 4>,
    flatten: Flatten,
    fc: Linear<10>,
}

#[model(input = Chw<1, 28, 28>, output = Flat<10>)]
struct Plain {
    conv: Conv2d<3, Kernel<5>, Stride<3>>,
    relu: Relu,
    flatten: Flatten,
    fc: Linear<10>,
}

#[model(input = Chw<1, 28, 28>, output = Flat<10>)]
struct Wider {
    conv: Conv2d<5, Kernel<5>, Stride<3>>,
    bn: BatchNorm2d,
    relu: Relu,
    flatten: Flatten,
    fc: Linear<10>,
}

const BATCHES: usize = 10;

fn train_set() -> Loader<impl Source<Shape = Chw<1, 28, 28>, Target = Class<10>>> {
    Loader::new(synthetic_digits(75, 1), 8)
        .shuffled(5)
        .augmented(RandomCrop::new(2))
        .augmented(RandomRotation::new(10.0))
}

fn valid_set() -> Loader<impl Source<Shape = Chw<1, 28, 28>, Target = Class<10>>> {
    Loader::new(synthetic_digits(30, 2), 16)
}

fn classes() -> Supervised<CrossEntropy, Accuracy> {
    let loss = CrossEntropy {
        label_smoothing: 0.1,
        ..CrossEntropy::default()
    };
    Supervised::new(loss, Accuracy::default())
}

/// Everything on.
fn fit(epochs: usize) -> Fit {
    Fit::new(epochs)
        .seed(3)
        .schedule(Schedule::step(2, 0.5).warm_up(4))
        .clip_norm(2.0)
        .accumulate(3)
        .ema(0.9)
        .patience(10)
        .quiet()
}

/// All that a run leaves behind, bit by bit.
#[derive(PartialEq)]
struct Bits {
    weights: Vec<u8>,
    momentum: Vec<Vec<u32>>,
    history: String,
}

fn bits(net: &Net, opt: &Sgd<Net, f32, Cpu>, history: &History) -> Bits {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weights");
    weights::save(net, &path).expect("room for weights");
    let tensors = opt.state().parameters().iter().flat_map(|p| &p.tensors);
    Bits {
        weights: std::fs::read(path).expect("they were written"),
        momentum: tensors
            .map(|t| t.iter().map(|x| x.to_bits()).collect())
            .collect(),
        history: history.to_csv(),
    }
}

/// A new program, as it were: a model and an optimiser that know nothing of earlier ones.
fn fresh(run: impl FnOnce(&mut Net, &mut Sgd<Net, f32, Cpu>) -> History) -> Bits {
    let mut net: Net = Net::new(&Cpu::seed_from_u64(9));
    let mut opt = Sgd::new(&net, 0.05).momentum(0.9).nesterov(true);
    let history = run(&mut net, &mut opt);
    bits(&net, &opt, &history)
}

fn trained(fit: &Fit) -> Bits {
    fresh(|net, opt| {
        let trained = fit.run(net, opt, &train_set(), &valid_set(), &mut classes());
        trained.expect("it trains").history
    })
}

#[test]
fn four_epochs_are_two_and_two_resumed_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.checkpoint");
    let whole = trained(&fit(4));
    assert_eq!(whole.history.lines().count(), 5);
    let half = trained(&fit(2).checkpoint(&path));
    assert!(half != whole);
    assert!(trained(&fit(4).checkpoint(&path).resume(true)) == whole);
    // There is nothing left to do, and it comes to the same.
    assert!(trained(&fit(4).checkpoint(&path).resume(true)) == whole);
    // Another seed is seen.
    assert!(trained(&fit(4).seed(4)) != whole);
}

/// Sets a flag when so many batches were trained on.
struct Stopping {
    inner: Supervised<CrossEntropy, Accuracy>,
    left: usize,
    flag: Arc<AtomicBool>,
}

type Digits8 = Examples<Chw<1, 28, 28>, Class<10>, f32, Cpu>;

impl Objective<Net, Chw<1, 28, 28>, Class<10>, f32, Cpu> for Stopping {
    type Score = Accuracy;

    fn score(&self) -> Accuracy {
        Accuracy::default()
    }

    fn train(
        &mut self,
        net: &mut Net,
        batch: Digits8,
        gradients: Gradients<f32, Cpu>,
        score: &mut Accuracy,
    ) -> Result<Traced<f32, Cpu>, ObjectiveError> {
        self.left = self.left.wrapping_sub(1);
        if self.left == 0 {
            self.flag.store(true, Ordering::SeqCst);
        }
        self.inner.train(net, batch, gradients, score)
    }

    fn evaluate(
        &mut self,
        net: &Net,
        batch: Digits8,
        score: &mut Accuracy,
    ) -> Result<f64, ObjectiveError> {
        self.inner.evaluate(net, batch, score)
    }
}

#[test]
fn a_run_that_is_stopped_within_an_epoch_goes_on_there() {
    // A schedule that looks at the end shows that it is still the same.
    let cosine = |fit: Fit| fit.schedule(Schedule::cosine());
    let whole = trained(&cosine(fit(3)));
    // Within an epoch, in its middle of a step, and in the last batch of one.
    for (stop, expected) in [(4, (1, 6)), (13, (2, 3)), (10, (2, 0))] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.checkpoint");
        let flag = Arc::new(AtomicBool::new(false));
        let mut stopping = Stopping {
            inner: classes(),
            left: stop,
            flag: Arc::clone(&flag),
        };
        fresh(|net, opt| {
            let fit = cosine(fit(3)).checkpoint(&path).stop_when(flag);
            let trained = fit.run(net, opt, &train_set(), &valid_set(), &mut stopping);
            let trained = trained.expect("it trains");
            let (epoch, batches) = expected;
            assert_eq!(trained.ended, Ended::Stopped { epoch, batches });
            trained.history
        });
        let resumed = trained(&cosine(fit(3)).checkpoint(&path).resume(true));
        assert!(resumed == whole, "stopped after batch {stop}");
    }
}

// ---- a program that is killed ----

/// The program of the tests below, which start this one as a process of its own.
#[test]
fn child() {
    let Ok(folder) = std::env::var("SHAPEPROOF_FIT_FOLDER") else {
        return;
    };
    let folder = PathBuf::from(folder);
    let fit = fit(5)
        .checkpoint(folder.join("run.checkpoint"))
        .checkpoint_every(1)
        .resume(true);
    let result = fresh(|net, opt| {
        let trained = fit.run(net, opt, &train_set(), &valid_set(), &mut classes());
        let Err(error) = trained else {
            return trained.expect("no error").history;
        };
        println!("refused: {error}");
        std::process::exit(0);
    });
    let bytes = [&result.weights[..], result.history.as_bytes()].concat();
    std::fs::write(folder.join("result"), bytes).expect("room for the result");
}

fn child_in(folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("tests are a program"));
    command.args(["--exact", "child", "--nocapture"]);
    command.env("SHAPEPROOF_FIT_FOLDER", folder);
    command.stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::null());
    command
}

#[test]
fn a_program_that_is_killed_again_and_again_comes_to_the_same_end() {
    const KILLS: usize = 20;
    let whole = tempfile::tempdir().unwrap();
    let start = Instant::now();
    assert!(child_in(whole.path()).status().expect("it runs").success());
    let takes = start.elapsed().as_secs_f64();
    let expected = std::fs::read(whole.path().join("result")).expect("it ended");

    let folder = tempfile::tempdir().unwrap();
    let result = folder.path().join("result");
    let mut rng = StdRng::seed_from_u64(7);
    let mut kills = 0;
    while kills < KILLS && !result.exists() {
        let mut child = child_in(folder.path()).spawn().expect("it runs");
        std::thread::sleep(Duration::from_secs_f64(takes * rng.gen_range(0.1..0.5)));
        child.kill().expect("it can be killed");
        child.wait().expect("it is gone");
        kills += 1;
    }
    assert!(kills >= 3, "it was done after {kills} kills");
    if !result.exists() {
        assert!(child_in(folder.path()).status().expect("it runs").success());
    }
    assert!(std::fs::read(&result).expect("it ended") == expected);
    println!("{kills} kills, the same {} bytes", expected.len());
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.checkpoint");
    let trained = trained(&fit(1).checkpoint(&path));
    assert!(!trained.weights.is_empty());
    let before = std::fs::read(&path).expect("a checkpoint");

    // No file may become longer than 4 blocks.
    let child = child_in(folder.path());
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\""])
        .arg(child.get_program())
        .args(child.get_args())
        .env("SHAPEPROOF_FIT_FOLDER", folder.path())
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&limited.stdout).into_owned();
    let line = said.lines().find(|line| line.contains("refused: "));
    let line = line.unwrap_or_else(|| panic!("it was not refused: {said}"));
    assert!(
        line.contains("cannot write") && line.contains("run.checkpoint") && line.contains("large"),
        "{line}"
    );
    assert!(std::fs::read(&path).expect("a checkpoint") == before);
    let files = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(files, 1, "nothing is left beside it");
}

// ---- checkpoints that do not fit ----

fn resumed(path: &Path) -> FitError {
    let mut net: Net = Net::new(&Cpu::seed_from_u64(9));
    let mut opt = Sgd::new(&net, 0.05).momentum(0.9);
    let fit = fit(4).checkpoint(path).resume(true);
    let result = fit.run(
        &mut net,
        &mut opt,
        &train_set(),
        &valid_set(),
        &mut classes(),
    );
    result.expect_err("it does not fit")
}

#[test]
fn every_damage_is_an_error_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.checkpoint");
    trained(&fit(1).checkpoint(&path));
    let whole = std::fs::read(&path).expect("a checkpoint");
    let mut rng = StdRng::seed_from_u64(1);
    for round in 0..60 {
        let mut bytes = whole.clone();
        if round % 2 == 0 {
            bytes.truncate(rng.gen_range(0..whole.len()));
        } else {
            let at = rng.gen_range(0..whole.len());
            bytes[at] ^= 1 << rng.gen_range(0..8);
        }
        std::fs::write(&path, &bytes).expect("room");
        let error = resumed(&path).to_string();
        assert!(error.contains("run.checkpoint"), "{error}");
    }
    std::fs::write(&path, "").expect("room");
    let error = resumed(&path).to_string();
    assert!(
        error.contains("(0 bytes) is not a whole checkpoint"),
        "{error}"
    );
    weights::save(&Net::new(&Cpu::default()) as &Net, &path).expect("room");
    let error = resumed(&path).to_string();
    assert!(error.ends_with("it holds weights, but no run"), "{error}");
    let error = resumed(folder.path()).to_string();
    assert!(error.starts_with("cannot read"), "{error}");
}

#[test]
fn a_checkpoint_of_another_run_says_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.checkpoint");
    trained(&fit(1).checkpoint(&path));
    let mut net: Wider = Wider::new(&Cpu::seed_from_u64(9));
    let before = net.conv.weight.as_vec();
    let mut opt = Adam::new(&net, 0.05);
    let fit = fit(4).seed(8).checkpoint(&path).resume(true);
    let error = fit
        .run(
            &mut net,
            &mut opt,
            &train_set(),
            &valid_set(),
            &mut classes(),
        )
        .expect_err("it does not fit");
    let error = error.to_string();
    for part in [
        "is of another run (of fit::Net",
        "optimizer: Sgd there, Adam here",
        "seed of the fit: 3 there, 8 here",
        "`model.conv.weight`: F32 [4, 1, 5, 5] there, F32 [5, 1, 5, 5] here",
        "`optimizer.conv.weight.momentum_buffer` [100] is not here",
    ] {
        assert!(error.contains(part), "{part}\n{error}");
    }
    assert_eq!(net.conv.weight.as_vec(), before, "nothing was changed");
}

// ---- settings ----

/// What a plain model has learned from `batches` batches of `size` digits.
fn plain(fit: &Fit, size: usize, lr: f64) -> Vec<f64> {
    let mut net: Plain<f64, Cpu> = Cpu::seed_from_u64(2).build_module::<Plain<f64, Cpu>, f64>();
    let mut opt = Sgd::new(&net, lr);
    let train = Loader::new(synthetic_digits(16, 1), size);
    let mut objective = Supervised::new(CrossEntropy::default(), Accuracy::default());
    fit.run(&mut net, &mut opt, &train, &valid_set(), &mut objective)
        .expect("it trains");
    all(&net)
}

fn all(net: &Plain<f64, Cpu>) -> Vec<f64> {
    let tensors = [net.conv.weight.as_vec(), net.conv.bias.as_vec()];
    let [weight, bias] = [net.fc.weight.as_vec(), net.fc.bias.as_vec()];
    [tensors.concat(), weight, bias].concat()
}

fn far(a: &[f64], b: &[f64]) -> f64 {
    let far = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    far.sum::<f64>().sqrt()
}

#[test]
fn gathered_batches_are_one_larger_batch() {
    let fit = || Fit::new(2).quiet();
    let one = plain(&fit(), 16, 0.1);
    let gathered = plain(&fit().accumulate(2), 8, 0.1);
    assert!(far(&one, &gathered) < 1e-12, "{}", far(&one, &gathered));
    let apart = plain(&fit(), 8, 0.1);
    assert!(far(&one, &apart) > 1e-3);
}

#[test]
fn clipped_gradients_are_no_longer_than_said() {
    let start = plain(&Fit::new(0).quiet(), 16, 1.0);
    let free = plain(&Fit::new(1).quiet(), 16, 1.0);
    let clipped = plain(&Fit::new(1).clip_norm(0.01).quiet(), 16, 1.0);
    let loose = plain(&Fit::new(1).clip_norm(1e6).quiet(), 16, 1.0);
    let norm = far(&start, &free);
    assert!(norm > 0.1, "the gradient itself is {norm} long");
    // As PyTorch: `norm / (length + 1e-6)`.
    let expected = 0.01 * norm / (norm + 1e-6);
    assert!((far(&start, &clipped) - expected).abs() < 1e-12);
    assert_eq!(loose, free);
}

#[test]
fn the_average_follows_the_weights() {
    let [one, two, three] = [1, 2, 3].map(|epochs| plain(&Fit::new(epochs).quiet(), 16, 0.1));
    let averaged = plain(&Fit::new(3).ema(0.75).quiet(), 16, 0.1);
    // What the weights were at first is in no average.
    let weights = one.iter().zip(&two).zip(&three);
    let expected: Vec<f64> = weights
        .map(|((a, b), c)| 0.75 * (0.75 * a + 0.25 * b) + 0.25 * c)
        .collect();
    assert!(far(&averaged, &expected) < 1e-12);
}

/// Losses of the validation as they are written here.
struct Scripted<I>(I);

impl<I: Iterator<Item = f64>> Objective<Net, Chw<1, 28, 28>, Class<10>, f32, Cpu> for Scripted<I> {
    type Score = NoScore;

    fn score(&self) -> NoScore {
        NoScore
    }

    fn train(
        &mut self,
        net: &mut Net,
        batch: Digits8,
        gradients: Gradients<f32, Cpu>,
        _: &mut NoScore,
    ) -> Result<Traced<f32, Cpu>, ObjectiveError> {
        let mut score = Accuracy::default();
        classes().train(net, batch, gradients, &mut score)
    }

    fn evaluate(&mut self, _: &Net, _: Digits8, _: &mut NoScore) -> Result<f64, ObjectiveError> {
        Ok(self.0.next().expect("one for each epoch"))
    }
}

#[test]
fn patience_ends_and_gives_the_best_epoch() {
    let valid = Loader::new(synthetic_digits(10, 2), 10);
    let run = |fit: Fit, losses: &[f64]| {
        let mut ended = Ended::Done;
        let bits = fresh(|net, opt| {
            let mut objective = Scripted(losses.iter().copied());
            let trained = fit
                .quiet()
                .run(net, opt, &train_set(), &valid, &mut objective);
            let trained = trained.expect("it trains");
            ended = trained.ended;
            trained.history
        });
        (ended, bits)
    };
    let losses = [3.0, 2.0, f64::NAN, 2.5, 1.0];
    let (ended, early) = run(Fit::new(9).patience(2), &losses);
    assert_eq!(ended, Ended::Patience { best: 2 });
    assert_eq!(early.history.lines().count(), 1 + 4);
    let (ended, two) = run(Fit::new(2), &losses);
    assert_eq!(ended, Ended::Done);
    assert!(early.weights == two.weights);
    let (ended, patient) = run(Fit::new(5).patience(3), &losses);
    assert_eq!(ended, Ended::Done);
    assert!(patient.weights == run(Fit::new(5), &losses).1.weights);
}

#[test]
fn mixed_classes_are_learned_in_their_proportions() {
    // Soft targets whose mixture is none are the hard ones.
    let run = |train: Loader<_>| {
        let mut net: Plain<f32, Cpu> = Plain::new(&Cpu::seed_from_u64(2));
        let mut opt = AdamW::new(&net, 0.003);
        let trained =
            Fit::new(2)
                .quiet()
                .run(&mut net, &mut opt, &train, &valid_set(), &mut classes());
        trained.expect("it trains").history.epochs[0].train_loss
    };
    let plain = run(Loader::new(synthetic_digits(64, 1), 16));
    // Beta(1e-6, 1e-6) is 0 or 1: whole images, with their own classes.
    let whole = run(Loader::new(synthetic_digits(64, 1), 16).mixup(1e-6));
    let mixed = run(Loader::new(synthetic_digits(64, 1), 16).mixup(1.0));
    assert!((plain - whole).abs() < 0.02 * plain, "{plain} {whole}");
    assert!(mixed > whole, "{mixed} {whole}");
}

// ---- numbers that are not finite ----

#[test]
fn a_loss_that_is_not_finite_names_the_layer() {
    let mut net: Plain<f32, Cpu> = Plain::new(&Cpu::seed_from_u64(2));
    let mut opt = Sgd::new(&net, 1e30);
    let train = Loader::new(synthetic_digits(16, 1), 8);
    let fit = Fit::new(2).quiet();
    let error = fit
        .run(&mut net, &mut opt, &train, &valid_set(), &mut classes())
        .expect_err("1e30 is too fast");
    let FitError::Loss {
        epoch,
        batch,
        layer,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((*epoch, *batch, layer.as_deref()), (1, 2, Some("Plain.fc")));
    let said = error.to_string();
    assert!(
        said.contains("in epoch 1 at batch 2 of 2: `Plain.fc` is the first layer"),
        "{said}"
    );
}

/// A loss of 0 with a gradient that is not finite.
struct Rooted;

impl Objective<Net, Chw<1, 28, 28>, Class<10>, f32, Cpu> for Rooted {
    type Score = NoScore;

    fn score(&self) -> NoScore {
        NoScore
    }

    fn train(
        &mut self,
        net: &mut Net,
        batch: Digits8,
        gradients: Gradients<f32, Cpu>,
        _: &mut NoScore,
    ) -> Result<Traced<f32, Cpu>, ObjectiveError> {
        let logits = net.try_forward_mut(batch.images.traced(gradients))?;
        Ok((logits * 0.0).square().sqrt().mean())
    }

    fn evaluate(&mut self, _: &Net, _: Digits8, _: &mut NoScore) -> Result<f64, ObjectiveError> {
        Err("there is no point".into())
    }
}

#[test]
fn a_gradient_that_is_not_finite_names_the_parameter() {
    let mut net: Net = Net::new(&Cpu::seed_from_u64(2));
    let before = net.fc.weight.as_vec();
    let mut opt = Sgd::new(&net, 0.1);
    let fit = Fit::new(1).quiet();
    let error = fit
        .run(&mut net, &mut opt, &train_set(), &valid_set(), &mut Rooted)
        .expect_err("its gradient is NaN");
    let said = error.to_string();
    let expected = format!(
        "the loss is 0, but the gradient of `fc.bias` is not finite in epoch 1 at batch 1 of {BATCHES}; \
         every layer's output is finite"
    );
    assert_eq!(said, expected);
    assert_eq!(net.fc.weight.as_vec(), before, "there was no step");
}

#[test]
fn the_history_is_a_table_that_loses_nothing() {
    let history = fresh_history();
    assert_eq!(History::from_csv(&history.to_csv()), Some(history));
    assert_eq!(History::from_csv("epoch,lr\n1,2\n"), None);
}

fn fresh_history() -> History {
    let mut net: Net = Net::new(&Cpu::seed_from_u64(9));
    let mut opt = Sgd::new(&net, 0.05);
    let fit = Fit::new(2).quiet();
    let trained = fit.run(
        &mut net,
        &mut opt,
        &train_set(),
        &valid_set(),
        &mut classes(),
    );
    assert_eq!(opt.lr(), 0.05);
    trained.expect("it trains").history
}
