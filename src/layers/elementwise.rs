//! What all layers that work value by value share.

/// The shape rule of a layer without parameters whose output has the shape of its only input.
///
/// `elementwise_rule!([generics] Type, "Name", signature)`; `signature` is a
/// `const fn(Dims) -> Signature`.
macro_rules! elementwise_rule {
    ([$($g:tt)*] $Layer:ty, $name:literal, $signature:expr) => {
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
    };
}

/// A whole layer without parameters: [`elementwise_rule!`] and a forward that is the same in
/// training and evaluation, for tensors of any shape that meets the bounds.
///
/// `elementwise!([generics] Type, "Name", signature, [bounds], |x| forward, |dims| op)`; the op
/// computes the same for the engine, for an input of those [`Dims`](crate::shape::Dims). Without
/// an op, the engine leaves models with the layer to dfdx's ops; `same` in its place is a layer
/// that changes nothing.
macro_rules! elementwise {
    ([$($g:tt)*] $Layer:ty, $name:literal, $signature:expr, [$($bound:tt)*], |$x:ident| $forward:expr) => {
        $crate::layers::elementwise::elementwise!(@ [$($g)*] $Layer, $name, $signature,
            [$($bound)*], |$x| $forward, |graph, inputs| {
                let _ = (graph, inputs);
                None
            });
    };
    ([$($g:tt)*] $Layer:ty, $name:literal, $signature:expr, [$($bound:tt)*], |$x:ident| $forward:expr, same) => {
        $crate::layers::elementwise::elementwise!(@ [$($g)*] $Layer, $name, $signature,
            [$($bound)*], |$x| $forward, |graph, inputs| {
                let _ = graph;
                Some(inputs[0])
            });
    };
    ([$($g:tt)*] $Layer:ty, $name:literal, $signature:expr, [$($bound:tt)*], |$x:ident| $forward:expr, |$dims:pat_param| $op:expr) => {
        $crate::layers::elementwise::elementwise!(@ [$($g)*] $Layer, $name, $signature,
            [$($bound)*], |$x| $forward, |graph, inputs| {
                let dims = graph.dims(inputs[0]);
                let $dims = dims;
                Some(graph.push($op, inputs, 0, dims))
            });
    };
    (@ [$($g:tt)*] $Layer:ty, $name:literal, $signature:expr, [$($bound:tt)*], |$x:ident| $forward:expr, |$graph:ident, $inputs:ident| $describe:expr) => {
        $crate::layers::elementwise::elementwise_rule!([$($g)*] $Layer, $name, $signature);

        impl<$($g)*> dfdx::prelude::NonMutableModule for $Layer {}

        impl<S, E, D, T, $($g)*> dfdx::prelude::Module<dfdx::prelude::Tensor<S, E, D, T>>
            for $Layer
        where
            S: dfdx::prelude::Shape $($bound)*,
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
                // A layer used by hand has been through no shape rule.
                const {
                    let any = $crate::shape::Dims::flat(1);
                    $crate::layers::close::verify(&$signature(any), any)
                };
                $forward
            }
        }

        impl<E, D, $($g)*> $crate::layers::Layer<E, D> for $Layer
        where
            E: dfdx::prelude::Dtype,
            D: $crate::tensor::Device<E>,
        {
            fn try_apply<T: dfdx::prelude::Tape<E, D>>(
                &self,
                x: $crate::tensor::Features<E, D, T>,
                _: Vec<$crate::tensor::Features<E, D>>,
            ) -> Result<$crate::tensor::Features<E, D, T>, D::Err> {
                x.try_map(|x| dfdx::prelude::Module::try_forward(self, x))
            }

            fn describe<'m>(
                &'m self,
                graph: &mut $crate::tensor::Graph<'_, 'm, E>,
                inputs: &[$crate::tensor::Value],
            ) -> Option<$crate::tensor::Value>
            where
                E: $crate::tensor::Element,
            {
                let ($graph, $inputs) = (graph, inputs);
                $describe
            }
        }
    };
}

pub(crate) use {elementwise, elementwise_rule};
