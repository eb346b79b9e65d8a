use std::marker::PhantomData;

use dfdx::prelude::{
    Axes4, BroadcastTo, ChooseFrom, Const, ConstDim, Dtype, HasShape, ModuleVisitor,
    NonMutableModule, PutTape, ReshapeTo, Shape, SplitTape, Storage, Tape, Tensor,
    TensorCollection, TensorOptions, TryGt, TryMul,
};

use super::bias::along_channels;
use super::clamp::negative_part;
use super::layer::typed_module;
use super::{Close, Layer};
use crate::kernels::{op, Image, Planes};
use crate::shape::{one_input, Dims, Infer, Inputs, Signature};
use crate::tensor::{on_tape, scalar, Device, Element, Features, Graph, Images, Sizes, Value};

/// The open layer.
pub mod open {
    /// Scales negative values by a learned slope.
    ///
    /// `y = x` for `x > 0`, else `weight · x`
    ///
    /// NaN stays NaN.
    ///
    /// # Shapes
    /// Any, unchanged; `weight` 1, or `C` with a slope for each channel (each feature of a vector).
    ///
    /// # Parameters
    /// - `Slopes`: [`OneSlope`](super::OneSlope) (default) or
    ///   [`SlopePerChannel`](super::SlopePerChannel).
    ///
    /// `weight` starts at 1/4.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Flat<3>, output = Flat<3>)]
    /// struct Net {
    ///     one: PRelu,
    ///     each: PRelu<SlopePerChannel>,
    /// }
    /// let dev = Cpu::default();
    /// let mut net: Net = Net::new(&dev);
    /// net.each.weight = dev.tensor([1.0, 2.0, 3.0]);
    /// assert_eq!(net.forward(dev.tensor([[-4.0, 0.0, 2.0]])).array(), [[-1.0, 0.0, 2.0]]);
    /// assert_eq!(net.forward(dev.tensor([[4.0, -4.0, -8.0]])).array(), [[4.0, -2.0, -6.0]]);
    /// ```
    ///
    /// # Same as
    /// `torch.nn.PReLU()`, with `SlopePerChannel` `torch.nn.PReLU(C)`
    ///
    /// # Source
    /// He et al., "Delving Deep into Rectifiers", 2015.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct PRelu<Slopes = super::OneSlope>(std::marker::PhantomData<Slopes>);
}

/// A [`PRelu`](open::PRelu) learns one slope for all values.
#[derive(Clone, Copy, Debug, Default)]
pub struct OneSlope;

/// A [`PRelu`](open::PRelu) learns a slope for each channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct SlopePerChannel;

/// [`OneSlope`] or [`SlopePerChannel`].
pub trait SlopeCount: 'static {
    /// Whether each channel has its own slope.
    const PER_CHANNEL: bool;
    /// Number of slopes for `C` channels.
    type Count<C: ConstDim>: ConstDim;
}

impl SlopeCount for OneSlope {
    const PER_CHANNEL: bool = false;
    type Count<C: ConstDim> = Const<1>;
}

impl SlopeCount for SlopePerChannel {
    const PER_CHANNEL: bool = true;
    type Count<C: ConstDim> = C;
}

impl<In: Inputs, Slopes: SlopeCount> Infer<In> for open::PRelu<Slopes> {
    const SIGNATURE: Signature = signature(In::DIMS, Slopes::PER_CHANNEL);
}

const fn signature(inputs: &[Dims], per_channel: bool) -> Signature {
    const NAME: &str = "PRelu";
    match one_input(inputs) {
        Ok(input) => {
            let slopes = if per_channel { input.size(0) } else { 1 };
            Signature::new(NAME, input).weight("weight", &[slopes])
        }
        Err(misfit) => Signature::misfit(NAME, misfit, inputs[0]),
    }
}

impl<In: Sizes, Out: Sizes, Slopes: SlopeCount> Close<In, Out> for open::PRelu<Slopes> {
    type Layer<E: Dtype, D: Storage<E>> = PRelu<In, Out, Slopes, E, D>;
}

/// The closed layer of [`open::PRelu`].
#[derive(Clone, Debug)]
pub struct PRelu<In, Out, Slopes = OneSlope, E = f32, D = dfdx::prelude::Cpu>
where
    In: Sizes,
    Out: Sizes,
    Slopes: SlopeCount,
    E: Dtype,
    D: Storage<E>,
{
    /// The slope of negative values.
    pub weight: Tensor<(Slopes::Count<In::Channels>,), E, D>,
    /// What flows out.
    pub output: PhantomData<fn() -> Out>,
}

impl<In: Sizes, Out: Sizes, Slopes: SlopeCount, E: Dtype, D: Storage<E>> NonMutableModule
    for PRelu<In, Out, Slopes, E, D>
{
}

impl<In, Out, Slopes, E, D> Layer<E, D> for PRelu<In, Out, Slopes, E, D>
where
    In: Sizes,
    Out: Sizes,
    Slopes: SlopeCount,
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
            let slopes = self.weight.retaped::<T>();
            let slopes: Images<E, D, T> = if Slopes::PER_CHANNEL {
                along_channels(slopes, *x.shape())?
            } else {
                slopes
                    .try_reshape_like(&())?
                    .try_broadcast_like::<_, Axes4<0, 1, 2, 3>>(x.shape())?
            };
            let positive = x.try_gt(scalar::<E>(0.0))?;
            // Only values below 0 meet the slope: an infinite one above would make its gradient NaN.
            let (scaled, tape) = on_tape(&x, tape, |x| negative_part(x)?.try_mul(slopes))?;
            positive.try_choose(x.put_tape(tape), scaled)
        })
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        graph.parameter(&self.weight)?;
        let dims = graph.dims(inputs[0]);
        let planes = if Slopes::PER_CHANNEL {
            Image::from(dims).planes()
        } else {
            Planes::new(1, dims.len())
        };
        Some(graph.push(op::PRelu(planes), inputs, 1, dims))
    }
}

typed_module!([Slopes: SlopeCount,] PRelu<chw => chw, Slopes, E, D>, |inputs| {
    signature(inputs, Slopes::PER_CHANNEL)
});
typed_module!([Slopes: SlopeCount,] PRelu<flat => flat, Slopes, E, D>, |inputs| {
    signature(inputs, Slopes::PER_CHANNEL)
});

impl<In, Out, Slopes, E, D> TensorCollection<E, D> for PRelu<In, Out, Slopes, E, D>
where
    In: Sizes,
    Out: Sizes,
    Slopes: SlopeCount,
    E: Element,
    D: dfdx::prelude::Device<E>,
{
    type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> = PRelu<In, Out, Slopes, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            Self::tensor(
                "weight",
                |s| &s.weight,
                |s| &mut s.weight,
                TensorOptions::reset_with(
                    |t: &mut Tensor<(Slopes::Count<In::Channels>,), E, D>| {
                        let quarters = vec![scalar::<E>(0.25); t.shape().num_elements()];
                        t.copy_from(&quarters);
                        Ok(())
                    },
                ),
            ),
            |weight| PRelu {
                weight,
                output: PhantomData,
            },
        )
    }
}
