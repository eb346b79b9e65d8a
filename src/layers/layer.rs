//! How a layer computes, whatever it is part of.

use dfdx::prelude::{Dim, Dtype, Merge, SplitTape, Tape};

use crate::tensor::{empty, Batch, Batched, Device, Element, Features, Graph, Value};

/// A closed layer that computes: what models and blocks are made of.
///
/// Sizes are known while running, because the shape rule has proven them before; so one
/// implementation serves a layer in a model, where all shapes are concrete, and in a block, which
/// is generic over them.
pub trait Layer<E: Dtype, D: Device<E>> {
    /// Computes the output for `x`, and for layers with several inputs for `rest`.
    ///
    /// # Errors
    /// When the device is out of memory.
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        rest: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err>;

    /// The same while training, when layers such as `Dropout` do more.
    ///
    /// # Errors
    /// When the device is out of memory.
    fn try_apply_mut<T: Tape<E, D>>(
        &mut self,
        x: Features<E, D, T>,
        rest: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        self.try_apply(x, rest)
    }

    /// Adds what the layer computes to `graph`, for the engine that runs whole models on the CPU.
    ///
    /// `None`, which is what a layer says that does not implement this, leaves a model that holds
    /// the layer to [`Layer::try_apply`].
    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        let _ = (graph, inputs);
        None
    }

    /// Takes what the layer's ops have learned of a batch while training, as the running mean of a
    /// batch normalisation: one slice for each op that keeps statistics, in the order of
    /// [`Layer::describe`].
    fn settle(&mut self, statistics: &mut Statistics<'_, E>) {
        let _ = statistics;
    }
}

/// What ops have kept of a whole batch, in the order in which they were described.
pub type Statistics<'a, E> = dyn Iterator<Item = &'a [E]> + 'a;

/// A whole model that computes, with as many inputs and outputs as it has.
///
/// `#[model]` implements it; `forward` and `forward_mut` go through it.
pub trait Network<E: Dtype, D: Device<E>> {
    /// The outputs in their order.
    ///
    /// # Errors
    /// When the device is out of memory.
    #[allow(clippy::type_complexity)]
    fn try_run<T: Tape<E, D>>(
        &self,
        inputs: Vec<Features<E, D>>,
        tape: T,
    ) -> Result<(Vec<Features<E, D>>, T), D::Err>;

    /// The same while training.
    ///
    /// # Errors
    /// When the device is out of memory.
    #[allow(clippy::type_complexity)]
    fn try_run_mut<T: Tape<E, D>>(
        &mut self,
        inputs: Vec<Features<E, D>>,
        tape: T,
    ) -> Result<(Vec<Features<E, D>>, T), D::Err>;

    /// Adds the whole model to `graph`, and its outputs to `outputs`; see [`Layer::describe`].
    fn describe<'m>(
        &'m self,
        graph: &mut Graph<'_, 'm, E>,
        inputs: &[Value],
        outputs: &mut Vec<Value>,
    ) -> Option<()>
    where
        E: Element;

    /// See [`Layer::settle`].
    fn settle(&mut self, statistics: &mut Statistics<'_, E>);
}

/// Takes a typed tensor to a layer and its output back to one.
pub(crate) fn typed<In, Out, B, E, D, T>(
    x: Batch<In, B, E, D, T>,
    batch: B,
    apply: impl FnOnce(Features<E, D, T>) -> Result<Features<E, D, T>, D::Err>,
) -> Result<Batch<Out, B, E, D, T>, D::Err>
where
    In: Batched,
    Out: Batched,
    B: Dim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    if batch.size() == 0 {
        // dfdx's kernels cannot iterate over nothing.
        let device = x.device().clone();
        return empty::<Out, _, _, _, _>(&device, batch, x.split_tape().1);
    }
    apply(Features::from_typed::<In, B>(x)?)?.try_into_typed::<Out, B>(batch)
}

/// Adds the input of another tape to those of a layer, without its tape, which joins `x`'s.
pub(crate) fn joined<S, B, E, D, T, R>(
    x: Features<E, D, T>,
    other: Batch<S, B, E, D, R>,
    rest: &mut Vec<Features<E, D>>,
) -> Result<Features<E, D, T>, D::Err>
where
    S: Batched,
    B: Dim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D> + Merge<R>,
    R: Tape<E, D>,
{
    let (x, tape) = x.split_tape();
    let (other, other_tape) = other.split_tape();
    rest.push(Features::from_typed::<S, B>(other)?);
    Ok(x.put_tape(tape.merge(other_tape)))
}

