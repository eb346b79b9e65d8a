use std::marker::PhantomData;

use dfdx::prelude::{
    Axes2, BroadcastTo, Const, ConstDim, Dtype, HasShape, MeanTo, Module, ModuleVisitor,
    NonMutableModule, PermuteTo, PutTape, ReshapeTo, SplitTape, Storage, Tape, Tensor,
    TensorCollection, TryMatMul, TryMul,
};

use super::bias::{uniform, Bias, FanIn};
use super::conv2d::PerGroup;
use super::layer::typed_module;
use super::relu::Relu;
use super::{Close, Layer};
use crate::kernels::activation::Activation;
use crate::kernels::{linear, op, Image};
use crate::shape::options::WithBias;
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, ReceptiveField, Signature};
use crate::tensor::{on_tape, Device, Element, Features, Graph, Images, Sizes, Value};

/// The open layer.
pub mod open {
    /// Weighs every channel of an image by how much all channels together call for it.
    ///
    /// `y = x · σ(W₂ · relu(W₁ · mean(x) + b₁) + b₂)`, one factor a channel
    ///
    /// # Shapes
    /// `C×H×W`, unchanged; `fc1.weight` `C/R×C×1×1`, `fc1.bias` `C/R`, `fc2.weight` `C×C/R×1×1`,
    /// `fc2.bias` `C`. The reduction divides the channels.
    ///
    /// # Parameters
    /// - `R`: the reduction of the channels between both matrices; the paper takes 16, MobileNetV3 4.
    ///
    /// Each weight and bias starts uniformly in ±1/√ of the channels it sees.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<2, 1, 2>, output = Chw<2, 1, 2>)]
    /// struct Net {
    ///     se: SqueezeExcite<2>,
    /// }
    /// let dev = Cpu::default();
    /// let mut net: Net = Net::new(&dev);
    /// net.se.fc2.weight = dev.zeros();
    /// net.se.fc2.bias = dev.tensor([0.0, 800.0]); // σ is 1/2 and 1
    /// let x = dev.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]]);
    /// assert_eq!(net.forward(x).array(), [[[[0.5, 1.0]], [[3.0, 4.0]]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<8, 4, 4>, output = Chw<8, 4, 4>)]
    /// struct Net {
    ///     se: SqueezeExcite<3>, // 3 does not divide 8
    /// }
    /// ```
    ///
    /// # Same as
    /// `torchvision.ops.SqueezeExcitation(C, C // R)`
    ///
    /// # Source
    /// Hu, Shen and Sun, "Squeeze-and-Excitation Networks", 2017.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct SqueezeExcite<const R: usize>;
}

impl<In: Inputs, const R: usize> Infer<In> for open::SqueezeExcite<R> {
    const SIGNATURE: Signature = signature(In::DIMS, R);
}

const fn signature(inputs: &[Dims], reduction: usize) -> Signature {
    const NAME: &str = "SqueezeExcite";
    let input = inputs[0];
    if reduction == 0 {
        let what = "reduction";
        return Signature::misfit(NAME, Misfit::Zero { what }, input);
    }
    let channels = match one_image(inputs) {
        Ok((channels, ..)) => channels,
        Err(misfit) => return Signature::unknown(NAME, misfit, input),
    };
    if !channels.is_multiple_of(reduction) {
        let misfit = Misfit::ReductionDoesNotDivide {
            reduction,
            channels,
        };
        return Signature::misfit(NAME, misfit, input);
    }
    let few = channels / reduction;
    Signature::new(NAME, input)
        .weight("fc1.weight", &[few, channels, 1, 1])
        .weight("fc1.bias", &[few])
        .weight("fc2.weight", &[channels, few, 1, 1])
        .weight("fc2.bias", &[channels])
        .macs(few.saturating_mul(channels).saturating_mul(2))
        .sees(ReceptiveField::ALL)
}

impl<In: Sizes, Out: Sizes, const R: usize> Close<In, Out> for open::SqueezeExcite<R> {
    type Layer<E: Dtype, D: Storage<E>> = SqueezeExcite<In, Out, R, E, D>;
}

/// The closed layer of [`open::SqueezeExcite`].
#[derive(Clone, Debug)]
pub struct SqueezeExcite<In, Out, const R: usize, E = f32, D = dfdx::prelude::Cpu>
where
    In: Sizes,
    Out: Sizes,
    E: Dtype,
    D: Storage<E>,
{
    /// From the mean of each channel to few numbers.
    pub fc1: Pointwise<In::Channels, PerGroup<In::Channels, R>, E, D>,
    /// From these to a factor for each channel.
    pub fc2: Pointwise<PerGroup<In::Channels, R>, In::Channels, E, D>,
    /// What flows out.
    pub output: PhantomData<fn() -> Out>,
}

