use std::sync::Arc;

use super::{downcast, joined_name, Activate, Backward, Forward, Next, Op, Reads, MOST_INPUTS};
use crate::kernels::activation::{self, Activation};
use crate::kernels::{add, Number};

/// The sum of its inputs, and of it, perhaps, the positive part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Add {
    /// Whether negative sums become 0.
    pub relu: bool,
}

impl<T: Number> Op<T> for Add {
    fn forward(&self, _: usize, call: Forward<'_, T>) {
        add::forward(call.inputs, call.output);
        if self.relu {
            activation::forward_in_place(Activation::Relu, call.output);
        }
    }

    fn backward(&self, _: usize, call: Backward<'_, '_, '_, T>) {
        for d_input in call.d_inputs.iter_mut().flatten() {
            if self.relu {
                activation::backward(Activation::Relu, call.output, call.d_output, d_input);
            } else {
                d_input.copy_from_slice(call.d_output);
            }
        }
    }

    fn reads(&self) -> Reads {
        Reads {
            input: false,
            output: self.relu,
        }
    }

    fn name(&self) -> String {
        joined_name("Add", &[(self.relu, "ReLU")])
    }

    fn joined(&self, next: &Next<'_, T>) -> Option<Arc<dyn Op<T>>> {
        let relu = downcast(next.op) == Some(&Activate(Activation::Relu));
        (relu && !self.relu).then(|| Arc::new(Add { relu }) as Arc<dyn Op<T>>)
    }
}

/// The channels of its inputs one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concat {
    /// Numbers of an example in each input; 0 behind the last.
    pub lens: [usize; MOST_INPUTS],
}

impl Concat {
    /// The numbers of an example in each part.
    fn parts(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        self.lens.iter().scan(0, |first, len| {
            *first += len;
            Some(*first - len..*first)
        })
    }
}

impl<T: Number> Op<T> for Concat {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        let whole = call.output.len() / batch;
        for (part, input) in self.parts().zip(call.inputs) {
            let images = call.output.chunks_exact_mut(whole);
            for (to, from) in images.zip(input.chunks_exact(part.len())) {
                to[part.clone()].copy_from_slice(from);
            }
        }
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        let whole = call.d_output.len() / batch;
        for (part, d_input) in self.parts().zip(call.d_inputs) {
            let Some(d_input) = d_input else { continue };
            let images = call.d_output.chunks_exact(whole);
            for (to, from) in d_input.chunks_exact_mut(part.len()).zip(images) {
                to.copy_from_slice(&from[part.clone()]);
            }
        }
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
