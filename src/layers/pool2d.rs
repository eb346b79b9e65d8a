//! What the three poolings share: one type parameter list, one shape rule.

use crate::shape::options::{
    check_options, Kernel, LayerOption, Options, PaddingSize, Pair, Property,
};
use crate::shape::window::Padding2d;
use crate::shape::{one_image, Dims, Misfit, Signature, Window2d};

/// The options of a pooling, which has three slots.
pub(super) type Folded<O1, O2, O3> = (O1, O2, O3, (), (), ());
/// The window of an open pooling.
pub(super) type KernelOf<const K: usize, O1, O2, O3> =
    <Folded<O1, O2, O3> as Options>::Kernel<Kernel<K>>;
/// The stride of an open pooling: the window where none is given.
pub(super) type StrideOf<const K: usize, O1, O2, O3> =
    <Folded<O1, O2, O3> as Options>::Stride<KernelOf<K, O1, O2, O3>>;
/// The padding of an open pooling.
pub(super) type PaddingOf<O1, O2, O3> = <Folded<O1, O2, O3> as Options>::Padding;

/// The options that poolings have.
pub(super) const fn check<O1: LayerOption, O2: LayerOption, O3: LayerOption>() -> Result<(), Misfit>
{
    check_options::<Folded<O1, O2, O3>>(&[
        Property::KernelWidth,
        Property::Stride,
        Property::Padding,
    ])
}

/// The window of a closed pooling.
pub(super) const fn window2d<K: Pair, S: Pair, P: PaddingSize>() -> Window2d {
    Window2d {
        kernel: K::PAIR,
        stride: S::PAIR,
        padding: P::PADDING,
        dilation: (1, 1),
    }
}

/// The shape rule of the pooling called `name`.
pub(super) const fn signature<K: Pair, S: Pair, P: PaddingSize>(
    name: &'static str,
    inputs: &[Dims],
    options: Result<(), Misfit>,
) -> Signature {
    let unknown = Dims::chw(inputs[0].size(0), 1, 1);
    if let Err(misfit) = options {
        return Signature::unknown(name, misfit, unknown);
    }
    let window = window2d::<K, S, P>();
    let (channels, height, width) = match one_image(inputs) {
        Ok(sizes) => sizes,
        Err(misfit) => return Signature::unknown(name, misfit, unknown),
    };
    let output = match window.output(height, width) {
        Ok((height, width)) => Dims::chw(channels, height, width),
        Err(misfit) => return Signature::unknown(name, misfit, unknown),
    };
    if let Padding2d::Explicit(vertical, horizontal) = window.padding {
        let (kernel_height, kernel_width) = window.kernel;
        let (padding, kernel) = if vertical > kernel_height / 2 {
            (vertical, kernel_height)
        } else {
            (horizontal, kernel_width)
        };
        if padding > kernel / 2 {
            let misfit = Misfit::PaddingOverHalfWindow { padding, kernel };
            return Signature::unknown(name, misfit, output);
        }
    }
    Signature::new(name, output).sees(window.receptive_field())
}

/// `pooling!("Name", Name, |layer, x, window, output| forward)`: the open type's rule and the
/// closed type of one pooling.
macro_rules! pooling {
    ($Pool:ident, |$x:ident, $window:ident, $output:ident| $forward:expr) => {
        impl<In, const K: usize, O1, O2, O3> $crate::shape::Infer<In> for open::$Pool<K, O1, O2, O3>
        where
            In: $crate::shape::Inputs,
            O1: LayerOption,
            O2: LayerOption,
            O3: LayerOption,
        {
            const SIGNATURE: Signature =
                pool2d::signature::<
                    pool2d::KernelOf<K, O1, O2, O3>,
                    pool2d::StrideOf<K, O1, O2, O3>,
                    pool2d::PaddingOf<O1, O2, O3>,
                >(stringify!($Pool), In::DIMS, pool2d::check::<O1, O2, O3>());
        }

        impl<In, Out, const K: usize, O1, O2, O3> $crate::layers::Close<In, Out>
            for open::$Pool<K, O1, O2, O3>
        where
            O1: LayerOption,
            O2: LayerOption,
            O3: LayerOption,
        {
            type Layer<E: Dtype, D: dfdx::prelude::Storage<E>> = $Pool<
                In,
                Out,
                pool2d::KernelOf<K, O1, O2, O3>,
                pool2d::StrideOf<K, O1, O2, O3>,
                pool2d::PaddingOf<O1, O2, O3>,
            >;
        }

        #[doc = concat!("The closed layer of [`open::", stringify!($Pool), "`].")]
        pub struct $Pool<In, Out, K, S = K, P = $crate::shape::options::Padding<0>>(
            #[allow(clippy::type_complexity)] std::marker::PhantomData<fn() -> (In, Out, K, S, P)>,
        );

        impl<In, Out, K, S, P> Clone for $Pool<In, Out, K, S, P> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<In, Out, K, S, P> Copy for $Pool<In, Out, K, S, P> {}
        impl<In, Out, K, S, P> Default for $Pool<In, Out, K, S, P> {
            fn default() -> Self {
                $Pool(std::marker::PhantomData)
            }
        }
        impl<In, Out, K: Pair, S: Pair, P: PaddingSize> std::fmt::Debug
            for $Pool<In, Out, K, S, P>
        {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($Pool))
                    .field(&pool2d::window2d::<K, S, P>())
                    .finish()
            }
        }
        impl<In, Out, K, S, P> dfdx::prelude::ZeroSizedModule for $Pool<In, Out, K, S, P> {}
        impl<In, Out, K, S, P> dfdx::prelude::NonMutableModule for $Pool<In, Out, K, S, P> {}

        impl<In, Out, K, S, P, E, D> $crate::layers::Layer<E, D> for $Pool<In, Out, K, S, P>
        where
            Out: $crate::shape::LayerShape,
            K: Pair,
            S: Pair,
            P: PaddingSize,
            E: Dtype,
            D: Device<E>,
        {
            fn try_apply<T: Tape<E, D>>(
                &self,
                x: Features<E, D, T>,
                _: Vec<Features<E, D>>,
            ) -> Result<Features<E, D, T>, D::Err> {
                let (batch, dims) = (x.batch(), Out::DIMS);
                let $window = const { pool2d::window2d::<K, S, P>() };
                let $output = (dims.size(1), dims.size(2));
                let $x = x.into_images();
                Features::with_dims($forward, batch, dims)
            }

            fn describe<'m>(
                &'m self,
                graph: &mut $crate::tensor::Graph<'_, 'm, E>,
                inputs: &[$crate::tensor::Value],
            ) -> Option<$crate::tensor::Value>
            where
                E: $crate::tensor::Element,
            {
                let op = $crate::kernels::op::$Pool($crate::kernels::pool2d::Geometry {
                    input: graph.dims(inputs[0]).into(),
                    window: const { pool2d::window2d::<K, S, P>() }.into(),
                });
                Some(graph.push(op, inputs, 0, Out::DIMS))
            }
        }

        $crate::layers::layer::typed_module!(
            [K: Pair, S: Pair, P: PaddingSize,] $Pool<chw => chw, K, S, P>,
            |inputs| pool2d::signature::<K, S, P>(stringify!($Pool), inputs, Ok(()))
        );
    };
}

pub(super) use pooling;
