//! From functions and modules of any type to functions of numbers.

use dfdx::nn::{
    BuildModule, RecursiveWalker, ScalarOptions, TensorCollection, TensorOptions, TensorVisitor,
    ViewTensorName, ViewTensorRef,
};
use dfdx::prelude::{
    Backward, Cpu, CpuError, Gradients, HasShape, Rank0, ReshapeTo, Shape, SumTo, Tensor,
    TensorFromVec, TryMul,
};
use rand::rngs::StdRng;

use super::compare::unravel;
use super::point::{away_from_kinks, gradient, scattered, sizes, Checkable};
use super::{Fault, Traced};

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

    pub(super) fn place(&self, flat: usize) -> Vec<usize> {
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
pub(super) trait Subject {
    fn variables(&self) -> Result<Vec<Variable>, Fault>;

    /// Runs forward, one variable being `moved`, and backward where there is a `d_output`.
    fn pass(&self, moved: Option<(usize, &[f64])>, d_output: Option<&[f64]>)
        -> Result<Pass, Fault>;
}

/// An output without its shape in the type.
pub(super) struct Flat1 {
    shape: Vec<usize>,
    values: Traced<(usize,)>,
}

impl Flat1 {
    pub(super) fn of<S: Shape>(y: Traced<S>) -> Result<Self, Fault> {
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

pub(super) struct Function<X, F> {
    pub(super) inputs: X,
    pub(super) f: F,
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

pub(super) struct Slices<'a, F> {
    pub(super) variables: &'a [Variable],
    pub(super) f: F,
}

impl<F: Fn(&[&[f64]], Option<&[f64]>) -> Pass> Subject for Slices<'_, F> {
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

pub(super) struct Layer<'a, M, X, F> {
    module: &'a M,
    inputs: &'a X,
    forward: F,
}

impl<'a, M, X: Checkable, F: Fn(M, X::Taped) -> Result<Flat1, Fault>> Layer<'a, M, X, F> {
    pub(super) fn new(module: &'a M, inputs: &'a X, forward: F) -> Self {
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
        let inputs = self
            .inputs
            .anew(moved.filter(|(place, _)| *place < X::COUNT));
        let (module, _) = walk(
            self.module,
            Task::Copy {
                moved,
                next: X::COUNT,
            },
        )?;
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
pub(super) enum Task<'a> {
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
                if let Some((place, values)) = moved
                    && place == next
                {
                    copy.copy_from(values);
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
pub(super) fn walk<'a, M: BuildModule<Cpu, f64>>(
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
