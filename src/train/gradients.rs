//! The gradients of a model's parameters where they lie, on the CPU.

use std::any::Any;

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorName, ViewTensorRef,
};
use dfdx::prelude::{Cpu, CpuError, Gradients, Shape, Tensor};

use crate::tensor::{on_cpu, scalar, Device, Element};

/// What is to be known of gradients before a step.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// The sum of the squares of all of them.
    squares: f64,
    /// The last parameter with a gradient that is NaN or infinite: the first on the way back.
    pub broken: Option<String>,
}

impl Sight {
    /// The Euclidean norm of all of them.
    pub fn norm(&self) -> f64 {
        self.squares.sqrt()
    }
}

/// Looks at the gradients of what a model learns; `None` where they are not on the CPU.
///
/// # Errors
/// When there is no memory.
pub(super) fn look<M, E, D>(
    model: &M,
    gradients: &mut Gradients<E, D>,
) -> Result<Option<Sight>, CpuError>
where
    M: TensorCollection<E, D>,
    E: Element,
    D: Device<E>,
{
    let mut sight = Sight::default();
    let there = walk(model, gradients, |name, gradient| {
        let square = |g: &E| {
            let g = g.to_f64().unwrap_or(f64::NAN);
            g * g
        };
        let squares: f64 = gradient.iter().map(square).sum();
        if !squares.is_finite() {
            sight.broken = Some(name.to_owned());
        }
        sight.squares += squares;
    })?;
    Ok(there.then_some(sight))
}

/// Multiplies all gradients of what a model learns by `factor`.
///
/// # Errors
/// When there is no memory.
pub(super) fn scale<M, E, D>(
    model: &M,
    gradients: &mut Gradients<E, D>,
    factor: f64,
) -> Result<(), CpuError>
where
    M: TensorCollection<E, D>,
    E: Element,
    D: Device<E>,
{
    let factor = scalar::<E>(factor);
    let each = |_: &str, gradient: &mut [E]| gradient.iter_mut().for_each(|g| *g *= factor);
    walk(model, gradients, each).map(drop)
}

/// Whether the gradients are on the CPU, and then visits those of what is learned.
fn walk<M, E, D>(
    model: &M,
    gradients: &mut Gradients<E, D>,
    with: impl FnMut(&str, &mut [E]),
) -> Result<bool, CpuError>
where
    M: TensorCollection<E, D>,
    E: Element,
    D: Device<E>,
{
    let gradients: Option<&mut Gradients<E, Cpu>> = (gradients as &mut dyn Any).downcast_mut();
    let Some(gradients) = gradients else {
        return Ok(false);
    };
    M::iter_tensors(&mut RecursiveWalker {
        m: (model, String::new()),
        f: &mut Walk { gradients, with },
    })?;
    Ok(true)
}

struct Walk<'g, E: dfdx::prelude::Dtype, F> {
    gradients: &'g mut Gradients<E, Cpu>,
    with: F,
}

impl<E: Element, D: Device<E>, F: FnMut(&str, &mut [E])> TensorVisitor<E, D> for Walk<'_, E, F> {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = CpuError;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        (tensor, name): (&Tensor<S, E, D>, String),
    ) -> Result<Option<Tensor<S, E, D>>, CpuError> {
        if let (true, Some(tensor)) = (options.do_gradient_update, on_cpu(tensor)) {
            (self.with)(&name, tensor.gradient(self.gradients)?);
        }
        Ok(None)
    }
}
