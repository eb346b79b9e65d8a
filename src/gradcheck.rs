//! Gradients compared with differences, in the spirit of `torch.autograd.gradcheck`: for the layers
//! of this crate, for a layer, block or model of yours, and for any function of dfdx tensors.
//!
//! This room knows shapes, tensors and how a layer is closed; it knows no layer by name. Begin with
//! [`gradcheck!`](crate::gradcheck!), then [`GradCheck`].
//!
//! # A layer or a model
//!
//! One line in a test. It panics with the name and index of a wrong gradient, the value that
//! `backward` gives and the value by differences:
//!
//! ```
//! use shapeproof::{gradcheck, prelude::*};
//!
//! gradcheck!(Conv2d<4, Kernel<3, 2>, Stride<2>>, Chw<3, 7, 5>);
//! gradcheck!(Add, (Chw<3, 4, 5>, Chw<3, 4, 5>));
//!
//! #[model(input = Chw<2, 5, 4>, output = Flat<3>)]
//! struct Net {
//!     conv: Conv2d<4, Kernel<3>>,
//!     relu: Relu,
//!     flatten: Flatten,
//!     fc: Linear<3>,
//! }
//! let report = gradcheck!(Net);
//! assert!(report.tensors.iter().any(|t| t.name == "conv.weight"));
//! ```
//!
//! # A function of dfdx tensors
//!
//! Write it as a closure on tensors that carry their tapes, and give it the point to check at.
//! Several tensors are a tuple.
//!
//! ```
//! use shapeproof::gradcheck::{away_from_kinks, GradCheck};
//! use shapeproof::prelude::*;
//!
//! let dev = Cpu::default();
//! let x: Tensor<Rank2<2, 3>, f64, _> = dev.tensor_from_vec(away_from_kinks(6, 1), (Const, Const));
//! let w: Tensor<Rank2<3, 4>, f64, _> = dev.tensor_from_vec(away_from_kinks(12, 2), (Const, Const));
//! let report = GradCheck::new().function(|(x, w)| x.matmul(w).tanh(), (x, w))?;
//! assert_eq!(report.tensors[1].shape, [3, 4]);
//! # Ok::<(), shapeproof::gradcheck::GradCheckError>(())
//! ```
//!
//! [`GradCheck::slices`] checks a kernel on slices whose backward is written by hand, without dfdx.
//!
//! # Which point
//!
//! At a kink (`relu` at 0, two equal values under one window of a `max`) a function has no gradient
//! and the check says so. Values from [`away_from_kinks`] and [`GradCheck::draw`] are at least 0.1
//! away from 0, and farther from each other than the check moves them.
//!
//! # Full and fast
//!
//! The full form compares every entry of the Jacobian: `2·N` forward passes for `N` numbers and
//! one backward pass for every output. The [`fast`](GradCheck::fast) form compares `uᵀJv` for
//! random `u` and `v`, two forward passes and a backward pass for each tensor; it is made for whole
//! networks. It can miss an error that is small beside the sum of all gradients of a tensor.

use std::fmt;

use dfdx::nn::{
    BuildModule, Module, ModuleMut, RecursiveWalker, ScalarOptions, TensorCollection,
    TensorOptions, TensorVisitor, ViewTensorName, ViewTensorRef,
};
use dfdx::prelude::{
    Backward, Const, Cpu, CpuError, Gradients, HasShape, OwnedTape, Rank0, ReshapeTo, Shape, SumTo,
    Tensor, TensorFromVec, Trace, TryMul,
};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::shape::{Chw, Flat};
use crate::tensor::Batched;

/// A tensor that records on its own tape what is done with it.
pub type Traced<S> = Tensor<S, f64, Cpu, OwnedTape<f64, Cpu>>;

/// Checks a layer or a model by one line, and panics with the fault when a gradient is wrong.
///
/// | line | checks |
/// |---|---|
/// | `gradcheck!(Layer, Chw<3, 7, 5>)` | a layer as it is written in a `#[model]`, on an input of this shape |
/// | `gradcheck!(Layer, (Flat<4>, Flat<4>))` | a layer of several inputs |
/// | `gradcheck!(Net)` | a whole `#[model]` on its own input |
/// | `gradcheck!(Net; GradCheck::new().fast())` | each of them with settings: a [`GradCheck`](crate::gradcheck::GradCheck) behind a semicolon |
///
/// The layer is built in `f64` on `Cpu`. Parameters and inputs come from the seed of the
/// [`GradCheck`](crate::gradcheck::GradCheck), away from kinks. Both `forward_mut`, which trains, and
/// `forward`, which evaluates, are checked, with respect to the input and to every parameter. The
/// value is a [`Report`](crate::gradcheck::Report).
///
/// A layer that draws random numbers while it trains, as `Dropout` does, has no gradient that two
/// runs agree on; check how it evaluates:
///
/// ```
/// use shapeproof::gradcheck::GradCheck;
/// use shapeproof::{gradcheck, prelude::*};
/// gradcheck!(Dropout, Flat<5>; GradCheck::new().evaluating());
/// ```
///
/// # Does not compile
/// A layer that does not fit its input, with the message that it has in a model:
/// ```compile_fail,E0080
/// use shapeproof::{gradcheck, prelude::*};
/// gradcheck!(Conv2d<4, Kernel<9>>, Chw<3, 7, 5>);
/// ```
///
/// # Same as
/// `assert torch.autograd.gradcheck(layer, input)`
#[macro_export]
macro_rules! gradcheck {
    (@run $name:expr, $default:expr, $closed:ty, $input:ty) => {
        match $default.drawn::<$closed, $input, _, _>() {
            ::core::result::Result::Ok(report) => report,
            ::core::result::Result::Err(fault) => ::core::panic!("gradcheck of {}: {fault}", $name),
        }
    };
    (@run $name:expr, $default:expr; $check:expr, $closed:ty, $input:ty) => {
        $crate::gradcheck!(@run $name, $check, $closed, $input)
    };
    ($model:ty $(; $check:expr)?) => {
        $crate::gradcheck!(
            @run stringify!($model),
            $crate::gradcheck::GradCheck::new() $(; $check)?,
            <$model as $crate::dfdx::nn::BuildOnDevice<$crate::dfdx::prelude::Cpu, f64>>::Built,
            <$model as $crate::Model>::Input
        )
    };
    ($layer:ty, $input:ty $(; $check:expr)?) => {{
        const __SIGNATURE: $crate::shape::Signature =
            <$layer as $crate::shape::Infer<$input>>::SIGNATURE.behind(true);
        const _: () = if __SIGNATURE.misfit.is_some() {
            ::core::panic!(
                "{}",
                $crate::shape::misfit_message("gradcheck", "layer", &__SIGNATURE).as_str()
            )
        };
        $crate::gradcheck!(
            @run stringify!($layer),
            $crate::gradcheck::GradCheck::new() $(; $check)?,
            <
                $crate::layers::Verdict<{ __SIGNATURE.fits }>
                as $crate::layers::Choose<
                    $layer,
                    $input,
                    <
                        $crate::shape::Rank<{ __SIGNATURE.output.rank() }>
                        as $crate::shape::FromDims<
                            { __SIGNATURE.output.size(0) },
                            { __SIGNATURE.output.size(1) },
                            { __SIGNATURE.output.size(2) },
                        >
                    >::Shape,
                >
            >::Layer<f64, $crate::dfdx::prelude::Cpu>,
            $input
        )
    }};
}

