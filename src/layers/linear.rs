use dfdx::prelude::{
    ConstDim, Dtype, ModuleVisitor, NonMutableModule, PermuteTo, ReshapeTo, Storage, Tape, Tensor,
    TensorCollection, TryMatMul,
};

use super::bias::{uniform, with_bias, Bias, FanIn};
use super::layer::typed_module;
use super::{Close, Layer};
use crate::kernels::{linear, op};
use crate::shape::options::{
    check_options, BiasCount, LayerOption, NoBias, Options, Property, WithBias,
};
use crate::shape::{one_input, Dims, Infer, Inputs, Misfit, ReceptiveField, Signature};
use crate::tensor::{Device, Element, Features, Graph, Sizes, Value};

/// The open layer.
pub mod open {
    /// Multiplies a vector with a learned matrix and adds a bias: the dense layer.
    ///
    /// `y = W x + b`
    ///
    /// # Shapes
    /// Input `M`, output `N`, `weight` `N×M`, `bias` `N`. It does not flatten images by itself.
    ///
    /// # Parameters
    /// - `N`: features of the output.
    /// - `NoBias`: leaves the bias out.
    ///
    /// `weight` and `bias` start uniformly in ±1/√M.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Flat<2>, output = Flat<1>)]
    /// struct Net {
    ///     fc: Linear<1>,
    /// }
    /// let dev = Cpu::default();
    /// let mut net: Net = Net::new(&dev);
    /// net.fc.weight = dev.tensor([[2.0, 3.0]]);
    /// net.fc.bias = dev.tensor([10.0]);
    /// assert_eq!(net.forward(dev.tensor([[1.0, 4.0]])).array(), [[24.0]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 28, 28>, output = Flat<10>)]
    /// struct Net {
    ///     fc: Linear<10>, // needs a `Flatten` before it
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.Linear(M, N)`
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Linear<const N: usize, O1 = ()>(std::marker::PhantomData<O1>);
}

type Folded<O1> = (O1, (), (), (), (), ());

impl<In: Inputs, const N: usize, O1: LayerOption> Infer<In> for open::Linear<N, O1> {
    const SIGNATURE: Signature = signature(
        In::DIMS,
        N,
        <Folded<O1> as Options>::Bias::BIASES,
        check_options::<Folded<O1>>(&[Property::Bias]),
    );
}

const fn signature(
    inputs: &[Dims],
    features: usize,
    biases: usize,
    options: Result<(), Misfit>,
) -> Signature {
    const NAME: &str = "Linear";
    let output = Dims::flat(features);
    if features == 0 {
        let what = "number of features";
        return Signature::unknown(NAME, Misfit::Zero { what }, output);
    }
    if let Err(misfit) = options {
        return Signature::misfit(NAME, misfit, output);
    }
    match one_input(inputs) {
        Ok(Dims::Flat { features: inputs }) => {
            let signature = Signature::new(NAME, output)
                .weight("weight", &[features, inputs])
                .macs(inputs.saturating_mul(features))
                .sees(ReceptiveField::ALL);
            with_bias(signature, biases, features)
        }
        Ok(found) => Signature::misfit(NAME, Misfit::NeedsFlat { found }, output),
        Err(misfit) => Signature::misfit(NAME, misfit, output),
    }
}

impl<In: Sizes, Out: Sizes, const N: usize, O1: LayerOption> Close<In, Out> for open::Linear<N, O1>
where
    <Folded<O1> as Options>::Bias: Bias,
{
    type Layer<E: Dtype, D: Storage<E>> = Linear<In, Out, <Folded<O1> as Options>::Bias, E, D>;
}

/// The closed layer of [`open::Linear`].
#[derive(Clone, Debug)]
pub struct Linear<In, Out, Biased = WithBias, E = f32, D = dfdx::prelude::Cpu>
where
    In: Sizes,
    Out: Sizes,
    Biased: Bias,
    E: Dtype,
    D: Storage<E>,
{
    /// One row of weights for each output.
    pub weight: Tensor<(Out::Channels, In::Channels), E, D>,
    /// One number for each output.
    pub bias: Biased::Field<Out::Channels, E, D>,
}

impl<In: Sizes, Out: Sizes, Biased: Bias, E: Dtype, D: Storage<E>> FanIn
    for Linear<In, Out, Biased, E, D>
{
    const FAN_IN: usize = In::Channels::SIZE;
}

impl<In: Sizes, Out: Sizes, Biased: Bias, E: Dtype, D: Storage<E>> NonMutableModule
    for Linear<In, Out, Biased, E, D>
{
}

impl<In, Out, Biased, E, D> Layer<E, D> for Linear<In, Out, Biased, E, D>
where
    In: Sizes,
    Out: Sizes,
    Biased: Bias,
    E: Dtype,
    D: Device<E>,
{
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let sizes = (Out::DIMS.size(0), In::DIMS.size(0));
        let weight = self.weight.retaped::<T>().try_reshape_like(&sizes)?;
        let y = x.try_into_vectors()?.try_matmul(weight.try_permute()?)?;
        Features::vectors(y)?.try_map(|y| Biased::try_add(&self.bias, y))
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        graph.parameter(&self.weight)?;
        Biased::describe(&self.bias, graph)?;
        let op = op::Linear {
            geometry: linear::Geometry {
                inputs: In::DIMS.len(),
                outputs: Out::DIMS.len(),
            },
            relu: false,
        };
        Some(graph.push(op, inputs, 1 + Biased::BIASES, Out::DIMS))
    }
}

typed_module!([Biased: Bias,] Linear<flat => flat, Biased, E, D>, |inputs| {
    signature(inputs, N, Biased::BIASES, Ok(()))
});

impl<In: Sizes, Out: Sizes, E: Element, D: dfdx::prelude::Device<E>> TensorCollection<E, D>
    for Linear<In, Out, WithBias, E, D>
{
    type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> = Linear<In, Out, WithBias, E2, D2>;

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
            |(weight, bias)| Linear { weight, bias },
        )
    }
}

impl<In: Sizes, Out: Sizes, E: Element, D: dfdx::prelude::Device<E>> TensorCollection<E, D>
    for Linear<In, Out, NoBias, E, D>
{
    type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> = Linear<In, Out, NoBias, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            Self::tensor(
                "weight",
                |s| &s.weight,
                |s| &mut s.weight,
                uniform::<Self, _, _, _>(),
            ),
            |weight| Linear {
                weight,
                bias: NoBias,
            },
        )
    }
}
