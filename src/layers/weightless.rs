//! The closed type that layers without parameters share.

use std::marker::PhantomData;

use dfdx::prelude::{Dtype, NonMutableModule, Tape, ZeroSizedModule};

use super::layer::typed_module;
use super::Layer;
use crate::shape::{Chw, Dims, Flat, Infer, LayerShape};
use crate::tensor::{Device, Element, Features, Graph, Value};

/// An open layer without parameters that knows how to compute once its output is known: its
/// closed layer is [`Weightless`].
pub trait Compute: 'static {
    /// What the layer makes of `x`, whose shape the rule has accepted, in the shape `output` that
    /// it has given.
    ///
    /// # Errors
    /// When the device is out of memory.
    fn try_compute<E: Dtype, D: Device<E>, T: Tape<E, D>>(
        x: Features<E, D, T>,
        output: Dims,
    ) -> Result<Features<E, D, T>, D::Err>;

    /// What the layer adds to `graph`, see [`Layer::describe`].
    fn describe<E: Element>(
        graph: &mut Graph<'_, '_, E>,
        input: Value,
        output: Dims,
    ) -> Option<Value> {
        let _ = (graph, input, output);
        None
    }
}

/// The closed layer of the open layer `L`, which has no parameters, from `In` to `Out`.
#[allow(clippy::type_complexity)]
pub struct Weightless<In, Out, L>(PhantomData<fn() -> (In, Out, L)>);

impl<In, Out, L> Clone for Weightless<In, Out, L> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<In, Out, L> Copy for Weightless<In, Out, L> {}
impl<In, Out, L> Default for Weightless<In, Out, L> {
    fn default() -> Self {
        Weightless(PhantomData)
    }
}
impl<In, Out, L: Default + std::fmt::Debug> std::fmt::Debug for Weightless<In, Out, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        L::default().fmt(f)
    }
}
impl<In, Out, L: Default + std::fmt::Debug> ZeroSizedModule for Weightless<In, Out, L> {}
impl<In, Out, L> NonMutableModule for Weightless<In, Out, L> {}

impl<In, Out, L, E, D> Layer<E, D> for Weightless<In, Out, L>
where
    Out: LayerShape,
    L: Compute,
    E: Dtype,
    D: Device<E>,
{
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        L::try_compute(x, Out::DIMS)
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        L::describe(graph, inputs[0], Out::DIMS)
    }
}

typed_module!(
    [L: Compute + Infer<Chw<C, H, W>>,] Weightless<chw => chw, L>,
    |_inputs| <L as Infer<Chw<C, H, W>>>::SIGNATURE
);
typed_module!(
    [L: Compute + Infer<Flat<M>>,] Weightless<flat => chw, L>,
    |_inputs| <L as Infer<Flat<M>>>::SIGNATURE
);
