//! Steps of optimisers: a parameter and its state change in one pass over memory.
//!
//! The fields have PyTorch's names and the formulas PyTorch's order, so that both round alike. A
//! coefficient of 0 leaves its term out: an infinite parameter without weight decay stays what it
//! is. NaN goes on into the parameter.

use super::simd::wide;
use super::{expect_len, Number};

/// Stochastic gradient descent.
///
/// `g ← g + weight_decay · p`; `b ← momentum · b + (1 − dampening) · g`, at first `b ← g`;
/// `p ← p − lr · b`. Nesterov's takes `g + momentum · b` instead of `b`.
///
/// # Same as
/// `torch.optim.SGD`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate.
    pub lr: f64,
    /// How much of the direction stays from step to step; 0 keeps no state.
    pub momentum: f64,
    /// How much of the gradient does not enter the direction.
    pub dampening: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// Looks ahead along the direction; without momentum there is none.
    pub nesterov: bool,
}

impl Sgd {
    /// One step. `first` says that `momentum_buffer` holds nothing yet; without momentum it is not
    /// read, and may be empty.
    ///
    /// # Shapes
    /// All of one length.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn step<T: Number>(
        &self,
        first: bool,
        parameter: &mut [T],
        gradient: &[T],
        momentum_buffer: &mut [T],
    ) {
        expect_len("gradient", gradient.len(), parameter.len());
        let (lr, decay) = (T::of(self.lr), T::of(self.weight_decay));
        let decayed = move |g: T, p: T| if decay == T::zero() { g } else { g + decay * p };
        let pairs = parameter.iter_mut().zip(gradient);
        if self.momentum == 0.0 {
            return wide(|| pairs.for_each(|(p, g)| *p -= lr * decayed(*g, *p)));
        }
        expect_len("momentum_buffer", momentum_buffer.len(), gradient.len());
        let momentum = T::of(self.momentum);
        // At first the buffer is the gradient itself, whatever it holds.
        let (kept, taken) = if first {
            (T::zero(), T::one())
        } else {
            (momentum, T::of(1.0 - self.dampening))
        };
        if first {
            momentum_buffer.fill(T::zero());
        }
        let all = pairs.zip(momentum_buffer);
        if self.nesterov {
            wide(|| {
                all.for_each(|((p, g), b)| {
                    let g = decayed(*g, *p);
                    *b = kept * *b + taken * g;
                    *p -= lr * (g + momentum * *b);
                })
            })
        } else {
            wide(|| {
                all.for_each(|((p, g), b)| {
                    *b = kept * *b + taken * decayed(*g, *p);
                    *p -= lr * *b;
                })
            })
        }
    }
}

/// Adam, whose steps adapt to the size of each gradient.
///
/// `g ← g + weight_decay · p`; `m ← β₁ · m + (1 − β₁) · g`; `v ← β₂ · v + (1 − β₂) · g²`;
/// `p ← p − lr · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + eps)`. Decoupled, the decay takes
/// `lr · weight_decay · p` off the parameter instead.
///
/// # Same as
/// `torch.optim.Adam`, decoupled `torch.optim.AdamW`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Learning rate.
    pub lr: f64,
    /// `β₁` and `β₂`: how much of either average stays from step to step.
    pub betas: (f64, f64),
    /// Keeps the division from 0.
    pub eps: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether the decay keeps out of the gradient.
    pub decoupled: bool,
}

impl Adam {
    /// Step number `step`, from 1. The averages `exp_avg` and `exp_avg_sq` begin with 0.
    ///
    /// # Shapes
    /// All of one length.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn step<T: Number>(
        &self,
        step: u64,
        parameter: &mut [T],
        gradient: &[T],
        exp_avg: &mut [T],
        exp_avg_sq: &mut [T],
    ) {
        expect_len("gradient", gradient.len(), parameter.len());
        expect_len("exp_avg", exp_avg.len(), parameter.len());
        expect_len("exp_avg_sq", exp_avg_sq.len(), parameter.len());
        let (beta1, beta2) = self.betas;
        // Powers and their roots in f64 for both types, as in PyTorch.
        let t = step as f64;
        let size = T::of(self.lr / (1.0 - beta1.powf(t)));
        let root = T::of((1.0 - beta2.powf(t)).sqrt());
        let (new1, old2, new2) = (T::of(1.0 - beta1), T::of(beta2), T::of(1.0 - beta2));
        let (eps, zero) = (T::of(self.eps), T::zero());
        let (coupled, stays) = if self.decoupled {
            (zero, T::of(1.0 - self.lr * self.weight_decay))
        } else {
            (T::of(self.weight_decay), T::one())
        };
        let averages = exp_avg.iter_mut().zip(exp_avg_sq);
        let all = parameter.iter_mut().zip(gradient).zip(averages);
        wide(|| {
            all.for_each(|((p, g), (m, v))| {
                let g = if coupled == zero {
                    *g
                } else {
                    *g + coupled * *p
                };
                *m += new1 * (g - *m);
                *v = old2 * *v + new2 * g * g;
                *p = stays * *p - size * *m / (v.sqrt() / root + eps);
            })
        })
    }
}

