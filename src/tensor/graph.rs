//! A model as data: which op reads what, in the order of computation.
//!
//! Layers describe themselves by adding ops to a [`Graph`]. It says nothing of how the ops are run.

use std::sync::Arc;

use dfdx::prelude::{Dtype, Shape, Storage, Tensor};

use super::parameter::{on_cpu, Parameter};
use super::Element;
use crate::kernels::op::{downcast, shared, Op, MOST_INPUTS};
use crate::shape::Dims;

/// Something that flows through a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value(usize);

impl Value {
    /// Its place in [`Recorded::values`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It flows into the model.
    Input,
    /// The node puts it out.
    Node(usize),
    /// It is another value, perhaps in another shape.
    Same(Value),
}

/// An op with what it reads.
#[derive(Debug)]
pub struct Node<E: Element> {
    /// What it computes.
    pub op: Arc<dyn Op<E>>,
    inputs: ([Value; MOST_INPUTS], usize),
    /// Its first parameter and how many it has.
    pub parameters: (usize, usize),
    /// What it puts out.
    pub output: Value,
}

impl<E: Element> Node<E> {
    /// What it reads.
    pub fn inputs(&self) -> &[Value] {
        &self.inputs.0[..self.inputs.1]
    }
}

/// What was said of a model, without its parameters.
#[derive(Debug)]
pub struct Recorded<E: Element> {
    /// The ops in the order of computation.
    pub nodes: Vec<Node<E>>,
    /// The shape and the source of every value.
    pub values: Vec<(Dims, Source)>,
    /// What flows out of the model.
    pub outputs: Vec<Value>,
}

impl<E: Element> Default for Recorded<E> {
    fn default() -> Self {
        Recorded {
            nodes: Vec::new(),
            values: Vec::new(),
            outputs: Vec::new(),
        }
    }
}

/// Parameters, each with its numbers.
pub struct Parameters<'m, E: Element> {
    /// The tensors.
    pub tensors: Vec<&'m dyn Parameter<E>>,
    /// Their numbers.
    pub values: Vec<&'m [E]>,
}

impl<E: Element> Default for Parameters<'_, E> {
    fn default() -> Self {
        Parameters {
            tensors: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl<E: Element> Parameters<'_, E> {
    /// No parameters, in the memory of these.
    pub fn emptied<'m>(mut self) -> Parameters<'m, E> {
        self.tensors.clear();
        self.values.clear();
        // Nothing is mapped: this only exchanges one lifetime for another, and the standard
        // library keeps the memory.
        let none = "the list is empty";
        Parameters {
            tensors: (self.tensors.into_iter())
                .map(|_| unreachable!("{none}"))
                .collect(),
            values: (self.values.into_iter())
                .map(|_| unreachable!("{none}"))
                .collect(),
        }
    }
}

/// A model that is being described.
///
/// It is told the same at every call, so it compares what it is told with what was recorded, and
/// allocates only where that differs.
pub struct Graph<'g, 'm, E: Element> {
    recorded: &'g mut Recorded<E>,
    parameters: &'g mut Parameters<'m, E>,
    nodes: usize,
    values: usize,
    changed: bool,
    training: bool,
}

impl<'g, 'm, E: Element> Graph<'g, 'm, E> {
    /// Begins to describe a model; `recorded` is what was said of it before, or empty.
    pub fn new(
        recorded: &'g mut Recorded<E>,
        parameters: &'g mut Parameters<'m, E>,
        training: bool,
    ) -> Self {
        Graph {
            recorded,
            parameters,
            nodes: 0,
            values: 0,
            changed: false,
            training,
        }
    }

    /// Whether the model is training, as in `forward_mut`.
    pub fn training(&self) -> bool {
        self.training
    }

    /// The shape of a value, for one example.
    pub fn dims(&self, value: Value) -> Dims {
        self.recorded.values[value.0].0
    }

    /// What flows into the model.
    pub fn input(&mut self, dims: Dims) -> Value {
        self.value(dims, Source::Input)
    }

    /// The same numbers in another shape.
    pub fn same(&mut self, value: Value, dims: Dims) -> Value {
        self.value(dims, Source::Same(value))
    }

    /// The parameter for the next op; `None` where its numbers cannot be read on the CPU.
    pub fn parameter<S: Shape, D: Storage<E>>(&mut self, tensor: &'m Tensor<S, E, D>) -> Option<()>
    where
        E: Dtype,
    {
        let parameter = on_cpu(tensor)?;
        self.parameters.values.push(parameter.values()?);
        self.parameters.tensors.push(parameter);
        Some(())
    }

    /// What `op` makes of `inputs`, and of the last `parameters` parameters.
    ///
    /// # Panics
    /// When there are more than [`MOST_INPUTS`] inputs.
    pub fn push<O: Op<E> + PartialEq>(
        &mut self,
        op: O,
        inputs: &[Value],
        parameters: usize,
        dims: Dims,
    ) -> Value {
        let output = self.value(dims, Source::Node(self.nodes));
        let first = self.parameters.tensors.len() - parameters;
        let known = self.recorded.nodes.get(self.nodes).is_some_and(|node| {
            node.inputs() == inputs
                && node.output == output
                && node.parameters == (first, parameters)
                && downcast(&*node.op) == Some(&op)
        });
        if !known {
            self.changed = true;
            let mut all = [Value::default(); MOST_INPUTS];
            all[..inputs.len()].copy_from_slice(inputs);
            self.recorded.nodes.truncate(self.nodes);
            self.recorded.nodes.push(Node {
                op: shared(op),
                inputs: (all, inputs.len()),
                parameters: (first, parameters),
                output,
            });
        }
        self.nodes += 1;
        output
    }

    /// Ends the description; whether it differs from what was recorded.
    pub fn finish(self, outputs: &[Value]) -> bool {
        let Recorded {
            nodes,
            values,
            outputs: old,
        } = self.recorded;
        let shorter = nodes.len() > self.nodes || values.len() > self.values;
        nodes.truncate(self.nodes);
        values.truncate(self.values);
        let others = old != outputs;
        if others {
            old.clear();
            old.extend_from_slice(outputs);
        }
        self.changed || shorter || others
    }

    fn value(&mut self, dims: Dims, source: Source) -> Value {
        let value = Value(self.values);
        let known = self.recorded.values.get(value.0);
        if !known.is_some_and(|(d, s)| d.same(dims) && *s == source) {
            self.changed = true;
            self.recorded.values.truncate(value.0);
            self.recorded.values.push((dims, source));
        }
        self.values += 1;
        value
    }
}
