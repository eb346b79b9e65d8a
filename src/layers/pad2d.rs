use dfdx::prelude::{Dtype, Storage, Tape};

use super::{Close, Compute, Weightless};
use crate::kernels::op;
use crate::kernels::pad2d::{self, Border};
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, Signature};
use crate::tensor::{grid, Device, Element, Features, Graph, Value};

/// The open layer and the modes.
pub mod open {
    /// Adds `P` rows and columns on every side of an image.
    ///
    /// `y[c,h,w] = x[c, h − P, w − P]` inside; around it `0` or what `Mode` says
    ///
    /// # Shapes
    /// `C×H×W` → `C×(H + 2P)×(W + 2P)`; with [`PadSides`] `C×(TOP + H + BOTTOM)×(LEFT + W + RIGHT)`
    ///
    /// # Parameters
    /// - `P`: rows and columns on every side; `PadSides<LEFT, RIGHT, TOP, BOTTOM, Mode>` names each.
    /// - `Mode`: `Constant<NUMERATOR, DENOMINATOR>` (default 0/1), a grey value as a fraction that
    ///   may be negative; `Reflect`, the image mirrored at its outermost pixels; or `Replicate`,
    ///   the outermost pixels again and again.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 1, 3>, output = Chw<1, 2, 5>)]
    /// struct Net {
    ///     mirror: PadSides<2, 0, 0, 0, Reflect>,
    ///     grey: PadSides<0, 0, 0, 1, Constant<-1, 2>>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let x = dev.tensor([[[[1.0, 2.0, 3.0]]]]);
    /// assert_eq!(net.forward(x).array(), [[[[3.0, 2.0, 1.0, 2.0, 3.0], [-0.5; 5]]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 3, 5>, output = Chw<1, 9, 11>)]
    /// struct Net {
    ///     pad: Pad2d<3, Reflect>, // two rows can be reflected
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.ZeroPad2d(P)`, `ConstantPad2d(P, NUMERATOR / DENOMINATOR)`, `ReflectionPad2d(P)`,
    /// `ReplicationPad2d(P)`
    pub type Pad2d<const P: usize, Mode = Constant> = PadSides<P, P, P, P, Mode>;

    /// [`Pad2d`] with a size for each side.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct PadSides<
        const LEFT: usize,
        const RIGHT: usize,
        const TOP: usize,
        const BOTTOM: usize,
        Mode = Constant,
    >(std::marker::PhantomData<Mode>);

    /// Pads with `NUMERATOR / DENOMINATOR`.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Constant<const NUMERATOR: i64 = 0, const DENOMINATOR: usize = 1>;

    /// Pads with the image mirrored at its outermost pixels, which are not repeated.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Reflect;

    /// Pads with the outermost pixels.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Replicate;
}

/// What stands around an image: [`Constant`](open::Constant), [`Reflect`](open::Reflect) or
/// [`Replicate`](open::Replicate).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a way to pad",
    label = "use `Constant<NUMERATOR, DENOMINATOR>`, `Reflect` or `Replicate`"
)]
pub trait PadMode: 'static {
    /// Whether there must be more pixels than padding.
    const REFLECTS: bool = false;
    /// The denominator of the constant.
    const DENOMINATOR: usize = 1;
    /// The constant.
    const FILL: f64 = 0.0;
    /// The same for the engine; without it, models are left to dfdx's ops.
    const BORDER: Option<Border> = None;

    /// The place in an axis of `size` pixels that stands `before` places before the first.
    fn before(before: usize, size: usize) -> Option<usize>;
}

impl<const N: i64, const D: usize> PadMode for open::Constant<N, D> {
    const DENOMINATOR: usize = D;
    const FILL: f64 = N as f64 / D as f64;
    const BORDER: Option<Border> = Some(Border::Constant);

    fn before(_: usize, _: usize) -> Option<usize> {
        None
    }
}

impl PadMode for open::Reflect {
    const REFLECTS: bool = true;
    const BORDER: Option<Border> = Some(Border::Reflect);

    fn before(before: usize, _: usize) -> Option<usize> {
        Some(before)
    }
}

impl PadMode for open::Replicate {
    const BORDER: Option<Border> = Some(Border::Replicate);

    fn before(_: usize, _: usize) -> Option<usize> {
        Some(0)
    }
}

const NAME: &str = "Pad2d";

impl<In, const L: usize, const R: usize, const T: usize, const B: usize, Mode> Infer<In>
    for open::PadSides<L, R, T, B, Mode>
where
    In: Inputs,
    Mode: PadMode,
{
    const SIGNATURE: Signature = signature::<Mode>(In::DIMS, (T, B), (L, R));
}

const fn signature<Mode: PadMode>(
    inputs: &[Dims],
    rows: (usize, usize),
    columns: (usize, usize),
) -> Signature {
    let (channels, height, width) = match one_image(inputs) {
        Ok(sizes) => sizes,
        Err(misfit) => return Signature::unknown(NAME, misfit, inputs[0]),
    };
    let output = Dims::chw(
        channels,
        height.saturating_add(rows.0).saturating_add(rows.1),
        width.saturating_add(columns.0).saturating_add(columns.1),
    );
    if Mode::DENOMINATOR == 0 {
        let what = "denominator of the constant";
        return Signature::misfit(NAME, Misfit::Zero { what }, output);
    }
    if Mode::REFLECTS {
        let tall = larger(rows);
        let wide = larger(columns);
        let (padding, size, what) = if tall >= height {
            (tall, height, "rows")
        } else {
            (wide, width, "columns")
        };
        if padding >= size {
            let misfit = Misfit::ReflectionTooWide {
                padding,
                size,
                what,
            };
            return Signature::misfit(NAME, misfit, output);
        }
    }
    Signature::new(NAME, output)
}

const fn larger((a, b): (usize, usize)) -> usize {
    if a > b {
        a
    } else {
        b
    }
}

impl<In, Out, const L: usize, const R: usize, const T: usize, const B: usize, Mode> Close<In, Out>
    for open::PadSides<L, R, T, B, Mode>
{
    type Layer<E: Dtype, D: Storage<E>> = PadSides<In, Out, L, R, T, B, Mode>;
}

/// The closed layer of [`open::Pad2d`].
pub type Pad2d<In, Out, const P: usize, Mode = open::Constant> =
    Weightless<In, Out, open::Pad2d<P, Mode>>;

/// The closed layer of [`open::PadSides`].
pub type PadSides<
    In,
    Out,
    const L: usize,
    const R: usize,
    const T: usize,
    const B: usize,
    Mode = open::Constant,
> = Weightless<In, Out, open::PadSides<L, R, T, B, Mode>>;

/// Where the places of an axis of `size` pixels come from, padded by `before` and `after`.
fn padded<Mode: PadMode>(size: usize, (before, after): (usize, usize)) -> Vec<Option<usize>> {
    let first = (1..=before).rev().map(|i| Mode::before(i, size));
    // Seen from the last pixel, what comes after is what comes before.
    let last = (1..=after).map(|i| Some(size - 1 - Mode::before(i, size)?));
    first.chain((0..size).map(Some)).chain(last).collect()
}

impl<const L: usize, const R: usize, const T: usize, const B: usize, Mode: PadMode> Compute
    for open::PadSides<L, R, T, B, Mode>
{
    fn try_compute<E: Dtype, D: Device<E>, Tp: Tape<E, D>>(
        x: Features<E, D, Tp>,
        output: Dims,
    ) -> Result<Features<E, D, Tp>, D::Err> {
        let (channels, height, width) = (x.dims().size(0), x.dims().size(1), x.dims().size(2));
        let rows = padded::<Mode>(height, (T, B));
        let columns = padded::<Mode>(width, (L, R));
        let table = grid(&rows, &columns, width);
        x.try_rearrange(channels, &table, Mode::FILL, output)
    }

    fn describe<E: Element>(
        graph: &mut Graph<'_, '_, E>,
        input: Value,
        output: Dims,
    ) -> Option<Value> {
        let op = op::Pad2d {
            geometry: pad2d::Geometry {
                input: graph.dims(input).into(),
                before: (T, L),
                after: (B, R),
                border: Mode::BORDER?,
            },
            fill: Mode::FILL,
        };
        Some(graph.push(op, &[input], 0, output))
    }
}