/// RMSprop, which divides by a running size of each gradient.
///
/// `g ← g + weight_decay · p`; `v ← α · v + (1 − α) · g²`; `b ← momentum · b + g / (√v + eps)`;
/// `p ← p − lr · b`. Centred, `v − a²` stands for `v`, with `a` the running average of `g`.
///
/// # Same as
/// `torch.optim.RMSprop`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// Learning rate.
    pub lr: f64,
    /// How much of the running size stays from step to step.
    pub alpha: f64,
    /// Keeps the division from 0.
    pub eps: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// How much of the direction stays from step to step; 0 keeps no direction.
    pub momentum: f64,
    /// Whether the size is that of the gradient's difference to its average.
    pub centered: bool,
}

impl RmsProp {
    /// One step. The averages and the buffer begin with 0; `momentum_buffer` may be empty without
    /// momentum, and `grad_avg` unless centred.
    ///
    /// # Shapes
    /// All of one length.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn step<T: Number>(
        &self,
        parameter: &mut [T],
        gradient: &[T],
        square_avg: &mut [T],
        momentum_buffer: &mut [T],
        grad_avg: &mut [T],
    ) {
        let len = parameter.len();
        expect_len("gradient", gradient.len(), len);
        expect_len("square_avg", square_avg.len(), len);
        let (lr, eps, zero) = (T::of(self.lr), T::of(self.eps), T::zero());
        let (old, new) = (T::of(self.alpha), T::of(1.0 - self.alpha));
        let (decay, momentum) = (T::of(self.weight_decay), T::of(self.momentum));
        let decayed = move |g: T, p: T| if decay == zero { g } else { g + decay * p };
        let squared = move |v: &mut T, g: T| {
            *v = old * *v + new * g * g;
            *v
        };
        let centred = move |v: T, a: &mut T, g: T| {
            *a += new * (g - *a);
            v - *a * *a
        };
        let moved = move |b: &mut T, by: T| {
            *b = momentum * *b + by;
            *b
        };
        if self.momentum != 0.0 {
            expect_len("momentum_buffer", momentum_buffer.len(), len);
        }
        if self.centered {
            expect_len("grad_avg", grad_avg.len(), len);
        }
        let all = parameter.iter_mut().zip(gradient).zip(square_avg);
        match (self.centered, self.momentum != 0.0) {
            (false, false) => wide(|| {
                all.for_each(|((p, g), v)| {
                    let g = decayed(*g, *p);
                    *p -= lr * g / (squared(v, g).sqrt() + eps);
                })
            }),
            (false, true) => wide(|| {
                all.zip(momentum_buffer).for_each(|(((p, g), v), b)| {
                    let g = decayed(*g, *p);
                    *p -= lr * moved(b, g / (squared(v, g).sqrt() + eps));
                })
            }),
            (true, false) => wide(|| {
                all.zip(grad_avg).for_each(|(((p, g), v), a)| {
                    let g = decayed(*g, *p);
                    *p -= lr * g / (centred(squared(v, g), a, g).sqrt() + eps);
                })
            }),
            (true, true) => wide(|| {
                let all = all.zip(momentum_buffer.iter_mut().zip(grad_avg));
                all.for_each(|(((p, g), v), (b, a))| {
                    let g = decayed(*g, *p);
                    *p -= lr * moved(b, g / (centred(squared(v, g), a, g).sqrt() + eps));
                })
            }),
        }
    }
}

/// The same by the formulas of the textbook: one number through all its gradients, in `f64`.
pub mod naive {
    use super::{Adam, RmsProp, Sgd};

    /// Where `p` is after `gradients`.
    pub fn sgd(rule: &Sgd, mut p: f64, gradients: &[f64]) -> f64 {
        let mut buffer = None;
        for g in gradients {
            let g = g + rule.weight_decay * p;
            let b = buffer.map_or(g, |b| rule.momentum * b + (1.0 - rule.dampening) * g);
            buffer = Some(b);
            p -= rule.lr
                * match (rule.momentum != 0.0, rule.nesterov) {
                    (false, _) => g,
                    (true, false) => b,
                    (true, true) => g + rule.momentum * b,
                };
        }
        p
    }

    /// Where `p` is after `gradients`.
    pub fn adam(rule: &Adam, mut p: f64, gradients: &[f64]) -> f64 {
        let (beta1, beta2) = rule.betas;
        let (mut m, mut v) = (0.0, 0.0);
        for (t, g) in (1..).zip(gradients) {
            let mut g = *g;
            if rule.decoupled {
                p -= rule.lr * rule.weight_decay * p;
            } else {
                g += rule.weight_decay * p;
            }
            m = beta1 * m + (1.0 - beta1) * g;
            v = beta2 * v + (1.0 - beta2) * g.powi(2);
            let (m, v) = (m / (1.0 - beta1.powi(t)), v / (1.0 - beta2.powi(t)));
            p -= rule.lr * m / (v.sqrt() + rule.eps);
        }
        p
    }

    /// Where `p` is after `gradients`.
    pub fn rms_prop(rule: &RmsProp, mut p: f64, gradients: &[f64]) -> f64 {
        let (mut v, mut a, mut b) = (0.0, 0.0, 0.0);
        for g in gradients {
            let g = g + rule.weight_decay * p;
            v = rule.alpha * v + (1.0 - rule.alpha) * g.powi(2);
            a = rule.alpha * a + (1.0 - rule.alpha) * g;
            let size = if rule.centered {
                v - f64::powi(a, 2)
            } else {
                v
            };
            b = rule.momentum * b + g / (size.sqrt() + rule.eps);
            p -= rule.lr * b;
        }
        p
    }
}
