//! What the global poolings share: one shape rule.

use crate::shape::{one_image, Dims, ReceptiveField, Signature};

/// The shape rule of the global pooling called `name`.
pub(super) const fn signature(name: &'static str, inputs: &[Dims]) -> Signature {
    match one_image(inputs) {
        Ok((channels, ..)) => Signature::new(name, Dims::flat(channels)).sees(ReceptiveField::ALL),
        Err(misfit) => Signature::unknown(name, misfit, Dims::flat(inputs[0].size(0))),
    }
}

/// `global_pooling!(Name, |x| forward)`: the open type's rule and the closed type of one global
/// pooling; `forward` turns images into vectors of their channels.
macro_rules! global_pooling {
    ($Pool:ident, |$x:ident| $forward:expr, |$image:ident| $op:expr) => {
        impl<In: $crate::shape::Inputs> $crate::shape::Infer<In> for open::$Pool {
            const SIGNATURE: $crate::shape::Signature =
                $crate::layers::global_pool2d::signature(stringify!($Pool), In::DIMS);
        }

        impl<In, Out> $crate::layers::Close<In, Out> for open::$Pool {
            type Layer<E: dfdx::prelude::Dtype, D: dfdx::prelude::Storage<E>> = $Pool<In, Out>;
        }

        #[doc = concat!("The closed layer of [`open::", stringify!($Pool), "`].")]
        #[derive(Clone, Copy, Debug)]
        pub struct $Pool<In, Out>(std::marker::PhantomData<fn() -> (In, Out)>);

        impl<In, Out> Default for $Pool<In, Out> {
            fn default() -> Self {
                $Pool(std::marker::PhantomData)
            }
        }

        impl<In, Out> dfdx::prelude::ZeroSizedModule for $Pool<In, Out> {}
        impl<In, Out> dfdx::prelude::NonMutableModule for $Pool<In, Out> {}

        impl<In, Out, E, D> $crate::layers::Layer<E, D> for $Pool<In, Out>
        where
            E: dfdx::prelude::Dtype,
            D: $crate::tensor::Device<E>,
        {
            fn try_apply<T: dfdx::prelude::Tape<E, D>>(
                &self,
                x: $crate::tensor::Features<E, D, T>,
                _: Vec<$crate::tensor::Features<E, D>>,
            ) -> Result<$crate::tensor::Features<E, D, T>, D::Err> {
                let $x = x.into_images();
                let y: Result<$crate::tensor::Vectors<E, D, T>, D::Err> = $forward;
                $crate::tensor::Features::vectors(y?)
            }

            fn describe<'m>(
                &'m self,
                graph: &mut $crate::tensor::Graph<'_, 'm, E>,
                inputs: &[$crate::tensor::Value],
            ) -> Option<$crate::tensor::Value>
            where
                E: $crate::tensor::Element,
            {
                let $image = $crate::kernels::Image::from(graph.dims(inputs[0]));
                let output = $crate::shape::Dims::flat($image.channels);
                Some(graph.push($op, inputs, 0, output))
            }
        }

        $crate::layers::layer::typed_module!([] $Pool<chw => flat>, |inputs| {
            $crate::layers::global_pool2d::signature(stringify!($Pool), inputs)
        });
    };
}

pub(super) use global_pooling;