impl<In: Sizes, Out: Sizes, const R: usize, E: Dtype, D: Storage<E>> NonMutableModule
    for SqueezeExcite<In, Out, R, E, D>
{
}

impl<In, Out, const R: usize, E, D> Layer<E, D> for SqueezeExcite<In, Out, R, E, D>
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
        x.try_map(|x| {
            let (x, tape) = x.split_tape();
            let &(batch, channels, ..) = x.shape();
            let (factors, tape) = on_tape(&x, tape, |x| {
                let means = x
                    .try_mean::<_, Axes2<2, 3>>()?
                    .try_reshape_like(&(batch, channels, 1, 1))?;
                let few = Relu.try_forward(self.fc1.try_apply(means)?)?;
                self.fc2.try_apply(few)?.try_sigmoid()
            })?;
            let factors = factors
                .try_reshape_like(&(batch, channels))?
                .try_broadcast_like::<_, Axes2<2, 3>>(x.shape())?;
            x.put_tape(tape).try_mul(factors)
        })
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        let dims = graph.dims(inputs[0]);
        let planes = Image::from(dims).planes();
        let channels = Dims::flat(planes.channels);
        let means = graph.push(op::GlobalAvgPool2d(planes), inputs, 0, channels);
        let few = self.fc1.describe(graph, means)?;
        let few_dims = graph.dims(few);
        let few = graph.push(op::Activate(Activation::Relu), &[few], 0, few_dims);
        let factors = self.fc2.describe(graph, few)?;
        let factors = graph.push(op::Activate(Activation::Sigmoid), &[factors], 0, channels);
        Some(graph.push(op::Scale(planes), &[inputs[0], factors], 0, dims))
    }
}

typed_module!([const R: usize,] SqueezeExcite<chw => chw, R, E, D>, |inputs| signature(inputs, R));

impl<In, Out, const R: usize, E, D> TensorCollection<E, D> for SqueezeExcite<In, Out, R, E, D>
where
    In: Sizes,
    Out: Sizes,
    E: Element,
    D: dfdx::prelude::Device<E>,
{
    type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> = SqueezeExcite<In, Out, R, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("fc1", |s| &s.fc1, |s| &mut s.fc1),
                Self::module("fc2", |s| &s.fc2, |s| &mut s.fc2),
            ),
            |(fc1, fc2)| SqueezeExcite {
                fc1,
                fc2,
                output: PhantomData,
            },
        )
    }
}

/// A 1×1 convolution from `C` channels to `F`, for images of one pixel: a part of
/// [`SqueezeExcite`].
#[derive(Clone, Debug)]
pub struct Pointwise<C: ConstDim, F: ConstDim, E: Dtype, D: Storage<E>> {
    /// One row of weights for each output.
    pub weight: Tensor<(F, C, Const<1>, Const<1>), E, D>,
    /// One number for each output.
    pub bias: Tensor<(F,), E, D>,
}

impl<C: ConstDim, F: ConstDim, E: Dtype, D: Storage<E>> FanIn for Pointwise<C, F, E, D> {
    const FAN_IN: usize = C::SIZE;
}

impl<C: ConstDim, F: ConstDim, E: Dtype, D: Device<E>> Pointwise<C, F, E, D> {
    fn try_apply<T: Tape<E, D>>(&self, x: Images<E, D, T>) -> Result<Images<E, D, T>, D::Err> {
        let batch = x.shape().0;
        let weight = self.weight.retaped::<T>();
        let weight = weight.try_reshape_like(&(F::SIZE, C::SIZE))?;
        let y = x
            .try_reshape_like(&(batch, C::SIZE))?
            .try_matmul(weight.try_permute()?)?
            .try_reshape_like(&(batch, F::SIZE, 1, 1))?;
        WithBias::try_add(&self.bias, y)
    }

    /// Of one pixel, a 1×1 convolution is a linear map.
    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, input: Value) -> Option<Value>
    where
        E: Element,
    {
        graph.parameter(&self.weight)?;
        graph.parameter(&self.bias)?;
        let op = op::Linear {
            geometry: linear::Geometry {
                inputs: C::SIZE,
                outputs: F::SIZE,
            },
            relu: false,
        };
        Some(graph.push(op, &[input], 2, Dims::flat(F::SIZE)))
    }
}

impl<C, F, E, D> TensorCollection<E, D> for Pointwise<C, F, E, D>
where
    C: ConstDim,
    F: ConstDim,
    E: Element,
    D: dfdx::prelude::Device<E>,
{
    type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> = Pointwise<C, F, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::tensor(
                    "weight",
                    |s| &s.weight,
                    |s| &mut s.weight,
                    uniform::<Self, _, _, _>(),
                ),
                Self::tensor(
                    "bias",
                    |s| &s.bias,
                    |s| &mut s.bias,
                    uniform::<Self, _, _, _>(),
                ),
            ),
            |(weight, bias)| Pointwise { weight, bias },
        )
    }
}
