//! How far numbers are off.

/// RegressionErrors of numbers that were found for true ones.
///
/// # Example
/// ```
/// use shapeproof::train::metrics::RegressionErrors;
///
/// let mut errors = RegressionErrors::new();
/// for (truth, found) in [(1.0, 2.0), (2.0, 2.0), (3.0, 5.0)] {
///     errors.add(truth, found);
/// }
/// assert_eq!(errors.mae(), Some(1.0));
/// assert_eq!(errors.mse(), Some(5.0 / 3.0));
/// assert!((errors.correlation().unwrap() - 0.75f64.sqrt()).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RegressionErrors {
    count: u64,
    absolute: f64,
    squared: f64,
    /// Means so far, and sums of products of distances from them (Welford): sums of the numbers'
    /// own products would lose digits where the mean is large.
    mean: [f64; 2],
    spread: [f64; 2],
    together: f64,
}

impl RegressionErrors {
    /// Nothing added yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one number.
    pub fn add(&mut self, truth: f64, found: f64) {
        self.count += 1;
        let error = found - truth;
        self.absolute += error.abs();
        self.squared += error * error;
        let count = self.count as f64;
        let before = [truth - self.mean[0], found - self.mean[1]];
        for (mean, distance) in self.mean.iter_mut().zip(before) {
            *mean += distance / count;
        }
        let after = [truth - self.mean[0], found - self.mean[1]];
        for i in 0..2 {
            self.spread[i] += before[i] * after[i];
        }
        self.together += before[0] * after[1];
    }

    /// All that it has counted, for [`of_state`](Self::of_state).
    pub fn state(&self) -> [f64; 8] {
        let [a, b] = self.mean;
        let [c, d] = self.spread;
        let count = self.count as f64;
        [
            count,
            self.absolute,
            self.squared,
            a,
            b,
            c,
            d,
            self.together,
        ]
    }

    /// The errors whose [`state`](Self::state) this was.
    pub fn of_state([count, absolute, squared, a, b, c, d, together]: [f64; 8]) -> Self {
        RegressionErrors {
            count: count as u64,
            absolute,
            squared,
            mean: [a, b],
            spread: [c, d],
            together,
        }
    }

    /// How many numbers were added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean absolute error, in the unit of the numbers; `None` of none.
    pub fn mae(&self) -> Option<f64> {
        (self.count > 0).then(|| self.absolute / self.count as f64)
    }

    /// The mean squared error; `None` of none.
    pub fn mse(&self) -> Option<f64> {
        (self.count > 0).then(|| self.squared / self.count as f64)
    }

    /// Pearson's correlation, from −1 to 1; `None` where the truths, or what was found, are all the
    /// same.
    ///
    /// # Same as
    /// `numpy.corrcoef(truths, found)[0, 1]`
    pub fn correlation(&self) -> Option<f64> {
        let [truths, found] = self.spread;
        // Otherwise the numbers are all the same, or one of them is none.
        let spread = truths > 0.0 && found > 0.0;
        spread.then(|| (self.together / (truths.sqrt() * found.sqrt())).clamp(-1.0, 1.0))
    }
}
