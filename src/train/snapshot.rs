//! All numbers of a model, apart from it.

use std::any::Any;
use std::convert::Infallible;

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName,
    ViewTensorRef,
};
use dfdx::prelude::{Cpu, HasShape, Shape, Tensor};

use crate::tensor::{contiguous, contiguous_mut, scalar, Device, Element};

/// One tensor of a model.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept<E> {
    pub name: String,
    pub shape: Vec<usize>,
    /// Whether gradient descent changes it.
    pub learned: bool,
    pub values: Vec<E>,
}

/// All tensors of a model in its order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Snapshot<E>(pub Vec<Kept<E>>);

impl<E: Element> Snapshot<E> {
    /// The numbers that a model has now.
    pub fn of<D: Device<E>, M: TensorCollection<E, D>>(model: &M) -> Self {
        let mut taken = Taker(Vec::new());
        let Ok(_) = M::iter_tensors(&mut RecursiveWalker {
            m: (model, String::new()),
            f: &mut taken,
        });
        Snapshot(taken.0)
    }

    /// Gives the numbers to the model.
    pub fn restore<D: Device<E>, M: TensorCollection<E, D>>(&self, model: &mut M) {
        self.each(model, |kept, values| values.copy_from_slice(&kept.values));
    }

    /// Takes the model's numbers and gives it these.
    pub fn swap<D: Device<E>, M: TensorCollection<E, D>>(&mut self, model: &mut M) {
        let mut all = self.0.iter_mut();
        change(model, |values| {
            if let Some(kept) = all.next() {
                kept.values.swap_with_slice(values);
            }
        });
    }

    /// `own ← decay · own + (1 − decay) · model` of what is learned; what is not is taken as it is,
    /// as the statistics of batch normalisation, which are averages already.
    pub fn average<D: Device<E>, M: TensorCollection<E, D>>(&mut self, model: &M, decay: f64) {
        let mut averager = Averager {
            all: self.0.iter_mut(),
            decay: scalar(decay),
            rest: scalar(1.0 - decay),
        };
        let Ok(_) = M::iter_tensors(&mut RecursiveWalker {
            m: model,
            f: &mut averager,
        });
    }

    fn each<D: Device<E>, M: TensorCollection<E, D>>(
        &self,
        model: &mut M,
        mut with: impl FnMut(&Kept<E>, &mut [E]),
    ) {
        let mut all = self.0.iter();
        change(model, |values| {
            if let Some(kept) = all.next() {
                with(kept, values);
            }
        });
    }
}

/// Changes the tensors of a model one after the other.
fn change<E: Element, D: Device<E>, M: TensorCollection<E, D>>(
    model: &mut M,
    with: impl FnMut(&mut [E]),
) {
    let Ok(_) = M::iter_tensors(&mut RecursiveWalker {
        m: model,
        f: &mut Changer(with),
    });
}

struct Taker<E>(Vec<Kept<E>>);

impl<E: Element, D: Device<E>> TensorVisitor<E, D> for Taker<E> {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = Infallible;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        (tensor, name): (&Tensor<S, E, D>, String),
    ) -> Result<Option<Tensor<S, E, D>>, Infallible> {
        self.0.push(Kept {
            name,
            shape: tensor.shape().concrete().into(),
            learned: options.do_gradient_update,
            values: tensor.as_vec(),
        });
        Ok(None)
    }
}

struct Changer<F>(F);

impl<E: Element, D: Device<E>, F: FnMut(&mut [E])> TensorVisitor<E, D> for Changer<F> {
    type Viewer = ViewTensorMut;
    type Err = Infallible;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, D>,
        tensor: &mut Tensor<S, E, D>,
    ) -> Result<Option<Tensor<S, E, D>>, Infallible> {
        let on_cpu: Option<&mut Tensor<S, E, Cpu>> = (tensor as &mut dyn Any).downcast_mut();
        match on_cpu.and_then(contiguous_mut) {
            Some(values) => (self.0)(values),
            None => {
                let mut values = tensor.as_vec();
                (self.0)(&mut values);
                tensor.copy_from(&values);
            }
        }
        Ok(None)
    }
}

struct Averager<'a, E> {
    all: std::slice::IterMut<'a, Kept<E>>,
    decay: E,
    rest: E,
}

impl<E: Element, D: Device<E>> TensorVisitor<E, D> for Averager<'_, E> {
    type Viewer = ViewTensorRef;
    type Err = Infallible;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, D>,
        tensor: &Tensor<S, E, D>,
    ) -> Result<Option<Tensor<S, E, D>>, Infallible> {
        let Some(kept) = self.all.next() else {
            return Ok(None);
        };
        let on_cpu: Option<&Tensor<S, E, Cpu>> = (tensor as &dyn Any).downcast_ref();
        let copied;
        let values = match on_cpu.and_then(contiguous) {
            Some(values) => values,
            None => {
                copied = tensor.as_vec();
                &copied[..]
            }
        };
        if kept.learned {
            for (own, value) in kept.values.iter_mut().zip(values) {
                *own = self.decay * *own + self.rest * *value;
            }
        } else {
            kept.values.copy_from_slice(values);
        }
        Ok(None)
    }
}
