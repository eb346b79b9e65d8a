//! From a layer's type to its output shape, and from a shape as a value back to a type.

use super::{Chw, Dims, Flat, Inputs, LayerInfo, LayerShape, Misfit, Signature};

/// The shape rule of an *open* layer, the type a user writes in a `#[model]` field.
///
/// It is implemented for every possible input, also for those the layer can't take: the rule
/// returns the misfit as a value, and `#[model]` reports it in one error on the user's line.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer",
    label = "a layer is expected here, such as `Conv2d<6, Kernel<5>>` or `Relu`",
    note = "a type becomes a layer by implementing `Infer` and `Close`, see `shapeproof::layers`"
)]
pub trait Infer<In: Inputs> {
    /// What the layer makes of `In`.
    const SIGNATURE: Signature;
    /// The layers inside a block, for its model's table.
    const PARTS: &'static [LayerInfo] = &[];
}

/// A number of axes as a type.
pub struct Rank<const N: usize>;

/// Turns [`Dims`](super::Dims) back into a type: `<Rank<3> as FromDims<1, 28, 28>>::Shape` is
/// `Chw<1, 28, 28>`.
pub trait FromDims<const A: usize, const B: usize, const C: usize> {
    /// The shape with these sizes.
    type Shape: LayerShape;
}

impl<const A: usize, const B: usize, const C: usize> FromDims<A, B, C> for Rank<3> {
    type Shape = Chw<A, B, C>;
}

impl<const A: usize> FromDims<A, 1, 1> for Rank<1> {
    type Shape = Flat<A>;
}

/// The only input of a layer that takes one.
///
/// # Errors
/// [`Misfit::InputCount`].
pub const fn one_input(inputs: &[Dims]) -> Result<Dims, Misfit> {
    match inputs {
        [input] => Ok(*input),
        _ => Err(Misfit::InputCount {
            least: 1,
            most: 1,
            found: inputs.len(),
        }),
    }
}

/// Channels, height and width of the only input of a layer that works on images.
///
/// # Errors
/// [`Misfit::InputCount`], or [`Misfit::NeedsImage`] for a vector.
pub const fn one_image(inputs: &[Dims]) -> Result<(usize, usize, usize), Misfit> {
    match one_input(inputs) {
        Ok(Dims::Chw {
            channels,
            height,
            width,
        }) => Ok((channels, height, width)),
        Ok(found) => Err(Misfit::NeedsImage { found }),
        Err(misfit) => Err(misfit),
    }
}
