//! Where a function is checked: tensors and tuples of them, given or drawn.

use dfdx::prelude::{
    Const, Cpu, CpuError, Gradients, HasShape, Shape, Tensor, TensorFromVec, Trace,
};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::Traced;
use crate::shape::{Chw, Flat};
use crate::tensor::{Batched, Features};

/// `len` numbers of a size between 0.1 and 1 and of both signs, no two of the same size: no kink at
/// 0 and no tie is near. They are in no regular pattern, so their sums have no ties either.
pub fn away_from_kinks(len: usize, seed: u64) -> Vec<f64> {
    scattered(len, &mut StdRng::seed_from_u64(seed))
}

pub(super) fn scattered(len: usize, rng: &mut StdRng) -> Vec<f64> {
    let mut places: Vec<usize> = (0..len).collect();
    places.shuffle(rng);
    let within = places
        .into_iter()
        .map(|place| (place as f64 + rng.gen_range(0.2..0.8)) / len as f64);
    let sizes: Vec<f64> = within.map(|part| 0.1 + 0.9 * part).collect();
    sizes
        .into_iter()
        .map(|size| if rng.r#gen() { size } else { -size })
        .collect()
}

/// The point to check at: a tensor, or a tuple of two to six.
pub trait Checkable: Sized {
    /// Each tensor with a tape of its own.
    type Traced;
    /// The first tensor with a tape, the others without: what a `#[model]` gives to a layer.
    type Taped;

    /// How many tensors they are.
    #[doc(hidden)]
    const COUNT: usize;

    /// Shape and values of each tensor.
    #[doc(hidden)]
    fn read(&self) -> Vec<(Vec<usize>, Vec<f64>)>;
    /// New tensors with the same values, one of them with those in `moved`.
    #[doc(hidden)]
    fn anew(&self, moved: Option<(usize, &[f64])>) -> Self;
    #[doc(hidden)]
    fn traced(&self) -> Self::Traced;
    #[doc(hidden)]
    fn taped(&self) -> Self::Taped;
    /// The gradient of each tensor, zeros where there is none.
    #[doc(hidden)]
    fn gradients(&self, all: &mut Gradients<f64, Cpu>) -> Result<Vec<Vec<f64>>, CpuError>;
}

pub(super) fn gradient<S: Shape>(
    of: &Tensor<S, f64, Cpu>,
    all: &mut Gradients<f64, Cpu>,
) -> Result<Vec<f64>, CpuError> {
    all.try_alloc_for(of)?;
    Ok(all.get(of).as_vec())
}

fn numbers<S: Shape>(of: &Tensor<S, f64, Cpu>) -> Vec<f64> {
    // dfdx's iterators cannot iterate over nothing.
    if of.shape().num_elements() == 0 {
        return Vec::new();
    }
    of.as_vec()
}

pub(super) fn sizes<S: Shape>(shape: &S) -> Vec<usize> {
    shape.concrete().into()
}

impl<S: Shape> Checkable for Tensor<S, f64, Cpu> {
    type Traced = Traced<S>;
    type Taped = Traced<S>;
    const COUNT: usize = 1;

    fn read(&self) -> Vec<(Vec<usize>, Vec<f64>)> {
        vec![(sizes(self.shape()), numbers(self))]
    }

    fn anew(&self, moved: Option<(usize, &[f64])>) -> Self {
        let values = moved.map_or_else(|| numbers(self), |(_, values)| values.to_vec());
        // On the tensor's own device, because that is where `Dropout` draws from.
        self.device().tensor_from_vec(values, *self.shape())
    }

    fn traced(&self) -> Traced<S> {
        self.leaky_trace()
    }

    fn taped(&self) -> Traced<S> {
        self.leaky_trace()
    }

    fn gradients(&self, all: &mut Gradients<f64, Cpu>) -> Result<Vec<Vec<f64>>, CpuError> {
        Ok(vec![gradient(self, all)?])
    }
}

macro_rules! checkable_tuple {
    ($S1:ident $place1:tt $(, $S:ident $place:tt)+) => {
        impl<$S1: Shape $(, $S: Shape)+> Checkable
            for (Tensor<$S1, f64, Cpu>, $(Tensor<$S, f64, Cpu>),+)
        {
            type Traced = (Traced<$S1>, $(Traced<$S>),+);
            type Taped = (Traced<$S1>, $(Tensor<$S, f64, Cpu>),+);
            const COUNT: usize = [$place1, $($place),+].len();

            fn read(&self) -> Vec<(Vec<usize>, Vec<f64>)> {
                [self.$place1.read() $(, self.$place.read())+].concat()
            }

            fn anew(&self, moved: Option<(usize, &[f64])>) -> Self {
                let of = |place| moved.filter(|(moved, _)| *moved == place);
                (self.$place1.anew(of($place1)), $(self.$place.anew(of($place))),+)
            }

            fn traced(&self) -> Self::Traced {
                (self.$place1.leaky_trace(), $(self.$place.leaky_trace()),+)
            }

            fn taped(&self) -> Self::Taped {
                (self.$place1.leaky_trace(), $(self.$place.clone()),+)
            }

            fn gradients(&self, all: &mut Gradients<f64, Cpu>) -> Result<Vec<Vec<f64>>, CpuError> {
                Ok(vec![gradient(&self.$place1, all)? $(, gradient(&self.$place, all)?)+])
            }
        }

        impl<$S1: Batched $(, $S: Batched)+> Drawable for ($S1, $($S),+) {
            type Tensors = (
                Tensor<$S1::Shape<usize>, f64, Cpu>,
                $(Tensor<$S::Shape<usize>, f64, Cpu>),+
            );

            fn draw(batch: usize, rng: &mut StdRng) -> Self::Tensors {
                (draw_one::<$S1>(batch, rng), $(draw_one::<$S>(batch, rng)),+)
            }

            fn features(x: <Self::Tensors as Checkable>::Taped) -> Result<Flowing, CpuError> {
                Ok((
                    Features::from_typed::<$S1, usize>(x.$place1)?,
                    vec![$(Features::from_typed::<$S, usize>(x.$place)?),+],
                ))
            }
        }
    };
}
checkable_tuple!(S1 0, S2 1);
checkable_tuple!(S1 0, S2 1, S3 2);
checkable_tuple!(S1 0, S2 1, S3 2, S4 3);
checkable_tuple!(S1 0, S2 1, S3 2, S4 3, S5 4);
checkable_tuple!(S1 0, S2 1, S3 2, S4 3, S5 4, S6 5);

/// The shape of one example, or a tuple of two to six, of which batches can be drawn.
pub trait Drawable {
    /// The batch.
    type Tensors: Checkable;

    /// Draws `batch` examples whose values are as those of [`away_from_kinks`].
    fn draw(batch: usize, rng: &mut StdRng) -> Self::Tensors;

    /// The batch as it flows into a layer: the first input, and the others.
    ///
    /// # Errors
    /// When the device is out of memory.
    #[doc(hidden)]
    fn features(taped: <Self::Tensors as Checkable>::Taped) -> Result<Flowing, CpuError>;
}

/// The inputs of a layer.
type Flowing = (super::TracedFeatures, Vec<Features<f64, Cpu>>);

fn draw_one<X: Batched>(batch: usize, rng: &mut StdRng) -> Tensor<X::Shape<usize>, f64, Cpu> {
    let shape = X::batched(batch);
    Cpu::default().tensor_from_vec(scattered(shape.num_elements(), rng), shape)
}

impl<const C: usize, const H: usize, const W: usize> Drawable for Chw<C, H, W> {
    type Tensors = Tensor<(usize, Const<C>, Const<H>, Const<W>), f64, Cpu>;

    fn draw(batch: usize, rng: &mut StdRng) -> Self::Tensors {
        draw_one::<Self>(batch, rng)
    }

    fn features(x: <Self::Tensors as Checkable>::Taped) -> Result<Flowing, CpuError> {
        Ok((Features::from_typed::<Self, usize>(x)?, Vec::new()))
    }
}

impl<const N: usize> Drawable for Flat<N> {
    type Tensors = Tensor<(usize, Const<N>), f64, Cpu>;

    fn draw(batch: usize, rng: &mut StdRng) -> Self::Tensors {
        draw_one::<Self>(batch, rng)
    }

    fn features(x: <Self::Tensors as Checkable>::Taped) -> Result<Flowing, CpuError> {
        Ok((Features::from_typed::<Self, usize>(x)?, Vec::new()))
    }
}
