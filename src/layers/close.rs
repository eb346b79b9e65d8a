//! From the open layer to the closed one, also where the layer does not fit.

use dfdx::prelude::{Dtype, Storage, Tape, ZeroSizedModule};

use super::Layer;
use crate::shape::{handwritten_message, Dims, Signature};
use crate::tensor::{Device, Features};

/// Names the closed layer of an open one, given what flows in and out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no closed layer from `{In}` to `{Out}`",
    label = "implement `Close<{In}, {Out}>` for it"
)]
pub trait Close<In, Out> {
    /// The layer that holds the parameters and computes.
    type Layer<E: Dtype, D: Storage<E>>;
}

/// Whether a layer fits, as a type.
pub struct Verdict<const FITS: bool>;

/// The closed layer where it fits, a placeholder where it does not.
///
/// The placeholder keeps the types of the other fields and of the whole model in order, so that
/// the one error that tells of the misfit stays the only one.
pub trait Choose<Open, In, Out> {
    /// What stands in the model's field.
    type Layer<E: Dtype, D: Storage<E>>;
}

impl<Open: Close<In, Out>, In, Out> Choose<Open, In, Out> for Verdict<true> {
    type Layer<E: Dtype, D: Storage<E>> = Open::Layer<E, D>;
}

impl<Open, In, Out> Choose<Open, In, Out> for Verdict<false> {
    type Layer<E: Dtype, D: Storage<E>> = Misfitted<Out>;
}

/// Stands in for a layer that does not fit; a model that holds one does not compile.
#[derive(Clone, Copy, Debug, Default)]
pub struct Misfitted<Out>(std::marker::PhantomData<Out>);

impl<Out: Default> ZeroSizedModule for Misfitted<Out> {}

impl<Out, E: Dtype, D: Device<E>> Layer<E, D> for Misfitted<Out> {
    fn try_apply<T: Tape<E, D>>(
        &self,
        _: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        unreachable!("a model with a layer that does not fit does not compile")
    }
}

/// Panics, while compiling, when a closed layer was written by hand with an output that its rule
/// does not give.
pub(crate) const fn verify(signature: &Signature, output: Dims) {
    let misfit = signature.misfit.as_ref();
    if misfit.is_some() || !signature.output.same(output) {
        let text = handwritten_message(signature.layer, output, signature.output, misfit);
        panic!("{}", text.as_str())
    }
}
