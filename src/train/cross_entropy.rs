//! The loss of classifiers, as one operation of dfdx.

use std::any::Any;
use std::fmt::{Debug, Display};

use dfdx::prelude::{
    Cpu, Gradients, HasShape, PutTape, ReshapeTo, Shape, SplitTape, SumTo, Tape, Tensor, TryMul,
};

use crate::kernels::cross_entropy::Classes;
use crate::kernels::Axis;
use crate::tensor::{allocated, filled, on_cpu, scalar, Device, Element, Parameter};

/// What is wrong with labels. The fields hold the facts, `Display` puts them in one sentence.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LossError<E: Debug + Display> {
    /// There is nothing to average over.
    #[error("the batch is empty: the logits are {}", by(.sizes))]
    Empty {
        /// Sizes of the logits.
        sizes: Vec<usize>,
    },
    /// There are more or fewer labels than examples, or than pixels of all examples.
    #[error("{found} labels for logits of {}, which need {expected}", by(.sizes))]
    LabelCount {
        /// Number of labels.
        found: usize,
        /// One for each example, or for each pixel.
        expected: usize,
        /// Sizes of the logits.
        sizes: Vec<usize>,
    },
    /// A label is no class.
    #[error(
        "label {place} of {count} is class {label}; there are {classes} classes, from 0 to {}{}",
        .classes - 1,
        .ignore_index.map_or(String::new(), |i| format!(", and {i} is ignored"))
    )]
    Label {
        /// Its place among the labels, from 0.
        place: usize,
        /// Number of labels.
        count: usize,
        /// What it says.
        label: usize,
        /// Number of classes.
        classes: usize,
        /// The label that would be ignored.
        ignore_index: Option<usize>,
    },
    /// No label is left to average over.
    #[error("all {count} labels are {ignore_index}, which is ignored")]
    AllIgnored {
        /// Number of labels.
        count: usize,
        /// The label that is ignored.
        ignore_index: usize,
    },
    /// There are more or fewer weights than classes.
    #[error("{found} weights for {classes} classes")]
    WeightCount {
        /// Number of weights.
        found: usize,
        /// Number of classes.
        classes: usize,
    },
    /// A weight is negative or no number.
    #[error("class {class} weighs {weight}; a weight is a number from 0 on")]
    Weight {
        /// The class.
        class: usize,
        /// Its weight.
        weight: f64,
    },
    /// All labels are of classes that weigh nothing.
    #[error("all {count} labels are ignored, or of classes that weigh 0")]
    Weightless {
        /// Number of labels.
        count: usize,
    },
    /// The smoothing is no share.
    #[error("the label smoothing is {label_smoothing}, it must be from 0 to 1")]
    Smoothing {
        /// The smoothing.
        label_smoothing: f64,
    },
    /// The device is out of memory.
    #[error("{0}")]
    Device(E),
}

/// Sizes in words: `64 × 10`.
fn by(sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    sizes.join(" × ")
}

/// How far scores are from the right classes; with its options, [`cross_entropy`].
///
/// # Parameters
/// - `label_smoothing`: `ε`, the share of the target that is spread evenly over all classes;
///   default 0.
/// - `ignore_index`: examples or pixels with this label do not count; default `None`.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// use shapeproof::train::CrossEntropy;
/// let dev = Cpu::default();
/// // One image of 1×3 pixels with the scores of two classes.
/// let logits = dev.tensor([[[[2.0, 0.0, 5.0]], [[2.0, 0.0, -5.0]]]]);
/// let loss = CrossEntropy { ignore_index: Some(255), ..CrossEntropy::default() };
/// let value = loss.of(logits, &[0, 1, 255])?;
/// assert!((value.array() - 2f64.ln()).abs() < 1e-12);
/// # Ok::<(), shapeproof::train::LossError<CpuError>>(())
/// ```
///
/// # Same as
/// `torch.nn.CrossEntropyLoss(ignore_index=…, label_smoothing=…)`
///
/// # Source
/// Label smoothing: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision",
/// 2016.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CrossEntropy {
    /// The share of the target that is spread evenly over all classes.
    pub label_smoothing: f64,
    /// The label of what does not count.
    pub ignore_index: Option<usize>,
}

/// How far scores are from the right classes, on average: softmax, logarithm and mean in one.
///
/// `L = −1/n · Σ ln softmax(x)[label]`
///
/// NaN in the logits makes the loss and their gradient NaN.
///
/// # Shapes
/// `logits` `(B, C)` with a label for each example, or `(B, C, H, W)` with one for each pixel, row
/// by row; the batch may be a `usize` or a `Const`. The result is a number.
///
/// # Errors
/// [`LossError`] when a label is no class, there are too many or too few of them, or none; or when
/// the device is out of memory.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// use shapeproof::train::cross_entropy;
/// let dev = Cpu::default();
/// let logits = dev.tensor([[7.0, 7.0], [0.0, 0.0]]);
/// let loss = cross_entropy(logits.leaky_trace(), &[1, 0])?;
/// assert!((loss.array() - 2f64.ln()).abs() < 1e-12);
/// assert_eq!(loss.backward().get(&logits).array(), [[0.25, -0.25], [-0.25, 0.25]]);
///
/// let error = cross_entropy(logits, &[1, 2]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "label 1 of 2 is class 2; there are 2 classes, from 0 to 1"
/// );
/// # Ok::<(), shapeproof::train::LossError<CpuError>>(())
/// ```
///
/// # Same as
/// `torch.nn.functional.cross_entropy(logits, labels)`
pub fn cross_entropy<S, E, D, T>(
    logits: Tensor<S, E, D, T>,
    labels: &[usize],
) -> Result<Tensor<(), E, D, T>, LossError<D::Err>>
where
    S: Shape,
    E: Element,
    D: Device<E>,
    T: Tape<E, D>,
{
    CrossEntropy::default().of(logits, labels)
}

