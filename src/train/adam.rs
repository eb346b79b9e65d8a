use super::optimizer::{optimizer, ParameterState, Rule};
use crate::kernels::{optimizer, Number};

optimizer! {
    /// Steps that adapt to the size of each gradient.
    ///
    /// `g ← g + weight_decay · p`; `m ← β₁ · m + (1 − β₁) · g`; `v ← β₂ · v + (1 − β₂) · g²`;
    /// `p ← p − lr · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + eps)` in step `t`.
    ///
    /// # Parameters
    /// - `lr`: learning rate, 0.001 in PyTorch; it may change from step to step, as all that follow.
    /// - `betas`: `β₁` and `β₂`; default 0.9 and 0.999.
    /// - `eps`: keeps the division from 0; default 1e-8.
    /// - `weight_decay`: L2 penalty; default 0.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// use shapeproof::train::{cross_entropy, Adam};
    /// #[model(input = Flat<2>, output = Flat<3>)]
    /// struct Net {
    ///     fc: Linear<3>,
    /// }
    /// let dev = Cpu::default();
    /// let mut net: Net = Net::new(&dev);
    /// let mut grads = net.alloc_grads();
    /// let mut opt = Adam::new(&net, 0.01);
    /// let mut losses = vec![];
    /// for _ in 0..100 {
    ///     let x = dev.tensor([[1.0, 0.0], [0.0, 1.0]]);
    ///     let loss = cross_entropy(net.forward_mut(x.traced(grads)), &[2, 0]).unwrap();
    ///     losses.push(loss.array());
    ///     grads = loss.backward();
    ///     opt.step(&mut net, &mut grads)?;
    /// }
    /// assert!(losses[99] < losses[0] / 4.0);
    /// assert_eq!(opt.state().parameters()[0].name, "fc.weight");
    /// # Ok::<(), CpuError>(())
    /// ```
    ///
    /// # Same as
    /// `torch.optim.Adam(net.parameters(), lr, betas, eps, weight_decay)`
    ///
    /// # Source
    /// Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.
    pub struct Adam {
        /// How much of the average gradient, and of the average square, stays from step to step.
        betas: (f64, f64) = (0.9, 0.999),
        /// Keeps the division from 0.
        eps: f64 = 1e-8,
        /// L2 penalty.
        weight_decay: f64 = 0.0,
    }
    rule = |this| optimizer::Adam {
        lr: this.lr,
        betas: this.betas,
        eps: this.eps,
        weight_decay: this.weight_decay,
        decoupled: false,
    };
}

optimizer! {
    /// [`Adam`] whose weight decay keeps out of the gradient.
    ///
    /// `p ← p − lr · weight_decay · p`, then [`Adam`]'s step without weight decay.
    ///
    /// # Parameters
    /// - `lr`: learning rate, 0.001 in PyTorch; it may change from step to step, as all that follow.
    /// - `betas`: `β₁` and `β₂`; default 0.9 and 0.999.
    /// - `eps`: keeps the division from 0; default 1e-8.
    /// - `weight_decay`: share of the parameter, times `lr`, that a step takes off; default 0.01.
    ///
    /// # Same as
    /// `torch.optim.AdamW(net.parameters(), lr, betas, eps, weight_decay)`
    ///
    /// # Source
    /// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.
    pub struct AdamW {
        /// How much of the average gradient, and of the average square, stays from step to step.
        betas: (f64, f64) = (0.9, 0.999),
        /// Keeps the division from 0.
        eps: f64 = 1e-8,
        /// Share of the parameter, times `lr`, that a step takes off.
        weight_decay: f64 = 0.01,
    }
    rule = |this| optimizer::Adam {
        lr: this.lr,
        betas: this.betas,
        eps: this.eps,
        weight_decay: this.weight_decay,
        decoupled: true,
    };
}

impl Rule for optimizer::Adam {
    const TENSORS: &'static [&'static str] = &["exp_avg", "exp_avg_sq"];

    fn apply<E: Number>(&self, parameter: &mut [E], gradient: &[E], state: &mut ParameterState<E>) {
        state.begin(0);
        state.begin(1);
        let [exp_avg, exp_avg_sq] = &mut state.tensors[..] else {
            unreachable!("a state has as many tensors as names")
        };
        self.step(state.step, parameter, gradient, exp_avg, exp_avg_sq);
    }
}
