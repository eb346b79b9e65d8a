use std::marker::PhantomData;

use dfdx::prelude::{Dtype, NonMutableModule, Storage, Tape, ZeroSizedModule};

use super::layer::typed_module;
use super::{Close, Layer};
use crate::shape::{one_input, Dims, Infer, Inputs, Signature};
use crate::tensor::{Device, Element, Features, Graph, Value};

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
#[derive(Clone, Copy, Debug)]
pub struct Flatten<In, Out>(PhantomData<fn() -> (In, Out)>);

impl<In, Out> Default for Flatten<In, Out> {
    fn default() -> Self {
        Flatten(PhantomData)
    }
}

impl<In, Out> ZeroSizedModule for Flatten<In, Out> {}
impl<In, Out> NonMutableModule for Flatten<In, Out> {}

impl<In, Out, E: Dtype, D: Device<E>> Layer<E, D> for Flatten<In, Out> {
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        Features::vectors(x.try_into_vectors()?)
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        let dims = Dims::flat(graph.dims(inputs[0]).len());
        Some(graph.same(inputs[0], dims))
    }
}

typed_module!([] Flatten<chw => flat>, |inputs| signature(inputs));
typed_module!([] Flatten<flat => flat>, |inputs| signature(inputs));