/// How gradients are compared with differences; the defaults are PyTorch's.
///
/// A value `analytic` that `backward` gives is right when
/// `|analytic − numeric| ≤ atol + rtol·|numeric|` with
/// `numeric = (f(x + eps) − f(x − eps)) / (2·eps)`. Everything runs in `f64` on `Cpu`.
///
/// Before any comparison, `backward` runs twice at one point and must give the same bits.
///
/// # Example
/// ```
/// use shapeproof::gradcheck::{Fault, GradCheck};
/// use shapeproof::prelude::*;
///
/// // dfdx 0.13's own `accurate_gelu` has a wrong gradient.
/// let x: Tensor<Rank1<2>, f64, _> = Cpu::default().tensor([-1.0, 0.5]);
/// let error = GradCheck::new().function(|x| x.accurate_gelu(), x).unwrap_err();
/// let Fault::Wrong { index, output_index, analytic, numeric, .. } = error.fault else {
///     panic!("{error}");
/// };
/// assert_eq!((index, output_index), (vec![0], vec![0]));
/// assert!((numeric - -0.0833).abs() < 1e-4);
/// assert!((analytic - -0.1835).abs() < 1e-4);
/// ```
///
/// # Same as
/// `torch.autograd.gradcheck`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradCheck {
    eps: f64,
    atol: f64,
    rtol: f64,
    fast: bool,
    seed: u64,
    batch: usize,
    training: bool,
    evaluating: bool,
}

impl Default for GradCheck {
    fn default() -> Self {
        GradCheck {
            eps: 1e-6,
            atol: 1e-5,
            rtol: 1e-3,
            fast: false,
            seed: 1,
            batch: 2,
            training: true,
            evaluating: true,
        }
    }
}

impl GradCheck {
    /// The full form with `eps` 1e-6, `atol` 1e-5 and `rtol` 1e-3.
    pub fn new() -> Self {
        GradCheck::default()
    }

    /// Sets how far each number is moved, up and down (default 1e-6).
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// Sets the absolute tolerance (default 1e-5).
    pub fn atol(mut self, atol: f64) -> Self {
        self.atol = atol;
        self
    }

    /// Sets the tolerance relative to the value by differences (default 1e-3).
    pub fn rtol(mut self, rtol: f64) -> Self {
        self.rtol = rtol;
        self
    }

    /// Compares in random directions instead of entry by entry.
    pub fn fast(mut self) -> Self {
        self.fast = true;
        self
    }

    /// Sets the seed of all directions, and of drawn inputs and parameters (default 1).
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the number of examples in a drawn input (default 2).
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    /// Checks modules only by `forward`, which evaluates.
    pub fn evaluating(mut self) -> Self {
        (self.training, self.evaluating) = (false, true);
        self
    }

    /// Checks modules only by `forward_mut`, which trains.
    pub fn training(mut self) -> Self {
        (self.training, self.evaluating) = (true, false);
        self
    }

    /// Draws a batch of inputs of the shape `X`, [`away_from_kinks`]: `Chw<3, 7, 5>`, or a tuple.
    ///
    /// # Example
    /// ```
    /// use shapeproof::gradcheck::GradCheck;
    /// use shapeproof::prelude::*;
    /// let x = GradCheck::new().batch(4).draw::<Chw<3, 7, 5>>();
    /// assert_eq!(x.shape(), &(4, Const::<3>, Const::<7>, Const::<5>));
    /// ```
    pub fn draw<X: Drawable>(&self) -> X::Tensors {
        X::draw(self.batch, &mut StdRng::seed_from_u64(self.seed))
    }

    /// Checks a function of one tensor, or of a tuple of up to six, at `inputs`.
    ///
    /// Each tensor comes to the function with a tape of its own, so an op on any of them is
    /// recorded.
    ///
    /// # Errors
    /// [`GradCheckError`] with the worst entry, or what kept the check from comparing.
    pub fn function<X, U, F>(&self, f: F, inputs: X) -> Result<Report, GradCheckError>
    where
        X: Checkable,
        U: Shape,
        F: Fn(X::Traced) -> Traced<U>,
    {
        let f = |x| Flat1::of(f(x));
        self.run(Of::Function, &Function { inputs, f })
    }

