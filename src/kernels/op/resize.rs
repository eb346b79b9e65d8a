use super::{Backward, Forward, Op, Reads};
use crate::kernels::{global_avg_pool2d, global_max_pool2d, pad2d, upsample2d, Number, Planes};

/// Enlarges images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upsample2d(pub upsample2d::Geometry);

/// Lays pixels around images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pad2d {
    /// The sizes.
    pub geometry: pad2d::Geometry,
    /// The value of the new pixels, where it is one.
    pub fill: f64,
}

/// The average of every channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalAvgPool2d(pub Planes);

/// The largest value of every channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalMaxPool2d(pub Planes);

impl<T: Number> Op<T> for GlobalMaxPool2d {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        let (x, y) = (call.inputs[0], call.output);
        global_max_pool2d::forward(&self.0, batch, x, y, call.indices);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        if let Some(dx) = &mut call.d_inputs[0] {
            global_max_pool2d::backward(&self.0, batch, call.indices, call.d_output, dx);
        }
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn indices(&self) -> usize {
        self.0.channels
    }
}

/// Lays zeros around the numbers of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PadEnds {
    /// Zeros before the numbers.
    pub before: usize,
    /// Numbers of an example.
    pub len: usize,
    /// Zeros behind the numbers.
    pub after: usize,
}

/// An op whose backward reads neither inputs nor output.
macro_rules! linear_op {
    ($Op:ty, |$this:ident, $batch:ident, $x:ident, $y:ident| $forward:expr,
        |$dy:ident, $dx:ident| $backward:expr) => {
        impl<T: Number> Op<T> for $Op {
            fn forward(&self, $batch: usize, call: Forward<'_, T>) {
                let ($this, $x, $y) = (self, call.inputs[0], call.output);
                $forward;
            }

            fn backward(&self, $batch: usize, call: Backward<'_, '_, '_, T>) {
                if let Some($dx) = &mut call.d_inputs[0] {
                    let ($this, $dy) = (self, &*call.d_output);
                    $backward;
                }
            }

            fn reads(&self) -> Reads {
                Reads::NOTHING
            }
        }
    };
}

pub(super) use linear_op;

linear_op!(
    Upsample2d,
    |this, batch, x, y| upsample2d::forward(&this.0, batch, x, y),
    |dy, dx| upsample2d::backward(&this.0, batch, dy, dx)
);
linear_op!(
    Pad2d,
    |this, batch, x, y| pad2d::forward(&this.geometry, batch, T::of(this.fill), x, y),
    |dy, dx| pad2d::backward(&this.geometry, batch, dy, dx)
);
linear_op!(
    GlobalAvgPool2d,
    |this, batch, x, y| global_avg_pool2d::forward(&this.0, batch, x, y),
    |dy, dx| global_avg_pool2d::backward(&this.0, batch, dy, dx)
);
linear_op!(
    PadEnds,
    |this, _batch, x, y| {
        let whole = this.before + this.len + this.after;
        for (x, y) in x.chunks_exact(this.len).zip(y.chunks_exact_mut(whole)) {
            y[..this.before].fill(T::zero());
            y[this.before..this.before + this.len].copy_from_slice(x);
            y[this.before + this.len..].fill(T::zero());
        }
    },
    |dy, dx| {
        let whole = this.before + this.len + this.after;
        for (dx, dy) in dx.chunks_exact_mut(this.len).zip(dy.chunks_exact(whole)) {
            dx.copy_from_slice(&dy[this.before..this.before + this.len]);
        }
    }
);
