//! Why a layer does not fit, as a value with the numbers; the wording is in `words.rs`.

use super::options::Property;
use super::{Dims, Window2d};

/// Why a layer does not fit where it stands.
///
/// Each variant carries the numbers of the message; `misfit_message` words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// A convolution or pooling window is larger than the padded input.
    WindowLargerThanInput {
        /// The window.
        window: Window2d,
        /// Rows of the input.
        height: usize,
        /// Columns of the input.
        width: usize,
        /// Whether it is the rows that do not fit.
        vertical: bool,
    },
    /// Same padding together with a stride.
    SamePaddingWithStride {
        /// (vertical, horizontal).
        stride: (usize, usize),
        /// What same padding would be without the stride: (vertical, horizontal).
        padding: (usize, usize),
    },
    /// A pooling window could lie in the padding alone.
    PaddingOverHalfWindow {
        /// Pixels of padding.
        padding: usize,
        /// Taps of the window along the same axis.
        kernel: usize,
    },
    /// Same padding of a transposed convolution.
    SamePaddingTransposed,
    /// The output padding of a transposed convolution is not below its stride or dilation.
    OutputPaddingTooLarge {
        /// Pixels of output padding.
        padding: usize,
        /// The stride along the same axis.
        stride: usize,
        /// The dilation along the same axis.
        dilation: usize,
    },
    /// The padding of a transposed convolution takes all of its output away.
    PaddingTakesAll {
        /// Pixels of padding on each side.
        padding: usize,
        /// Pixels of the output without padding.
        size: usize,
        /// "rows" or "columns".
        what: &'static str,
    },
    /// Channels, rows or columns cannot be split evenly.
    Indivisible {
        /// What there is to split.
        count: usize,
        /// "channels", "rows" or "columns".
        what: &'static str,
        /// Along how many axes so many belong together: 2 for the pixels of a square.
        axes: u32,
        /// How many belong together along one of them.
        factor: usize,
    },
    /// A crop is larger than the image.
    CropLargerThanInput {
        /// (rows, columns) to keep.
        crop: (usize, usize),
        /// Rows of the input.
        height: usize,
        /// Columns of the input.
        width: usize,
    },
    /// A reflection needs more pixels than there are.
    ReflectionTooWide {
        /// Pixels of padding.
        padding: usize,
        /// Pixels of the input along the same axis.
        size: usize,
        /// "rows" or "columns".
        what: &'static str,
    },
    /// A new shape has another number of values.
    ReshapeDiffers {
        /// What flows in.
        found: Dims,
        /// What should flow out.
        wanted: Dims,
    },
    /// Channels are to be added, but there are more already.
    TooManyChannels {
        /// As many as there should be.
        wanted: usize,
        /// As many as there are.
        found: usize,
    },
    /// A fixed kernel has not as many weights as places.
    KernelWeights {
        /// (rows, columns).
        kernel: (usize, usize),
        /// Number of weights.
        found: usize,
    },
    /// A size that must be positive is zero.
    Zero {
        /// Its name.
        what: &'static str,
    },
    /// The layer works on images but gets a vector.
    NeedsImage {
        /// What it gets.
        found: Dims,
    },
    /// The layer works on vectors but gets an image.
    NeedsFlat {
        /// What it gets.
        found: Dims,
    },
    /// The layer has a fixed number of inputs.
    InputCount {
        /// How many it needs at least.
        least: usize,
        /// How many it takes at most.
        most: usize,
        /// How many it gets.
        found: usize,
    },
    /// The groups of a convolution do not divide its channels or filters.
    GroupsDoNotDivide {
        /// Number of groups.
        groups: usize,
        /// What they should divide.
        count: usize,
        /// "input channels" or "filters".
        what: &'static str,
    },
    /// The reduction of a squeeze does not divide its channels.
    ReductionDoesNotDivide {
        /// By how much it reduces.
        reduction: usize,
        /// What it should divide.
        channels: usize,
    },
    /// A convolution without a kernel.
    NoKernel,
    /// An option the layer does not have.
    UnknownOption {
        /// The option.
        property: Property,
        /// What the layer has.
        allowed: &'static [Property],
    },
    /// An option written twice.
    RepeatedOption {
        /// The option.
        property: Property,
    },
    /// The inputs of a sum differ.
    AddDiffers {
        /// The first input.
        first: Dims,
        /// The one that differs.
        other: Dims,
        /// Its place, from 0.
        index: usize,
    },
    /// The inputs of a concatenation differ in more than their channels.
    ConcatDiffers {
        /// The first input.
        first: Dims,
        /// The one that differs.
        other: Dims,
        /// Its place, from 0.
        index: usize,
    },
    /// A fraction such as a dropout probability is out of its range.
    Fraction {
        /// Its name.
        what: &'static str,
        /// Above the line.
        numerator: usize,
        /// Below the line.
        denominator: usize,
    },
    /// There is more of something than a layer can have.
    TooMany {
        /// Its name.
        what: &'static str,
        /// As many as can be.
        most: usize,
        /// As many as there are.
        found: usize,
    },
    /// The values of a capsule do not divide the channels.
    CapsuleSize {
        /// Values of a capsule.
        size: usize,
        /// Channels of the input.
        channels: usize,
    },
    /// A layer that is repeated does not keep the shape.
    RepeatChanges {
        /// What flows out of the first.
        first: Dims,
        /// What flows out of the second.
        second: Dims,
    },
    /// The number of values does not fit a `usize`.
    TooLarge,
    /// The declared input has a size of zero.
    EmptyInput {
        /// The declared input.
        found: Dims,
    },
    /// The last layer's output is not the declared one.
    OutputDiffers {
        /// What `output = …` says.
        declared: Dims,
        /// What the last layer gives.
        found: Dims,
    },
    /// A reason given by a layer from outside this crate.
    Other {
        /// What does not fit, one line with the numbers.
        why: &'static str,
        /// What to try, one line.
        remedy: &'static str,
    },
}

impl Misfit {
    /// Whether the layer is wrong whatever flows into it.
    pub const fn is_declaration(&self) -> bool {
        matches!(
            self,
            Misfit::Zero { .. }
                | Misfit::SamePaddingWithStride { .. }
                | Misfit::PaddingOverHalfWindow { .. }
                | Misfit::SamePaddingTransposed
                | Misfit::OutputPaddingTooLarge { .. }
                | Misfit::KernelWeights { .. }
                | Misfit::InputCount { .. }
                | Misfit::NoKernel
                | Misfit::UnknownOption { .. }
                | Misfit::RepeatedOption { .. }
                | Misfit::Fraction { .. }
                | Misfit::TooMany { .. }
        )
    }
}

/// A limit a model sets itself in its attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// `max_params`
    Params,
    /// `max_macs`
    Macs,
    /// `max_activation_bytes`
    ActivationBytes,
}
