use dfdx::prelude::{Dtype, Module, ModuleMut, Shape, Tape, Tensor};

use super::close::verify;
use super::elementwise::elementwise_rule;
use super::Layer;
use crate::kernels::{dropout, op};
use crate::shape::{Dims, Misfit, Signature};
use crate::tensor::{Device, Element, Features, Graph, Value};

/// Sets values to zero at random while training, and scales the others up to keep their mean.
///
/// `y = x · m / (1 − p)`, where `m` is 0 with probability `p = NUMERATOR / DENOMINATOR`, else 1
///
/// `forward_mut`, which trains, drops; `forward`, which evaluates, changes nothing. The random
/// numbers come from the device's seed: the same numbers from the same seed, whatever the number of
/// threads.
///
/// # Shapes
/// Any, unchanged.
///
/// # Parameters
/// - `NUMERATOR`, `DENOMINATOR`: the probability of dropping a value as a fraction (default 1/2).
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// let dev = Cpu::seed_from_u64(1);
/// let x: Tensor<Rank2<1, 2>, f64, _> = dev.tensor([[3.0, 5.0]]);
/// assert_eq!(Dropout::<1, 2>.forward(x.clone()).array(), [[3.0, 5.0]]);
/// let dropped = Dropout::<1, 2>.forward_mut(x).array()[0];
/// assert!(dropped[0] == 0.0 || dropped[0] == 6.0);
/// ```
///
/// # Same as
/// `torch.nn.Dropout(p)`
///
/// # Source
/// Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dropout<const NUMERATOR: usize = 1, const DENOMINATOR: usize = 2>;

const fn signature<const N: usize, const M: usize>(input: Dims) -> Signature {
    if N >= M {
        let misfit = Misfit::Fraction {
            what: "probability",
            numerator: N,
            denominator: M,
        };
        return Signature::misfit("Dropout", misfit, input);
    }
    Signature::new("Dropout", input)
}

elementwise_rule!([const N: usize, const M: usize] Dropout<N, M>, "Dropout", signature::<N, M>);

impl<S, E, D, T, const N: usize, const M: usize> Module<Tensor<S, E, D, T>> for Dropout<N, M>
where
    S: Shape,
    E: Dtype,
    D: dfdx::prelude::Device<E>,
    T: Tape<E, D>,
{
    type Output = Tensor<S, E, D, T>;
    type Error = D::Err;

    /// Changes nothing.
    fn try_forward(&self, x: Tensor<S, E, D, T>) -> Result<Self::Output, D::Err> {
        Ok(x)
    }
}

impl<S, E, D, T, const N: usize, const M: usize> ModuleMut<Tensor<S, E, D, T>> for Dropout<N, M>
where
    S: Shape,
    E: Dtype,
    D: dfdx::prelude::Device<E>,
    T: Tape<E, D>,
{
    type Output = Tensor<S, E, D, T>;
    type Error = D::Err;

    /// Drops.
    fn try_forward_mut(&mut self, x: Tensor<S, E, D, T>) -> Result<Self::Output, D::Err> {
        const { verify(&signature::<N, M>(Dims::flat(1)), Dims::flat(1)) };
        x.try_dropout(N as f64 / M as f64)
    }
}

impl<E, D, const N: usize, const M: usize> Layer<E, D> for Dropout<N, M>
where
    E: Dtype,
    D: Device<E>,
{
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        x.try_map(|x| self.try_forward(x))
    }

    fn try_apply_mut<T: Tape<E, D>>(
        &mut self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        x.try_map(|x| self.try_forward_mut(x))
    }

    /// Nothing to do in evaluation.
    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        if !graph.training() {
            return Some(inputs[0]);
        }
        let dims = graph.dims(inputs[0]);
        let geometry = dropout::Geometry {
            len: dims.len(),
            numerator: N,
            denominator: M,
        };
        Some(graph.push(op::Dropout(geometry), inputs, 0, dims))
    }
}
