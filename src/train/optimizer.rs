//! What all optimisers share: they walk over the parameters of a model and keep a state for each.

use std::any::Any;
use std::marker::PhantomData;

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName, ViewTensorRef,
};
use dfdx::optim::{self, OptimizerUpdateError, SgdConfig, UnusedTensors};
use dfdx::prelude::{
    Cpu, Device, Dtype, Gradients, HasShape, Shape, Storage, Tensor, TensorCollection, ZeroGrads,
};
use dfdx::tensor::UniqueId;

use crate::kernels::Number;
use crate::tensor::{contiguous_mut, Element};

/// What an optimiser does to one parameter.
pub(crate) trait Rule {
    /// The names of the tensors that it keeps for each parameter.
    const TENSORS: &'static [&'static str];

    /// One step.
    fn apply<E: Number>(&self, parameter: &mut [E], gradient: &[E], state: &mut ParameterState<E>);
}

/// What [`Fit`](super::Fit) asks of an optimiser: [`Sgd`](super::Sgd), [`Adam`](super::Adam),
/// [`AdamW`](super::AdamW) and [`RmsProp`](super::RmsProp) do all of it.
///
/// dfdx's trait of this name is in the prelude; it has neither a learning rate nor a state.
pub trait Optimizer<M, E: Dtype, D: Storage<E>> {
    /// What it is called in checkpoints: `Adam`.
    const NAME: &'static str;

    /// The learning rate.
    fn lr(&self) -> f64;

    /// Changes the learning rate.
    fn set_lr(&mut self, lr: f64);

    /// One step along `gradients`, which are then zero.
    ///
    /// # Errors
    /// When the device is out of memory.
    fn step(&mut self, model: &mut M, gradients: &mut Gradients<E, D>) -> Result<(), D::Err>;

    /// What it remembers, to be saved.
    fn state(&self) -> &OptimizerState<M, E, D>;

    /// What it remembers, to go on from what was saved.
    fn state_mut(&mut self) -> &mut OptimizerState<M, E, D>;
}

/// What an optimiser remembers of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterState<E> {
    /// The parameter: `conv1.weight`.
    pub name: String,
    /// Steps that it has made.
    pub step: u64,
    /// The tensors with the names of [`OptimizerState::tensors`], each of the parameter's length,
    /// or empty where none was needed yet.
    pub tensors: Vec<Vec<E>>,
    len: usize,
}

impl<E: Number> ParameterState<E> {
    /// The tensor, of zeros if it was not needed before, and whether that is so.
    pub(crate) fn begin(&mut self, tensor: usize) -> bool {
        let first = self.tensors[tensor].is_empty();
        if first {
            self.tensors[tensor].resize(self.len, E::zero());
        }
        first
    }
}

/// What does not fit when the state of an optimiser is set. The fields hold the facts, `Display`
/// puts them in one sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The model has no such parameter that is learned.
    #[error("there is no parameter `{name}`")]
    Parameter {
        /// The name.
        name: String,
    },
    /// The optimiser keeps other tensors.
    #[error("the state of `{name}` has {found} tensors, the optimiser keeps {expected}")]
    Tensors {
        /// The parameter.
        name: String,
        /// Tensors in the state.
        found: usize,
        /// Tensors that the optimiser keeps.
        expected: usize,
    },
    /// A tensor has another length than its parameter.
    #[error("`{tensor}` of `{name}` has {found} numbers, the parameter {expected}")]
    Length {
        /// The parameter.
        name: String,
        /// The tensor of its state.
        tensor: &'static str,
        /// Numbers in the tensor.
        found: usize,
        /// Numbers in the parameter.
        expected: usize,
    },
}

/// What an optimiser remembers of a model: for each parameter that is learned, in the model's
/// order, its steps and tensors.
#[derive(Clone, Debug)]
pub struct OptimizerState<M, E: Dtype, D: Storage<E>> {
    names: &'static [&'static str],
    parameters: Vec<ParameterState<E>>,
    /// Reads gradients, see [`read_then_step`].
    reader: optim::Sgd<(), E, D>,
    scratch: Vec<E>,
    ids: Vec<UniqueId>,
    model: PhantomData<fn(M)>,
}

impl<M, E: Element, D: Storage<E>> OptimizerState<M, E, D> {
    /// The state of every parameter.
    pub fn parameters(&self) -> &[ParameterState<E>] {
        &self.parameters
    }