/// [`CrossEntropy`] whose classes weigh differently: [`CrossEntropy::weighted`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightedCrossEntropy<const N: usize> {
    /// The options.
    pub loss: CrossEntropy,
    /// What each class weighs.
    pub weight: [f64; N],
}

impl<const N: usize> WeightedCrossEntropy<N> {
    /// The loss of `logits` where `labels` are right; see [`CrossEntropy::weighted`].
    ///
    /// # Errors
    /// Those of [`CrossEntropy::of`]; when there are other classes than weights, a weight is
    /// negative, infinite or NaN, or all labels together weigh nothing.
    pub fn of<S, E, D, T>(
        &self,
        logits: Tensor<S, E, D, T>,
        labels: &[usize],
    ) -> Result<Tensor<(), E, D, T>, LossError<D::Err>>
    where
        S: Shape,
        E: Element,
        D: Device<E>,
        T: Tape<E, D>,
    {
        self.loss.of_weighted(logits, labels, &self.weight)
    }
}

impl CrossEntropy {
    /// The same loss where an example, or a pixel, counts as much as its class weighs. The mean is
    /// that of the weights: `L = −Σ w[label] · ln softmax(x)[label] / Σ w[label]`.
    ///
    /// Where few classes are rare, or missing one of them is worse, they weigh more.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// use shapeproof::train::CrossEntropy;
    /// let dev = Cpu::default();
    /// let logits = dev.tensor([[0.0, 0.0], [0.0, 3f64.ln()]]);
    /// let loss = CrossEntropy::default().weighted([1.0, 3.0]);
    /// // ln 2 once, −ln ¾ three times.
    /// let expected = (2f64.ln() + 3.0 * (4f64 / 3.0).ln()) / 4.0;
    /// assert!((loss.of(logits, &[0, 1])?.array() - expected).abs() < 1e-12);
    /// # Ok::<(), shapeproof::train::LossError<CpuError>>(())
    /// ```
    ///
    /// # Same as
    /// `torch.nn.CrossEntropyLoss(weight=torch.tensor([…]))`
    pub fn weighted<const N: usize>(self, weight: [f64; N]) -> WeightedCrossEntropy<N> {
        WeightedCrossEntropy { loss: self, weight }
    }

    /// The loss of `logits` where `labels` are right; see [`cross_entropy`].
    ///
    /// # Errors
    /// Those of [`cross_entropy`], and when every label is ignored or the smoothing is not from 0
    /// to 1.
    pub fn of<S, E, D, T>(
        &self,
        logits: Tensor<S, E, D, T>,
        labels: &[usize],
    ) -> Result<Tensor<(), E, D, T>, LossError<D::Err>>
    where
        S: Shape,
        E: Element,
        D: Device<E>,
        T: Tape<E, D>,
    {
        self.of_weighted(logits, labels, &[])
    }

    pub(super) fn of_weighted<S, E, D, T>(
        &self,
        logits: Tensor<S, E, D, T>,
        labels: &[usize],
        weight: &[f64],
    ) -> Result<Tensor<(), E, D, T>, LossError<D::Err>>
    where
        S: Shape,
        E: Element,
        D: Device<E>,
        T: Tape<E, D>,
    {
        const {
            assert!(
                S::NUM_DIMS >= 2,
                "logits have a batch and classes: (B, C), or (B, C, H, W)"
            )
        };
        let classes = self.checked(logits.shape(), labels, weight)?;
        let (logits, tape) = logits.split_tape();
        let slices = on_cpu(&logits).filter(|logits| logits.values().is_some());
        match slices {
            Some(on_cpu) => self.fused(&logits, on_cpu, classes, tape),
            None => by_ops(logits, classes, tape),
        }
        .map_err(LossError::Device)
    }

