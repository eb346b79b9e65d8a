use dfdx::prelude::{
    Axis, Const, ConstDim, Dim, Dtype, Module, ModuleVisitor, NonMutableModule, PermuteTo, Storage,
    Tape, Tensor, TensorCollection, TryMatMul,
};

use super::bias::{uniform, Bias, FanIn};
use super::Close;
use crate::shape::options::{
    check_options, BiasCount, LayerOption, NoBias, Options, Property, WithBias,
};
use crate::shape::{one_input, Dims, Flat, Infer, Inputs, Misfit, Signature};
use crate::tensor::{Device, Element, FlatDims};

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
            let weights = inputs.saturating_mul(features);
            Signature::new(NAME, output)
                .params(weights.saturating_add(biases * features))
                .macs(weights)
        }
        Ok(found) => Signature::misfit(NAME, Misfit::NeedsFlat { found }, output),
        Err(misfit) => Signature::misfit(NAME, misfit, output),
    }
}

impl<const M: usize, const N: usize, O1: LayerOption> Close<Flat<M>, Flat<N>>
    for open::Linear<N, O1>
where
    <Folded<O1> as Options>::Bias: Bias,
{
    type Layer<E: Dtype, D: Storage<E>> =
        Linear<Flat<M>, Flat<N>, <Folded<O1> as Options>::Bias, E, D>;
}

/// The closed layer of [`open::Linear`].
#[derive(Clone, Debug)]
pub struct Linear<In, Out, Biased = WithBias, E = f32, D = dfdx::prelude::Cpu>
where
    In: FlatDims,
    Out: FlatDims,
    Biased: Bias,
    E: Dtype,
    D: Storage<E>,
{
    /// One row of weights for each output.
    pub weight: Tensor<(Out::Features, In::Features), E, D>,
    /// One number for each output.
    pub bias: Biased::Field<Out::Features, E, D>,
}

impl<In: FlatDims, Out: FlatDims, Biased: Bias, E: Dtype, D: Storage<E>> FanIn
    for Linear<In, Out, Biased, E, D>
{
    const FAN_IN: usize = In::Features::SIZE;
}

impl<In: FlatDims, Out: FlatDims, Biased: Bias, E: Dtype, D: Storage<E>> NonMutableModule
    for Linear<In, Out, Biased, E, D>
{
}

impl<const M: usize, const N: usize, Biased, B, E, D, T> Module<Tensor<(B, Const<M>), E, D, T>>
    for Linear<Flat<M>, Flat<N>, Biased, E, D>
where
    Biased: Bias,
    B: Dim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    type Output = Tensor<(B, Const<N>), E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<(B, Const<M>), E, D, T>) -> Result<Self::Output, D::Err> {
        let y = x.try_matmul(self.weight.retaped::<T>().try_permute()?)?;
        Biased::try_add::<_, _, Axis<0>, _, _, _>(&self.bias, y)
    }
}

impl<const M: usize, const N: usize, E: Element, D: dfdx::prelude::Device<E>> TensorCollection<E, D>
    for Linear<Flat<M>, Flat<N>, WithBias, E, D>
{
    type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> = Linear<Flat<M>, Flat<N>, WithBias, E2, D2>;

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

impl<const M: usize, const N: usize, E: Element, D: dfdx::prelude::Device<E>> TensorCollection<E, D>
    for Linear<Flat<M>, Flat<N>, NoBias, E, D>
{
    type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> = Linear<Flat<M>, Flat<N>, NoBias, E2, D2>;

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