    /// The names of the tensors of every parameter: PyTorch's, such as `exp_avg`.
    pub fn tensors(&self) -> &'static [&'static str] {
        self.names
    }

    /// Goes on from the state of one parameter, as [`parameters`](OptimizerState::parameters) of
    /// another optimiser gave it.
    ///
    /// # Errors
    /// [`StateError`] where it does not fit this model and optimiser; nothing is then changed.
    pub fn set(&mut self, name: &str, step: u64, tensors: Vec<Vec<E>>) -> Result<(), StateError> {
        let found = self.parameters.iter_mut().find(|p| p.name == name);
        let name = || name.to_owned();
        let Some(parameter) = found else {
            return Err(StateError::Parameter { name: name() });
        };
        if tensors.len() != self.names.len() {
            return Err(StateError::Tensors {
                name: name(),
                found: tensors.len(),
                expected: self.names.len(),
            });
        }
        for (values, tensor) in tensors.iter().zip(self.names) {
            if !values.is_empty() && values.len() != parameter.len {
                return Err(StateError::Length {
                    name: name(),
                    tensor,
                    found: values.len(),
                    expected: parameter.len,
                });
            }
        }
        parameter.step = step;
        parameter.tensors = tensors;
        Ok(())
    }
}

impl<M: TensorCollection<E, D>, E: Element, D: Device<E>> OptimizerState<M, E, D> {
    /// No steps yet.
    pub(crate) fn new(model: &M, names: &'static [&'static str]) -> Self {
        let mut names_of = Names(Vec::new(), names.len());
        let walked = M::iter_tensors(&mut RecursiveWalker {
            m: (model, String::new()),
            f: &mut names_of,
        });
        debug_assert!(walked.is_ok(), "reading names needs no memory of a device");
        // `0 − (−1)·g` is `g`, NaN and infinities too.
        let config = SgdConfig {
            lr: -1.0,
            momentum: None,
            weight_decay: None,
        };
        OptimizerState {
            names,
            parameters: names_of.0,
            reader: optim::Sgd::new(&(), config),
            scratch: Vec::new(),
            ids: Vec::new(),
            model: PhantomData,
        }
    }

    /// A step of all parameters.
    pub(crate) fn update<R: Rule>(
        &mut self,
        rule: &R,
        model: &mut M,
        gradients: &Gradients<E, D>,
    ) -> Result<(), OptimizerUpdateError<D::Err>> {
        let mut walk = self.walk(rule, Source::Read(gradients));
        let walked = M::iter_tensors(&mut RecursiveWalker {
            m: model,
            f: &mut walk,
        });
        walked.map_err(OptimizerUpdateError::DeviceError)?;
        walk.unused.into()
    }

    /// The same, and sets the gradients to zero.
    pub(crate) fn step<R: Rule>(
        &mut self,
        rule: &R,
        model: &mut M,
        gradients: &mut Gradients<E, D>,
    ) -> Result<(), D::Err> {
        let mut ids = std::mem::take(&mut self.ids);
        ids.clear();
        let mut walk = self.walk(rule, Source::Take(gradients));
        walk.visited.ids = ids;
        let walked = M::iter_tensors(&mut RecursiveWalker {
            m: &mut *model,
            f: &mut walk,
        });
        self.ids = walk.visited.ids;
        walked?;
        if (gradients as &dyn Any).is::<Gradients<E, Cpu>>() {
            gradients.retain_leafs(&self.ids);
            Ok(())
        } else {
            model.try_zero_grads(gradients)
        }
    }

    fn walk<'a, R>(&'a mut self, rule: &'a R, source: Source<'a, E, D>) -> Walk<'a, R, E, D> {
        Walk {
            rule,
            source,
            parameters: self.parameters.iter_mut(),
            reader: &mut self.reader,
            scratch: &mut self.scratch,
            unused: UnusedTensors::default(),
            visited: UnusedTensors::default(),
        }
    }
}

/// The parameters that are learned.
struct Names<E>(Vec<ParameterState<E>>, usize);

impl<E: Dtype, D: Device<E>> TensorVisitor<E, D> for Names<E> {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = D::Err;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        (tensor, name): (&Tensor<S, E, D>, String),
    ) -> Result<Option<Tensor<S, E, D>>, D::Err> {
        if options.do_gradient_update {
            self.0.push(ParameterState {
                name,
                step: 0,
                tensors: vec![Vec::new(); self.1],
                len: tensor.shape().num_elements(),
            });
        }
        Ok(None)
    }
}

