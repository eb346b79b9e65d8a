//! How the learning rate changes from step to step.

use std::f64::consts::PI;
use std::fmt;
use std::sync::Arc;

/// How the learning rate changes from step to step: a factor of the optimiser's own.
///
/// # Example
/// ```
/// use shapeproof::train::Schedule;
///
/// let schedule = Schedule::cosine().warm_up(10);
/// let factor = |step| schedule.factor(step, 110, 11);
/// assert_eq!((factor(0), factor(4), factor(9)), (0.1, 0.5, 1.0));
/// assert_eq!(factor(10), 1.0);
/// assert!((factor(60) - 0.5).abs() < 1e-12);
/// ```
#[derive(Clone, Debug)]
pub struct Schedule {
    curve: Curve,
    warm_up: u64,
}

#[derive(Clone)]
enum Curve {
    Constant,
    Step { epochs: u64, gamma: f64 },
    Cosine,
    OneCycle { rise: f64, start: f64, end: f64 },
    By(Arc<dyn Fn(u64, u64) -> f64 + Send + Sync>),
}

impl fmt::Debug for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Curve::Constant => f.write_str("Constant"),
            Curve::Step { epochs, gamma } => write!(f, "Step({epochs}, {gamma})"),
            Curve::Cosine => f.write_str("Cosine"),
            Curve::OneCycle { rise, start, end } => write!(f, "OneCycle({rise}, {start}, {end})"),
            Curve::By(_) => f.write_str("By(…)"),
        }
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::constant()
    }
}

impl Schedule {
    /// Always 1.
    pub fn constant() -> Self {
        Curve::Constant.into()
    }

    /// `gamma^⌊epoch / epochs⌋`: times `gamma` after every so many epochs.
    ///
    /// # Same as
    /// `torch.optim.lr_scheduler.StepLR(optimizer, epochs, gamma)`
    ///
    /// # Panics
    /// When `epochs` is 0.
    pub fn step(epochs: usize, gamma: f64) -> Self {
        assert!(epochs > 0, "a step is at least one epoch long");
        let epochs = epochs as u64;
        Curve::Step { epochs, gamma }.into()
    }

    /// `(1 + cos(π · step / steps)) / 2`: from 1 to 0.
    ///
    /// # Same as
    /// `torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)`, by step
    ///
    /// # Source
    /// Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
    pub fn cosine() -> Self {
        Curve::Cosine.into()
    }

    /// From 1/25 up to 1 in the first 30 % of the steps, then down to 1/250,000, both along a
    /// cosine. Momentum stays as it is.
    ///
    /// # Same as
    /// `torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps, cycle_momentum=False)`
    ///
    /// # Source
    /// Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
    /// Learning Rates", 2018.
    pub fn one_cycle() -> Self {
        let (rise, start) = (0.3, 1.0 / 25.0);
        let end = start / 1e4;
        Curve::OneCycle { rise, start, end }.into()
    }

    /// `curve(step, steps)`, of steps from 0 to `steps − 1`.
    pub fn by(curve: impl Fn(u64, u64) -> f64 + Send + Sync + 'static) -> Self {
        Curve::By(Arc::new(curve)).into()
    }

    /// Before the rest, `steps` steps that rise in a straight line: `1/steps, 2/steps, …, 1`. The
    /// rest shares the steps that are left.
    pub fn warm_up(mut self, steps: u64) -> Self {
        self.warm_up = steps;
        self
    }

    /// The factor at `step` of `steps` in all, `per_epoch` of them in an epoch.
    pub fn factor(&self, step: u64, steps: u64, per_epoch: u64) -> f64 {
        if step < self.warm_up {
            return (step + 1) as f64 / self.warm_up as f64;
        }
        let (step, steps) = (step - self.warm_up, steps.saturating_sub(self.warm_up));
        match &self.curve {
            Curve::Constant => 1.0,
            Curve::Step { epochs, gamma } => {
                let passed = step / per_epoch.max(1) / epochs;
                gamma.powi(i32::try_from(passed).unwrap_or(i32::MAX))
            }
            Curve::Cosine => between(1.0, 0.0, step as f64 / steps.max(1) as f64),
            Curve::OneCycle { rise, start, end } => {
                // As PyTorch counts: the top is at step `rise · steps − 1`, the end at the last.
                let top = rise * steps as f64 - 1.0;
                let last = steps as f64 - 1.0;
                let step = step as f64;
                if step <= top {
                    between(*start, 1.0, if top > 0.0 { step / top } else { 1.0 })
                } else {
                    between(1.0, *end, (step - top) / (last - top))
                }
            }
            Curve::By(curve) => curve(step, steps),
        }
    }
}

impl From<Curve> for Schedule {
    fn from(curve: Curve) -> Self {
        Schedule { curve, warm_up: 0 }
    }
}

/// Along a cosine from `from` to `to`.
fn between(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + (PI * share.clamp(0.0, 1.0)).cos())
}
