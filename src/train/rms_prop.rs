use super::optimizer::{optimizer, ParameterState, Rule};
use crate::kernels::{optimizer, Number};

optimizer! {
    /// Divides by a running size of each gradient.
    ///
    /// `g ← g + weight_decay · p`; `v ← α · v + (1 − α) · g²`; `b ← momentum · b + g / (√v + eps)`;
    /// `p ← p − lr · b`. Centred, `v − a²` stands for `v`, with `a` the running average of `g`.
    ///
    /// # Parameters
    /// - `lr`: learning rate, 0.01 in PyTorch; it may change from step to step, as all that follow.
    /// - `alpha`: how much of the running size stays; default 0.99.
    /// - `eps`: keeps the division from 0; default 1e-8.
    /// - `weight_decay`: L2 penalty; default 0.
    /// - `momentum`: how much of the direction stays; default 0.
    /// - `centered`: takes the size of the difference to the average gradient; default `false`.
    ///
    /// # Same as
    /// `torch.optim.RMSprop(net.parameters(), lr, alpha, eps, weight_decay, momentum, centered)`
    ///
    /// # Source
    /// Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012; centred: Graves,
    /// "Generating Sequences With Recurrent Neural Networks", 2013.
    pub struct RmsProp {
        /// How much of the running size stays from step to step.
        alpha: f64 = 0.99,
        /// Keeps the division from 0.
        eps: f64 = 1e-8,
        /// L2 penalty.
        weight_decay: f64 = 0.0,
        /// How much of the direction stays from step to step.
        momentum: f64 = 0.0,
        /// Whether the size is that of the difference to the average gradient.
        centered: bool = false,
    }
    rule = |this| optimizer::RmsProp {
        lr: this.lr,
        alpha: this.alpha,
        eps: this.eps,
        weight_decay: this.weight_decay,
        momentum: this.momentum,
        centered: this.centered,
    };
}

impl Rule for optimizer::RmsProp {
    const TENSORS: &'static [&'static str] = &["square_avg", "momentum_buffer", "grad_avg"];

    fn apply<E: Number>(&self, parameter: &mut [E], gradient: &[E], state: &mut ParameterState<E>) {
        state.begin(0);
        if self.momentum != 0.0 {
            state.begin(1);
        }
        if self.centered {
            state.begin(2);
        }
        let [square_avg, momentum_buffer, grad_avg] = &mut state.tensors[..] else {
            unreachable!("a state has as many tensors as names")
        };
        self.step(parameter, gradient, square_avg, momentum_buffer, grad_avg);
    }
}
