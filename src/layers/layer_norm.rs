use std::marker::PhantomData;

use dfdx::prelude::{
    Axis, BroadcastTo, Dtype, ModuleVisitor, NonMutableModule, ReshapeTo, Storage, Tape, Tensor,
    TensorCollection, TensorOptions, TryAdd, TryMul,
};

use super::layer::typed_module;
use super::{Close, Layer};
use crate::kernels::{layer_norm, op};
use crate::shape::{one_input, Dims, Infer, Inputs, Misfit, ReceptiveField, Signature};
use crate::tensor::{Device, Element, Features, Graph, Sizes, Value};

/// The open layer.
pub mod open {
    /// Brings every image or vector to mean 0 and variance 1 by itself, then scales and shifts each
    /// value by learned numbers.
    ///
    /// `y = (x − mean) / √(var + ε) · weight + bias`
    ///
    /// Mean and variance are those of all values of one example, so a batch does not matter.
    ///
    /// # Shapes
    /// Any, unchanged; `weight` and `bias` have the same shape.
    ///
    /// # Parameters
    /// - `EPSILON`: ε is `1 / EPSILON` (default 100 000, ε = 1e-5).
    ///
    /// `weight` starts at 1, `bias` at 0.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Flat<2>, output = Flat<2>)]
    /// struct Net {
    ///     norm: LayerNorm<1>, // ε = 1
    /// }
    /// let dev = Cpu::default();
    /// let mut net: Net = Net::new(&dev);
    /// net.norm.bias = dev.tensor([0.0, 1.0]);
    /// // Mean 3 and variance 9/16, of which an ε of 1 makes 25/16: the deviation is 5/4.
    /// let y = net.forward(dev.tensor([[2.25, 3.75]]));
    /// assert_eq!(y.array(), [[-0.6, 1.6]]);
    /// ```
    ///
    /// # Same as
    /// `torch.nn.LayerNorm([C, H, W])`, for a vector `torch.nn.LayerNorm(N)`
    ///
    /// # Source
    /// Ba, Kiros and Hinton, "Layer Normalization", 2016.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct LayerNorm<const EPSILON: usize = 100_000>;
}

const NAME: &str = "LayerNorm";

impl<In: Inputs, const EPSILON: usize> Infer<In> for open::LayerNorm<EPSILON> {
    const SIGNATURE: Signature = signature(In::DIMS, EPSILON);
}

const fn signature(inputs: &[Dims], epsilon: usize) -> Signature {
    if epsilon == 0 {
        let what = "denominator of epsilon";
        return Signature::misfit(NAME, Misfit::Zero { what }, inputs[0]);
    }
    let input = match one_input(inputs) {
        Ok(input) => input,
        Err(misfit) => return Signature::misfit(NAME, misfit, inputs[0]),
    };
    let sizes = [input.size(0), input.size(1), input.size(2)];
    let (shape, _) = sizes.split_at(input.rank());
    Signature::new(NAME, input)
        .weight("weight", shape)
        .weight("bias", shape)
        .sees(ReceptiveField::ALL)
}

impl<In: Sizes, Out: Sizes, const EPSILON: usize> Close<In, Out> for open::LayerNorm<EPSILON> {
    type Layer<E: Dtype, D: Storage<E>> = LayerNorm<In, Out, EPSILON, E, D>;
}

/// The closed layer of [`open::LayerNorm`].
#[derive(Clone, Debug)]
pub struct LayerNorm<In, Out, const EPSILON: usize = 100_000, E = f32, D = dfdx::prelude::Cpu>
where
    In: Sizes,
    Out: Sizes,
    E: Dtype,
    D: Storage<E>,
{
    /// What each value is multiplied with, once it is normalised.
    pub weight: Tensor<In::Whole, E, D>,
    /// What is added to each value.
    pub bias: Tensor<In::Whole, E, D>,
    /// What flows out.
    pub output: PhantomData<fn() -> Out>,
}

impl<In, Out, const EPSILON: usize, E, D> NonMutableModule for LayerNorm<In, Out, EPSILON, E, D>
where
    In: Sizes,
    Out: Sizes,
    E: Dtype,
    D: Storage<E>,
{
}

impl<In, Out, const EPSILON: usize, E, D> Layer<E, D> for LayerNorm<In, Out, EPSILON, E, D>
where
    In: Sizes,
    Out: Sizes,
    E: Dtype,
    D: Device<E>,
{
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let (batch, dims) = (x.batch(), x.dims());
        let sizes = (batch, dims.len());
        let over_batch = |p: &Tensor<In::Whole, E, D>| {
            p.retaped::<T>()
                .try_reshape_like(&(dims.len(),))?
                .try_broadcast_like::<_, Axis<0>>(&sizes)
        };
        let x = x.try_into_vectors()?;
        let x = x.try_normalize::<Axis<1>>(1.0 / EPSILON as f64)?;
        let y = x.try_mul(over_batch(&self.weight)?)?;
        Features::with_dims(y.try_add(over_batch(&self.bias)?)?, batch, dims)
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        graph.parameter(&self.weight)?;
        graph.parameter(&self.bias)?;
        let dims = graph.dims(inputs[0]);
        let op = op::LayerNorm(layer_norm::Geometry {
            features: dims.len(),
            eps: 1.0 / EPSILON as f64,
        });
        Some(graph.push(op, inputs, 2, dims))
    }
}

typed_module!([const EPSILON: usize,] LayerNorm<chw => chw, EPSILON, E, D>, |inputs| {
    signature(inputs, EPSILON)
});
typed_module!([const EPSILON: usize,] LayerNorm<flat => flat, EPSILON, E, D>, |inputs| {
    signature(inputs, EPSILON)
});

impl<In, Out, const EPSILON: usize, E, D> TensorCollection<E, D>
    for LayerNorm<In, Out, EPSILON, E, D>
where
    In: Sizes,
    Out: Sizes,
    E: Element,
    D: dfdx::prelude::Device<E>,
{
    type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> = LayerNorm<In, Out, EPSILON, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::tensor(
                    "weight",
                    |s| &s.weight,
                    |s| &mut s.weight,
                    TensorOptions::reset_to_ones(),
                ),
                Self::tensor(
                    "bias",
                    |s| &s.bias,
                    |s| &mut s.bias,
                    TensorOptions::reset_to_zeros(),
                ),
            ),
            |(weight, bias)| LayerNorm {
                weight,
                bias,
                output: PhantomData,
            },
        )
    }
}