/// dfdx's `Module` for a closed layer with one input, which takes typed tensors to its
/// [`Layer`] and back.
///
/// `typed_module!([generics] Layer<chw => chw, further arguments>, |inputs| signature)`; the shapes
/// are `chw => chw`, `flat => flat`, `chw => flat` or `flat => chw`. `mut` in front adds
/// `ModuleMut` for layers that train in another way.
macro_rules! typed_module {
    (mut [$($g:tt)*] $Layer:ident<$from:ident => $to:ident $(, $arg:ident)*>, |$inputs:ident| $rule:expr) => {
        $crate::layers::layer::typed_module!([$($g)*] $Layer<$from => $to $(, $arg)*>, |$inputs| $rule);
        $crate::layers::layer::typed_module!(@$from $to ModuleMut try_forward_mut try_apply_mut [self &mut self]
            [$($g)*] $Layer [$($arg)*] |$inputs| $rule);
    };
    ([$($g:tt)*] $Layer:ident<$from:ident => $to:ident $(, $arg:ident)*>, |$inputs:ident| $rule:expr) => {
        $crate::layers::layer::typed_module!(@$from $to Module try_forward try_apply [self &self]
            [$($g)*] $Layer [$($arg)*] |$inputs| $rule);
    };
    (@chw chw $($rest:tt)*) => {
        $crate::layers::layer::typed_module!(@@ [const C: usize, const H: usize, const W: usize,
            const F: usize, const OH: usize, const OW: usize,]
            $crate::shape::Chw<C, H, W>; (B, dfdx::prelude::Const<C>, dfdx::prelude::Const<H>, dfdx::prelude::Const<W>);
            $crate::shape::Chw<F, OH, OW>; $($rest)*);
    };
    (@flat flat $($rest:tt)*) => {
        $crate::layers::layer::typed_module!(@@ [const M: usize, const N: usize,]
            $crate::shape::Flat<M>; (B, dfdx::prelude::Const<M>);
            $crate::shape::Flat<N>; $($rest)*);
    };
    (@chw flat $($rest:tt)*) => {
        $crate::layers::layer::typed_module!(@@ [const C: usize, const H: usize, const W: usize, const N: usize,]
            $crate::shape::Chw<C, H, W>; (B, dfdx::prelude::Const<C>, dfdx::prelude::Const<H>, dfdx::prelude::Const<W>);
            $crate::shape::Flat<N>; $($rest)*);
    };
    (@flat chw $($rest:tt)*) => {
        $crate::layers::layer::typed_module!(@@ [const M: usize, const F: usize, const OH: usize, const OW: usize,]
            $crate::shape::Flat<M>; (B, dfdx::prelude::Const<M>);
            $crate::shape::Chw<F, OH, OW>; $($rest)*);
    };
    (@@ [$($sizes:tt)*] $In:ty; $Axes:ty; $Out:ty; $Module:ident $forward:ident $apply:ident
        [$this:ident $($receiver:tt)*] [$($g:tt)*] $Layer:ident [$($arg:ident)*] |$inputs:ident| $rule:expr) => {
        impl<$($sizes)* $($g)* B, E, D, T> dfdx::prelude::$Module<dfdx::prelude::Tensor<$Axes, E, D, T>>
            for $Layer<$In, $Out $(, $arg)*>
        where
            B: dfdx::prelude::Dim,
            E: dfdx::prelude::Dtype,
            D: $crate::tensor::Device<E>,
            T: dfdx::prelude::Tape<E, D>,
        {
            type Output = $crate::tensor::Batch<$Out, B, E, D, T>;
            type Error = D::Err;

            fn $forward(
                $($receiver)*,
                x: dfdx::prelude::Tensor<$Axes, E, D, T>,
            ) -> Result<Self::Output, D::Err> {
                const {
                    let $inputs = &[<$In as $crate::shape::LayerShape>::DIMS];
                    let output = <$Out as $crate::shape::LayerShape>::DIMS;
                    $crate::layers::close::verify(&$rule, output)
                };
                let batch = dfdx::prelude::HasShape::shape(&x).0;
                $crate::layers::layer::typed::<$In, $Out, _, _, _, _>(x, batch, |x| {
                    $crate::layers::Layer::$apply($this, x, Vec::new())
                })
            }
        }
    };
}

pub(crate) use typed_module;
