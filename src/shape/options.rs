//! The named, order-free options of layers: `Kernel<5>`, `Stride<2>`, `Padding<1>` and so on.
//!
//! Each option is a type. A layer takes up to seven of them; [`Options`] folds them into one type
//! per property, so that the order in which they are written does not matter.

use super::window::Padding2d;
use super::Misfit;

/// A kernel of `H` rows and `W` columns (default: square).
#[derive(Clone, Copy, Debug, Default)]
pub struct Kernel<const H: usize, const W: usize = H>;

/// The columns of a pooling window that is not square: `MaxPool2d<2, KernelWidth<3>>` has 2 rows
/// and 3 columns.
#[derive(Clone, Copy, Debug, Default)]
pub struct KernelWidth<const W: usize>;

/// A window moves by `H` rows and `W` columns (default: the same both ways).
#[derive(Clone, Copy, Debug, Default)]
pub struct Stride<const H: usize, const W: usize = H>;

/// `H` rows above and below, `W` columns left and right of the image (default: the same).
#[derive(Clone, Copy, Debug, Default)]
pub struct Padding<const H: usize, const W: usize = H>;

/// Padding that keeps height and width, as PyTorch's `padding="same"`. Needs stride 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct SamePadding;

/// No padding, as PyTorch's `padding="valid"`. This is the default.
pub type ValidPadding = Padding<0>;

/// `H` rows below and `W` columns right of the output of a transposed convolution (default: the
/// same), which say which of the sizes that a stride rounds to one is meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutputPadding<const H: usize, const W: usize = H>;

/// Taps are `H` rows and `W` columns apart (default: the same both ways).
#[derive(Clone, Copy, Debug, Default)]
pub struct Dilation<const H: usize, const W: usize = H>;

/// Input and output channels are split into `G` groups that do not see each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Groups<const G: usize>;

/// All channels see each other. This is the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ungrouped;

/// The layer adds no bias.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBias;

/// The layer adds a learned bias. This is the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct WithBias;

/// No kernel was named.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKernel;

/// The kernel `K` with `W` columns.
#[derive(Clone, Copy, Debug, Default)]
pub struct WithWidth<K, const W: usize>(std::marker::PhantomData<K>);

/// The property an option sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// An empty slot, `()`.
    Nothing,
    /// [`Kernel`].
    Kernel,
    /// [`KernelWidth`].
    KernelWidth,
    /// [`Stride`].
    Stride,
    /// [`Padding`] and [`SamePadding`].
    Padding,
    /// [`OutputPadding`].
    OutputPadding,
    /// [`Dilation`].
    Dilation,
    /// [`Groups`].
    Groups,
    /// [`NoBias`].
    Bias,
}

impl Property {
    /// The name a user writes.
    pub const fn name(self) -> &'static str {
        match self {
            Property::Nothing => "()",
            Property::Kernel => "Kernel",
            Property::KernelWidth => "KernelWidth",
            Property::Stride => "Stride",
            Property::Padding => "Padding",
            Property::OutputPadding => "OutputPadding",
            Property::Dilation => "Dilation",
            Property::Groups => "Groups",
            Property::Bias => "NoBias",
        }
    }
}

/// A vertical and a horizontal size: [`Kernel`], [`Stride`], [`OutputPadding`], [`Dilation`].
pub trait Pair: 'static {
    /// (vertical, horizontal).
    const PAIR: (usize, usize);
}

/// [`Padding`] or [`SamePadding`].
pub trait PaddingSize: 'static {
    /// The padding as a value.
    const PADDING: Padding2d;
}

macro_rules! pairs {
    ($($Name:ident)+) => {$(
        impl<const H: usize, const W: usize> Pair for $Name<H, W> {
            const PAIR: (usize, usize) = (H, W);
        }
    )+};
}
pairs!(Kernel Stride OutputPadding Dilation);

impl Pair for NoKernel {
    const PAIR: (usize, usize) = (0, 0);
}

impl<K: Pair, const W: usize> Pair for WithWidth<K, W> {
    const PAIR: (usize, usize) = (K::PAIR.0, W);
}

impl<const H: usize, const W: usize> PaddingSize for Padding<H, W> {
    const PADDING: Padding2d = Padding2d::Explicit(H, W);
}

impl PaddingSize for SamePadding {
    const PADDING: Padding2d = Padding2d::Same;
}

/// [`Groups`] or [`Ungrouped`].
pub trait GroupCount: 'static {
    /// Number of groups.
    const GROUPS: usize;
}

impl GroupCount for Ungrouped {
    const GROUPS: usize = 1;
}

impl<const G: usize> GroupCount for Groups<G> {
    const GROUPS: usize = G;
}

/// [`WithBias`] or [`NoBias`].
pub trait BiasCount: 'static {
    /// Learned numbers for each output channel: 1 or 0.
    const BIASES: usize;
}

impl BiasCount for WithBias {
    const BIASES: usize = 1;
}

impl BiasCount for NoBias {
    const BIASES: usize = 0;
}