    /// The sizes and labels, if they fit.
    fn checked<'l, S: Shape, E: Debug + Display>(
        &self,
        shape: &S,
        labels: &'l [usize],
        weight: &'l [f64],
    ) -> Result<Classes<'l>, LossError<E>> {
        let sizes: Vec<usize> = shape.concrete().into_iter().collect();
        let axis = Axis {
            outer: sizes[0],
            len: sizes[1],
            inner: sizes[2..].iter().product(),
        };
        let (label_smoothing, ignore_index) = (self.label_smoothing, self.ignore_index);
        if !(0.0..=1.0).contains(&label_smoothing) {
            return Err(LossError::Smoothing { label_smoothing });
        }
        let (found, expected) = (labels.len(), axis.outer * axis.inner);
        check_weights(weight)?;
        if axis.numbers() == 0 {
            return Err(LossError::Empty { sizes });
        }
        if !weight.is_empty() && weight.len() != axis.len {
            return Err(LossError::WeightCount {
                found: weight.len(),
                classes: axis.len,
            });
        }
        if found != expected {
            return Err(LossError::LabelCount {
                found,
                expected,
                sizes,
            });
        }
        let counts = |label: usize| Some(label) != ignore_index;
        let wrong = |label: &usize| *label >= axis.len && counts(*label);
        if let Some(place) = labels.iter().position(wrong) {
            return Err(LossError::Label {
                place,
                count: found,
                label: labels[place],
                classes: axis.len,
                ignore_index,
            });
        }
        let classes = Classes {
            axis,
            labels,
            label_smoothing,
            ignore_index,
            weight,
        };
        if classes.counted() > 0.0 {
            return Ok(classes);
        }
        Err(match ignore_index {
            Some(ignore_index) if weight.is_empty() => LossError::AllIgnored {
                count: found,
                ignore_index,
            },
            _ => LossError::Weightless { count: found },
        })
    }

    /// On the CPU: the kernels, on the logits where they lie.
    fn fused<S, E, D, T>(
        &self,
        logits: &Tensor<S, E, D>,
        cpu: &dyn Parameter<E>,
        classes: Classes<'_>,
        mut tape: T,
    ) -> Result<Tensor<(), E, D, T>, D::Err>
    where
        S: Shape,
        E: Element,
        D: Device<E>,
        T: Tape<E, D>,
    {
        let rows = classes.labels.len();
        let mut kept = vec![E::zero(); 2 * rows];
        let (largest, sums) = kept.split_at_mut(rows);
        let values = cpu.values().unwrap_or_default();
        let loss = filled(
            logits.device(),
            &(),
            &[classes.forward(values, largest, sums)],
        )?;
        if T::OWNS_TAPE {
            let (logits, of_loss) = (logits.clone(), loss.clone());
            let (labels, weight) = (classes.labels.to_vec(), classes.weight.to_vec());
            let (axis, options) = (classes.axis, *self);
            tape.add_backward_op(move |gradients| {
                gradients.try_alloc_for(&logits)?;
                gradients.try_alloc_for(&of_loss)?;
                let (Some(logits), Some(loss)) = (on_cpu(&logits), on_cpu(&of_loss)) else {
                    unreachable!("forward has read the logits on the CPU")
                };
                let gradients = (gradients as &mut dyn Any).downcast_mut();
                let gradients: &mut Gradients<E, Cpu> =
                    gradients.expect("the tape of a tensor on the CPU is, too");
                let d_loss = allocated(loss, gradients)[0];
                let classes = Classes {
                    axis,
                    labels: &labels,
                    label_smoothing: options.label_smoothing,
                    ignore_index: options.ignore_index,
                    weight: &weight,
                };
                let values = logits.values().unwrap_or_default();
                let (largest, sums) = kept.split_at(rows);
                classes.backward(values, largest, sums, d_loss, allocated(logits, gradients));
                Ok(())
            });
        }
        Ok(loss.put_tape(tape))
    }
}

/// Refuses weights that are no shares of anything.
pub(super) fn check_weights<E: Debug + Display>(weight: &[f64]) -> Result<(), LossError<E>> {
    let wrong = |weight: &f64| !(weight.is_finite() && *weight >= 0.0);
    match weight.iter().position(wrong) {
        Some(class) => Err(LossError::Weight {
            class,
            weight: weight[class],
        }),
        None => Ok(()),
    }
}

/// On other devices, and for logits that do not lie row by row: dfdx's ops.
fn by_ops<S, E, D, T>(
    logits: Tensor<S, E, D>,
    classes: Classes<'_>,
    tape: T,
) -> Result<Tensor<(), E, D, T>, D::Err>
where
    S: Shape,
    E: Element,
    D: Device<E>,
    T: Tape<E, D>,
{
    let Axis { outer, len, inner } = classes.axis;
    let share = -1.0 / classes.counted();
    let even = classes.label_smoothing / len as f64;
    let mut weights = vec![scalar::<E>(0.0); classes.axis.numbers()];
    for (row, label) in classes.labels.iter().enumerate() {
        if Some(*label) == classes.ignore_index {
            continue;
        }
        let place = |class: usize| (row / inner * len + class) * inner + row % inner;
        for class in 0..len {
            weights[place(class)] = scalar(share * even * classes.weighs(class));
        }
        let right = (1.0 - classes.label_smoothing + even) * classes.weighs(*label);
        weights[place(*label)] = scalar(share * right);
    }
    let sizes = (outer, len, inner);
    let weights: Tensor<_, E, D> = filled(logits.device(), &sizes, &weights)?;
    let logits = logits.put_tape(tape).try_reshape_like(&sizes)?;
    let logs = logits.try_log_softmax::<dfdx::prelude::Axis<1>>()?;
    logs.try_mul(weights)?.try_sum()
}
