use dfdx::prelude::{Dtype, Storage, Tape};

use super::{Close, Compute, Weightless};
use crate::shape::{one_input, Dims, Infer, Inputs, Misfit, ReceptiveField, Signature};
use crate::tensor::{Device, Element, Features, Graph, Value};

/// The open layer.
pub mod open {
    /// Reads the same values, channel by channel and row by row, as an image of another shape.
    ///
    /// `y[c,h,w] = x[c·H·W + h·W + w]`, the values of `x` side by side as `Flatten` lays them
    ///
    /// # Shapes
    /// `N`, or `C₀×H₀×W₀` of as many values → `C×H×W`
    ///
    /// # Parameters
    /// - `C`, `H`, `W`: channels, rows and columns of the output.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Flat<6>, output = Chw<2, 1, 3>)]
    /// struct Net {
    ///     image: Reshape<2, 1, 3>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let y = net.forward(dev.tensor([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]));
    /// assert_eq!(y.array(), [[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Flat<6>, output = Chw<2, 2, 2>)]
    /// struct Net {
    ///     image: Reshape<2, 2, 2>, // 8 values
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.Unflatten(1, (C, H, W))`, `x.reshape(-1, C, H, W)`
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Reshape<const C: usize, const H: usize, const W: usize>;
}

const NAME: &str = "Reshape";

impl<In, const C: usize, const H: usize, const W: usize> Infer<In> for open::Reshape<C, H, W>
where
    In: Inputs,
{
    const SIGNATURE: Signature = signature(In::DIMS, Dims::chw(C, H, W));
}

const fn signature(inputs: &[Dims], wanted: Dims) -> Signature {
    let found = match one_input(inputs) {
        Ok(found) => found,
        Err(misfit) => return Signature::misfit(NAME, misfit, wanted),
    };
    if found.len() != wanted.len() {
        let misfit = Misfit::ReshapeDiffers { found, wanted };
        return Signature::misfit(NAME, misfit, wanted);
    }
    if found.same(wanted) {
        return Signature::new(NAME, wanted);
    }
    // Neighbours may come from anywhere.
    Signature::new(NAME, wanted).sees(ReceptiveField::ALL)
}

impl<In, Out, const C: usize, const H: usize, const W: usize> Close<In, Out>
    for open::Reshape<C, H, W>
{
    type Layer<E: Dtype, D: Storage<E>> = Reshape<In, Out, C, H, W>;
}

/// The closed layer of [`open::Reshape`].
pub type Reshape<In, Out, const C: usize, const H: usize, const W: usize> =
    Weightless<In, Out, open::Reshape<C, H, W>>;

impl<const C: usize, const H: usize, const W: usize> Compute for open::Reshape<C, H, W> {
    fn try_compute<E: Dtype, D: Device<E>, T: Tape<E, D>>(
        x: Features<E, D, T>,
        output: Dims,
    ) -> Result<Features<E, D, T>, D::Err> {
        let batch = x.batch();
        Features::with_dims(x.into_images(), batch, output)
    }

    fn describe<E: Element>(
        graph: &mut Graph<'_, '_, E>,
        input: Value,
        output: Dims,
    ) -> Option<Value> {
        Some(graph.same(input, output))
    }
}