    /// Checks a function of slices, whose backward is written by hand.
    ///
    /// `f` gets the values of all `variables` in their order and, where gradients are asked for,
    /// the gradient of its output.
    ///
    /// # Errors
    /// [`GradCheckError`] with the worst entry, or what kept the check from comparing.
    ///
    /// # Panics
    /// When a shape and its number of values differ, or the number of gradients or of their values
    /// and the variables'.
    ///
    /// # Example
    /// ```
    /// use shapeproof::gradcheck::{GradCheck, Pass, Variable};
    ///
    /// let (x, w) = (Variable::drawn("x", &[2, 3], 1), Variable::drawn("w", &[2, 3], 2));
    /// let times = |v: &[&[f64]], d_output: Option<&[f64]>| {
    ///     let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).collect();
    ///     Pass {
    ///         shape: vec![2, 3],
    ///         output: product(v[0], v[1]),
    ///         gradients: d_output.map_or(vec![], |d| vec![product(d, v[1]), product(d, v[0])]),
    ///     }
    /// };
    /// let report = GradCheck::new().slices(&[x, w], times)?;
    /// assert_eq!(report.tensors[1].name, "w");
    /// # Ok::<(), shapeproof::gradcheck::GradCheckError>(())
    /// ```
    pub fn slices<F>(&self, variables: &[Variable], f: F) -> Result<Report, GradCheckError>
    where
        F: Fn(&[&[f64]], Option<&[f64]>) -> Pass,
    {
        self.run(Of::Function, &Slices { variables, f: &f })
    }

    /// Checks a layer or a whole model at `inputs` with respect to them and to every parameter.
    ///
    /// Every pass runs on a copy, so `module` stays as it is and a state that `forward_mut` keeps
    /// does not add up. The copy is made through `TensorCollection`: fields that it does not name
    /// start anew. Tensors that no optimiser updates (running statistics) are no parameters.
    ///
    /// Of several inputs, the first carries the tape, as in a `#[model]`.
    ///
    /// # Errors
    /// [`GradCheckError`] with the worst entry, or what kept the check from comparing.
    pub fn module<M, X, U, V>(&self, module: &M, inputs: X) -> Result<Report, GradCheckError>
    where
        X: Checkable,
        U: Shape,
        V: Shape,
        M: BuildModule<Cpu, f64>
            + Module<X::Taped, Output = Traced<U>>
            + ModuleMut<X::Taped, Output = Traced<V>>,
    {
        let mut report = Report::default();
        if self.training {
            report = self.forward_mut(module, &inputs)?;
        }
        if self.evaluating {
            report
                .tensors
                .extend(self.forward(module, &inputs)?.tensors);
        }
        Ok(report)
    }

    /// Checks a module only as it trains; otherwise as [`module`](GradCheck::module).
    ///
    /// For modules that have no gradient when they evaluate, as dfdx's own `BatchNorm2D`.
    ///
    /// # Errors
    /// [`GradCheckError`] with the worst entry, or what kept the check from comparing.
    pub fn forward_mut<M, X, U>(&self, module: &M, inputs: &X) -> Result<Report, GradCheckError>
    where
        X: Checkable,
        U: Shape,
        M: BuildModule<Cpu, f64> + ModuleMut<X::Taped, Output = Traced<U>>,
    {
        let forward = |mut module: M, x| match module.try_forward_mut(x) {
            Ok(y) => Flat1::of(y),
            Err(error) => Err(Fault::failed(&error)),
        };
        self.run(Of::ForwardMut, &Layer::new(module, inputs, forward))
    }

    /// Checks a module only as it evaluates; otherwise as [`module`](GradCheck::module).
    ///
    /// # Errors
    /// [`GradCheckError`] with the worst entry, or what kept the check from comparing.
    pub fn forward<M, X, U>(&self, module: &M, inputs: &X) -> Result<Report, GradCheckError>
    where
        X: Checkable,
        U: Shape,
        M: BuildModule<Cpu, f64> + Module<X::Taped, Output = Traced<U>>,
    {
        let forward = |module: M, x| match module.try_forward(x) {
            Ok(y) => Flat1::of(y),
            Err(error) => Err(Fault::failed(&error)),
        };
        self.run(Of::Forward, &Layer::new(module, inputs, forward))
    }

    /// Builds the module `M`, draws inputs of the shape `X` and checks: what
    /// [`gradcheck!`](crate::gradcheck!) does.
    ///
    /// Parameters start as `M` starts them, each moved by 0.01 to 0.1, so that one which starts
    /// at 0 hides no other.
    ///
    /// # Errors
    /// [`GradCheckError`] with the worst entry, or what kept the check from comparing.
    pub fn drawn<M, X, U, V>(&self) -> Result<Report, GradCheckError>
    where
        X: Drawable,
        U: Shape,
        V: Shape,
        M: BuildModule<Cpu, f64>
            + Module<<X::Tensors as Checkable>::Taped, Output = Traced<U>>
            + ModuleMut<<X::Tensors as Checkable>::Taped, Output = Traced<V>>,
    {
        let error = |fault| GradCheckError {
            of: Of::Building,
            fault,
        };
        let dev = Cpu::seed_from_u64(self.seed);
        let module = M::try_build(&dev).map_err(|e| error(Fault::failed(&e)))?;
        let mut rng = StdRng::seed_from_u64(self.seed ^ 0x9e37_79b9);
        let task = Task::Jolt(&mut rng);
        let module = walk(&module, task).map_err(error)?.0;
        self.module(&module, self.draw::<X>())
    }

    /// Compares, with all types erased: compiled once.
    fn run(&self, of: Of, subject: &dyn Subject) -> Result<Report, GradCheckError> {
        let comparison = Comparison::new(self, subject);
        let checked = comparison.and_then(|comparison| comparison.all(of));
        match checked {
            Ok(tensors) => Ok(Report { tensors }),
            Err(fault) => Err(GradCheckError { of, fault }),
        }
    }
}

/// `len` numbers of a size between 0.1 and 1 and of both signs, no two of the same size: no kink at
/// 0 and no tie is near. They are in no regular pattern, so their sums have no ties either.
pub fn away_from_kinks(len: usize, seed: u64) -> Vec<f64> {
    scattered(len, &mut StdRng::seed_from_u64(seed))
}

fn scattered(len: usize, rng: &mut StdRng) -> Vec<f64> {
    let mut places: Vec<usize> = (0..len).collect();
    places.shuffle(rng);
    let within = places
        .into_iter()
        .map(|place| (place as f64 + rng.gen_range(0.2..0.8)) / len as f64);
    let sizes: Vec<f64> = within.map(|part| 0.1 + 0.9 * part).collect();
    sizes
        .into_iter()
        .map(|size| if rng.gen() { size } else { -size })
        .collect()
}

