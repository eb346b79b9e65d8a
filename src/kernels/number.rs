use std::fmt::{Debug, Display};
use std::iter::Sum;

use num_traits::{Float, NumAssign};

use super::lanes::Lanes;

mod sealed {
    /// Keeps [`super::Number`] to the two types that matrix products are written for.
    pub trait Sealed: Sized {
        /// The same numbers, if they are `f32`: how a generic kernel gets at what is written for
        /// that type alone.
        fn f32s(_: &[Self]) -> Option<&[f32]> {
            None
        }
        /// The same numbers, if they are `f32`.
        fn f32s_mut(_: &mut [Self]) -> Option<&mut [f32]> {
            None
        }
    }
    impl Sealed for f32 {
        fn f32s(x: &[f32]) -> Option<&[f32]> {
            Some(x)
        }
        fn f32s_mut(x: &mut [f32]) -> Option<&mut [f32]> {
            Some(x)
        }
    }
    impl Sealed for f64 {}
}

/// What the kernels compute with: `f32` or `f64`.
///
/// ```
/// use shapeproof::kernels::Number;
/// fn half<T: Number>(x: T) -> T {
///     x * T::of(0.5)
/// }
/// assert_eq!(half(3.0f32), 1.5);
/// assert_eq!(half(3.0f64), 1.5);
/// ```
pub trait Number:
    sealed::Sealed + Lanes + Float + NumAssign + Sum + Default + Debug + Display + Send + Sync + 'static
{
    /// The nearest number of this type.
    fn of(value: f64) -> Self;

    /// The error function, `2/√π ∫₀ˣ exp(−t²) dt`.
    fn erf(self) -> Self;
}

impl Number for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }

    fn erf(self) -> Self {
        libm::erff(self)
    }
}

impl Number for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn erf(self) -> Self {
        libm::erf(self)
    }
}
