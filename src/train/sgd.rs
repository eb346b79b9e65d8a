use super::optimizer::{optimizer, ParameterState, Rule};
use crate::kernels::{optimizer, Number};

optimizer! {
    /// Stochastic gradient descent, with momentum where it is wanted.
    ///
    /// `g ← g + weight_decay · p`; `b ← momentum · b + (1 − dampening) · g`, at first `b ← g`;
    /// `p ← p − lr · b`. Nesterov's takes `g + momentum · b` instead of `b`.
    ///
    /// # Parameters
    /// - `lr`: learning rate; it may change from step to step, as all that follow.
    /// - `momentum`: how much of the direction stays; default 0.
    /// - `dampening`: how much of the gradient does not enter the direction; default 0.
    /// - `weight_decay`: L2 penalty; default 0.
    /// - `nesterov`: looks ahead along the direction; default `false`, nothing without momentum.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// use shapeproof::train::Sgd;
    /// #[model(input = Flat<1>, output = Flat<1>)]
    /// struct Net {
    ///     fc: Linear<1, NoBias>,
    /// }
    /// let dev = Cpu::default();
    /// let mut net: Net<f64, Cpu> = Net::new(&dev);
    /// net.fc.weight = dev.tensor([[2.0]]);
    /// let mut opt = Sgd::new(&net, 0.5).momentum(0.5);
    /// for weight in [1.5, 0.75, -0.125] {
    ///     let grads = net.forward_mut(dev.tensor([[1.0]]).leaky_traced()).sum().backward();
    ///     opt.update(&mut net, &grads)?;
    ///     assert_eq!(net.fc.weight.array(), [[weight]]);
    /// }
    /// opt.lr *= 0.1;
    /// # Ok::<(), OptimizerUpdateError<CpuError>>(())
    /// ```
    ///
    /// # Same as
    /// `torch.optim.SGD(net.parameters(), lr, momentum=…, dampening=…, weight_decay=…,
    /// nesterov=…)`
    pub struct Sgd {
        /// How much of the direction stays from step to step.
        momentum: f64 = 0.0,
        /// How much of the gradient does not enter the direction.
        dampening: f64 = 0.0,
        /// L2 penalty.
        weight_decay: f64 = 0.0,
        /// Looks ahead along the direction.
        nesterov: bool = false,
    }
    rule = |this| optimizer::Sgd {
        lr: this.lr,
        momentum: this.momentum,
        dampening: this.dampening,
        weight_decay: this.weight_decay,
        nesterov: this.nesterov,
    };
}

impl Rule for optimizer::Sgd {
    const TENSORS: &'static [&'static str] = &["momentum_buffer"];

    fn apply<E: Number>(&self, parameter: &mut [E], gradient: &[E], state: &mut ParameterState<E>) {
        let first = self.momentum != 0.0 && state.begin(0);
        self.step(first, parameter, gradient, &mut state.tensors[0]);
    }
}
