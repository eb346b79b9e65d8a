use std::marker::PhantomData;

use dfdx::prelude::{
    Axis, Const, Dim, Dtype, HasShape, Merge, Module, NonMutableModule, Storage, Tape, Tensor,
    TryConcatAlong, ZeroSizedModule,
};

use super::close::verify;
use super::layer::joined;
use super::{Close, Layer};
use crate::kernels::op::{self, MOST_INPUTS};
use crate::shape::{Chw, Dims, Flat, Infer, Inputs, LayerShape, Misfit, Signature};
use crate::tensor::{Batch, Device, Element, Features, Graph, Value};

/// The open layer.
pub mod open {
    /// Stacks the channels of two to six images, or the features of two to six vectors.
    ///
    /// `y = [x₁, x₂, …]`
    ///
    /// # Shapes
    /// Images `C₁×H×W`, `C₂×H×W`, … → `(C₁ + C₂ + …)×H×W`; vectors `N₁`, `N₂`, … → `N₁ + N₂ + …`.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Flat<2>, output = Flat<4>)]
    /// struct Both {
    ///     relu: Relu,
    ///     #[from(input, relu)]
    ///     both: Concat,
    /// }
    /// let dev = Cpu::default();
    /// let net: Both = Both::new(&dev);
    /// assert_eq!(net.forward(dev.tensor([[-1.0, 3.0]])).array(), [[-1.0, 3.0, 0.0, 3.0]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<3, 8, 8>, output = Chw<6, 8, 8>)]
    /// struct Both {
    ///     pool: MaxPool2d<2>,
    ///     #[from(input, pool)]
    ///     both: Concat, // 8 rows and 4
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.cat([x1, x2], dim=1)`
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Concat;
}

impl<In: Inputs> Infer<In> for open::Concat {
    const SIGNATURE: Signature = signature(In::DIMS);
}

const fn signature(inputs: &[Dims]) -> Signature {
    const NAME: &str = "Concat";
    let first = inputs[0];
    if inputs.len() < 2 {
        let misfit = Misfit::InputCount {
            least: 2,
            most: 6,
            found: inputs.len(),
        };
        return Signature::misfit(NAME, misfit, first);
    }
    let mut stacked = first.size(0);
    let mut index = 1;
    while index < inputs.len() {
        let other = inputs[index];
        if other.rank() != first.rank()
            || other.size(1) != first.size(1)
            || other.size(2) != first.size(2)
        {
            let misfit = Misfit::ConcatDiffers {
                first,
                other,
                index,
            };
            return Signature::unknown(NAME, misfit, first);
        }
        stacked = stacked.saturating_add(other.size(0));
        index += 1;
    }
    let output = match first {
        Dims::Chw { height, width, .. } => Dims::chw(stacked, height, width),
        Dims::Flat { .. } => Dims::flat(stacked),
    };
    Signature::new(NAME, output)
}

impl<In, Out> Close<In, Out> for open::Concat {
    type Layer<E: Dtype, D: Storage<E>> = Concat<In, Out>;
}

/// The closed layer of [`open::Concat`].
#[derive(Clone, Copy, Debug)]
pub struct Concat<In, Out>(PhantomData<fn() -> (In, Out)>);

impl<In, Out> Default for Concat<In, Out> {
    fn default() -> Self {
        Concat(PhantomData)
    }
}

impl<In, Out> ZeroSizedModule for Concat<In, Out> {}
impl<In, Out> NonMutableModule for Concat<In, Out> {}

impl<In, Out, E: Dtype, D: Device<E>> Layer<E, D> for Concat<In, Out> {
    fn try_apply<T: Tape<E, D>>(
        &self,
        mut stacked: Features<E, D, T>,
        rest: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let (first, batch) = (stacked.dims(), stacked.batch());
        let mut channels = first.size(0);
        for x in rest {
            channels += x.dims().size(0);
            let (left, x) = stacked.try_distinct(x)?;
            let both = (left.into_images(), x.into_images()).try_concat_along(Axis::<1>)?;
            let dims = match first {
                Dims::Chw { height, width, .. } => Dims::chw(channels, height, width),
                Dims::Flat { .. } => Dims::flat(channels),
            };
            stacked = Features::with_dims(both, batch, dims)?;
        }
        Ok(stacked)
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        let first = graph.dims(inputs[0]);
        let mut lens = [0; MOST_INPUTS];
        for (len, input) in lens.iter_mut().zip(inputs) {
            *len = graph.dims(*input).len();
        }
        let all: usize = lens.iter().sum();
        let dims = match first {
            Dims::Chw { height, width, .. } => Dims::chw(all / (height * width), height, width),
            Dims::Flat { .. } => Dims::flat(all),
        };
        Some(graph.push(op::Concat { lens }, inputs, 0, dims))
    }
}

/// dfdx's `Module` for one number of inputs, images and vectors.
macro_rules! concats {
    ($C1:ident $(, $C:ident $x:ident $R:ident)+) => {
        concats!(@ [const $C1: usize, $(const $C: usize,)+ const F: usize, const H: usize, const W: usize,]
            Chw<$C1, H, W>; (B, Const<$C1>, Const<H>, Const<W>); Chw<F, H, W>;
            $(Chw<$C, H, W>, (B, Const<$C>, Const<H>, Const<W>), $x, $R;)+);
        concats!(@ [const $C1: usize, $(const $C: usize,)+ const F: usize,]
            Flat<$C1>; (B, Const<$C1>); Flat<F>; $(Flat<$C>, (B, Const<$C>), $x, $R;)+);
    };
    (@ [$($sizes:tt)*] $First:ty; $FirstAxes:ty; $Out:ty; $($In:ty, $Axes:ty, $x:ident, $R:ident;)+) => {
        impl<$($sizes)* B, E, D, T, $($R),+>
            Module<(Tensor<$FirstAxes, E, D, T>, $(Tensor<$Axes, E, D, $R>),+)>
            for Concat<($First, $($In),+), $Out>
        where
            B: Dim,
            E: Dtype,
            D: Device<E>,
            T: Tape<E, D> $(+ Merge<$R>)+,
            $($R: Tape<E, D>),+
        {
            type Output = Batch<$Out, B, E, D, T>;
            type Error = D::Err;

            fn try_forward(
                &self,
                (x, $($x),+): (Tensor<$FirstAxes, E, D, T>, $(Tensor<$Axes, E, D, $R>),+),
            ) -> Result<Self::Output, D::Err> {
                const {
                    let inputs = [<$First as LayerShape>::DIMS, $(<$In as LayerShape>::DIMS),+];
                    verify(&signature(&inputs), <$Out as LayerShape>::DIMS)
                };
                let batch = x.shape().0;
                let x = Features::from_typed::<$First, B>(x)?;
                let mut rest = Vec::new();
                $(let x = joined::<$In, B, E, D, T, $R>(x, $x, &mut rest)?;)+
                self.try_apply(x, rest)?.try_into_typed::<$Out, B>(batch)
            }
        }
    };
}
concats!(C1, C2 x2 R2);
concats!(C1, C2 x2 R2, C3 x3 R3);
concats!(C1, C2 x2 R2, C3 x3 R3, C4 x4 R4);
concats!(C1, C2 x2 R2, C3 x3 R3, C4 x4 R4, C5 x5 R5);
concats!(C1, C2 x2 R2, C3 x3 R3, C4 x4 R4, C5 x5 R5, C6 x6 R6);
