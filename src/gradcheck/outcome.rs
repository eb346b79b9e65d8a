//! What a check finds: a report, or the fault and its words.

use std::fmt;

/// What was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Of {
    /// A function of tensors.
    Function,
    /// A module's `forward`, which evaluates.
    Forward,
    /// A module's `forward_mut`, which trains.
    ForwardMut,
    /// Nothing yet: the module was being built.
    Building,
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Of::Function => "function",
            Of::Forward => "forward",
            Of::ForwardMut => "forward_mut",
            Of::Building => "build",
        })
    }
}

/// A tensor whose gradient is right.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Checked {
    /// What was run.
    pub of: Of,
    /// `input` (of several, `input0`, `input1` and so on), or a parameter's name: `conv1.weight`.
    pub name: String,
    /// The tensor's sizes; of an input, the batch first.
    pub shape: Vec<usize>,
    /// The largest difference between backward and differences: of one entry of the Jacobian in
    /// the full form, of `uᵀJv` in the fast one.
    pub deviation: f64,
}

/// All tensors whose gradients were found right.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Inputs first, then parameters in the order of the model; twice where both `forward_mut` and
    /// `forward` were checked.
    pub tensors: Vec<Checked>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |t: &Checked| t.name.chars().count();
        let width = self.tensors.iter().map(name).max().unwrap_or(0);
        let row = |t: &Checked| {
            format!(
                "{:<11}  {:<width$}  {:?}  off by at most {:.1e}",
                t.of, t.name, t.shape, t.deviation
            )
        };
        let rows: Vec<String> = self.tensors.iter().map(row).collect();
        f.write_str(&rows.join("\n"))
    }
}

/// Why a gradient was not found right.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{of}: {fault}")]
#[non_exhaustive]
pub struct GradCheckError {
    /// What was run.
    pub of: Of,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a gradient, or keeps it from being checked.
///
/// An `index` is a place in the tensor, axis by axis, from 0; in inputs and outputs, the batch is
/// the first axis.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// An entry of the Jacobian is wrong.
    #[error(
        "the gradient of `{tensor}` is wrong: d output{output_index:?} / d {tensor}{index:?} \
         is {analytic} by backward, {numeric} by differences, off by {:.1e} where {tolerance:.1e} \
         is allowed{}",
        (analytic - numeric).abs(),
        counted(wrong)
    )]
    Wrong {
        /// The input or parameter.
        tensor: String,
        /// The place in it.
        index: Vec<usize>,
        /// The place in the output.
        output_index: Vec<usize>,
        /// What `backward` gives.
        analytic: f64,
        /// The central difference.
        numeric: f64,
        /// By how much they may differ.
        tolerance: f64,
        /// In the full form: how many entries of this tensor's Jacobian are wrong; the others above
        /// tell of the worst.
        wrong: Option<usize>,
    },
    /// In the fast form: `uᵀJv` is wrong, but none of the entries that were looked at alone.
    #[error(
        "the gradient of `{tensor}` is wrong: uᵀJv is {analytic} by backward, {numeric} by \
         differences, off by {:.1e} where {tolerance:.1e} is allowed; no single entry stands out, \
         the full form compares them all",
        (analytic - numeric).abs()
    )]
    WrongDirection {
        /// The input or parameter.
        tensor: String,
        /// What `backward` gives.
        analytic: f64,
        /// The central difference.
        numeric: f64,
        /// By how much they may differ.
        tolerance: f64,
    },
    /// The point is at a kink: there is no gradient to compare with.
    #[error(
        "`{tensor}`{index:?} = {value} is at a kink of output{output_index:?}: the slope is {below} \
         below and {above} above, and backward gives {analytic}; there is no gradient here, check \
         at a point away from kinks such as `GradCheck::draw` or `away_from_kinks` give"
    )]
    NotDifferentiable {
        /// The input or parameter.
        tensor: String,
        /// The place in it.
        index: Vec<usize>,
        /// Its value there.
        value: f64,
        /// The place in the output.
        output_index: Vec<usize>,
        /// What `backward` gives.
        analytic: f64,
        /// The slope on the side of smaller values.
        below: f64,
        /// The slope on the side of larger values.
        above: f64,
    },
    /// Two passes at one point differ.
    #[error(
        "two passes at one point differ: {what} at {index:?} is {first}, then {second}; what draws \
         random numbers while training, as `Dropout` does, is checked by `evaluating()`"
    )]
    Nondeterministic {
        /// The output, or the gradient of a tensor.
        what: String,
        /// The place in it.
        index: Vec<usize>,
        /// The value in the first pass.
        first: f64,
        /// The value in the second.
        second: f64,
    },
    /// A value is NaN or infinite.
    #[error("{what} is {value} at {index:?}")]
    NotFinite {
        /// A tensor, its gradient, or the output.
        what: String,
        /// The place in it.
        index: Vec<usize>,
        /// NaN or an infinity.
        value: f64,
    },
    /// A number is so large that moving it by `eps` is lost in rounding.
    #[error(
        "`{tensor}`{index:?} = {value} cannot be moved by {eps:e}, its next neighbours in f64 are too \
         far away; check at smaller numbers, or with a larger `eps`"
    )]
    StepLost {
        /// The input or parameter.
        tensor: String,
        /// The place in it.
        index: Vec<usize>,
        /// Its value there.
        value: f64,
        /// The step.
        eps: f64,
    },
    /// The output has no numbers.
    #[error("the output is empty, so there is no gradient")]
    NoOutput,
    /// The function, the module or the device gave an error.
    #[error("it cannot run: {reason}")]
    Failed {
        /// The error as it prints for debugging.
        reason: String,
    },
}

impl Fault {
    pub(super) fn failed(error: &dyn fmt::Debug) -> Self {
        Fault::Failed {
            reason: format!("{error:?}"),
        }
    }
}

fn counted(wrong: &Option<usize>) -> String {
    match wrong {
        Some(1) => "; no other entry of this tensor's is wrong".to_owned(),
        Some(wrong) => format!("; the worst of {wrong} wrong entries of this tensor's"),
        None => String::new(),
    }
}
