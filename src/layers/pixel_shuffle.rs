use dfdx::prelude::{Dtype, Storage, Tape};

use super::{Close, Compute, Weightless};
use crate::kernels::{op, pixel_shuffle};
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, ReceptiveField, Signature};
use crate::tensor::{Device, Element, Features, Graph, Value};

/// The open layer.
pub mod open {
    /// Makes one pixel of `R²` channels into `R×R` pixels of one channel.
    ///
    /// `y[c, h·R + i, w·R + j] = x[c·R² + i·R + j, h, w]`
    ///
    /// # Shapes
    /// `C×H×W` → `(C/R²)×(H·R)×(W·R)`
    ///
    /// # Parameters
    /// - `R`: factor by which the image grows; its square divides the channels.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<4, 1, 2>, output = Chw<1, 2, 4>)]
    /// struct Net {
    ///     shuffle: PixelShuffle<2>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let x = dev.tensor([[[[0.0, 1.0]], [[2.0, 3.0]], [[4.0, 5.0]], [[6.0, 7.0]]]]);
    /// let y = [[[[0.0, 2.0, 1.0, 3.0], [4.0, 6.0, 5.0, 7.0]]]];
    /// assert_eq!(net.forward(x).array(), y);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<6, 8, 8>, output = Chw<1, 16, 16>)]
    /// struct Net {
    ///     shuffle: PixelShuffle<2>, // 6 / 4 leaves a remainder
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.PixelShuffle(R)`
    ///
    /// # Source
    /// Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
    /// Convolutional Neural Network", 2016.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct PixelShuffle<const R: usize>;
}

const NAME: &str = "PixelShuffle";

impl<In: Inputs, const R: usize> Infer<In> for open::PixelShuffle<R> {
    const SIGNATURE: Signature = signature(In::DIMS, R);
}

const fn signature(inputs: &[Dims], factor: usize) -> Signature {
    let (channels, height, width) = match one_image(inputs) {
        Ok(sizes) => sizes,
        Err(misfit) => return Signature::unknown(NAME, misfit, inputs[0]),
    };
    if factor == 0 {
        let what = "factor";
        return Signature::unknown(NAME, Misfit::Zero { what }, inputs[0]);
    }
    let square = factor.saturating_mul(factor);
    let (height, width) = (height.saturating_mul(factor), width.saturating_mul(factor));
    if channels % square != 0 {
        let misfit = Misfit::Indivisible {
            count: channels,
            what: "channels",
            axes: 2,
            factor,
        };
        return Signature::unknown(NAME, misfit, Dims::chw(1, height, width));
    }
    Signature::new(NAME, Dims::chw(channels / square, height, width))
        .sees(ReceptiveField::enlarged((1, 1), (factor, factor)))
}

impl<In, Out, const R: usize> Close<In, Out> for open::PixelShuffle<R> {
    type Layer<E: Dtype, D: Storage<E>> = PixelShuffle<In, Out, R>;
}

/// The closed layer of [`open::PixelShuffle`].
pub type PixelShuffle<In, Out, const R: usize> = Weightless<In, Out, open::PixelShuffle<R>>;

impl<const R: usize> Compute for open::PixelShuffle<R> {
    fn try_compute<E: Dtype, D: Device<E>, T: Tape<E, D>>(
        x: Features<E, D, T>,
        output: Dims,
    ) -> Result<Features<E, D, T>, D::Err> {
        let (channels, height, width) = (output.size(0), output.size(1), output.size(2));
        let plane = height / R * (width / R);
        let from = |y: usize, x: usize| (y % R * R + x % R) * plane + y / R * (width / R) + x / R;
        let table: Vec<Option<usize>> = (0..height)
            .flat_map(|y| (0..width).map(move |x| Some(from(y, x))))
            .collect();
        x.try_rearrange(channels, &table, 0.0, output)
    }
    fn describe<E: Element>(
        graph: &mut Graph<'_, '_, E>,
        input: Value,
        output: Dims,
    ) -> Option<Value> {
        let op = op::PixelShuffle(pixel_shuffle::Geometry {
            coarse: graph.dims(input).into(),
            factor: R,
        });
        Some(graph.push(op, &[input], 0, output))
    }
}