/// One option: says which property it sets and passes the others through.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an option of a layer",
    label = "options are `Kernel`, `Stride`, `Padding`, `SamePadding`, `OutputPadding`, `Dilation`, `Groups`, `NoBias`"
)]
pub trait LayerOption: 'static {
    /// What this option sets.
    const PROPERTY: Property;
    /// The kernel, given what the other options say.
    type Kernel<Otherwise: Pair>: Pair;
    /// The stride, given what the other options say.
    type Stride<Otherwise: Pair>: Pair;
    /// The padding, given what the other options say.
    type Padding<Otherwise: PaddingSize>: PaddingSize;
    /// The output padding, given what the other options say.
    type OutputPadding<Otherwise: Pair>: Pair;
    /// The dilation, given what the other options say.
    type Dilation<Otherwise: Pair>: Pair;
    /// The groups, given what the other options say.
    type Groups<Otherwise: GroupCount>: GroupCount;
    /// [`NoBias`] or [`WithBias`], given what the other options say.
    type Bias<Otherwise: BiasCount>: BiasCount;
}

/// `option!([generics] Type, Property, kernel, stride, padding, output padding, dilation, groups,
/// bias)`, where `O` passes on what the other options say.
macro_rules! option {
    ([$($g:tt)*] $Type:ty, $property:ident, $kernel:ty, $stride:ty, $padding:ty,
     $output_padding:ty, $dilation:ty, $groups:ty, $bias:ty) => {
        impl<$($g)*> LayerOption for $Type {
            const PROPERTY: Property = Property::$property;
            type Kernel<O: Pair> = $kernel;
            type Stride<O: Pair> = $stride;
            type Padding<O: PaddingSize> = $padding;
            type OutputPadding<O: Pair> = $output_padding;
            type Dilation<O: Pair> = $dilation;
            type Groups<O: GroupCount> = $groups;
            type Bias<O: BiasCount> = $bias;
        }
    };
}

option!([](), Nothing, O, O, O, O, O, O, O);
option!([const H: usize, const W: usize] Kernel<H, W>, Kernel, Self, O, O, O, O, O, O);
option!([const W: usize] KernelWidth<W>, KernelWidth, WithWidth<O, W>, O, O, O, O, O, O);
option!([const H: usize, const W: usize] Stride<H, W>, Stride, O, Self, O, O, O, O, O);
option!([const H: usize, const W: usize] Padding<H, W>, Padding, O, O, Self, O, O, O, O);
option!([] SamePadding, Padding, O, O, Self, O, O, O, O);
option!([const H: usize, const W: usize] OutputPadding<H, W>, OutputPadding, O, O, O, Self, O, O, O);
option!([const H: usize, const W: usize] Dilation<H, W>, Dilation, O, O, O, O, Self, O, O);
option!([const G: usize] Groups<G>, Groups, O, O, O, O, O, Self, O);
option!([] NoBias, Bias, O, O, O, O, O, O, Self);

/// All options of a layer, folded into one type per property.
pub trait Options: 'static {
    /// The properties in the order written.
    const PROPERTIES: &'static [Property];
    /// The kernel, or `Default`.
    type Kernel<Default: Pair>: Pair;
    /// The stride, or `Default`.
    type Stride<Default: Pair>: Pair;
    /// The padding, or none.
    type Padding: PaddingSize;
    /// The output padding, or none.
    type OutputPadding: Pair;
    /// The dilation, or 1.
    type Dilation: Pair;
    /// The groups, or [`Ungrouped`].
    type Groups: GroupCount;
    /// [`NoBias`] or [`WithBias`].
    type Bias: BiasCount;
}

/// `options!(O1 O2 …)`: tuples of so many options; `@Property default;` folds one property.
macro_rules! options {
    (@$Property:ident $otherwise:ty;) => { $otherwise };
    (@$Property:ident $otherwise:ty; $O:ident $($rest:ident)*) => {
        $O::$Property<options!(@$Property $otherwise; $($rest)*)>
    };
    ($($O:ident)+) => {
        impl<$($O: LayerOption),+> Options for ($($O,)+) {
            const PROPERTIES: &'static [Property] = &[$($O::PROPERTY),+];
            type Kernel<Default: Pair> = options!(@Kernel Default; $($O)+);
            type Stride<Default: Pair> = options!(@Stride Default; $($O)+);
            type Padding = options!(@Padding Padding<0>; $($O)+);
            type OutputPadding = options!(@OutputPadding OutputPadding<0>; $($O)+);
            type Dilation = options!(@Dilation Dilation<1>; $($O)+);
            type Groups = options!(@Groups Ungrouped; $($O)+);
            type Bias = options!(@Bias WithBias; $($O)+);
        }
    };
}
options!(O1 O2 O3 O4 O5 O6);
options!(O1 O2 O3 O4 O5 O6 O7);

/// Whether an option sets `property`.
pub const fn has<O: Options>(property: Property) -> bool {
    let mut i = 0;
    while i < O::PROPERTIES.len() {
        if O::PROPERTIES[i] as usize == property as usize {
            return true;
        }
        i += 1;
    }
    false
}

/// Checks that every option is one of `allowed` and that none is given twice.
///
/// # Errors
/// [`Misfit::UnknownOption`] or [`Misfit::RepeatedOption`].
pub const fn check_options<O: Options>(allowed: &'static [Property]) -> Result<(), Misfit> {
    let mut i = 0;
    while i < O::PROPERTIES.len() {
        let property = O::PROPERTIES[i];
        if property as usize != Property::Nothing as usize {
            let mut known = false;
            let mut j = 0;
            while j < allowed.len() {
                known |= allowed[j] as usize == property as usize;
                j += 1;
            }
            if !known {
                return Err(Misfit::UnknownOption { property, allowed });
            }
            let mut j = 0;
            while j < i {
                if O::PROPERTIES[j] as usize == property as usize {
                    return Err(Misfit::RepeatedOption { property });
                }
                j += 1;
            }
        }
        i += 1;
    }
    Ok(())
}
