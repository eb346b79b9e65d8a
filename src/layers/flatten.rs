use std::marker::PhantomData;

use dfdx::prelude::{
    Const, Dim, Dtype, HasShape, Module, NonMutableModule, ReshapeTo, Storage, Tape, Tensor,
    ZeroSizedModule,
};

use super::close::verify;
use super::Close;
use crate::shape::{one_input, Chw, Dims, Flat, Infer, Inputs, LayerShape, Signature};
use crate::tensor::Device;

/// The open layer.
pub mod open {
    /// Lays the values of an image side by side: channel by channel, row by row.
    ///
    /// `y[c·H·W + h·W + w] = x[c,h,w]`
    ///
    /// # Shapes
    /// `C×H×W` → `C·H·W`; a flat input stays as it is.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<2, 1, 3>, output = Flat<6>)]
    /// struct Net {
    ///     flatten: Flatten,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let x = dev.tensor([[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]]);
    /// assert_eq!(net.forward(x).array(), [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]);
    /// ```
    ///
    /// # Same as
    /// `torch.nn.Flatten()`
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Flatten;
}

impl<In: Inputs> Infer<In> for open::Flatten {
    const SIGNATURE: Signature = signature(In::DIMS);
}

const fn signature(inputs: &[Dims]) -> Signature {
    match one_input(inputs) {
        Ok(input) => Signature::new("Flatten", Dims::flat(input.len())),
        Err(misfit) => Signature::misfit("Flatten", misfit, Dims::flat(inputs[0].len())),
    }
}

impl<In, Out> Close<In, Out> for open::Flatten {
    type Layer<E: Dtype, D: Storage<E>> = Flatten<In, Out>;
}

/// The closed layer of [`open::Flatten`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Flatten<In, Out>(PhantomData<(In, Out)>);

impl<In: LayerShape, Out: LayerShape> ZeroSizedModule for Flatten<In, Out> {}
impl<In, Out> NonMutableModule for Flatten<In, Out> {}

impl<const C: usize, const H: usize, const W: usize, const N: usize, B, E, D, T>
    Module<Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>> for Flatten<Chw<C, H, W>, Flat<N>>
where
    B: Dim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    type Output = Tensor<(B, Const<N>), E, D, T>;
    type Error = D::Err;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>,
    ) -> Result<Self::Output, D::Err> {
        const {
            verify(
                &signature(&[<Chw<C, H, W> as LayerShape>::DIMS]),
                Dims::flat(N),
            )
        };
        let batch = x.shape().0;
        x.try_reshape_like(&(batch, Const))
    }
}

impl<const N: usize, B, E, D, T> Module<Tensor<(B, Const<N>), E, D, T>>
    for Flatten<Flat<N>, Flat<N>>
where
    B: Dim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    type Output = Tensor<(B, Const<N>), E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<(B, Const<N>), E, D, T>) -> Result<Self::Output, D::Err> {
        Ok(x)
    }
}