/// Where gradients come from.
enum Source<'a, E: Dtype, D: Storage<E>> {
    /// From where only dfdx's own optimisers can read them.
    Read(&'a Gradients<E, D>),
    /// From where they are set to zero.
    Take(&'a mut Gradients<E, D>),
}

/// Takes a step with every parameter on the way.
struct Walk<'a, R, E: Dtype, D: Storage<E>> {
    rule: &'a R,
    source: Source<'a, E, D>,
    parameters: std::slice::IterMut<'a, ParameterState<E>>,
    reader: &'a mut optim::Sgd<(), E, D>,
    scratch: &'a mut Vec<E>,
    /// Parameters without a gradient.
    unused: UnusedTensors,
    /// Parameters whose gradients are to be kept.
    visited: UnusedTensors,
}

impl<R: Rule, E: Element, D: Device<E>> TensorVisitor<E, D> for Walk<'_, R, E, D> {
    type Viewer = ViewTensorMut;
    type Err = D::Err;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        parameter: &mut Tensor<S, E, D>,
    ) -> Result<Option<Tensor<S, E, D>>, D::Err> {
        if !options.do_gradient_update {
            return Ok(None);
        }
        let state = self.parameters.next();
        let state = state.expect("a model has as many parameters at every step");
        let (rule, scratch) = (self.rule, &mut *self.scratch);
        match &mut self.source {
            Source::Read(gradients) => {
                let read = (&mut *self.reader, *gradients, UnusedTensors::default());
                let unused = read_then_step(rule, options, parameter, read, state, scratch)?;
                self.unused.ids.extend(unused.ids);
            }
            Source::Take(gradients) => {
                self.visited.add(parameter);
                gradients.try_alloc_for(&*parameter)?;
                match (&mut **gradients as &mut dyn Any).downcast_mut() {
                    Some(gradients) => take_and_step(rule, parameter, gradients, state, scratch),
                    None => {
                        let read = (&mut *self.reader, &**gradients, UnusedTensors::default());
                        read_then_step(rule, options, parameter, read, state, scratch)?;
                    }
                }
            }
        }
        Ok(None)
    }
}

/// A parameter as a tensor on the CPU, where it is there.
fn on_cpu<S: Shape, E: Element, D: Storage<E>>(
    tensor: &mut Tensor<S, E, D>,
) -> Option<&mut Tensor<S, E, Cpu>> {
    (tensor as &mut dyn Any).downcast_mut()
}

/// A step with the gradient where it lies, which is then set to zero.
fn take_and_step<R: Rule, S: Shape, E: Element, D: Device<E>>(
    rule: &R,
    parameter: &mut Tensor<S, E, D>,
    gradients: &mut Gradients<E, Cpu>,
    state: &mut ParameterState<E>,
    scratch: &mut Vec<E>,
) {
    let parameter = on_cpu(parameter).expect("its gradient is on the CPU");
    let gradient = gradients.get_or_alloc_mut(&parameter.ghost());
    let gradient = gradient.unwrap_or_else(|_| unreachable!("the memory was allocated before"));
    state.step += 1;
    match contiguous_mut(parameter) {
        Some(values) => rule.apply(values, gradient, state),
        None => {
            scratch.resize(gradient.len(), E::zero());
            parameter.copy_into(scratch);
            rule.apply(scratch, gradient, state);
            parameter.copy_from(scratch);
        }
    }
    gradient.fill(E::zero());
}

/// dfdx's own optimiser with what it reads, and the parameters that it finds no gradient of.
type Reader<'a, E, D> = (
    &'a mut optim::Sgd<(), E, D>,
    &'a Gradients<E, D>,
    UnusedTensors,
);

/// A step with a gradient that only dfdx's optimisers can read, and only into its parameter: so
/// the parameter waits outside meanwhile.
fn read_then_step<R: Rule, S: Shape, E: Element, D: Device<E>>(
    rule: &R,
    options: TensorOptions<S, E, D>,
    parameter: &mut Tensor<S, E, D>,
    mut reader: Reader<'_, E, D>,
    state: &mut ParameterState<E>,
    scratch: &mut Vec<E>,
) -> Result<UnusedTensors, D::Err> {
    scratch.resize(parameter.shape().num_elements(), E::zero());
    parameter.copy_into(scratch);
    parameter.try_fill_with_zeros()?;
    let read = reader.visit(options, parameter);
    let unused = reader.2;
    if read.is_err() || !unused.is_empty() {
        parameter.copy_from(scratch);
        return read.map(|_| unused);
    }
    state.step += 1;
    match on_cpu(parameter).and_then(contiguous_mut) {
        Some(values) => {
            values.swap_with_slice(scratch);
            rule.apply(values, scratch, state);
        }
        None => {
            let mut gradient = vec![E::zero(); scratch.len()];
            parameter.copy_into(&mut gradient);
            rule.apply(scratch, &gradient, state);
            parameter.copy_from(scratch);
        }
    }
    Ok(unused)
}

