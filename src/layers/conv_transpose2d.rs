use std::marker::PhantomData;

use dfdx::prelude::{
    Axes3, Axis, BroadcastTo, ConstDim, Dtype, ModuleVisitor, NonMutableModule, PermuteTo,
    ReshapeTo, Storage, Tape, Tensor, TensorCollection, TryMatMul,
};

use super::bias::{uniform, with_bias, Bias, FanIn};
use super::conv2d::{check_groups, window2d, GroupDims, KernelDims};
use super::layer::typed_module;
use super::{Close, Layer};
use crate::kernels::{conv_transpose2d, op, Image};
use crate::shape::options::{
    check_options, has, BiasCount, Dilation, GroupCount, LayerOption, NoBias, NoKernel, Options,
    OutputPadding, Padding, PaddingSize, Pair, Property, Stride, Ungrouped, WithBias,
};
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, Signature};
use crate::tensor::{fold, Device, Element, Features, Graph, Sizes, Value};

/// The open layer.
pub mod open {
    /// Stamps a learned kernel for each of `F` filters on the output, once for every input value
    /// and as strongly, and adds a bias: a convolution from output to input.
    ///
    /// `y[f] = b[f] + Σ_c Σ_i x[c,i] · w[c,f]` with the kernel laid at `S·i − P`
    ///
    /// # Shapes
    /// Input `C×H×W`, output `F×OH×OW` with `OH = (H − 1)·S − 2P + D·(K − 1) + O + 1` and `OW`
    /// likewise, `weight` `C×(F/G)×KH×KW`, `bias` `F`.
    ///
    /// # Parameters
    /// - `F`: number of filters, the channels of the output.
    /// - `Kernel<K>` or `Kernel<KH, KW>`: size of the kernel; it has no default.
    /// - `Stride<S>`: output pixels from one stamp to the next (default 1).
    /// - `Padding<P>`: pixels to take away on every side of the output (default 0).
    /// - `OutputPadding<O>`: rows below and columns right to add to the output (default 0), fewer
    ///   than the stride or the dilation.
    /// - `Dilation<D>`: pixels from one tap to the next (default 1).
    /// - `Groups<G>`: input channels and filters in `G` groups (default 1).
    /// - `NoBias`: leaves the bias out.
    ///
    /// Options come in any order, and each of them except `Groups` may differ vertically and
    /// horizontally: `Stride<2, 1>`. `weight` and `bias` start uniformly in ±1/√(F/G·KH·KW).
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 1, 2>, output = Chw<1, 2, 4>)]
    /// struct Stamp {
    ///     up: ConvTranspose2d<1, Kernel<2>, Stride<2>, NoBias>,
    /// }
    /// let dev = Cpu::default();
    /// let mut net: Stamp = Stamp::new(&dev);
    /// net.up.weight = dev.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]);
    /// let y = net.forward(dev.tensor([[[[1.0, 10.0]]]]));
    /// assert_eq!(y.array(), [[[[1.0, 2.0, 10.0, 20.0], [3.0, 4.0, 30.0, 40.0]]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<4, 7, 7>, output = Chw<2, 16, 16>)]
    /// struct Net {
    ///     up: ConvTranspose2d<2, Kernel<2>, Stride<2>, OutputPadding<2>>, // 1 at most
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.ConvTranspose2d(C, F, K, S, P, O, G, dilation=D)`
    ///
    /// # Source
    /// Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016.
    #[derive(Clone, Copy, Debug, Default)]
    #[allow(clippy::type_complexity)]
    pub struct ConvTranspose2d<
        const F: usize,
        O1 = (),
        O2 = (),
        O3 = (),
        O4 = (),
        O5 = (),
        O6 = (),
        O7 = (),
    >(std::marker::PhantomData<(O1, O2, O3, O4, O5, O6, O7)>);
}

const NAME: &str = "ConvTranspose2d";

impl<In, const F: usize, O1, O2, O3, O4, O5, O6, O7> Infer<In>
    for open::ConvTranspose2d<F, O1, O2, O3, O4, O5, O6, O7>
where
    In: Inputs,
    O1: LayerOption,
    O2: LayerOption,
    O3: LayerOption,
    O4: LayerOption,
    O5: LayerOption,
    O6: LayerOption,
    O7: LayerOption,
{
    const SIGNATURE: Signature = {
        let options = check_options::<(O1, O2, O3, O4, O5, O6, O7)>(&[
            Property::Kernel,
            Property::Stride,
            Property::Padding,
            Property::OutputPadding,
            Property::Dilation,
            Property::Groups,
            Property::Bias,
        ]);
        let options = match options {
            Ok(()) if !has::<(O1, O2, O3, O4, O5, O6, O7)>(Property::Kernel) => {
                Err(Misfit::NoKernel)
            }
            options => options,
        };
        signature::<
            <(O1, O2, O3, O4, O5, O6, O7) as Options>::Kernel<NoKernel>,
            <(O1, O2, O3, O4, O5, O6, O7) as Options>::Stride<Stride<1>>,
            <(O1, O2, O3, O4, O5, O6, O7) as Options>::Padding,
            <(O1, O2, O3, O4, O5, O6, O7) as Options>::OutputPadding,
            <(O1, O2, O3, O4, O5, O6, O7) as Options>::Dilation,
            <(O1, O2, O3, O4, O5, O6, O7) as Options>::Groups,
            <(O1, O2, O3, O4, O5, O6, O7) as Options>::Bias,
        >(In::DIMS, F, options)
    };
}

const fn signature<K, S, P, O, L, G, Biased>(
    inputs: &[Dims],
    filters: usize,
    options: Result<(), Misfit>,
) -> Signature
where
    K: Pair,
    S: Pair,
    P: PaddingSize,
    O: Pair,
    L: Pair,
    G: GroupCount,
    Biased: BiasCount,
{
    let unknown = Dims::chw(filters, 1, 1);
    if let Err(misfit) = options {
        return Signature::unknown(NAME, misfit, unknown);
    }
    if filters == 0 {
        let what = "number of filters";
        return Signature::unknown(NAME, Misfit::Zero { what }, unknown);
    }
    let window = window2d::<K, S, P, L>();
    let (channels, height, width) = match one_image(inputs) {
        Ok(sizes) => sizes,
        Err(misfit) => return Signature::unknown(NAME, misfit, unknown),
    };
    let output = match window.transposed(height, width, O::PAIR) {
        Ok((height, width)) => Dims::chw(filters, height, width),
        Err(misfit) => return Signature::unknown(NAME, misfit, unknown),
    };
    let groups = G::GROUPS;
    if let Err(misfit) = check_groups(groups, channels, filters) {
        return Signature::misfit(NAME, misfit, output);
    }
    let (rows, columns) = window.kernel;
    let stamp = (filters / groups).saturating_mul(window.taps());
    let signature = Signature::new(NAME, output)
        .weight("weight", &[channels, filters / groups, rows, columns])
        .macs(stamp.saturating_mul(inputs[0].len()))
        .sees(window.transposed_field());
    with_bias(signature, Biased::BIASES, filters)
}

impl<In, Out, const F: usize, O1, O2, O3, O4, O5, O6, O7> Close<In, Out>
    for open::ConvTranspose2d<F, O1, O2, O3, O4, O5, O6, O7>
where
    In: Sizes,
    Out: Sizes,
    O1: LayerOption,
    O2: LayerOption,
    O3: LayerOption,
    O4: LayerOption,
    O5: LayerOption,
    O6: LayerOption,
    O7: LayerOption,
    <(O1, O2, O3, O4, O5, O6, O7) as Options>::Kernel<NoKernel>: KernelDims,
    <(O1, O2, O3, O4, O5, O6, O7) as Options>::Groups: GroupDims,
    <(O1, O2, O3, O4, O5, O6, O7) as Options>::Bias: Bias,
{
    type Layer<E: Dtype, D: Storage<E>> = ConvTranspose2d<
        In,
        Out,
        <(O1, O2, O3, O4, O5, O6, O7) as Options>::Kernel<NoKernel>,
        <(O1, O2, O3, O4, O5, O6, O7) as Options>::Stride<Stride<1>>,
        <(O1, O2, O3, O4, O5, O6, O7) as Options>::Padding,
        <(O1, O2, O3, O4, O5, O6, O7) as Options>::OutputPadding,
        <(O1, O2, O3, O4, O5, O6, O7) as Options>::Dilation,
        <(O1, O2, O3, O4, O5, O6, O7) as Options>::Groups,
        <(O1, O2, O3, O4, O5, O6, O7) as Options>::Bias,
        E,
        D,
    >;
}

/// The closed layer of [`open::ConvTranspose2d`].
#[derive(Clone, Debug)]
pub struct ConvTranspose2d<
    In,
    Out,
    K,
    S = Stride<1>,
    P = Padding<0>,
    O = OutputPadding<0>,
    L = Dilation<1>,
    G = Ungrouped,
    Biased = WithBias,
    E = f32,
    D = dfdx::prelude::Cpu,
> where
    In: Sizes,
    Out: Sizes,
    K: KernelDims,
    G: GroupDims,
    Biased: Bias,
    E: Dtype,
    D: Storage<E>,
{
    /// One kernel for each channel and each filter that it reaches.
    #[allow(clippy::type_complexity)]
    pub weight: Tensor<
        (
            In::Channels,
            G::Channels<Out::Channels>,
            K::Height,
            K::Width,
        ),
        E,
        D,
    >,
    /// One number for each filter.
    pub bias: Biased::Field<Out::Channels, E, D>,
    /// The options of the window.
    #[allow(clippy::type_complexity)]
    pub window: PhantomData<fn() -> (S, P, O, L)>,
}

impl<In, Out, K, S, P, O, L, G, Biased, E, D> NonMutableModule
    for ConvTranspose2d<In, Out, K, S, P, O, L, G, Biased, E, D>
where
    In: Sizes,
    Out: Sizes,
    K: KernelDims,
    G: GroupDims,
    Biased: Bias,
    E: Dtype,
    D: Storage<E>,
{
}

impl<In, Out, K, S, P, O, L, G, Biased, E, D> FanIn
    for ConvTranspose2d<In, Out, K, S, P, O, L, G, Biased, E, D>
where
    In: Sizes,
    Out: Sizes,
    K: KernelDims,
    G: GroupDims,
    Biased: Bias,
    E: Dtype,
    D: Storage<E>,
{
    const FAN_IN: usize = G::Channels::<Out::Channels>::SIZE * K::Height::SIZE * K::Width::SIZE;
}

impl<In, Out, K, S, P, O, L, G, Biased, E, D> Layer<E, D>
    for ConvTranspose2d<In, Out, K, S, P, O, L, G, Biased, E, D>
where
    In: Sizes,
    Out: Sizes,
    K: KernelDims,
    S: Pair,
    P: PaddingSize,
    O: Pair,
    L: Pair,
    G: GroupDims,
    Biased: Bias,
    E: Dtype,
    D: Device<E>,
{
    /// Multiplies every pixel with the weights, group by group, and folds the stamps.
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let window = const { window2d::<K, S, P, L>() };
        let (batch, input, output, groups) = (x.batch(), In::DIMS, Out::DIMS, G::GROUPS);
        let (channels, places) = (input.size(0) / groups, (input.size(1), input.size(2)));
        let stamp = output.size(0) / groups * window.taps();
        let pixels = places.0 * places.1;
        let x = x
            .into_images()
            .try_reshape_like(&(batch, groups, channels, pixels))?;
        let weight = self
            .weight
            .retaped::<T>()
            .try_reshape_like(&(groups, channels, stamp))?
            .try_permute::<_, Axes3<0, 2, 1>>()?
            .try_broadcast_like::<_, Axis<0>>(&(batch, groups, stamp, channels))?;
        let stamps = weight.try_matmul(x)?.try_reshape_like(&(
            batch,
            output.size(0),
            window.taps(),
            pixels,
        ))?;
        let y = fold(stamps, &window, places, (output.size(1), output.size(2)))?;
        let y = Features::with_dims(y, batch, output)?;
        y.try_map(|y| Biased::try_add(&self.bias, y))
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        // The kernel takes what is usual: the output padding smaller than the stride.
        if O::PAIR.0 >= S::PAIR.0 || O::PAIR.1 >= S::PAIR.1 {
            return None;
        }
        graph.parameter(&self.weight)?;
        Biased::describe(&self.bias, graph)?;
        let op = op::ConvTranspose2d(conv_transpose2d::Geometry {
            input: Image::from(In::DIMS),
            filters: Out::DIMS.size(0),
            window: const { window2d::<K, S, P, L>() }.into(),
            output_padding: O::PAIR,
            groups: G::GROUPS,
        });
        Some(graph.push(op, inputs, 1 + Biased::BIASES, Out::DIMS))
    }
}

typed_module!(
    [K: KernelDims, S: Pair, P: PaddingSize, O: Pair, L: Pair, G: GroupDims, Biased: Bias,]
    ConvTranspose2d<chw => chw, K, S, P, O, L, G, Biased, E, D>,
    |inputs| signature::<K, S, P, O, L, G, Biased>(inputs, F, Ok(()))
);

/// `collection!(Bias, [fields besides the weight], |names| value)`.
macro_rules! collection {
    ($Biased:ty, [$($bias:expr)?], |$weight:ident $($b:ident)?| $value:expr) => {
        impl<In, Out, K, S, P, O, L, G, E, D> TensorCollection<E, D>
            for ConvTranspose2d<In, Out, K, S, P, O, L, G, $Biased, E, D>
        where
            In: Sizes,
            Out: Sizes,
            K: KernelDims,
            G: GroupDims,
            E: Element,
            D: dfdx::prelude::Device<E>,
        {
            type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> =
                ConvTranspose2d<In, Out, K, S, P, O, L, G, $Biased, E2, D2>;

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
                        $($bias,)?
                    ),
                    |($weight, $($b,)?)| $value,
                )
            }
        }
    };
}

collection!(
    WithBias,
    [Self::tensor(
        "bias",
        |s| &s.bias,
        |s| &mut s.bias,
        uniform::<Self, _, _, _>(),
    )],
    |weight bias| ConvTranspose2d {
        weight,
        bias,
        window: PhantomData,
    }
);
collection!(NoBias, [], |weight| ConvTranspose2d {
    weight,
    bias: NoBias,
    window: PhantomData,
});
