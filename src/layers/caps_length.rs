use std::marker::PhantomData;

use dfdx::prelude::{
    Axis, Dtype, HasShape, NonMutableModule, ReshapeTo, Storage, SumTo, Tape, ZeroSizedModule,
};

use super::capsules::length;
use super::layer::typed_module;
use super::{Close, Layer};
use crate::kernels::{op, Image};
use crate::shape::{one_image, Dims, Infer, Inputs, Signature};
use crate::tensor::{Device, Element, Features, Graph, Value};

/// The open layer.
pub mod open {
    /// The length of every capsule: how sure it is that its thing is there.
    ///
    /// `y = √(Σ_d x[d]²)`
    ///
    /// # Shapes
    /// Capsules `N×D×1` → `N`; of any other image `C×H×W`, the length of each channel.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<2, 2, 1>, output = Flat<2>)]
    /// struct Net {
    ///     lengths: CapsLength,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net<f64, _> = Net::new(&dev);
    /// let y = net.forward(dev.tensor([[[[3.0], [4.0]], [[0.5], [0.0]]]])).array()[0];
    /// assert!((y[0] - 5.0).abs() < 1e-9 && (y[1] - 0.5).abs() < 1e-9);
    /// ```
    ///
    /// # Source
    /// Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", 2017.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct CapsLength;
}

impl<In: Inputs> Infer<In> for open::CapsLength {
    const SIGNATURE: Signature = signature(In::DIMS);
}

const fn signature(inputs: &[Dims]) -> Signature {
    match one_image(inputs) {
        Ok((capsules, height, width)) => Signature::new("CapsLength", Dims::flat(capsules)).sees(
            crate::shape::ReceptiveField::window((height, width), (1, 1)),
        ),
        Err(misfit) => Signature::misfit("CapsLength", misfit, Dims::flat(inputs[0].size(0))),
    }
}

impl<In, Out> Close<In, Out> for open::CapsLength {
    type Layer<E: Dtype, D: Storage<E>> = CapsLength<In, Out>;
}

/// The closed layer of [`open::CapsLength`].
#[derive(Clone, Copy, Debug)]
pub struct CapsLength<In, Out>(PhantomData<fn() -> (In, Out)>);

impl<In, Out> Default for CapsLength<In, Out> {
    fn default() -> Self {
        CapsLength(PhantomData)
    }
}

impl<In, Out> ZeroSizedModule for CapsLength<In, Out> {}
impl<In, Out> NonMutableModule for CapsLength<In, Out> {}

impl<In, Out, E: Dtype, D: Device<E>> Layer<E, D> for CapsLength<In, Out> {
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let x = x.into_images();
        let &(batch, capsules, height, width) = x.shape();
        let capsules = x.try_reshape_like(&(batch, capsules, height * width))?;
        Features::vectors(length(capsules.try_square()?.try_sum::<_, Axis<2>>()?)?)
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        let planes = Image::from(graph.dims(inputs[0])).planes();
        let dims = Dims::flat(planes.channels);
        Some(graph.push(op::CapsLength(planes), inputs, 0, dims))
    }
}

typed_module!([] CapsLength<chw => flat>, |inputs| signature(inputs));
