use dfdx::prelude::{
    Axes3, Axes4, Axis, BroadcastTo, Dtype, HasShape, NonMutableModule, PermuteTo, PutTape,
    ReshapeTo, SplitTape, Storage, SumTo, Tape, Tensor, TryAdd, TryMul, ZeroSizedModule,
};
use std::marker::PhantomData;

use super::layer::typed_module;
use super::{Close, Layer};
use crate::kernels::{self, op};
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, Signature};
use crate::tensor::{on_tape, scalar, Device, Element, Features, Graph, Value, Vectors};

/// The open layer.
pub mod open {
    /// Bundles channels into capsules of `DIM` values, and squashes each to a length below 1.
    ///
    /// `v = |s|² / (1 + |s|²) · s / |s|`
    ///
    /// # Shapes
    /// `C×H×W` → `(C/DIM·H·W)×DIM×1`: capsules in the channels, the values of one in the rows. The
    /// `DIM` channels of a capsule follow one another, and each place has capsules of its own.
    ///
    /// # Parameters
    /// - `DIM`: values of a capsule; it divides the channels.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<4, 1, 1>, output = Chw<2, 2, 1>)]
    /// struct Net {
    ///     capsules: Capsules<2>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net<f64, _> = Net::new(&dev);
    /// let y = net.forward(dev.tensor([[[[3.0]], [[4.0]], [[0.0]], [[0.0]]]])).array()[0];
    /// // A length of 5 becomes 25/26, the direction stays.
    /// assert!((y[0][0][0] - 3.0 / 5.0 * 25.0 / 26.0).abs() < 1e-6);
    /// assert!((y[0][1][0] - 4.0 / 5.0 * 25.0 / 26.0).abs() < 1e-6);
    /// assert_eq!(y[1], [[0.0], [0.0]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<7, 1, 1>, output = Chw<3, 2, 1>)]
    /// struct Net {
    ///     capsules: Capsules<2>, // 7 channels
    /// }
    /// ```
    ///
    /// # Source
    /// Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", 2017.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Capsules<const DIM: usize>;
}

impl<In: Inputs, const DIM: usize> Infer<In> for open::Capsules<DIM> {
    const SIGNATURE: Signature = signature(In::DIMS, DIM);
}

const fn signature(inputs: &[Dims], size: usize) -> Signature {
    const NAME: &str = "Capsules";
    if size == 0 {
        let misfit = Misfit::Zero {
            what: "number of values in a capsule",
        };
        return Signature::unknown(NAME, misfit, inputs[0]);
    }
    match one_image(inputs) {
        Ok((channels, height, width)) if channels % size == 0 => {
            let capsules = (channels / size).saturating_mul(height.saturating_mul(width));
            Signature::new(NAME, Dims::chw(capsules, size, 1))
        }
        Ok((channels, ..)) => {
            Signature::unknown(NAME, Misfit::CapsuleSize { size, channels }, inputs[0])
        }
        Err(misfit) => Signature::unknown(NAME, misfit, inputs[0]),
    }
}

impl<In, Out, const DIM: usize> Close<In, Out> for open::Capsules<DIM> {
    type Layer<E: Dtype, D: Storage<E>> = Capsules<In, Out, DIM>;
}

/// The closed layer of [`open::Capsules`].
#[derive(Clone, Copy, Debug)]
pub struct Capsules<In, Out, const DIM: usize>(PhantomData<fn() -> (In, Out)>);

impl<In, Out, const DIM: usize> Default for Capsules<In, Out, DIM> {
    fn default() -> Self {
        Capsules(PhantomData)
    }
}

impl<In, Out, const DIM: usize> ZeroSizedModule for Capsules<In, Out, DIM> {}
impl<In, Out, const DIM: usize> NonMutableModule for Capsules<In, Out, DIM> {}

impl<In, Out, const DIM: usize, E: Dtype, D: Device<E>> Layer<E, D> for Capsules<In, Out, DIM> {
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let x = x.into_images();
        let &(batch, channels, height, width) = x.shape();
        let (kinds, places) = (channels / DIM, height * width);
        let capsules = x
            .try_reshape_like(&(batch, kinds, DIM, places))?
            .try_permute::<_, Axes4<0, 1, 3, 2>>()?
            .try_reshape_like(&(batch, kinds * places, DIM))?;
        let dims = Dims::chw(kinds * places, DIM, 1);
        Features::with_dims(squash(capsules)?, batch, dims)
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        let Dims::Chw {
            channels,
            height,
            width,
        } = graph.dims(inputs[0])
        else {
            return None;
        };
        let (kinds, places) = (channels / DIM, height * width);
        let op = op::Capsules(kernels::capsules::Geometry {
            kinds,
            size: DIM,
            places,
        });
        Some(graph.push(op, inputs, 0, Dims::chw(kinds * places, DIM, 1)))
    }
}

typed_module!([const DIM: usize,] Capsules<chw => chw, DIM>, |inputs| signature(inputs, DIM));

/// `(batch, capsules, values of a capsule)`
pub(super) type Capsuled<E, D, T> = Tensor<(usize, usize, usize), E, D, T>;

/// Keeps the direction of every vector along the last axis, and brings its length below 1.
pub(super) fn squash<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Capsuled<E, D, T>,
) -> Result<Capsuled<E, D, T>, D::Err> {
    let shape = *x.shape();
    let (x, tape) = x.split_tape();
    let (square, tape) = on_tape(&x, tape, |x| x.try_square()?.try_sum::<_, Axis<2>>())?;
    let (length, tape) = on_tape(&square, tape, |square| length(square))?;
    let (factor, tape) = on_tape(&square, tape, |square| {
        square
            .try_add(scalar::<E>(1.0))?
            .try_recip()?
            .try_mul(length)
    })?;
    let factor = factor
        .put_tape(tape)
        .try_broadcast_like::<_, Axis<2>>(&shape)?;
    factor.try_mul(x)
}

/// The root of a sum of squares; a little more than the root near 0, where it has no gradient.
pub(super) fn length<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    square: Vectors<E, D, T>,
) -> Result<Vectors<E, D, T>, D::Err> {
    square.try_add(scalar::<E>(1e-12))?.try_sqrt()
}

/// The axes of a batch of matrices with its first two swapped.
pub(super) type Swapped = Axes3<1, 0, 2>;