// ---- what can be checked ----

/// The point to check at: a tensor, or a tuple of two to six.
pub trait Checkable: Sized {
    /// Each tensor with a tape of its own.
    type Traced;
    /// The first tensor with a tape, the others without: what a `#[model]` gives to a layer.
    type Taped;

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

fn gradient<S: Shape>(
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

fn sizes<S: Shape>(shape: &S) -> Vec<usize> {
    shape.concrete().into()
}

impl<S: Shape> Checkable for Tensor<S, f64, Cpu> {
    type Traced = Traced<S>;
    type Taped = Traced<S>;

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
}

fn draw_one<X: Batched>(batch: usize, rng: &mut StdRng) -> Tensor<X::Shape<usize>, f64, Cpu> {
    let shape = X::batched(batch);
    Cpu::default().tensor_from_vec(scattered(shape.num_elements(), rng), shape)
}

impl<const C: usize, const H: usize, const W: usize> Drawable for Chw<C, H, W> {
    type Tensors = Tensor<(usize, Const<C>, Const<H>, Const<W>), f64, Cpu>;

    fn draw(batch: usize, rng: &mut StdRng) -> Self::Tensors {
        draw_one::<Self>(batch, rng)
    }
}

impl<const N: usize> Drawable for Flat<N> {
    type Tensors = Tensor<(usize, Const<N>), f64, Cpu>;

    fn draw(batch: usize, rng: &mut StdRng) -> Self::Tensors {
        draw_one::<Self>(batch, rng)
    }
}

// ---- from types to numbers ----

/// A tensor with respect to which the gradient is checked, as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// What errors and the report call it.
    pub name: String,
    /// The sizes of its axes.
    pub shape: Vec<usize>,
    /// The point to check at, row by row.
    pub values: Vec<f64>,
}

impl Variable {
    /// A tensor of this `name` and `shape` whose values are [`away_from_kinks`].
    pub fn drawn(name: &str, shape: &[usize], seed: u64) -> Self {
        Variable {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values: away_from_kinks(shape.iter().product(), seed),
        }
    }

    fn place(&self, flat: usize) -> Vec<usize> {
        unravel(flat, &self.shape)
    }
}

/// What one pass gives, as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// The sizes of the output's axes.
    pub shape: Vec<usize>,
    /// The output, row by row.
    pub output: Vec<f64>,
    /// The gradient of `Σ output·d_output` for each variable; nothing without a `d_output`.
    pub gradients: Vec<Vec<f64>>,
}

/// What is checked, as numbers.
trait Subject {
    fn variables(&self) -> Result<Vec<Variable>, Fault>;

    /// Runs forward, one variable being `moved`, and backward where there is a `d_output`.
    fn pass(&self, moved: Option<(usize, &[f64])>, d_output: Option<&[f64]>)
        -> Result<Pass, Fault>;
}

/// An output without its shape in the type.
struct Flat1 {
    shape: Vec<usize>,
    values: Traced<(usize,)>,
}

impl Flat1 {
    fn of<S: Shape>(y: Traced<S>) -> Result<Self, Fault> {
        let shape = sizes(y.shape());
        let count = y.shape().num_elements();
        if count == 0 {
            return Err(Fault::NoOutput);
        }
        let values = y.try_reshape_like(&(count,));
        Ok(Flat1 {
            shape,
            values: values.map_err(|e| Fault::failed(&e))?,
        })
    }

    /// Output and, for a `d_output`, all gradients of `Σ output·d_output`.
    fn finish(
        self,
        d_output: Option<&[f64]>,
    ) -> Result<(Pass, Option<Gradients<f64, Cpu>>), CpuError> {
        let output = self.values.as_vec();
        let gradients = match d_output {
            Some(d_output) => {
                let d_output = Cpu::default().tensor_from_vec(d_output.to_vec(), (output.len(),));
                let loss: Traced<Rank0> = self.values.try_mul(d_output)?.try_sum()?;
                Some(loss.try_backward()?)
            }
            None => None,
        };
        let pass = Pass {
            shape: self.shape,
            output,
            gradients: Vec::new(),
        };
        Ok((pass, gradients))
    }
}

fn input_variables<X: Checkable>(inputs: &X) -> Vec<Variable> {
    let tensors = inputs.read();
    let several = tensors.len() > 1;
    let named = tensors.into_iter().enumerate();
    named
        .map(|(place, (shape, values))| Variable {
            name: if several {
                format!("input{place}")
            } else {
                "input".to_owned()
            },
            shape,
            values,
        })
        .collect()
}

struct Function<X, F> {
    inputs: X,
    f: F,
}

impl<X, F> Subject for Function<X, F>
where
    X: Checkable,
    F: Fn(X::Traced) -> Result<Flat1, Fault>,
{
    fn variables(&self) -> Result<Vec<Variable>, Fault> {
        Ok(input_variables(&self.inputs))
    }

    fn pass(
        &self,
        moved: Option<(usize, &[f64])>,
        d_output: Option<&[f64]>,
    ) -> Result<Pass, Fault> {
        let inputs = self.inputs.anew(moved);
        let y = (self.f)(inputs.traced())?;
        let finished = y.finish(d_output).and_then(|(mut pass, gradients)| {
            if let Some(mut gradients) = gradients {
                pass.gradients = inputs.gradients(&mut gradients)?;
            }
            Ok(pass)
        });
        finished.map_err(|e| Fault::failed(&e))
    }
}

struct Slices<'a> {
    variables: &'a [Variable],
    f: &'a dyn Fn(&[&[f64]], Option<&[f64]>) -> Pass,
}

