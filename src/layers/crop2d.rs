use dfdx::prelude::{Dtype, Storage, Tape};

use super::{Close, Compute, Weightless};
use crate::kernels::{crop2d, op};
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, Signature};
use crate::tensor::{grid, Device, Element, Features, Graph, Value};

/// The open layer.
pub mod open {
    /// Keeps the `H` rows and `W` columns in the middle of an image.
    ///
    /// `y[c,h,w] = x[c, t + h, l + w]` with `t = ⌊(H₀ − H) / 2⌋` and `l = ⌊(W₀ − W) / 2⌋`
    ///
    /// Where as many rows cannot go above as below, the one more goes below, and right for columns.
    ///
    /// # Shapes
    /// `C×H₀×W₀` → `C×H×W`
    ///
    /// # Parameters
    /// - `H`: rows to keep.
    /// - `W`: columns to keep.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 3, 4>, output = Chw<1, 1, 3>)]
    /// struct Net {
    ///     crop: Crop2d<1, 3>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let x = dev.tensor([[[[0.0; 4], [1.0, 2.0, 3.0, 4.0], [0.0; 4]]]]);
    /// assert_eq!(net.forward(x).array(), [[[[1.0, 2.0, 3.0]]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<3, 8, 8>, output = Chw<3, 9, 6>)]
    /// struct Net {
    ///     crop: Crop2d<9, 6>, // there are 8 rows
    /// }
    /// ```
    ///
    /// # Same as
    /// `x[:, :, t:t + H, l:l + W]`; `torchvision.transforms.CenterCrop` may take the one more on
    /// the other side
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Crop2d<const H: usize, const W: usize>;
}

const NAME: &str = "Crop2d";

impl<In: Inputs, const H: usize, const W: usize> Infer<In> for open::Crop2d<H, W> {
    const SIGNATURE: Signature = signature(In::DIMS, H, W);
}

const fn signature(inputs: &[Dims], rows: usize, columns: usize) -> Signature {
    let output = Dims::chw(inputs[0].size(0), rows, columns);
    let (_, height, width) = match one_image(inputs) {
        Ok(sizes) => sizes,
        Err(misfit) => return Signature::unknown(NAME, misfit, output),
    };
    if rows == 0 || columns == 0 {
        let what = if rows == 0 { "height" } else { "width" };
        return Signature::unknown(NAME, Misfit::Zero { what }, output);
    }
    if rows > height || columns > width {
        let misfit = Misfit::CropLargerThanInput {
            crop: (rows, columns),
            height,
            width,
        };
        return Signature::misfit(NAME, misfit, output);
    }
    Signature::new(NAME, output)
}

impl<In, Out, const H: usize, const W: usize> Close<In, Out> for open::Crop2d<H, W> {
    type Layer<E: Dtype, D: Storage<E>> = Crop2d<In, Out, H, W>;
}

/// The closed layer of [`open::Crop2d`].
pub type Crop2d<In, Out, const H: usize, const W: usize> = Weightless<In, Out, open::Crop2d<H, W>>;

/// The first of the `kept` places in the middle of `size`.
const fn first(size: usize, kept: usize) -> usize {
    (size - kept) / 2
}

/// The `kept` places in the middle of `size`.
fn middle(size: usize, kept: usize) -> Vec<Option<usize>> {
    let first = first(size, kept);
    (first..first + kept).map(Some).collect()
}

impl<const H: usize, const W: usize> Compute for open::Crop2d<H, W> {
    fn try_compute<E: Dtype, D: Device<E>, T: Tape<E, D>>(
        x: Features<E, D, T>,
        output: Dims,
    ) -> Result<Features<E, D, T>, D::Err> {
        let (channels, height, width) = (x.dims().size(0), x.dims().size(1), x.dims().size(2));
        let table = grid(&middle(height, H), &middle(width, W), width);
        x.try_rearrange(channels, &table, 0.0, output)
    }
    fn describe<E: Element>(
        graph: &mut Graph<'_, '_, E>,
        input: Value,
        output: Dims,
    ) -> Option<Value> {
        let dims = graph.dims(input);
        let op = op::Crop2d(crop2d::Geometry {
            input: dims.into(),
            first: (first(dims.size(1), H), first(dims.size(2), W)),
            size: (H, W),
        });
        Some(graph.push(op, &[input], 0, output))
    }
}
