use dfdx::prelude::{Dtype, ModuleVisitor, Storage, Tape, TensorCollection};

use super::{named, Close, Layer, Statistics};
use crate::shape::{one_input, Dims, Infer, Inner, Inputs, LayerInfo, Misfit, Part, Signature};
use crate::tensor::{Device, Element, Features, Graph, Value};

/// The open layer.
pub mod open {
    /// Runs `N` layers or blocks of one kind, one behind the other, each with its own parameters.
    ///
    /// `y = L_N(… L_2(L_1(x)))`
    ///
    /// # Shapes
    /// The first may change the shape; the others must keep it.
    ///
    /// # Parameters
    /// - `N`: how many.
    /// - `L`: the layer or block.
    /// - `First`: what stands in the first place (default `L`), where it is of another kind, such as
    ///   a block with a stride.
    ///
    /// The parameters are called by their number: `stage.0.weight`, `stage.1.weight`.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[block]
    /// struct Residual<const F: usize> {
    ///     conv: Conv2d<F, Kernel<3>, Padding<1>>,
    ///     #[from(input, conv)]
    ///     sum: Add,
    /// }
    /// #[model(input = Chw<8, 7, 5>, output = Chw<8, 7, 5>)]
    /// struct Net {
    ///     body: Repeat<3, Residual<8>>,
    /// }
    /// assert_eq!(Net::PARAMS, 3 * (8 * 8 * 9 + 8));
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<8, 8, 8>, output = Chw<8, 2, 2>)]
    /// struct Net {
    ///     body: Repeat<2, MaxPool2d<2>>, // the second does not keep the shape
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.Sequential(*[L() for _ in range(N)])`
    #[allow(clippy::type_complexity)]
    pub struct Repeat<const N: usize, L, First = L>(std::marker::PhantomData<fn() -> (L, First)>);
}

/// What flows out of the first and of all others.
type Out<In, const N: usize, L, First, const I: usize> = Inner<open::Repeat<N, L, First>, In, I>;

/// The first.
impl<In, const N: usize, L, First> Part<In, 0> for open::Repeat<N, L, First>
where
    In: Inputs,
    L: 'static,
    First: Infer<In> + 'static,
{
    const SIGNATURE: Signature = First::SIGNATURE;
    const PARTS: &'static [LayerInfo] = First::PARTS;
}

/// All others.
impl<In, const N: usize, L, First> Part<In, 1> for open::Repeat<N, L, First>
where
    In: Inputs,
    L: Infer<Out<In, N, L, First, 0>> + 'static,
    First: Infer<In> + 'static,
{
    const SIGNATURE: Signature = L::SIGNATURE;
    const PARTS: &'static [LayerInfo] = L::PARTS;
}

const NAME: &str = "Repeat";

impl<In, const N: usize, L, First> Infer<In> for open::Repeat<N, L, First>
where
    In: Inputs,
    L: Infer<Out<In, N, L, First, 0>> + 'static,
    First: Infer<In> + 'static,
{
    const SIGNATURE: Signature = signature(
        N,
        one_input(In::DIMS),
        <Self as Part<In, 0>>::SIGNATURE,
        <Self as Part<In, 1>>::SIGNATURE,
    );
    const PARTS: &'static [LayerInfo] = &rows::<N>(
        <Self as Part<In, 0>>::SIGNATURE,
        <Self as Part<In, 0>>::PARTS,
        <Self as Part<In, 1>>::SIGNATURE,
        <Self as Part<In, 1>>::PARTS,
    );
}

/// As many repetitions as there are names for.
const MOST: usize = 100;

/// The names `"0"` to `"99"`.
const NAMES: &[&str; MOST] = &{
    const TENS: &str = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    let mut names = [""; MOST];
    let mut i = 0;
    while i < MOST {
        let (_, from) = TENS.split_at(2 * i);
        let (two, _) = from.split_at(2);
        names[i] = if i < 10 { two.split_at(1).1 } else { two };
        i += 1;
    }
    names
};

const fn signature(
    count: usize,
    input: Result<Dims, Misfit>,
    first: Signature,
    next: Signature,
) -> Signature {
    if let Err(misfit) = input {
        return Signature::unknown(NAME, misfit, first.output);
    }
    if count == 0 {
        let what = "number of repetitions";
        return Signature::unknown(NAME, Misfit::Zero { what }, first.output);
    }
    if count > MOST {
        let misfit = Misfit::TooMany {
            what: "repetitions",
            most: MOST,
            found: count,
        };
        return Signature::misfit(NAME, misfit, first.output);
    }
    if count == 1 {
        return Signature::block(NAME, 1, &[first.output], &[("0", first)]);
    }
    // One that does not fit anyway is told as such.
    if first.fits && next.fits && !next.output.same(first.output) {
        let misfit = Misfit::RepeatChanges {
            first: first.output,
            second: next.output,
        };
        return Signature::unknown(NAME, misfit, next.output);
    }
    let both = Signature::block(NAME, 1, &[first.output], &[("0", first), ("1", next)]);
    let more = count - 2;
    let mut all = both;
    all.certain &= first.certain;
    all.params = all.params.saturating_add(next.params.saturating_mul(more));
    all.macs = all.macs.saturating_add(next.macs.saturating_mul(more));
    all.activations = (all.activations).saturating_add(next.activations.saturating_mul(more));
    all.receptive_field = first.receptive_field;
    let mut done = 1;
    while done < count {
        all.receptive_field = all.receptive_field.then(next.receptive_field);
        done += 1;
    }
    all
}

const fn rows<const N: usize>(
    first: Signature,
    first_parts: &'static [LayerInfo],
    next: Signature,
    next_parts: &'static [LayerInfo],
) -> [LayerInfo; N] {
    let mut rows = [LayerInfo::new("0", &["input"], &first, first_parts); N];
    let mut seen = first.receptive_field;
    let mut index = 1;
    while index < N && index < MOST {
        seen = seen.then(next.receptive_field);
        let (_, before) = NAMES.split_at(index - 1);
        let (before, _) = before.split_at(1);
        rows[index] = LayerInfo::new(NAMES[index], before, &next.sees(seen), next_parts);
        index += 1;
    }
    rows
}

impl<In, End, const N: usize, L, First> Close<In, End> for open::Repeat<N, L, First>
where
    In: Inputs,
    L: Infer<Out<In, N, L, First, 0>> + 'static,
    L: Close<Out<In, N, L, First, 0>, Out<In, N, L, First, 1>>,
    First: Infer<In> + Close<In, Out<In, N, L, First, 0>> + 'static,
{
    type Layer<E: Dtype, D: Storage<E>> = Repeat<
        N,
        <First as Close<In, Out<In, N, L, First, 0>>>::Layer<E, D>,
        <L as Close<Out<In, N, L, First, 0>, Out<In, N, L, First, 1>>>::Layer<E, D>,
    >;
}

/// The closed layer of [`open::Repeat`].
#[derive(Clone, Debug)]
pub struct Repeat<const N: usize, First, Next> {
    /// The one that may change the shape.
    pub first: First,
    /// The `N − 1` others.
    pub others: Vec<Next>,
}

impl<const N: usize, First, Next, E, D> TensorCollection<E, D> for Repeat<N, First, Next>
where
    First: TensorCollection<E, D>,
    Next: TensorCollection<E, D>,
    E: Element,
    D: dfdx::prelude::Device<E>,
{
    type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> =
        Repeat<N, First::To<E2, D2>, Next::To<E2, D2>>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let others = (1..N).map(|i| {
            Self::module(
                NAMES[i],
                move |s| &s.others[i - 1],
                move |s| &mut s.others[i - 1],
            )
        });
        visitor.visit_fields(
            (
                Self::module(NAMES[0], |s| &s.first, |s| &mut s.first),
                others.collect::<Vec<_>>(),
            ),
            |(first, others)| Repeat { first, others },
        )
    }
}

impl<const N: usize, First, Next, E, D> Layer<E, D> for Repeat<N, First, Next>
where
    First: Layer<E, D>,
    Next: Layer<E, D>,
    E: Dtype,
    D: Device<E>,
{
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        rest: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let first = named(NAMES[0], || self.first.try_apply(x, rest))?;
        let mut others = NAMES[1..].iter().zip(&self.others);
        others.try_fold(first, |x, (name, next)| {
            named(name, || next.try_apply(x, Vec::new()))
        })
    }

    fn try_apply_mut<T: Tape<E, D>>(
        &mut self,
        x: Features<E, D, T>,
        rest: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let first = named(NAMES[0], || self.first.try_apply_mut(x, rest))?;
        let mut others = NAMES[1..].iter().zip(&mut self.others);
        others.try_fold(first, |x, (name, next)| {
            named(name, || next.try_apply_mut(x, Vec::new()))
        })
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        let first = self.first.describe(graph, inputs)?;
        let mut others = self.others.iter();
        others.try_fold(first, |x, next| next.describe(graph, &[x]))
    }

    fn settle(&mut self, statistics: &mut Statistics<'_, E>) {
        self.first.settle(statistics);
        for next in &mut self.others {
            next.settle(statistics);
        }
    }
}
