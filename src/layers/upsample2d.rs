use dfdx::prelude::{Axes2, Axis, BroadcastTo, Dtype, ReshapeTo, Storage, SumTo, Tape, TryMul};

use super::{Close, Compute, Weightless};
use crate::kernels::{op, upsample2d};
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, ReceptiveField, Signature};
use crate::tensor::{filled, grid, rearrange, scalar, Device, Element, Features, Graph, Value};

/// The open layer and the modes.
pub mod open {
    /// Enlarges an image `N` times both ways.
    ///
    /// `Nearest`: `y[c,h,w] = x[c, ⌊h/N⌋, ⌊w/N⌋]`; `Bilinear`: `y[c,h,w] = Σᵢⱼ uᵢ·vⱼ·x[c,i,j]`, where
    /// `u` weighs the two rows next to `(h + ½)/N − ½` by their nearness, and `v` the columns
    ///
    /// # Shapes
    /// `C×H×W` → `C×(H·N)×(W·N)`; with [`UpsampleBy`] `C×(H·V)×(W·H₁)`
    ///
    /// # Parameters
    /// - `N`: the scale; `UpsampleBy<V, H, Mode>` has one for the rows and one for the columns.
    /// - `Mode`: `Nearest` (default) or `Bilinear`.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 1, 2>, output = (Chw<1, 2, 4>, Chw<1, 2, 4>))]
    /// struct Net {
    ///     #[from(input)]
    ///     nearest: Upsample2d<2>,
    ///     #[from(input)]
    ///     bilinear: Upsample2d<2, Bilinear>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let (nearest, bilinear) = net.forward(dev.tensor([[[[0.0, 4.0]]]]));
    /// assert_eq!(nearest.array(), [[[[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 4.0]]]]);
    /// assert_eq!(bilinear.array(), [[[[0.0, 1.0, 3.0, 4.0], [0.0, 1.0, 3.0, 4.0]]]]);
    /// ```
    ///
    /// # Same as
    /// `torch.nn.Upsample(scale_factor=N, mode="nearest" or "bilinear", align_corners=False)`
    pub type Upsample2d<const N: usize, Mode = Nearest> = UpsampleBy<N, N, Mode>;

    /// [`Upsample2d`] with a scale for the rows and one for the columns.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct UpsampleBy<const V: usize, const H: usize, Mode = Nearest>(
        std::marker::PhantomData<Mode>,
    );

    /// Every pixel again and again.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Nearest;

    /// What lies between the pixels, drawn with a straight line between two of them.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Bilinear;
}

/// How an axis is enlarged: [`Nearest`](open::Nearest) or [`Bilinear`](open::Bilinear).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a way to enlarge an image",
    label = "use `Nearest` or `Bilinear`"
)]
pub trait UpsampleMode: 'static {
    /// Pixels along an axis that one output pixel is made of.
    const TAPS: usize;
    /// The same for the engine; without it, models are left to dfdx's ops.
    const MODE: Option<upsample2d::Mode> = None;

    /// The pixels that `place` of the enlarged axis is made of, as many as `TAPS`, and their
    /// weights.
    fn taps(place: usize, size: usize, scale: usize) -> Vec<(usize, f64)>;
}

impl UpsampleMode for open::Nearest {
    const TAPS: usize = 1;
    const MODE: Option<upsample2d::Mode> = Some(upsample2d::Mode::Nearest);

    fn taps(place: usize, _: usize, scale: usize) -> Vec<(usize, f64)> {
        vec![(place / scale, 1.0)]
    }
}

impl UpsampleMode for open::Bilinear {
    const TAPS: usize = 2;
    const MODE: Option<upsample2d::Mode> = Some(upsample2d::Mode::Bilinear);

    fn taps(place: usize, size: usize, scale: usize) -> Vec<(usize, f64)> {
        let at = ((place as f64 + 0.5) / scale as f64 - 0.5).max(0.0);
        let before = at as usize;
        let after = (before + 1).min(size - 1);
        let weight = at - before as f64;
        vec![(before, 1.0 - weight), (after, weight)]
    }
}

const NAME: &str = "Upsample2d";

impl<In, const V: usize, const H: usize, Mode> Infer<In> for open::UpsampleBy<V, H, Mode>
where
    In: Inputs,
    Mode: UpsampleMode,
{
    const SIGNATURE: Signature = signature(In::DIMS, (V, H), Mode::TAPS);
}

