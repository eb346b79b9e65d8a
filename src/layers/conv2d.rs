use std::marker::PhantomData;

use dfdx::prelude::{
    Axis, BroadcastTo, Const, ConstDim, Dim, Dtype, ModuleVisitor, NonMutableModule, ReshapeTo,
    Storage, Tape, Tensor, TensorCollection, TryMatMul,
};

use super::bias::{uniform, with_bias, Bias, FanIn};
use super::layer::typed_module;
use super::{Close, Layer};
use crate::kernels::{conv2d, op, Image};
use crate::shape::options::{
    check_options, has, BiasCount, Dilation, GroupCount, Groups, Kernel, LayerOption, NoBias,
    NoKernel, Options, Padding, PaddingSize, Pair, Property, Stride, Ungrouped, WithBias,
};
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, Signature, Window2d};
use crate::tensor::{unfold, Device, Element, Features, Graph, Sizes, Value};

/// The open layer.
pub mod open {
    /// Slides `F` learned kernels over an image and adds a bias.
    ///
    /// `y[f] = b[f] + Σ_c w[f,c] ⋆ x[c]`, where `⋆` is the cross-correlation.
    ///
    /// # Shapes
    /// Input `C×H×W`, output `F×OH×OW` with `OH = ⌊(H + 2P − D·(K − 1) − 1) / S⌋ + 1` and `OW`
    /// likewise, `weight` `F×(C/G)×KH×KW`, `bias` `F`.
    ///
    /// # Parameters
    /// - `F`: number of filters, the channels of the output.
    /// - `Kernel<K>` or `Kernel<KH, KW>`: size of the kernel; it has no default.
    /// - `Stride<S>`: pixels from one place to the next (default 1).
    /// - `Padding<P>`: zeros around the image (default 0, also called `ValidPadding`), or
    ///   `SamePadding`: as many as keep the size.
    /// - `Dilation<D>`: pixels from one tap to the next (default 1).
    /// - `Groups<G>`: input channels and filters in `G` groups (default 1).
    /// - `NoBias`: leaves the bias out.
    ///
    /// Options come in any order, and each of them except `Groups` may differ vertically and
    /// horizontally: `Stride<2, 1>`. `weight` and `bias` start uniformly in ±1/√(C/G·KH·KW).
    ///
    /// # Example
    /// A hand-set filter that finds vertical edges:
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 2, 4>, output = Chw<1, 2, 3>)]
    /// struct Edges {
    ///     edge: Conv2d<1, Kernel<1, 2>, NoBias>,
    /// }
    /// let dev = Cpu::default();
    /// let mut net: Edges = Edges::new(&dev);
    /// net.edge.weight = dev.tensor([[[[-1.0, 1.0]]]]);
    /// let x = dev.tensor([[[[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 9.0]]]]);
    /// assert_eq!(net.forward(x).array(), [[[[0.0, 9.0, 0.0], [0.0, 9.0, 0.0]]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 4, 4>, output = Chw<8, 1, 1>)]
    /// struct Net {
    ///     conv: Conv2d<8, Kernel<5>>, // larger than the image
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.Conv2d(C, F, K, S, P, D, G)`
    #[derive(Clone, Copy, Debug, Default)]
    #[allow(clippy::type_complexity)]
    pub struct Conv2d<const F: usize, O1 = (), O2 = (), O3 = (), O4 = (), O5 = (), O6 = ()>(
        std::marker::PhantomData<(O1, O2, O3, O4, O5, O6)>,
    );
}

const NAME: &str = "Conv2d";

impl<In, const F: usize, O1, O2, O3, O4, O5, O6> Infer<In>
    for open::Conv2d<F, O1, O2, O3, O4, O5, O6>
where
    In: Inputs,
    O1: LayerOption,
    O2: LayerOption,
    O3: LayerOption,
    O4: LayerOption,
    O5: LayerOption,
    O6: LayerOption,
{
    const SIGNATURE: Signature = {
        let options = check_options::<(O1, O2, O3, O4, O5, O6)>(&[
            Property::Kernel,
            Property::Stride,
            Property::Padding,
            Property::Dilation,
            Property::Groups,
            Property::Bias,
        ]);
        let options = match options {
            Ok(()) if !has::<(O1, O2, O3, O4, O5, O6)>(Property::Kernel) => Err(Misfit::NoKernel),
            options => options,
        };
        signature::<
            <(O1, O2, O3, O4, O5, O6) as Options>::Kernel<NoKernel>,
            <(O1, O2, O3, O4, O5, O6) as Options>::Stride<Stride<1>>,
            <(O1, O2, O3, O4, O5, O6) as Options>::Padding,
            <(O1, O2, O3, O4, O5, O6) as Options>::Dilation,
            <(O1, O2, O3, O4, O5, O6) as Options>::Groups,
            <(O1, O2, O3, O4, O5, O6) as Options>::Bias,
        >(In::DIMS, F, options)
    };
}

const fn signature<K, S, P, L, G, Biased>(
    inputs: &[Dims],
    filters: usize,
    options: Result<(), Misfit>,
) -> Signature
where
    K: Pair,
    S: Pair,
    P: PaddingSize,
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
    let output = match window.output(height, width) {
        Ok((height, width)) => Dims::chw(filters, height, width),
        Err(misfit) => return Signature::unknown(NAME, misfit, unknown),
    };
    let groups = G::GROUPS;
    if let Err(misfit) = check_groups(groups, channels, filters) {
        return Signature::misfit(NAME, misfit, output);
    }
    let (rows, columns) = window.kernel;
    let fan_in = (channels / groups).saturating_mul(window.taps());
    let signature = Signature::new(NAME, output)
        .weight("weight", &[filters, channels / groups, rows, columns])
        .macs(fan_in.saturating_mul(output.len()))
        .sees(window.receptive_field());
    with_bias(signature, Biased::BIASES, filters)
}

/// Whether `groups` divide both the input channels and the filters.
pub(super) const fn check_groups(
    groups: usize,
    channels: usize,
    filters: usize,
) -> Result<(), Misfit> {
    let (count, what) = if groups == 0 || !channels.is_multiple_of(groups) {
        (channels, "input channels")
    } else {
        (filters, "filters")
    };
    if groups == 0 || !count.is_multiple_of(groups) {
        return Err(Misfit::GroupsDoNotDivide {
            groups,
            count,
            what,
        });
    }
    Ok(())
}

pub(super) const fn window2d<K: Pair, S: Pair, P: PaddingSize, L: Pair>() -> Window2d {
    Window2d {
        kernel: K::PAIR,
        stride: S::PAIR,
        padding: P::PADDING,
        dilation: L::PAIR,
    }
}

impl<In, Out, const F: usize, O1, O2, O3, O4, O5, O6> Close<In, Out>
    for open::Conv2d<F, O1, O2, O3, O4, O5, O6>
where
    In: Sizes,
    Out: Sizes,
    O1: LayerOption,
    O2: LayerOption,
    O3: LayerOption,
    O4: LayerOption,
    O5: LayerOption,
    O6: LayerOption,
    <(O1, O2, O3, O4, O5, O6) as Options>::Kernel<NoKernel>: KernelDims,
    <(O1, O2, O3, O4, O5, O6) as Options>::Groups: GroupDims,
    <(O1, O2, O3, O4, O5, O6) as Options>::Bias: Bias,
{
    type Layer<E: Dtype, D: Storage<E>> = Conv2d<
        In,
        Out,
        <(O1, O2, O3, O4, O5, O6) as Options>::Kernel<NoKernel>,
        <(O1, O2, O3, O4, O5, O6) as Options>::Stride<Stride<1>>,
        <(O1, O2, O3, O4, O5, O6) as Options>::Padding,
        <(O1, O2, O3, O4, O5, O6) as Options>::Dilation,
        <(O1, O2, O3, O4, O5, O6) as Options>::Groups,
        <(O1, O2, O3, O4, O5, O6) as Options>::Bias,
        E,
        D,
    >;
}

/// The size of a kernel as dfdx dimensions.
pub trait KernelDims: Pair {
    /// Rows.
    type Height: ConstDim;
    /// Columns.
    type Width: ConstDim;
}

impl<const H: usize, const W: usize> KernelDims for Kernel<H, W> {
    type Height = Const<H>;
    type Width = Const<W>;
}

/// The channels that one group of filters sees.
pub trait GroupDims: GroupCount {
    /// `C / G`.
    type Channels<C: ConstDim>: ConstDim;
}

impl GroupDims for Ungrouped {
    type Channels<C: ConstDim> = C;
}

impl<const G: usize> GroupDims for Groups<G> {
    type Channels<C: ConstDim> = PerGroup<C, G>;
}

/// The dimension `C / G`, which stable Rust cannot write as a `Const`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerGroup<C, const G: usize>(PhantomData<C>);

impl<C: ConstDim, const G: usize> Dim for PerGroup<C, G> {
    fn size(&self) -> usize {
        Self::SIZE
    }

    fn from_size(size: usize) -> Option<Self> {
        (size == Self::SIZE).then_some(PerGroup(PhantomData))
    }
}

impl<C: ConstDim, const G: usize> ConstDim for PerGroup<C, G> {
    const SIZE: usize = C::SIZE / G;
}

/// The closed layer of [`open::Conv2d`].
#[derive(Clone, Debug)]
pub struct Conv2d<
    In,
    Out,
    K,
    S = Stride<1>,
    P = Padding<0>,
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
    /// One kernel for each filter and each channel it sees.
    #[allow(clippy::type_complexity)]
    pub weight: Tensor<
        (
            Out::Channels,
            G::Channels<In::Channels>,
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
    pub window: PhantomData<fn() -> (S, P, L)>,
}

impl<In, Out, K, S, P, L, G, Biased, E, D> NonMutableModule
    for Conv2d<In, Out, K, S, P, L, G, Biased, E, D>
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

impl<In, Out, K, S, P, L, G, Biased, E, D> FanIn for Conv2d<In, Out, K, S, P, L, G, Biased, E, D>
where
    In: Sizes,
    Out: Sizes,
    K: KernelDims,
    G: GroupDims,
    Biased: Bias,
    E: Dtype,
    D: Storage<E>,
{
    const FAN_IN: usize = G::Channels::<In::Channels>::SIZE * K::Height::SIZE * K::Width::SIZE;
}

impl<In, Out, K, S, P, L, G, Biased, E, D> Layer<E, D>
    for Conv2d<In, Out, K, S, P, L, G, Biased, E, D>
where
    In: Sizes,
    Out: Sizes,
    K: KernelDims,
    S: Pair,
    P: PaddingSize,
    L: Pair,
    G: GroupDims,
    Biased: Bias,
    E: Dtype,
    D: Device<E>,
{
    /// Unfolds the image and multiplies it with the weights, group by group.
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let window = const { window2d::<K, S, P, L>() };
        let (batch, output, groups) = (x.batch(), Out::DIMS, G::GROUPS);
        let (filters, height, width) = (output.size(0), output.size(1), output.size(2));
        let fan_in = In::DIMS.size(0) / groups * window.taps();
        let patches = unfold(x.into_images(), &window, (height, width))?.try_reshape_like(&(
            batch,
            groups,
            fan_in,
            height * width,
        ))?;
        let weight = self
            .weight
            .retaped::<T>()
            .try_reshape_like(&(groups, filters / groups, fan_in))?
            .try_broadcast_like::<_, Axis<0>>(&(batch, groups, filters / groups, fan_in))?;
        let y = weight
            .try_matmul(patches)?
            .try_reshape_like(&(batch, filters, height, width))?;
        Ok(Features::images(Biased::try_add(&self.bias, y)?))
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        graph.parameter(&self.weight)?;
        Biased::describe(&self.bias, graph)?;
        let op = op::Conv2d::new(conv2d::Geometry {
            input: Image::from(In::DIMS),
            filters: Out::DIMS.size(0),
            window: const { window2d::<K, S, P, L>() }.into(),
            groups: G::GROUPS,
        });
        Some(graph.push(op, inputs, 1 + Biased::BIASES, Out::DIMS))
    }
}

typed_module!(
    [K: KernelDims, S: Pair, P: PaddingSize, L: Pair, G: GroupDims, Biased: Bias,]
    Conv2d<chw => chw, K, S, P, L, G, Biased, E, D>,
    |inputs| signature::<K, S, P, L, G, Biased>(inputs, F, Ok(()))
);

/// `collection!(Bias, [fields besides the weight], |names| value)`.
macro_rules! collection {
    ($Biased:ty, [$($bias:expr)?], |$weight:ident $($b:ident)?| $value:expr) => {
        impl<In, Out, K, S, P, L, G, E, D> TensorCollection<E, D>
            for Conv2d<In, Out, K, S, P, L, G, $Biased, E, D>
        where
            In: Sizes,
            Out: Sizes,
            K: KernelDims,
            G: GroupDims,
            E: Element,
            D: dfdx::prelude::Device<E>,
        {
            type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> =
                Conv2d<In, Out, K, S, P, L, G, $Biased, E2, D2>;

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
    |weight bias| Conv2d {
        weight,
        bias,
        window: PhantomData,
    }
);
collection!(NoBias, [], |weight| Conv2d {
    weight,
    bias: NoBias,
    window: PhantomData,
});
