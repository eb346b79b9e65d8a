use dfdx::prelude::{
    Axes3, Axes4, Axis, Const, Dtype, HasShape, ModuleVisitor, NonMutableModule, PermuteTo,
    PutTape, ReshapeTo, SplitTape, Storage, Tape, Tensor, TensorCollection, TensorOptions, TryAdd,
    TryMatMul,
};
use rand_distr::Uniform;
use std::marker::PhantomData;

use super::capsules::{squash, Swapped};
use super::layer::typed_module;
use super::{Close, Layer};
use crate::kernels::{digit_caps, op};
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, ReceptiveField, Signature};
use crate::tensor::{on_tape, scalar, Device, Element, Features, Graph, Sizes, Value};

/// The open layer.
pub mod open {
    /// `N` capsules of `DIM` values, each of which listens to the capsules below that agree with
    /// it: dynamic routing.
    ///
    /// `û[j,i] = W[i,j] u[i]`, then `ROUNDS` times: `c = softmax_j(b)`, `v[j] = squash(Σ_i c[i,j]
    /// û[j,i])`, `b[i,j] += û[j,i] · v[j]`, beginning with `b = 0`
    ///
    /// The gradient goes through all rounds.
    ///
    /// # Shapes
    /// Input capsules `I×K×1`, output `N×DIM×1`, `weight` `I×N×DIM×K`.
    ///
    /// # Parameters
    /// - `N`: number of capsules.
    /// - `DIM`: values of a capsule.
    /// - `ROUNDS`: rounds of routing (default 3).
    ///
    /// `weight` starts uniformly with a standard deviation of 0.1.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<1, 2, 1>, output = Chw<1, 2, 1>)]
    /// struct Net {
    ///     digits: DigitCaps<1, 2>,
    /// }
    /// let dev = Cpu::default();
    /// let mut net: Net<f64, _> = Net::new(&dev);
    /// net.digits.weight.copy_from(&[1.0, 0.0, 0.0, 1.0]);
    /// let y = net.forward(dev.tensor([[[[3.0], [4.0]]]])).array()[0][0];
    /// // With one capsule above, there is nothing to choose: it is squashed.
    /// assert!((y[0][0] - 3.0 / 5.0 * 25.0 / 26.0).abs() < 1e-6);
    /// ```
    ///
    /// # Source
    /// Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", 2017.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct DigitCaps<const N: usize, const DIM: usize, const ROUNDS: usize = 3>;
}

impl<In, const N: usize, const DIM: usize, const ROUNDS: usize> Infer<In>
    for open::DigitCaps<N, DIM, ROUNDS>
where
    In: Inputs,
{
    const SIGNATURE: Signature = signature(In::DIMS, N, DIM, ROUNDS);
}

const fn signature(inputs: &[Dims], capsules: usize, size: usize, rounds: usize) -> Signature {
    const NAME: &str = "DigitCaps";
    let output = Dims::chw(capsules, size, 1);
    let zero = match (capsules, size, rounds) {
        (0, ..) => Some("number of capsules"),
        (_, 0, _) => Some("number of values in a capsule"),
        (.., 0) => Some("number of rounds"),
        _ => None,
    };
    if let Some(what) = zero {
        return Signature::unknown(NAME, Misfit::Zero { what }, output);
    }
    match one_image(inputs) {
        Ok((below, rows, columns)) => {
            // Images of several columns are capsules of rows·columns values.
            let values = rows.saturating_mul(columns);
            let signature = Signature::new(NAME, output)
                .weight("weight", &[below, capsules, size, values])
                .sees(ReceptiveField::ALL);
            let products = signature.params;
            let routed = below.saturating_mul(capsules).saturating_mul(size);
            signature.macs(products.saturating_add(routed.saturating_mul(2 * rounds - 1)))
        }
        Err(misfit) => Signature::misfit(NAME, misfit, output),
    }
}

impl<In: Sizes, Out: Sizes, const N: usize, const DIM: usize, const ROUNDS: usize> Close<In, Out>
    for open::DigitCaps<N, DIM, ROUNDS>
{
    type Layer<E: Dtype, D: Storage<E>> = DigitCaps<In, Out, N, DIM, ROUNDS, E, D>;
}

