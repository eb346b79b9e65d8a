use std::marker::PhantomData;

use dfdx::prelude::{
    Axis, Dtype, HasShape, ModuleVisitor, NonMutableModule, ReshapeTo, Storage, Tape, Tensor,
    TensorCollection, TensorOptions, TryAdd, TryMul,
};

use super::bias::along_channels;
use super::layer::typed_module;
use super::{Close, Layer};
use crate::kernels::{group_norm, op, Image};
use crate::shape::{one_input, Dims, Infer, Inputs, Misfit, ReceptiveField, Signature};
use crate::tensor::{Device, Element, Features, Graph, Sizes, Value};

/// The open layer.
pub mod open {
    /// Brings every group of channels of an image to mean 0 and variance 1 by itself, then scales
    /// and shifts each channel by learned numbers.
    ///
    /// `y = (x − mean) / √(var + ε) · weight + bias`, mean and variance one number a group, `weight`
    /// and `bias` one number a channel
    ///
    /// # Shapes
    /// Any, unchanged; `weight` and `bias` `C`. The groups divide the channels (the features of a
    /// vector).
    ///
    /// # Parameters
    /// - `G`: number of groups; with one for each channel this is instance normalisation.
    /// - `EPSILON`: ε is `1 / EPSILON` (default 100 000, ε = 1e-5).
    ///
    /// `weight` starts at 1, `bias` at 0.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<4, 1, 1>, output = Chw<4, 1, 1>)]
    /// struct Net {
    ///     norm: GroupNorm<2, 1>, // ε = 1
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// // Both groups have variance 9/16, of which an ε of 1 makes 25/16: the deviation is 5/4.
    /// let y = net.forward(dev.tensor([[[[2.25]], [[3.75]], [[0.75]], [[-0.75]]]]));
    /// assert_eq!(y.array(), [[[[-0.6]], [[0.6]], [[0.6]], [[-0.6]]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<6, 8, 8>, output = Chw<6, 8, 8>)]
    /// struct Net {
    ///     norm: GroupNorm<4>, // 4 does not divide 6
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.GroupNorm(G, C, eps)`
    ///
    /// # Source
    /// Wu and He, "Group Normalization", 2018.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct GroupNorm<const G: usize, const EPSILON: usize = 100_000>;
}

const NAME: &str = "GroupNorm";

impl<In: Inputs, const G: usize, const EPSILON: usize> Infer<In> for open::GroupNorm<G, EPSILON> {
    const SIGNATURE: Signature = signature(In::DIMS, G, EPSILON);
}

const fn signature(inputs: &[Dims], groups: usize, epsilon: usize) -> Signature {
    if epsilon == 0 {
        let what = "denominator of epsilon";
        return Signature::misfit(NAME, Misfit::Zero { what }, inputs[0]);
    }
    let input = match one_input(inputs) {
        Ok(input) => input,
        Err(misfit) => return Signature::misfit(NAME, misfit, inputs[0]),
    };
    let count = input.size(0);
    if groups == 0 || !count.is_multiple_of(groups) {
        let misfit = Misfit::GroupsDoNotDivide {
            groups,
            count,
            what: if input.rank() == 1 {
                "features"
            } else {
                "channels"
            },
        };
        return Signature::misfit(NAME, misfit, input);
    }
    Signature::new(NAME, input)
        .weight("weight", &[count])
        .weight("bias", &[count])
        .sees(ReceptiveField::ALL)
}

impl<In, Out, const G: usize, const EPSILON: usize> Close<In, Out> for open::GroupNorm<G, EPSILON>
where
    In: Sizes,
    Out: Sizes,
{
    type Layer<E: Dtype, D: Storage<E>> = GroupNorm<In, Out, G, EPSILON, E, D>;
}

/// The closed layer of [`open::GroupNorm`].
#[derive(Clone, Debug)]
pub struct GroupNorm<
    In,
    Out,
    const G: usize,
    const EPSILON: usize = 100_000,
    E = f32,
    D = dfdx::prelude::Cpu,
> where
    In: Sizes,
    Out: Sizes,
    E: Dtype,
    D: Storage<E>,
{
    /// What each channel is multiplied with, once it is normalised.
    pub weight: Tensor<(In::Channels,), E, D>,
    /// What is added to each channel.
    pub bias: Tensor<(In::Channels,), E, D>,
    /// What flows out.
    pub output: PhantomData<fn() -> Out>,
}

impl<In, Out, const G: usize, const EPSILON: usize, E, D> NonMutableModule
    for GroupNorm<In, Out, G, EPSILON, E, D>
where
    In: Sizes,
    Out: Sizes,
    E: Dtype,
    D: Storage<E>,
{
}

impl<In, Out, const G: usize, const EPSILON: usize, E, D> Layer<E, D>
    for GroupNorm<In, Out, G, EPSILON, E, D>
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
        let (batch, len) = (x.batch(), x.dims().len());
        x.try_map(|x| {
            let shape = *x.shape();
            let x = x
                .try_reshape_like(&(batch, G, len / G))?
                .try_normalize::<Axis<2>>(1.0 / EPSILON as f64)?
                .try_reshape_like(&shape)?;
            let weight = along_channels(self.weight.retaped::<T>(), shape)?;
            let bias = along_channels(self.bias.retaped::<T>(), shape)?;
            x.try_mul(weight)?.try_add(bias)
        })
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        graph.parameter(&self.weight)?;
        graph.parameter(&self.bias)?;
        let dims = graph.dims(inputs[0]);
        let op = op::GroupNorm(group_norm::Geometry {
            planes: Image::from(dims).planes(),
            groups: G,
            eps: 1.0 / EPSILON as f64,
        });
        Some(graph.push(op, inputs, 2, dims))
    }
}

typed_module!([const G: usize, const EPSILON: usize,] GroupNorm<chw => chw, G, EPSILON, E, D>, |inputs| {
    signature(inputs, G, EPSILON)
});
typed_module!([const G: usize, const EPSILON: usize,] GroupNorm<flat => flat, G, EPSILON, E, D>, |inputs| {
    signature(inputs, G, EPSILON)
});

impl<In, Out, const G: usize, const EPSILON: usize, E, D> TensorCollection<E, D>
    for GroupNorm<In, Out, G, EPSILON, E, D>
where
    In: Sizes,
    Out: Sizes,
    E: Element,
    D: dfdx::prelude::Device<E>,
{
    type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> = GroupNorm<In, Out, G, EPSILON, E2, D2>;

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
            |(weight, bias)| GroupNorm {
                weight,
                bias,
                output: PhantomData,
            },
        )
    }
}