impl Subject for Slices<'_> {
    fn variables(&self) -> Result<Vec<Variable>, Fault> {
        for Variable {
            name,
            shape,
            values,
        } in self.variables
        {
            let count: usize = shape.iter().product();
            assert_eq!(values.len(), count, "`{name}` of shape {shape:?}");
        }
        Ok(self.variables.to_vec())
    }

    fn pass(
        &self,
        moved: Option<(usize, &[f64])>,
        d_output: Option<&[f64]>,
    ) -> Result<Pass, Fault> {
        let mut values: Vec<&[f64]> = self.variables.iter().map(|v| &v.values[..]).collect();
        if let Some((place, moved)) = moved {
            values[place] = moved;
        }
        let pass = (self.f)(&values, d_output);
        if pass.output.is_empty() {
            return Err(Fault::NoOutput);
        }
        if d_output.is_some() {
            let counts = |all: &mut dyn Iterator<Item = usize>| all.collect::<Vec<_>>();
            assert_eq!(
                counts(&mut pass.gradients.iter().map(Vec::len)),
                counts(&mut values.iter().map(|v| v.len())),
                "numbers in each gradient and in each variable"
            );
        }
        Ok(pass)
    }
}

struct Layer<'a, M, X, F> {
    module: &'a M,
    inputs: &'a X,
    forward: F,
}

impl<'a, M, X: Checkable, F: Fn(M, X::Taped) -> Result<Flat1, Fault>> Layer<'a, M, X, F> {
    fn new(module: &'a M, inputs: &'a X, forward: F) -> Self {
        Layer {
            module,
            inputs,
            forward,
        }
    }
}

impl<M, X, F> Subject for Layer<'_, M, X, F>
where
    M: BuildModule<Cpu, f64>,
    X: Checkable,
    F: Fn(M, X::Taped) -> Result<Flat1, Fault>,
{
    fn variables(&self) -> Result<Vec<Variable>, Fault> {
        let mut variables = input_variables(self.inputs);
        walk(self.module, Task::Read(&mut variables))?;
        Ok(variables)
    }

    fn pass(
        &self,
        moved: Option<(usize, &[f64])>,
        d_output: Option<&[f64]>,
    ) -> Result<Pass, Fault> {
        let count = self.inputs.read().len();
        let inputs = self.inputs.anew(moved.filter(|(place, _)| *place < count));
        let (module, _) = walk(self.module, Task::Copy { moved, next: count })?;
        let y = (self.forward)(module, inputs.taped())?;
        let finished = y.finish(d_output).and_then(|(mut pass, gradients)| {
            if let Some(mut gradients) = gradients {
                pass.gradients = inputs.gradients(&mut gradients)?;
                return Ok((pass, Some(gradients)));
            }
            Ok((pass, None))
        });
        let (mut pass, gradients) = finished.map_err(|e| Fault::failed(&e))?;
        if let Some(all) = gradients {
            // Copies of a tensor have its identity, so the module's own tensors name the gradients.
            let found = &mut pass.gradients;
            walk(self.module, Task::Gradients { all, found })?;
        }
        Ok(pass)
    }
}

/// What a walk over all tensors of a module does. One type for all tasks keeps the code that is
/// compiled for each module small.
enum Task<'a> {
    /// Names and values of the parameters.
    Read(&'a mut Vec<Variable>),
    /// Nothing but the copy; parameters are counted from `next`, and one may be `moved`.
    Copy {
        moved: Option<(usize, &'a [f64])>,
        next: usize,
    },
    /// The gradients of the parameters.
    Gradients {
        all: Gradients<f64, Cpu>,
        found: &'a mut Vec<Vec<f64>>,
    },
    /// A copy whose parameters are moved at random.
    Jolt(&'a mut StdRng),
}

impl TensorVisitor<f64, Cpu> for Task<'_> {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = CpuError;
    type E2 = f64;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f64, Cpu>,
        (tensor, name): (&Tensor<S, f64, Cpu>, String),
    ) -> Result<Option<Tensor<S, f64, Cpu>>, CpuError> {
        let mut copy = tensor.clone();
        if !options.do_gradient_update {
            return Ok(Some(copy));
        }
        match self {
            Task::Read(variables) => variables.push(Variable {
                name,
                shape: sizes(tensor.shape()),
                values: tensor.as_vec(),
            }),
            Task::Copy { moved, next } => {
                if let Some((place, values)) = moved {
                    if place == next {
                        copy.copy_from(values);
                    }
                }
                *next += 1;
            }
            Task::Gradients { all, found } => found.push(gradient(tensor, all)?),
            Task::Jolt(rng) => {
                let mut values = tensor.as_vec();
                let jolts = scattered(values.len(), rng);
                for (value, jolt) in values.iter_mut().zip(jolts) {
                    *value += 0.1 * jolt;
                }
                copy.copy_from(&values);
            }
        }
        Ok(Some(copy))
    }

    fn visit_scalar<N: num_traits::NumCast>(
        &mut self,
        options: ScalarOptions<N>,
        (value, _): (&N, String),
    ) -> Result<Option<N>, CpuError> {
        Ok(value.to_f64().and_then(N::from).or(Some(options.default)))
    }
}

/// Does `task` and gives it back with a copy of `module`.
fn walk<'a, M: BuildModule<Cpu, f64>>(
    module: &M,
    mut task: Task<'a>,
) -> Result<(M, Task<'a>), Fault> {
    let m = (module, String::new());
    let copy =
        <M as TensorCollection<f64, Cpu>>::iter_tensors(&mut RecursiveWalker { m, f: &mut task });
    match copy {
        Ok(Some(copy)) => Ok((copy, task)),
        Ok(None) => Err(Fault::Failed {
            reason: "`iter_tensors` does not build the module again".to_owned(),
        }),
        Err(error) => Err(Fault::failed(&error)),
    }
}

// ---- the comparison ----

/// One subject at one point.
struct Comparison<'a> {
    check: &'a GradCheck,
    subject: &'a dyn Subject,
    variables: Vec<Variable>,
    /// The output at the point.
    base: Pass,
    /// Weights of the outputs.
    u: Vec<f64>,
    /// Gradients of the outputs weighed by `u`.
    weighed: Vec<Vec<f64>>,
}

