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
//! random `u` and `v`: two forward passes for each tensor and two backward passes in all. It is made
//! for whole networks. Where `uᵀJv` is wrong, it looks for a wrong entry by leaving out one half of
//! the numbers after the other. It can miss an error that is small beside the sum of all gradients
//! of a tensor, or that cancels in this direction; another [`seed`](GradCheck::seed) is another
//! direction.

mod compare;
mod outcome;
mod point;
mod subject;

pub use outcome::{Checked, Fault, GradCheckError, Of, Report};
pub use point::{away_from_kinks, Checkable, Drawable};
pub use subject::{Pass, Variable};

use compare::Comparison;
use dfdx::nn::{BuildModule, Module, ModuleMut};
use dfdx::prelude::{Cpu, CpuError, OwnedTape, Shape, Tensor};
use rand::rngs::StdRng;
use rand::SeedableRng;
use subject::{walk, Flat1, Function, Layer, Slices, Subject, Task};

use crate::tensor::Features;

/// A tensor that records on its own tape what is done with it.
pub type Traced<S> = Tensor<S, f64, Cpu, OwnedTape<f64, Cpu>>;

/// What flows out of a layer, on its tape.
type TracedFeatures = Features<f64, Cpu, OwnedTape<f64, Cpu>>;

/// Checks a layer, a block or a model by one line, and panics with the fault when a gradient is wrong.
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
    (@run $how:ident $name:expr, $default:expr, $closed:ty, $input:ty) => {
        match $crate::gradcheck!(@call $how $default, $closed, $input) {
            ::core::result::Result::Ok(report) => report,
            ::core::result::Result::Err(fault) => ::core::panic!("gradcheck of {}: {fault}", $name),
        }
    };
    (@run $how:ident $name:expr, $default:expr; $check:expr, $closed:ty, $input:ty) => {
        $crate::gradcheck!(@run $how $name, $check, $closed, $input)
    };
    (@call drawn $check:expr, $model:ty, $input:ty) => {
        $check.drawn::<$model, $input, _, _>()
    };
    (@call layer $check:expr, $layer:ty, $input:ty) => {
        $check.layer::<$layer, $input>()
    };
    ($model:ty $(; $check:expr)?) => {
        $crate::gradcheck!(
            @run drawn stringify!($model),
            $crate::gradcheck::GradCheck::new() $(; $check)?,
            <$model as $crate::dfdx::nn::BuildOnDevice<$crate::dfdx::prelude::Cpu, f64>>::Built,
            <$model as $crate::Model>::Input
        )
    };
    ($layer:ty, $input:ty $(; $check:expr)?) => {{
        const __SIGNATURE: $crate::shape::Signature =
            <$layer as $crate::shape::Infer<$input>>::SIGNATURE;
        const _: () = if __SIGNATURE.misfit.is_some() {
            ::core::panic!(
                "{}",
                $crate::shape::misfit_message("gradcheck", "layer", &__SIGNATURE).as_str()
            )
        };
        $crate::gradcheck!(
            @run layer stringify!($layer),
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
    ///
    /// # Panics
    /// When `eps` is not positive.
    pub fn eps(mut self, eps: f64) -> Self {
        assert!(eps > 0.0, "eps is {eps}, it must be positive");
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
        self.run(Of::Function, &Slices { variables, f })
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
            report = self.forward_mut(module, inputs.anew(None))?;
        }
        if self.evaluating {
            let evaluated = self.forward(module, inputs)?;
            report.tensors.extend(evaluated.tensors);
        }
        Ok(report)
    }

    /// Checks a module only as it trains; otherwise as [`module`](GradCheck::module).
    ///
    /// For modules that have no gradient when they evaluate, as dfdx's own `BatchNorm2D`.
    ///
    /// # Errors
    /// [`GradCheckError`] with the worst entry, or what kept the check from comparing.
    pub fn forward_mut<M, X, U>(&self, module: &M, inputs: X) -> Result<Report, GradCheckError>
    where
        X: Checkable,
        U: Shape,
        M: BuildModule<Cpu, f64> + ModuleMut<X::Taped, Output = Traced<U>>,
    {
        let forward = |mut module: M, x| match module.try_forward_mut(x) {
            Ok(y) => Flat1::of(y),
            Err(error) => Err(Fault::failed(&error)),
        };
        self.run(Of::ForwardMut, &Layer::new(module, &inputs, forward))
    }

    /// Checks a module only as it evaluates; otherwise as [`module`](GradCheck::module).
    ///
    /// # Errors
    /// [`GradCheckError`] with the worst entry, or what kept the check from comparing.
    pub fn forward<M, X, U>(&self, module: &M, inputs: X) -> Result<Report, GradCheckError>
    where
        X: Checkable,
        U: Shape,
        M: BuildModule<Cpu, f64> + Module<X::Taped, Output = Traced<U>>,
    {
        let forward = |module: M, x| match module.try_forward(x) {
            Ok(y) => Flat1::of(y),
            Err(error) => Err(Fault::failed(&error)),
        };
        self.run(Of::Forward, &Layer::new(module, &inputs, forward))
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
        let module = self.built::<M>()?;
        self.module(&module, self.draw::<X>())
    }

    /// Builds the closed layer or block `L`, draws inputs of the shape `X` and checks: what
    /// [`gradcheck!`](crate::gradcheck!) does with a layer; otherwise as
    /// [`drawn`](GradCheck::drawn).
    ///
    /// # Errors
    /// [`GradCheckError`] with the worst entry, or what kept the check from comparing.
    pub fn layer<L, X>(&self) -> Result<Report, GradCheckError>
    where
        X: Drawable,
        L: BuildModule<Cpu, f64> + crate::layers::Layer<f64, Cpu>,
    {
        let layer = self.built::<L>()?;
        let inputs = self.draw::<X>();
        let mut report = Report::default();
        if self.training {
            let forward = |mut layer: L, x| {
                let (x, rest) = X::features(x)?;
                layer.try_apply_mut(x, rest)
            };
            report = self.applied(Of::ForwardMut, &layer, &inputs, forward)?;
        }
        if self.evaluating {
            let forward = |layer: L, x| {
                let (x, rest) = X::features(x)?;
                layer.try_apply(x, rest)
            };
            let evaluated = self.applied(Of::Forward, &layer, &inputs, forward)?;
            report.tensors.extend(evaluated.tensors);
        }
        Ok(report)
    }

    fn applied<L, X: Checkable>(
        &self,
        of: Of,
        layer: &L,
        inputs: &X,
        apply: impl Fn(L, X::Taped) -> Result<TracedFeatures, CpuError>,
    ) -> Result<Report, GradCheckError>
    where
        L: BuildModule<Cpu, f64>,
    {
        let forward = |layer: L, x| match apply(layer, x) {
            Ok(y) => Flat1::of(y.into_images()),
            Err(error) => Err(Fault::failed(&error)),
        };
        self.run(of, &Layer::new(layer, inputs, forward))
    }

    /// A module whose parameters start as it starts them, each moved a little.
    fn built<M: BuildModule<Cpu, f64>>(&self) -> Result<M, GradCheckError> {
        let error = |fault| GradCheckError {
            of: Of::Building,
            fault,
        };
        let dev = Cpu::seed_from_u64(self.seed);
        let module = M::try_build(&dev).map_err(|e| error(Fault::failed(&e)))?;
        let mut rng = StdRng::seed_from_u64(self.seed ^ 0x9e37_79b9);
        let task = Task::Jolt(&mut rng);
        Ok(walk(&module, task).map_err(error)?.0)
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
