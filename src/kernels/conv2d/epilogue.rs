//! What follows a convolution, done while its result is in the cache.

use super::super::activation::{self, Activation};
use super::super::{add, bias, expect_len, Number, Planes};

/// What is done to the result of a convolution while it is at hand, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a, T> {
    /// Added, one number a filter.
    pub bias: Option<&'a [T]>,
    /// Added, as long as the output: what flows around a residual block.
    pub residual: Option<&'a [T]>,
    /// Taken in the end.
    pub activation: Option<Activation>,
}

impl<T> Epilogue<'_, T> {
    /// Nothing is done.
    pub const NONE: Self = Epilogue {
        bias: None,
        residual: None,
        activation: None,
    };

    /// Whether negative numbers become 0. Any other activation is left to
    /// [`forward_prepared`](super::forward_prepared) by methods that know no more.
    pub(in crate::kernels) fn relu(&self) -> bool {
        self.activation == Some(Activation::Relu)
    }

    /// Refuses slices of another length.
    #[track_caller]
    pub(super) fn check(&self, filters: usize, output: usize) {
        if let Some(bias) = self.bias {
            expect_len("bias", bias.len(), filters);
        }
        if let Some(residual) = self.residual {
            expect_len("residual", residual.len(), output);
        }
    }
}

impl<'a, T: Number> Epilogue<'a, T> {
    /// The same, where the numbers are `f32`.
    pub(in crate::kernels) fn f32s(&self) -> Epilogue<'a, f32> {
        Epilogue {
            bias: self.bias.and_then(T::f32s),
            residual: self.residual.and_then(T::f32s),
            activation: self.activation,
        }
    }

    /// Takes the activation where it is none that [`relu`](Self::relu) speaks of.
    pub(super) fn activate_rest(&self, output: &mut [T]) {
        if let Some(other) = self.activation.filter(|_| !self.relu()) {
            activation::forward_in_place(other, output);
        }
    }

    /// Does all of it to the output of one image.
    pub(super) fn apply(&self, planes: &Planes, output: &mut [T]) {
        if let Some(bias) = self.bias {
            bias::forward(planes, 1, bias, output);
        }
        if let Some(residual) = self.residual {
            add::accumulate(residual, output);
        }
        if let Some(activation) = self.activation {
            activation::forward_in_place(activation, output);
        }
    }
}