/// Signs and sizes at random, no size near 0: every entry counts.
fn direction(len: usize, rng: &mut StdRng) -> Vec<f64> {
    let signed = |rng: &mut StdRng| {
        let size: f64 = rng.gen_range(0.5..1.0);
        if rng.gen() {
            size
        } else {
            -size
        }
    };
    (0..len).map(|_| signed(rng)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `v` where `kept` is, 0 elsewhere.
fn only(v: &[f64], kept: &std::ops::Range<usize>) -> Vec<f64> {
    let value = |(place, v): (usize, &f64)| if kept.contains(&place) { *v } else { 0.0 };
    v.iter().enumerate().map(value).collect()
}

/// The first value that is not finite.
fn finite(what: impl Fn() -> String, shape: &[usize], values: &[f64]) -> Result<(), Fault> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(place) => Err(Fault::NotFinite {
            what: what(),
            index: unravel(place, shape),
            value: values[place],
        }),
    }
}

/// The first value whose step of `eps` is rounded by more than any tolerance would forgive.
fn steps(variable: &Variable, eps: f64) -> Result<(), Fault> {
    const ROUNDED: f64 = 1e-4;
    let lost = |x: &f64| ((x + eps) - (x - eps) - 2.0 * eps).abs() > ROUNDED * 2.0 * eps;
    match variable.values.iter().position(lost) {
        None => Ok(()),
        Some(place) => Err(Fault::StepLost {
            tensor: variable.name.clone(),
            index: variable.place(place),
            value: variable.values[place],
            eps,
        }),
    }
}

/// The first value that two passes do not agree on.
fn same(
    what: impl Fn() -> String,
    shape: &[usize],
    first: &[f64],
    second: &[f64],
) -> Result<(), Fault> {
    let mut pairs = first.iter().zip(second);
    match pairs.position(|(a, b)| a.to_bits() != b.to_bits()) {
        None => Ok(()),
        Some(place) => Err(Fault::Nondeterministic {
            what: what(),
            index: unravel(place, shape),
            first: first[place],
            second: second[place],
        }),
    }
}

/// A place in a tensor from its place in memory.
fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (axis, size) in shape.iter().enumerate().rev() {
        index[axis] = flat % size.max(&1);
        flat /= size.max(&1);
    }
    index
}

/// The slopes of a number along a line: on both sides, below and above.
#[derive(Clone, Copy)]
struct Slopes {
    central: f64,
    below: f64,
    above: f64,
}

/// The outputs below and above the point.
struct Sides {
    eps: f64,
    below: Vec<f64>,
    above: Vec<f64>,
}

impl<'a> Comparison<'a> {
    /// Looks at the point itself: finite, and the same twice.
    fn new(check: &'a GradCheck, subject: &'a dyn Subject) -> Result<Self, Fault> {
        let variables = subject.variables()?;
        for variable in &variables {
            let what = || format!("`{}`", variable.name);
            finite(what, &variable.shape, &variable.values)?;
            steps(variable, check.eps)?;
        }
        let base = subject.pass(None, None)?;
        finite(|| "the output".to_owned(), &base.shape, &base.output)?;

        let mut rng = StdRng::seed_from_u64(check.seed);
        let u = direction(base.output.len(), &mut rng);
        let first = subject.pass(None, Some(&u))?;
        let second = subject.pass(None, Some(&u))?;
        for pass in [&first, &second] {
            let what = || "the output".to_owned();
            same(what, &base.shape, &base.output, &pass.output)?;
        }
        let passes = first.gradients.iter().zip(&second.gradients);
        for (variable, (first, second)) in variables.iter().zip(passes) {
            let what = || format!("the gradient of `{}`", variable.name);
            same(what, &variable.shape, first, second)?;
            finite(what, &variable.shape, first)?;
        }
        Ok(Comparison {
            check,
            subject,
            variables,
            base,
            u,
            weighed: first.gradients,
        })
    }

    fn all(&self, of: Of) -> Result<Vec<Checked>, Fault> {
        let deviations = if self.check.fast {
            self.directions()?
        } else {
            self.jacobians()?
        };
        let pairs = self.variables.iter().zip(deviations);
        Ok(pairs
            .map(|(variable, deviation)| Checked {
                of,
                name: variable.name.clone(),
                shape: variable.shape.clone(),
                deviation,
            })
            .collect())
    }

    fn tolerance(&self, numeric: f64) -> f64 {
        self.check.atol + self.check.rtol * numeric.abs()
    }

    /// The outputs at both ends of `eps·v` through the point.
    fn sides(&self, place: usize, v: &[f64], eps: f64) -> Result<Sides, Fault> {
        let variable = &self.variables[place];
        let at = |step: f64| {
            let pairs = variable.values.iter().zip(v);
            let moved: Vec<f64> = pairs.map(|(x, v)| x + step * v).collect();
            let pass = self.subject.pass(Some((place, &moved)), None)?;
            let what = || format!("the output, `{}` being moved by eps,", variable.name);
            finite(what, &self.base.shape, &pass.output)?;
            Ok(pass.output)
        };
        Ok(Sides {
            eps,
            below: at(-eps)?,
            above: at(eps)?,
        })
    }

    /// The slopes of a weighted sum of outputs.
    fn slopes(&self, sides: &Sides, weigh: impl Fn(&[f64]) -> f64) -> Slopes {
        let [below, here, above] =
            [&sides.below, &self.base.output, &sides.above].map(|y| weigh(y));
        Slopes {
            central: (above - below) / (2.0 * sides.eps),
            below: (here - below) / sides.eps,
            above: (above - here) / sides.eps,
        }
    }

    /// What one-hot weights make of the `place`th number of a tensor.
    fn column(&self, variable: usize, place: usize, eps: f64) -> Result<Sides, Fault> {
        let mut v = vec![0.0; self.variables[variable].values.len()];
        v[place] = 1.0;
        self.sides(variable, &v, eps)
    }

    /// Whether the slope changes at once, where for a smooth function the change shrinks with `eps`.
    fn is_kink(
        &self,
        variable: usize,
        place: usize,
        output: usize,
        slopes: Slopes,
    ) -> Result<bool, Fault> {
        const CLOSER: f64 = 8.0;
        let sides = self.column(variable, place, self.check.eps / CLOSER)?;
        let closer = self.slopes(&sides, |y| y[output]);
        let shrunk = (closer.above - closer.below) / (slopes.above - slopes.below);
        Ok(!(0.5 / CLOSER..2.0 / CLOSER).contains(&shrunk))
    }

