use dfdx::prelude::{Dtype, Storage, Tape};

use super::{Close, Compute, Weightless};
use crate::kernels::{op, pool2d};
use crate::shape::window::Padding2d;
use crate::shape::{one_image, Dims, Infer, Inputs, Signature, Window2d};
use crate::tensor::{unfold, Device, Element, Features, Graph, Value};

/// The open layer.
pub mod open {
    /// Keeps every `S`-th row and column, beginning with the first.
    ///
    /// `y[c,h,w] = x[c, S·h, S·w]`
    ///
    /// # Shapes
    /// `C×H×W` → `C×⌈H/S⌉×⌈W/S⌉`
    ///
    /// # Parameters
    /// - `S`: rows and columns from one that is kept to the next.
    ///
    /// # Example
    /// With [`PadChannels`](super::super::open::PadChannels) the shortcut of a residual network
    /// that has no parameters:
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 2, 3>, output = Chw<3, 1, 2>)]
    /// struct Shortcut {
    ///     every_other: Subsample2d<2>,
    ///     widen: PadChannels<3>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Shortcut = Shortcut::new(&dev);
    /// let x = dev.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]);
    /// assert_eq!(net.forward(x).array(), [[[[0.0, 0.0]], [[1.0, 3.0]], [[0.0, 0.0]]]]);
    /// ```
    ///
    /// # Same as
    /// `x[:, :, ::S, ::S]`
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Subsample2d<const S: usize>;
}

const NAME: &str = "Subsample2d";

impl<In: Inputs, const S: usize> Infer<In> for open::Subsample2d<S> {
    const SIGNATURE: Signature = signature(In::DIMS, S);
}

/// One pixel as a window.
const fn window2d(stride: usize) -> Window2d {
    Window2d {
        kernel: (1, 1),
        stride: (stride, stride),
        padding: Padding2d::Explicit(0, 0),
        dilation: (1, 1),
    }
}

const fn signature(inputs: &[Dims], stride: usize) -> Signature {
    let window = window2d(stride);
    let (channels, height, width) = match one_image(inputs) {
        Ok(sizes) => sizes,
        Err(misfit) => return Signature::unknown(NAME, misfit, inputs[0]),
    };
    match window.output(height, width) {
        Ok((height, width)) => {
            Signature::new(NAME, Dims::chw(channels, height, width)).sees(window.receptive_field())
        }
        Err(misfit) => Signature::unknown(NAME, misfit, inputs[0]),
    }
}

impl<In, Out, const S: usize> Close<In, Out> for open::Subsample2d<S> {
    type Layer<E: Dtype, D: Storage<E>> = Subsample2d<In, Out, S>;
}

/// The closed layer of [`open::Subsample2d`].
pub type Subsample2d<In, Out, const S: usize> = Weightless<In, Out, open::Subsample2d<S>>;

impl<const S: usize> Compute for open::Subsample2d<S> {
    fn try_compute<E: Dtype, D: Device<E>, T: Tape<E, D>>(
        x: Features<E, D, T>,
        output: Dims,
    ) -> Result<Features<E, D, T>, D::Err> {
        let (batch, places) = (x.batch(), (output.size(1), output.size(2)));
        let kept = unfold(x.into_images(), &window2d(S), places)?;
        Features::with_dims(kept, batch, output)
    }

    fn describe<E: Element>(
        graph: &mut Graph<'_, '_, E>,
        input: Value,
        output: Dims,
    ) -> Option<Value> {
        // The largest of one pixel is that pixel.
        let op = op::MaxPool2d(pool2d::Geometry {
            input: graph.dims(input).into(),
            window: window2d(S).into(),
        });
        Some(graph.push(op, &[input], 0, output))
    }
}
