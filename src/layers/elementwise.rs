//! What all layers that work value by value share.

/// Implements a layer without parameters whose output has the shape of its only input.
///
/// `elementwise!([generics] Type, "Name", signature, |layer, x| forward)`; `signature` is a
/// `const fn(Dims) -> Signature`.
macro_rules! elementwise {
    ([$($g:tt)*] $Layer:ty, $name:literal, $signature:expr, |$self:ident, $x:ident| $forward:expr) => {
        impl<In: $crate::shape::Inputs, $($g)*> $crate::shape::Infer<In> for $Layer {
            const SIGNATURE: $crate::shape::Signature =
                match $crate::shape::one_input(In::DIMS) {
                    Ok(input) => $signature(input),
                    Err(misfit) => {
                        $crate::shape::Signature::misfit($name, misfit, In::DIMS[0])
                    }
                };
        }

        impl<In, Out, $($g)*> $crate::layers::Close<In, Out> for $Layer {
            type Layer<E: dfdx::prelude::Dtype, D: dfdx::prelude::Storage<E>> = $Layer;
        }

        impl<$($g)*> dfdx::prelude::ZeroSizedModule for $Layer {}
        $crate::layers::elementwise::elementwise_forward!([$($g)*] $Layer, |$self, $x| $forward);
    };
}

/// The forward of [`elementwise!`], for any tensor whose second axis holds channels or features.
macro_rules! elementwise_forward {
    ([$($g:tt)*] $Layer:ty, |$self:ident, $x:ident| $forward:expr) => {
        impl<$($g)*> dfdx::prelude::NonMutableModule for $Layer {}

        impl<S, E, D, T, $($g)*> dfdx::prelude::Module<dfdx::prelude::Tensor<S, E, D, T>>
            for $Layer
        where
            S: dfdx::prelude::Shape + dfdx::prelude::ReduceShape<dfdx::prelude::Axis<1>>,
            E: dfdx::prelude::Dtype,
            D: dfdx::prelude::Device<E>,
            T: dfdx::prelude::Tape<E, D>,
        {
            type Output = dfdx::prelude::Tensor<S, E, D, T>;
            type Error = D::Err;

            fn try_forward(
                &self,
                $x: dfdx::prelude::Tensor<S, E, D, T>,
            ) -> Result<Self::Output, D::Err> {
                let $self = self;
                $forward
            }
        }
    };
}

pub(crate) use {elementwise, elementwise_forward};
