use std::marker::PhantomData;

use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, Dtype, NonMutableModule, ReshapeTo, Storage, SumTo, Tape, TryDiv,
    ZeroSizedModule,
};

use super::layer::typed_module;
use super::{Close, Layer};
use crate::kernels::adaptive_avg_pool2d::{self, window};
use crate::kernels::op;
use crate::shape::{one_image, Dims, Infer, Inputs, LayerShape, Misfit, ReceptiveField, Signature};
use crate::tensor::{filled, rearrange, scalar, Device, Element, Features, Graph, Value};

/// The open layer.
pub mod open {
    /// Averages an image of any size down, or up, to `OH×OW` values.
    ///
    /// `y[i,j]` is the mean of the rows `⌊i·H/OH⌋` to `⌈(i + 1)·H/OH⌉ − 1`, and of the columns
    /// likewise.
    ///
    /// Where `OH` divides `H`, these are windows side by side; elsewhere they overlap.
    ///
    /// # Shapes
    /// `C×H×W` → `C×OH×OW`.
    ///
    /// # Parameters
    /// - `OH`: rows of the output.
    /// - `OW`: its columns (default: the same).
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 2, 3>, output = Chw<1, 1, 2>)]
    /// struct Net {
    ///     pool: AdaptiveAvgPool2d<1, 2>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let x = dev.tensor([[[[1.0, 2.0, 5.0], [3.0, 4.0, 0.0]]]]);
    /// assert_eq!(net.forward(x).array(), [[[[2.5, 2.75]]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Flat<8>, output = Flat<8>)]
    /// struct Net {
    ///     pool: AdaptiveAvgPool2d<1>, // a vector has no rows and columns
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.AdaptiveAvgPool2d((OH, OW))`
    #[derive(Clone, Copy, Debug, Default)]
    pub struct AdaptiveAvgPool2d<const OH: usize, const OW: usize = OH>;
}

const NAME: &str = "AdaptiveAvgPool2d";

/// The most pixels under one place.
const fn widest(places: usize, pixels: usize) -> usize {
    let (mut i, mut widest) = (0, 0);
    while i < places {
        let (first, end) = window(i, places, pixels);
        if end - first > widest {
            widest = end - first;
        }
        i += 1;
    }
    widest
}

impl<In: Inputs, const OH: usize, const OW: usize> Infer<In> for open::AdaptiveAvgPool2d<OH, OW> {
    const SIGNATURE: Signature = signature(In::DIMS, OH, OW);
}

const fn signature(inputs: &[Dims], rows: usize, columns: usize) -> Signature {
    let unknown = Dims::chw(inputs[0].size(0), rows, columns);
    let what = match (rows, columns) {
        (0, _) => "number of rows",
        (_, 0) => "number of columns",
        _ => {
            return match one_image(inputs) {
                Ok((channels, height, width)) => {
                    let output = Dims::chw(channels, rows, columns);
                    let extent = (widest(rows, height), widest(columns, width));
                    let step = (height.div_ceil(rows), width.div_ceil(columns));
                    Signature::new(NAME, output).sees(ReceptiveField::window(extent, step))
                }
                Err(misfit) => Signature::unknown(NAME, misfit, unknown),
            };
        }
    };
    Signature::unknown(NAME, Misfit::Zero { what }, unknown)
}

impl<In, Out, const OH: usize, const OW: usize> Close<In, Out> for open::AdaptiveAvgPool2d<OH, OW> {
    type Layer<E: Dtype, D: Storage<E>> = AdaptiveAvgPool2d<In, Out>;
}

/// The closed layer of [`open::AdaptiveAvgPool2d`].
#[derive(Clone, Copy, Debug)]
pub struct AdaptiveAvgPool2d<In, Out>(PhantomData<fn() -> (In, Out)>);

impl<In, Out> Default for AdaptiveAvgPool2d<In, Out> {
    fn default() -> Self {
        AdaptiveAvgPool2d(PhantomData)
    }
}

impl<In, Out> ZeroSizedModule for AdaptiveAvgPool2d<In, Out> {}
impl<In, Out> NonMutableModule for AdaptiveAvgPool2d<In, Out> {}

impl<In: LayerShape, Out: LayerShape, E: Dtype, D: Device<E>> Layer<E, D>
    for AdaptiveAvgPool2d<In, Out>
{
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let (batch, input, output) = (x.batch(), In::DIMS, Out::DIMS);
        let (channels, height, width) = (input.size(0), input.size(1), input.size(2));
        let (rows, columns) = (output.size(1), output.size(2));
        let (high, wide) = (widest(rows, height), widest(columns, width));
        // The pixels tap by tap; where a window is smaller than the largest, a 0.
        let mut pixels = Vec::with_capacity(high * wide * rows * columns);
        let mut counts = vec![0usize; rows * columns];
        for tap in 0..high * wide {
            for (place, count) in counts.iter_mut().enumerate() {
                let (top, bottom) = window(place / columns, rows, height);
                let (left, right) = window(place % columns, columns, width);
                let (y, x) = (top + tap / wide, left + tap % wide);
                let inside = y < bottom && x < right;
                *count += usize::from(inside);
                pixels.push(inside.then_some(y * width + x));
            }
        }
        let counts: Vec<E> = counts.iter().map(|&n| scalar(n as f64)).collect();
        let counts = filled(x.device(), &(counts.len(),), &counts)?
            .try_broadcast_like::<_, Axes2<0, 1>>(&(batch, channels, counts.len()))?;
        let sums = rearrange(x.into_images(), channels, &pixels, 0.0)?
            .try_reshape_like(&(batch, channels, high * wide, rows * columns))?
            .try_sum::<_, Axis<2>>()?;
        Features::with_dims(sums.try_div(counts)?, batch, output)
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        let op = op::AdaptiveAvgPool2d(adaptive_avg_pool2d::Geometry {
            input: In::DIMS.into(),
            size: (Out::DIMS.size(1), Out::DIMS.size(2)),
        });
        Some(graph.push(op, inputs, 0, Out::DIMS))
    }
}

typed_module!([] AdaptiveAvgPool2d<chw => chw>, |inputs| signature(inputs, OH, OW));