    /// What is wrong with one entry of the Jacobian, if anything.
    fn fault(
        &self,
        variable: usize,
        place: usize,
        output: usize,
        analytic: f64,
        slopes: Slopes,
    ) -> Result<Option<Fault>, Fault> {
        let Slopes {
            central,
            below,
            above,
        } = slopes;
        let tolerance = self.tolerance(central);
        if (analytic - central).abs() <= tolerance {
            return Ok(None);
        }
        let found = &self.variables[variable];
        let (tensor, index) = (found.name.clone(), found.place(place));
        let output_index = unravel(output, &self.base.shape);
        // At a kink, every value between the two slopes is somebody's convention; any other is
        // wrong there, too.
        let kink = (above - below).abs() > tolerance
            && analytic >= below.min(above) - tolerance
            && analytic <= below.max(above) + tolerance
            && self.is_kink(variable, place, output, slopes)?;
        Ok(Some(if kink {
            Fault::NotDifferentiable {
                tensor,
                index,
                value: found.values[place],
                output_index,
                analytic,
                below,
                above,
            }
        } else {
            Fault::Wrong {
                tensor,
                index,
                output_index,
                analytic,
                numeric: central,
                tolerance,
                wrong: None,
            }
        }))
    }

    /// Every entry; the largest deviation for each tensor.
    fn jacobians(&self) -> Result<Vec<f64>, Fault> {
        let outputs = self.base.output.len();
        let mut rows = Vec::with_capacity(outputs);
        for output in 0..outputs {
            let mut d_output = vec![0.0; outputs];
            d_output[output] = 1.0;
            let row = self.subject.pass(None, Some(&d_output))?.gradients;
            for (variable, row) in self.variables.iter().zip(&row) {
                let what = || format!("the gradient of `{}`", variable.name);
                finite(what, &variable.shape, row)?;
            }
            rows.push(row);
        }
        let mut deviations = Vec::new();
        for (place, variable) in self.variables.iter().enumerate() {
            let mut largest = 0.0f64;
            let mut worst: Option<(f64, Fault)> = None;
            let mut kink = None;
            let mut wrong = 0;
            for entry in 0..variable.values.len() {
                let sides = self.column(place, entry, self.check.eps)?;
                for (output, row) in rows.iter().enumerate() {
                    let analytic = row[place][entry];
                    let slopes = self.slopes(&sides, |y| y[output]);
                    let deviation = (analytic - slopes.central).abs();
                    largest = largest.max(deviation);
                    match self.fault(place, entry, output, analytic, slopes)? {
                        Some(fault @ Fault::Wrong { .. }) => {
                            wrong += 1;
                            let over = deviation / self.tolerance(slopes.central);
                            if worst.as_ref().is_none_or(|(worst, _)| over > *worst) {
                                worst = Some((over, fault));
                            }
                        }
                        fault => kink = kink.or(fault),
                    }
                }
            }
            if let Some((_, mut fault)) = worst {
                if let Fault::Wrong { wrong: count, .. } = &mut fault {
                    *count = Some(wrong);
                }
                return Err(fault);
            }
            if let Some(kink) = kink {
                return Err(kink);
            }
            deviations.push(largest);
        }
        Ok(deviations)
    }

    /// `uᵀJv` of every tensor; its deviation.
    fn directions(&self) -> Result<Vec<f64>, Fault> {
        let mut rng = StdRng::seed_from_u64(self.check.seed + 1);
        let mut deviations = Vec::new();
        for (place, variable) in self.variables.iter().enumerate() {
            let v = direction(variable.values.len(), &mut rng);
            let (analytic, slopes) = self.along(place, &v)?;
            let deviation = (analytic - slopes.central).abs();
            if deviation > self.tolerance(slopes.central) {
                return Err(self.halve(place, &v, analytic, slopes)?);
            }
            deviations.push(deviation);
        }
        Ok(deviations)
    }

    /// `uᵀJv` by backward and by differences.
    fn along(&self, place: usize, v: &[f64]) -> Result<(f64, Slopes), Fault> {
        let sides = self.sides(place, v, self.check.eps)?;
        let slopes = self.slopes(&sides, |y| dot(&self.u, y));
        Ok((dot(&self.weighed[place], v), slopes))
    }

    /// Finds a wrong entry behind a wrong `uᵀJv` by leaving out one half of `v` after the other,
    /// then of `u`.
    fn halve(
        &self,
        place: usize,
        v: &[f64],
        analytic: f64,
        slopes: Slopes,
    ) -> Result<Fault, Fault> {
        let mut kept = 0..v.len();
        while kept.len() > 1 {
            let middle = kept.start + kept.len() / 2;
            let deviation = |half: &std::ops::Range<usize>| {
                let (analytic, slopes) = self.along(place, &only(v, half))?;
                Ok((analytic - slopes.central).abs())
            };
            let (left, right) = (kept.start..middle, middle..kept.end);
            kept = if deviation(&left)? >= deviation(&right)? {
                left
            } else {
                right
            };
        }
        let entry = kept.start;
        let sides = self.column(place, entry, self.check.eps)?;
        let backward = |u: &[f64]| Ok(self.subject.pass(None, Some(u))?.gradients[place][entry]);
        let mut kept = 0..self.u.len();
        while kept.len() > 1 {
            let middle = kept.start + kept.len() / 2;
            let deviation = |half: &std::ops::Range<usize>| {
                let u = only(&self.u, half);
                let slopes = self.slopes(&sides, |y| dot(&u, y));
                Ok((backward(&u)? - slopes.central).abs())
            };
            let (left, right) = (kept.start..middle, middle..kept.end);
            kept = if deviation(&left)? >= deviation(&right)? {
                left
            } else {
                right
            };
        }
        let output = kept.start;
        let mut one = vec![0.0; self.u.len()];
        one[output] = 1.0;
        let found = self.slopes(&sides, |y| y[output]);
        let fault = self.fault(place, entry, output, backward(&one)?, found)?;
        Ok(fault.unwrap_or_else(|| Fault::WrongDirection {
            tensor: self.variables[place].name.clone(),
            analytic,
            numeric: slopes.central,
            tolerance: self.tolerance(slopes.central),
        }))
    }
}

