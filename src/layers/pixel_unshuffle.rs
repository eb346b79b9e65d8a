use dfdx::prelude::{Dtype, Storage, Tape};

use super::{Close, Compute, Weightless};
use crate::kernels::{op, pixel_shuffle};
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, ReceptiveField, Signature};
use crate::tensor::{Device, Element, Features, Graph, Value};

/// The open layer.
pub mod open {
    /// Makes `R×R` pixels of one channel into one pixel of `R²` channels.
    ///
    /// `y[c·R² + i·R + j, h, w] = x[c, h·R + i, w·R + j]`
    ///
    /// # Shapes
    /// `C×H×W` → `(C·R²)×(H/R)×(W/R)`
    ///
    /// # Parameters
    /// - `R`: factor by which the image shrinks; it divides the height and the width.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 2, 4>, output = Chw<4, 1, 2>)]
    /// struct Net {
    ///     unshuffle: PixelUnshuffle<2>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let x = dev.tensor([[[[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]]]);
    /// let y = [[[[0.0, 2.0]], [[1.0, 3.0]], [[4.0, 6.0]], [[5.0, 7.0]]]];
    /// assert_eq!(net.forward(x).array(), y);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 8, 5>, output = Chw<4, 4, 2>)]
    /// struct Net {
    ///     unshuffle: PixelUnshuffle<2>, // 5 columns
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.PixelUnshuffle(R)`
    #[derive(Clone, Copy, Debug, Default)]
    pub struct PixelUnshuffle<const R: usize>;
}

const NAME: &str = "PixelUnshuffle";

impl<In: Inputs, const R: usize> Infer<In> for open::PixelUnshuffle<R> {
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
    let channels = channels.saturating_mul(factor).saturating_mul(factor);
    let output = Dims::chw(channels, height / factor, width / factor);
    let (count, what) = if height % factor != 0 {
        (height, "rows")
    } else {
        (width, "columns")
    };
    if count % factor != 0 {
        let misfit = Misfit::Indivisible {
            count,
            what,
            axes: 1,
            factor,
        };
        return Signature::unknown(NAME, misfit, output);
    }
    // One value is one pixel, but all channels together are the whole window.
    Signature::new(NAME, output).sees(ReceptiveField::window((factor, factor), (factor, factor)))
}

impl<In, Out, const R: usize> Close<In, Out> for open::PixelUnshuffle<R> {
    type Layer<E: Dtype, D: Storage<E>> = PixelUnshuffle<In, Out, R>;
}

/// The closed layer of [`open::PixelUnshuffle`].
pub type PixelUnshuffle<In, Out, const R: usize> = Weightless<In, Out, open::PixelUnshuffle<R>>;

impl<const R: usize> Compute for open::PixelUnshuffle<R> {
    fn try_compute<E: Dtype, D: Device<E>, T: Tape<E, D>>(
        x: Features<E, D, T>,
        output: Dims,
    ) -> Result<Features<E, D, T>, D::Err> {
        let (channels, width) = (x.dims().size(0), x.dims().size(2));
        let plane = output.size(1) * output.size(2);
        let from = |channel: usize, pixel: usize| {
            let (h, w) = (pixel / output.size(2), pixel % output.size(2));
            (h * R + channel / R) * width + w * R + channel % R
        };
        let table: Vec<Option<usize>> = (0..R * R)
            .flat_map(|channel| (0..plane).map(move |pixel| Some(from(channel, pixel))))
            .collect();
        x.try_rearrange(channels, &table, 0.0, output)
    }
    fn describe<E: Element>(
        graph: &mut Graph<'_, '_, E>,
        input: Value,
        output: Dims,
    ) -> Option<Value> {
        let op = op::PixelUnshuffle(pixel_shuffle::Geometry {
            coarse: output.into(),
            factor: R,
        });
        Some(graph.push(op, &[input], 0, output))
    }
}
