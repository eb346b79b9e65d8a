use dfdx::prelude::{Axes3, Axis, BroadcastTo, Dtype, HasShape, Storage, SumTo, Tape, TryMul};

use super::{Close, Compute, Weightless};
use crate::kernels::{op, pool2d};
use crate::shape::options::{
    check_options, LayerOption, Options, PaddingSize, Pair, Property, Stride,
};
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, Signature, Window2d};
use crate::tensor::{filled, scalar, unfold, Device, Element, Features, Graph, Value};

/// The open layer and the kernels.
pub mod open {
    /// Slides a fixed kernel over every channel of an image by itself; nothing is learned.
    ///
    /// `y[c] = k ⋆ x[c]`, where `⋆` is the cross-correlation
    ///
    /// The kernel is not turned around: its first weight meets the pixel above and left, as in
    /// `Conv2d`. So `SobelX` is positive where an image gets brighter to the right.
    ///
    /// # Shapes
    /// `C×H×W` → `C×OH×OW` with `OH = ⌊(H + 2P − D·(K − 1) − 1) / S⌋ + 1` and `OW` likewise.
    ///
    /// # Parameters
    /// - `F`: the kernel: `Edge`, `SobelX`, `SobelY`, `PrewittX`, `PrewittY`, `Laplacian`,
    ///   `Sharpen`, `BoxBlur`, `GaussianBlur` or `Emboss`, all of them 3×3, or a type of your own
    ///   that implements [`FixedKernel`].
    /// - `Stride<S>`: pixels from one place to the next (default 1).
    /// - `Padding<P>`: zeros around the image (default 0), or `SamePadding`.
    /// - `Dilation<D>`: pixels from one tap to the next (default 1).
    ///
    /// # Example
    /// Where an image gets brighter to the right, by a kernel from here and by one of your own:
    /// ```
    /// use shapeproof::prelude::*;
    /// #[derive(Clone, Copy, Debug, Default)]
    /// struct Step;
    /// impl FixedKernel for Step {
    ///     const HEIGHT: usize = 1;
    ///     const WIDTH: usize = 2;
    ///     const WEIGHTS: &'static [f64] = &[-1.0, 1.0];
    /// }
    /// #[model(input = Chw<1, 3, 4>, output = (Chw<1, 1, 2>, Chw<1, 3, 3>))]
    /// struct Net {
    ///     #[from(input)]
    ///     sobel: Filter2d<SobelX>,
    ///     #[from(input)]
    ///     step: Filter2d<Step>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let (sobel, step) = net.forward(dev.tensor([[[[0.0, 0.0, 1.0, 3.0]; 3]]]));
    /// assert_eq!(sobel.array(), [[[[4.0, 12.0]]]]);
    /// assert_eq!(step.array(), [[[[0.0, 1.0, 2.0]; 3]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 2, 8>, output = Chw<1, 1, 6>)]
    /// struct Net {
    ///     edge: Filter2d<Edge>, // needs 3 rows
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.functional.conv2d(x, k.expand(C, 1, KH, KW), None, S, P, D, groups=C)`
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Filter2d<F, O1 = (), O2 = (), O3 = ()>(std::marker::PhantomData<(F, O1, O2, O3)>);

    /// The kernel of a [`Filter2d`].
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a fixed kernel",
        label = "use a kernel such as `Edge` or `SobelX`, or implement `FixedKernel` for `{Self}`"
    )]
    pub trait FixedKernel: 'static {
        /// Rows.
        const HEIGHT: usize;
        /// Columns.
        const WIDTH: usize;
        /// The weights, row by row.
        const WEIGHTS: &'static [f64];
    }

    /// `kernels!(doc Name = divisor: weights;)`: kernels of 3×3 weights, each divided by `divisor`.
    macro_rules! kernels {
        ($($(#[$doc:meta])* $Name:ident = $divisor:literal: [$($weight:expr),+];)+) => {$(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default)]
            pub struct $Name;

            impl FixedKernel for $Name {
                const HEIGHT: usize = 3;
                const WIDTH: usize = 3;
                const WEIGHTS: &'static [f64] = &[$($weight as f64 / $divisor),+];
            }
        )+};
    }

    #[rustfmt::skip] // one row of the kernel a line
    kernels! {
        /// Outlines in all directions: what a pixel has more than its eight neighbours.
        Edge = 1.0: [
            -1, -1, -1,
            -1,  8, -1,
            -1, -1, -1
        ];
        /// How much brighter it gets to the right, smoothed along the columns.
        SobelX = 1.0: [
            -1, 0, 1,
            -2, 0, 2,
            -1, 0, 1
        ];
        /// How much brighter it gets downwards, smoothed along the rows.
        SobelY = 1.0: [
            -1, -2, -1,
             0,  0,  0,
             1,  2,  1
        ];
        /// How much brighter it gets to the right, summed along the columns.
        PrewittX = 1.0: [
            -1, 0, 1,
            -1, 0, 1,
            -1, 0, 1
        ];
        /// How much brighter it gets downwards, summed along the rows.
        PrewittY = 1.0: [
            -1, -1, -1,
             0,  0,  0,
             1,  1,  1
        ];
        /// The sum of the second differences: positive in the dark beside an edge.
        Laplacian = 1.0: [
            0,  1, 0,
            1, -4, 1,
            0,  1, 0
        ];
        /// The image and what it has more than its four neighbours.
        Sharpen = 1.0: [
             0, -1,  0,
            -1,  5, -1,
             0, -1,  0
        ];
        /// The mean of 3×3 pixels.
        BoxBlur = 9.0: [
            1, 1, 1,
            1, 1, 1,
            1, 1, 1
        ];
        /// The mean of 3×3 pixels with binomial weights.
        GaussianBlur = 16.0: [
            1, 2, 1,
            2, 4, 2,
            1, 2, 1
        ];
        /// Relief lit from below and right.
        Emboss = 1.0: [
            -2, -1, 0,
            -1,  1, 1,
             0,  1, 2
        ];
    }
}

const NAME: &str = "Filter2d";

/// The options, of which a filter has three.
type Folded<O1, O2, O3> = (O1, O2, O3, (), (), ());

const fn window2d<F, O>() -> Window2d
where
    F: open::FixedKernel,
    O: Options,
{
    Window2d {
        kernel: (F::HEIGHT, F::WIDTH),
        stride: <O::Stride<Stride<1>> as Pair>::PAIR,
        padding: <O::Padding as PaddingSize>::PADDING,
        dilation: <O::Dilation as Pair>::PAIR,
    }
}

impl<In, F, O1, O2, O3> Infer<In> for open::Filter2d<F, O1, O2, O3>
where
    In: Inputs,
    F: open::FixedKernel,
    O1: LayerOption,
    O2: LayerOption,
    O3: LayerOption,
{
    const SIGNATURE: Signature = signature::<F, Folded<O1, O2, O3>>(In::DIMS);
}

const fn signature<F: open::FixedKernel, O: Options>(inputs: &[Dims]) -> Signature {
    let unknown = inputs[0];
    let options = check_options::<O>(&[Property::Stride, Property::Padding, Property::Dilation]);
    if let Err(misfit) = options {
        return Signature::unknown(NAME, misfit, unknown);
    }
    let window = window2d::<F, O>();
    if F::WEIGHTS.len() != window.taps() {
        let misfit = Misfit::KernelWeights {
            kernel: window.kernel,
            found: F::WEIGHTS.len(),
        };
        return Signature::unknown(NAME, misfit, unknown);
    }
    let (channels, height, width) = match one_image(inputs) {
        Ok(sizes) => sizes,
        Err(misfit) => return Signature::unknown(NAME, misfit, unknown),
    };
    let output = match window.output(height, width) {
        Ok((height, width)) => Dims::chw(channels, height, width),
        Err(misfit) => return Signature::unknown(NAME, misfit, unknown),
    };
    Signature::new(NAME, output)
        .macs(window.taps().saturating_mul(output.len()))
        .sees(window.receptive_field())
}

impl<In, Out, F, O1, O2, O3> Close<In, Out> for open::Filter2d<F, O1, O2, O3> {
    type Layer<E: Dtype, D: Storage<E>> = Filter2d<In, Out, F, O1, O2, O3>;
}

/// The closed layer of [`open::Filter2d`].
pub type Filter2d<In, Out, F, O1 = (), O2 = (), O3 = ()> =
    Weightless<In, Out, open::Filter2d<F, O1, O2, O3>>;

impl<F, O1, O2, O3> Compute for open::Filter2d<F, O1, O2, O3>
where
    F: open::FixedKernel,
    O1: LayerOption,
    O2: LayerOption,
    O3: LayerOption,
{
    fn try_compute<E: Dtype, D: Device<E>, T: Tape<E, D>>(
        x: Features<E, D, T>,
        output: Dims,
    ) -> Result<Features<E, D, T>, D::Err> {
        let (batch, device) = (x.batch(), x.device().clone());
        let window = window2d::<F, Folded<O1, O2, O3>>();
        let patches = unfold(x.into_images(), &window, (output.size(1), output.size(2)))?;
        let weights: Vec<E> = F::WEIGHTS.iter().map(|w| scalar(*w)).collect();
        let weights = filled(&device, &(weights.len(),), &weights)?
            .try_broadcast_like::<_, Axes3<0, 1, 3>>(patches.shape())?;
        let y = patches.try_mul(weights)?.try_sum::<_, Axis<2>>()?;
        Features::with_dims(y, batch, output)
    }
    fn describe<E: Element>(
        graph: &mut Graph<'_, '_, E>,
        input: Value,
        output: Dims,
    ) -> Option<Value> {
        let op = op::Filter2d {
            geometry: pool2d::Geometry {
                input: graph.dims(input).into(),
                window: window2d::<F, Folded<O1, O2, O3>>().into(),
            },
            weights: F::WEIGHTS,
        };
        Some(graph.push(op, &[input], 0, output))
    }
}
