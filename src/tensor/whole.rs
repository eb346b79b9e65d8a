//! All sizes of a shape as a dfdx shape, where stable Rust cannot write them as `Const`s.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use dfdx::prelude::{Axes3, Axis, ConstShape, HasAxes, ReduceShape, ReduceShapeTo, Shape};

use crate::shape::LayerShape;

/// The shape of one example of `S`, of three axes for an image and of one for a vector: what a
/// tensor that lies over all of `S` has in a block.
pub struct Whole<S>(PhantomData<fn() -> S>);

/// The sizes or strides of a [`Whole`].
pub struct Extents<S>([usize; 3], PhantomData<fn() -> S>);

/// What `#[derive]` would write, without asking anything of `S`.
macro_rules! plain {
    ($Type:ident, |$a:ident, $b:ident| $eq:expr) => {
        impl<S> Clone for $Type<S> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<S> Copy for $Type<S> {}
        impl<S> Eq for $Type<S> {}
        impl<S> PartialEq for $Type<S> {
            fn eq(&self, other: &Self) -> bool {
                let ($a, $b) = (self, other);
                $eq
            }
        }
    };
}
plain!(Whole, |_a, _b| true);
plain!(Extents, |a, b| a.0 == b.0);

impl<S> Default for Whole<S> {
    fn default() -> Self {
        Whole(PhantomData)
    }
}

impl<S> Default for Extents<S> {
    fn default() -> Self {
        Extents([0; 3], PhantomData)
    }
}

impl<S: LayerShape> std::fmt::Debug for Whole<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.concrete().fmt(f)
    }
}

impl<S: LayerShape> std::fmt::Debug for Extents<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl<S: LayerShape> AsRef<[usize]> for Extents<S> {
    fn as_ref(&self) -> &[usize] {
        &self.0[..S::DIMS.rank()]
    }
}

impl<S: LayerShape> From<Extents<S>> for Vec<usize> {
    fn from(extents: Extents<S>) -> Self {
        extents.as_ref().to_vec()
    }
}

impl<S: LayerShape> Index<usize> for Extents<S> {
    type Output = usize;

    fn index(&self, axis: usize) -> &usize {
        &self.as_ref()[axis]
    }
}

impl<S: LayerShape> IndexMut<usize> for Extents<S> {
    fn index_mut(&mut self, axis: usize) -> &mut usize {
        &mut self.0[..S::DIMS.rank()][axis]
    }
}

impl<S: LayerShape> IntoIterator for Extents<S> {
    type Item = usize;
    type IntoIter = std::iter::Take<std::array::IntoIter<usize, 3>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().take(S::DIMS.rank())
    }
}

impl<S: LayerShape> Shape for Whole<S> {
    const NUM_DIMS: usize = S::DIMS.rank();
    type Concrete = Extents<S>;
    type AllAxes = Axes3<0, 1, 2>;
    type LastAxis = Axis<-1>;

    fn concrete(&self) -> Extents<S> {
        let sizes = [S::DIMS.size(0), S::DIMS.size(1), S::DIMS.size(2)];
        Extents(sizes, PhantomData)
    }

    fn from_concrete(concrete: &Extents<S>) -> Option<Self> {
        let whole = Whole::default();
        (whole.concrete() == *concrete).then_some(whole)
    }
}

impl<S: LayerShape> ConstShape for Whole<S> {
    const NUMEL: usize = S::DIMS.len();
}

// What dfdx asks of every shape.
impl<S: LayerShape> HasAxes<Axes3<0, 1, 2>> for Whole<S> {
    fn size(&self) -> usize {
        S::DIMS.len()
    }
}
impl<S: LayerShape> HasAxes<Axis<-1>> for Whole<S> {
    fn size(&self) -> usize {
        S::DIMS.size(S::DIMS.rank() - 1)
    }
}
impl<S: LayerShape> ReduceShapeTo<(), Axes3<0, 1, 2>> for Whole<S> {}
impl<S: LayerShape> ReduceShapeTo<(), Axis<-1>> for Whole<S> {}
impl<S: LayerShape> ReduceShape<Axis<-1>> for Whole<S> {
    type Reduced = ();
}
