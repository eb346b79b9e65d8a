//! Which ops are compiled with this crate, so that the programs that use them need not do it.

use std::sync::Arc;

use super::*;

/// The op as an engine holds it.
// A generic function is compiled anew in every crate that calls it, and so are the kernels that it
// leads to; but one that is never inlined is taken from the crate below that has it.
#[inline(never)]
pub fn shared<T: Number, O: Op<T>>(op: O) -> Arc<dyn Op<T>> {
    Arc::new(op)
}

macro_rules! compiled {
    ($($Op:ident),* $(,)?) => {$(
        const _: () = {
            #[used]
            static F32: fn($Op) -> Arc<dyn Op<f32>> = shared;
            #[used]
            static F64: fn($Op) -> Arc<dyn Op<f64>> = shared;
        };
    )*};
}

// Every op of this room. One that is not here works, and costs each program the time for its
// kernels.
compiled!(
    Activate,
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm,
    CapsLength,
    Capsules,
    ChannelShuffle,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Crop2d,
    DigitCaps,
    Dropout,
    Filter2d,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    GroupNorm,
    LayerNorm,
    Linear,
    LogSoftmax,
    MaxPool2d,
    Pad2d,
    PadEnds,
    PixelShuffle,
    PixelUnshuffle,
    PRelu,
    Scale,
    Softmax,
    SumPool2d,
    Upsample2d,
);