/// An optimiser: its options as public fields and as methods that set them, `new`, `step` and
/// dfdx's `Optimizer`.
///
/// `rule` makes the kernel's options of its own, at every step, so that they may change.
macro_rules! optimizer {
    (
        $(#[$doc:meta])*
        pub struct $Name:ident {
            $($(#[$field_doc:meta])* $field:ident: $Field:ty = $default:expr,)*
        }
        rule = |$this:ident| $Rule:path { $($rule:tt)* };
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $Name<M, E: dfdx::prelude::Dtype, D: dfdx::prelude::Storage<E>> {
            /// Learning rate.
            pub lr: f64,
            $($(#[$field_doc])* pub $field: $Field,)*
            state: $crate::train::OptimizerState<M, E, D>,
        }

        impl<M, E, D> $Name<M, E, D>
        where
            M: dfdx::prelude::TensorCollection<E, D>,
            E: $crate::tensor::Element,
            D: dfdx::prelude::Device<E>,
        {
            /// For the parameters of `model`, with the defaults of all options.
            pub fn new(model: &M, lr: f64) -> Self {
                let names = <$Rule as $crate::train::optimizer::Rule>::TENSORS;
                $Name {
                    lr,
                    $($field: $default,)*
                    state: $crate::train::OptimizerState::new(model, names),
                }
            }

            $(
                $(#[$field_doc])*
                #[must_use]
                pub fn $field(mut self, $field: $Field) -> Self {
                    self.$field = $field;
                    self
                }
            )*

            /// One step along `gradients`, which are then zero, as after `zero_grads`; on the CPU
            /// each parameter, its gradient and its state pass through memory once.
            ///
            /// A parameter that has no gradient counts as one whose gradient is zero, as in
            /// `alloc_grads`.
            ///
            /// # Errors
            /// When the device is out of memory.
            pub fn step(
                &mut self,
                model: &mut M,
                gradients: &mut dfdx::prelude::Gradients<E, D>,
            ) -> Result<(), D::Err> {
                let rule = self.rule();
                self.state.step(&rule, model, gradients)
            }

            /// What it remembers, to be saved.
            pub fn state(&self) -> &$crate::train::OptimizerState<M, E, D> {
                &self.state
            }

            /// What it remembers, to go on from what was saved.
            pub fn state_mut(&mut self) -> &mut $crate::train::OptimizerState<M, E, D> {
                &mut self.state
            }

            fn rule(&self) -> $Rule {
                let $this = self;
                $Rule { $($rule)* }
            }
        }

        impl<M, E, D> $crate::train::Optimizer<M, E, D> for $Name<M, E, D>
        where
            M: dfdx::prelude::TensorCollection<E, D>,
            E: $crate::tensor::Element,
            D: dfdx::prelude::Device<E>,
        {
            const NAME: &'static str = stringify!($Name);

            fn lr(&self) -> f64 {
                self.lr
            }

            fn set_lr(&mut self, lr: f64) {
                self.lr = lr;
            }

            fn step(
                &mut self,
                model: &mut M,
                gradients: &mut dfdx::prelude::Gradients<E, D>,
            ) -> Result<(), D::Err> {
                $Name::step(self, model, gradients)
            }

            fn state(&self) -> &$crate::train::OptimizerState<M, E, D> {
                &self.state
            }

            fn state_mut(&mut self) -> &mut $crate::train::OptimizerState<M, E, D> {
                &mut self.state
            }
        }

        impl<M, E, D> dfdx::optim::Optimizer<M, D, E> for $Name<M, E, D>
        where
            M: dfdx::prelude::TensorCollection<E, D>,
            E: $crate::tensor::Element,
            D: dfdx::prelude::Device<E>,
        {
            /// One step along `gradients`, which stay as they are.
            ///
            /// dfdx lends them only to its own optimisers, so they are copied first;
            /// `step` does without.
            fn update(
                &mut self,
                model: &mut M,
                gradients: &dfdx::prelude::Gradients<E, D>,
            ) -> Result<(), dfdx::optim::OptimizerUpdateError<D::Err>> {
                let rule = self.rule();
                self.state.update(&rule, model, gradients)
            }
        }
    };
}

pub(crate) use optimizer;