/// The closed layer of [`open::DigitCaps`].
#[derive(Clone, Debug)]
pub struct DigitCaps<
    In,
    Out,
    const N: usize,
    const DIM: usize,
    const ROUNDS: usize,
    E = f32,
    D = dfdx::prelude::Cpu,
> where
    In: Sizes,
    E: Dtype,
    D: Storage<E>,
{
    /// One matrix for each capsule below and each above.
    #[allow(clippy::type_complexity)]
    pub weight: Tensor<(In::Channels, Const<N>, Const<DIM>, In::Height), E, D>,
    /// What flows out.
    pub output: PhantomData<fn() -> Out>,
}

impl<In, Out, const N: usize, const DIM: usize, const ROUNDS: usize, E, D> NonMutableModule
    for DigitCaps<In, Out, N, DIM, ROUNDS, E, D>
where
    In: Sizes,
    E: Dtype,
    D: Storage<E>,
{
}

impl<In, Out, const N: usize, const DIM: usize, const ROUNDS: usize, E, D> Layer<E, D>
    for DigitCaps<In, Out, N, DIM, ROUNDS, E, D>
where
    In: Sizes,
    E: Dtype,
    D: Device<E>,
{
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let x = x.into_images();
        let &(batch, below, values, _) = x.shape();
        let weight = self
            .weight
            .retaped::<T>()
            .try_reshape_like(&(below, N * DIM, values))?
            .try_permute::<_, Axes3<0, 2, 1>>()?;
        let (predictions, mut tape) = x
            .try_reshape_like(&(batch, below, values))?
            .try_permute::<_, Swapped>()?
            .try_matmul(weight)?
            .try_reshape_like(&(below, batch, N, DIM))?
            .try_permute::<_, Axes4<1, 2, 0, 3>>()?
            .split_tape();
        let device = predictions.device().clone();
        let mut logits = device.try_zeros_like(&(batch, N, below))?;
        let mut round = 1;
        loop {
            let (shares, rest) = on_tape(&logits, tape, |logits| {
                let shares = logits.try_softmax::<Axis<1>>()?;
                shares.try_reshape_like(&(batch, N, 1, below))
            })?;
            let (capsules, rest) = on_tape(&shares, rest, |shares| {
                let sums = shares.try_matmul(predictions.clone())?;
                squash(sums.try_reshape_like(&(batch, N, DIM))?)
            })?;
            if round == ROUNDS {
                let capsules = capsules.put_tape(rest);
                return Features::with_dims(capsules, batch, Dims::chw(N, DIM, 1));
            }
            let (capsules, rest) = on_tape(&capsules, rest, |capsules| {
                capsules.try_reshape_like(&(batch, N, DIM, 1))
            })?;
            (logits, tape) = on_tape(&predictions, rest, |predictions| {
                let agreement = predictions.try_matmul(capsules)?;
                let agreement = agreement.try_reshape_like(&(batch, N, below))?;
                agreement.try_add(logits)
            })?;
            round += 1;
        }
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        graph.parameter(&self.weight)?;
        let below = graph.dims(inputs[0]);
        let op = op::DigitCaps(digit_caps::Geometry {
            below: below.size(0),
            values: below.len() / below.size(0),
            capsules: N,
            size: DIM,
            rounds: ROUNDS,
        });
        Some(graph.push(op, inputs, 1, Dims::chw(N, DIM, 1)))
    }
}

typed_module!(
    [const N_: usize, const DIM: usize, const ROUNDS: usize,]
    DigitCaps<chw => chw, N_, DIM, ROUNDS, E, D>,
    |inputs| signature(inputs, N_, DIM, ROUNDS)
);

impl<In, Out, const N: usize, const DIM: usize, const ROUNDS: usize, E, D> TensorCollection<E, D>
    for DigitCaps<In, Out, N, DIM, ROUNDS, E, D>
where
    In: Sizes,
    E: Element,
    D: dfdx::prelude::Device<E>,
{
    type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> = DigitCaps<In, Out, N, DIM, ROUNDS, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let start = TensorOptions::reset_with(|t| {
            // Uniform in ±a has a standard deviation of a/√3.
            let bound = scalar::<E>(0.1 * 3f64.sqrt());
            t.try_fill_with_distr(Uniform::new(-bound, bound))
        });
        visitor.visit_fields(
            Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, start),
            |weight| DigitCaps {
                weight,
                output: PhantomData,
            },
        )
    }
}