const fn signature(inputs: &[Dims], scale: (usize, usize), taps: usize) -> Signature {
    let (channels, height, width) = match one_image(inputs) {
        Ok(sizes) => sizes,
        Err(misfit) => return Signature::unknown(NAME, misfit, inputs[0]),
    };
    if scale.0 == 0 || scale.1 == 0 {
        let what = "scale";
        return Signature::unknown(NAME, Misfit::Zero { what }, inputs[0]);
    }
    let output = Dims::chw(
        channels,
        height.saturating_mul(scale.0),
        width.saturating_mul(scale.1),
    );
    let seen = (
        if scale.0 == 1 { 1 } else { taps },
        if scale.1 == 1 { 1 } else { taps },
    );
    Signature::new(NAME, output).sees(ReceptiveField::enlarged(seen, scale))
}

impl<In, Out, const V: usize, const H: usize, Mode> Close<In, Out>
    for open::UpsampleBy<V, H, Mode>
{
    type Layer<E: Dtype, D: Storage<E>> = UpsampleBy<In, Out, V, H, Mode>;
}

/// The closed layer of [`open::Upsample2d`].
pub type Upsample2d<In, Out, const N: usize, Mode = open::Nearest> =
    Weightless<In, Out, open::Upsample2d<N, Mode>>;

/// The closed layer of [`open::UpsampleBy`].
pub type UpsampleBy<In, Out, const V: usize, const H: usize, Mode = open::Nearest> =
    Weightless<In, Out, open::UpsampleBy<V, H, Mode>>;

/// For every tap the pixels of the enlarged axis and their weights.
fn enlarged<Mode: UpsampleMode>(size: usize, scale: usize) -> Vec<(Vec<Option<usize>>, Vec<f64>)> {
    (0..Mode::TAPS)
        .map(|tap| {
            (0..size * scale)
                .map(|place| Mode::taps(place, size, scale)[tap])
                .map(|(pixel, weight)| (Some(pixel), weight))
                .unzip()
        })
        .collect()
}

impl<const V: usize, const H: usize, Mode: UpsampleMode> Compute for open::UpsampleBy<V, H, Mode> {
    /// Reads the pixels of every tap and weighs them; one tap alone has the weight 1.
    fn try_compute<E: Dtype, D: Device<E>, T: Tape<E, D>>(
        x: Features<E, D, T>,
        output: Dims,
    ) -> Result<Features<E, D, T>, D::Err> {
        let (batch, device) = (x.batch(), x.device().clone());
        let (channels, height, width) = (x.dims().size(0), x.dims().size(1), x.dims().size(2));
        let (rows, columns) = (enlarged::<Mode>(height, V), enlarged::<Mode>(width, H));
        let (mut table, mut weights) = (Vec::new(), Vec::new());
        for (row_pixels, row_weights) in &rows {
            for (column_pixels, column_weights) in &columns {
                table.extend(grid(row_pixels, column_pixels, width));
                let products = row_weights
                    .iter()
                    .flat_map(|v| column_weights.iter().map(move |u| scalar::<E>(v * u)));
                weights.extend(products);
            }
        }
        let (taps, places) = (Mode::TAPS * Mode::TAPS, output.size(1) * output.size(2));
        if taps == 1 {
            return x.try_rearrange(channels, &table, 0.0, output);
        }
        let sizes = (batch, channels, taps, places);
        let weights = filled(&device, &(taps, places), &weights)?
            .try_broadcast_like::<_, Axes2<0, 1>>(&sizes)?;
        let y = rearrange(x.into_images(), channels, &table, 0.0)?
            .try_reshape_like(&sizes)?
            .try_mul(weights)?
            .try_sum::<_, Axis<2>>()?;
        Features::with_dims(y, batch, output)
    }

    fn describe<E: Element>(
        graph: &mut Graph<'_, '_, E>,
        input: Value,
        output: Dims,
    ) -> Option<Value> {
        let op = op::Upsample2d(upsample2d::Geometry {
            input: graph.dims(input).into(),
            size: (output.size(1), output.size(2)),
            mode: Mode::MODE?,
        });
        Some(graph.push(op, &[input], 0, output))
    }
}