// ---- what comes out ----

/// What was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Of {
    /// A function of tensors.
    Function,
    /// A module's `forward`, which evaluates.
    Forward,
    /// A module's `forward_mut`, which trains.
    ForwardMut,
    /// Nothing yet: the module was being built.
    Building,
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Of::Function => "function",
            Of::Forward => "forward",
            Of::ForwardMut => "forward_mut",
            Of::Building => "build",
        })
    }
}

/// A tensor whose gradient is right.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Checked {
    /// What was run.
    pub of: Of,
    /// `input` (of several, `input0`, `input1` and so on), or a parameter's name: `conv1.weight`.
    pub name: String,
    /// The tensor's sizes; of an input, the batch first.
    pub shape: Vec<usize>,
    /// The largest difference between backward and differences: of one entry of the Jacobian in
    /// the full form, of `uᵀJv` in the fast one.
    pub deviation: f64,
}

/// All tensors whose gradients were found right.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Inputs first, then parameters in the order of the model; twice where both `forward_mut` and
    /// `forward` were checked.
    pub tensors: Vec<Checked>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |t: &Checked| t.name.chars().count();
        let width = self.tensors.iter().map(name).max().unwrap_or(0);
        let row = |t: &Checked| {
            format!(
                "{:<11}  {:<width$}  {:?}  off by at most {:.1e}",
                t.of, t.name, t.shape, t.deviation
            )
        };
        let rows: Vec<String> = self.tensors.iter().map(row).collect();
        f.write_str(&rows.join("\n"))
    }
}

/// Why a gradient was not found right.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{of}: {fault}")]
#[non_exhaustive]
pub struct GradCheckError {
    /// What was run.
    pub of: Of,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a gradient, or keeps it from being checked.
///
/// An `index` is a place in the tensor, axis by axis, from 0; in inputs and outputs, the batch is
/// the first axis.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// An entry of the Jacobian is wrong.
    #[error(
        "the gradient of `{tensor}` is wrong: d output{output_index:?} / d {tensor}{index:?} \
         is {analytic} by backward, {numeric} by differences, off by {:.1e} where {tolerance:.1e} \
         is allowed{}",
        (analytic - numeric).abs(),
        counted(wrong)
    )]
    Wrong {
        /// The input or parameter.
        tensor: String,
        /// The place in it.
        index: Vec<usize>,
        /// The place in the output.
        output_index: Vec<usize>,
        /// What `backward` gives.
        analytic: f64,
        /// The central difference.
        numeric: f64,
        /// By how much they may differ.
        tolerance: f64,
        /// In the full form: how many entries of this tensor's Jacobian are wrong; the others above
        /// tell of the worst.
        wrong: Option<usize>,
    },
    /// In the fast form: `uᵀJv` is wrong, but none of the entries that were looked at alone.
    #[error(
        "the gradient of `{tensor}` is wrong: uᵀJv is {analytic} by backward, {numeric} by \
         differences, off by {:.1e} where {tolerance:.1e} is allowed; no single entry stands out, \
         the full form compares them all",
        (analytic - numeric).abs()
    )]
    WrongDirection {
        /// The input or parameter.
        tensor: String,
        /// What `backward` gives.
        analytic: f64,
        /// The central difference.
        numeric: f64,
        /// By how much they may differ.
        tolerance: f64,
    },
    /// The point is at a kink: there is no gradient to compare with.
    #[error(
        "`{tensor}`{index:?} = {value} is at a kink of output{output_index:?}: the slope is {below} \
         below and {above} above, and backward gives {analytic}; there is no gradient here, check \
         at a point away from kinks such as `GradCheck::draw` or `away_from_kinks` give"
    )]
    NotDifferentiable {
        /// The input or parameter.
        tensor: String,
        /// The place in it.
        index: Vec<usize>,
        /// Its value there.
        value: f64,
        /// The place in the output.
        output_index: Vec<usize>,
        /// What `backward` gives.
        analytic: f64,
        /// The slope on the side of smaller values.
        below: f64,
        /// The slope on the side of larger values.
        above: f64,
    },
    /// Two passes at one point differ.
    #[error(
        "two passes at one point differ: {what}{index:?} is {first}, then {second}; what draws \
         random numbers while training, as `Dropout` does, is checked by `evaluating()`"
    )]
    Nondeterministic {
        /// The output, or the gradient of a tensor.
        what: String,
        /// The place in it.
        index: Vec<usize>,
        /// The value in the first pass.
        first: f64,
        /// The value in the second.
        second: f64,
    },
    /// A value is NaN or infinite.
    #[error("{what}{index:?} is {value}")]
    NotFinite {
        /// A tensor, its gradient, or the output.
        what: String,
        /// The place in it.
        index: Vec<usize>,
        /// NaN or an infinity.
        value: f64,
    },
    /// A number is so large that moving it by `eps` is lost in rounding.
    #[error(
        "`{tensor}`{index:?} = {value} cannot be moved by {eps:e}, its next neighbours in f64 are too \
         far away; check at smaller numbers, or with a larger `eps`"
    )]
    StepLost {
        /// The input or parameter.
        tensor: String,
        /// The place in it.
        index: Vec<usize>,
        /// Its value there.
        value: f64,
        /// The step.
        eps: f64,
    },
    /// The output has no numbers.
    #[error("the output is empty, so there is no gradient")]
    NoOutput,
    /// The function, the module or the device gave an error.
    #[error("it cannot run: {reason}")]
    Failed {
        /// The error as it prints for debugging.
        reason: String,
    },
}

impl Fault {
    fn failed(error: &dyn fmt::Debug) -> Self {
        Fault::Failed {
            reason: format!("{error:?}"),
        }
    }
}

fn counted(wrong: &Option<usize>) -> String {
    match wrong {
        Some(1) => "; no other entry of this tensor's is wrong".to_owned(),
        Some(wrong) => format!("; the worst of {wrong} wrong entries of this tensor's"),
        None => String::new(),
    }
}
