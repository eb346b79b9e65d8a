use super::resize::linear_op;
use super::{Backward, Forward, Op, Reads};
use crate::kernels::{
    adaptive_avg_pool2d, channel_shuffle, crop2d, filter2d, pixel_shuffle, pool2d, Number, Planes,
};

/// Deals the channels of groups out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelShuffle {
    /// The sizes.
    pub planes: Planes,
    /// Groups of channels.
    pub groups: usize,
}

/// Turns channels into pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelShuffle(pub pixel_shuffle::Geometry);

/// Turns pixels into channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelUnshuffle(pub pixel_shuffle::Geometry);

/// Keeps a part of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop2d(pub crop2d::Geometry);

/// Averages under as many windows as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdaptiveAvgPool2d(pub adaptive_avg_pool2d::Geometry);

/// Slides one kernel of given numbers over each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filter2d {
    /// The sizes.
    pub geometry: pool2d::Geometry,
    /// The kernel, row by row.
    pub weights: &'static [f64],
}

linear_op!(
    ChannelShuffle,
    |this, batch, x, y| channel_shuffle::forward(&this.planes, this.groups, batch, x, y),
    |dy, dx| channel_shuffle::backward(&this.planes, this.groups, batch, dy, dx)
);
linear_op!(
    PixelShuffle,
    |this, batch, x, y| pixel_shuffle::forward(&this.0, batch, x, y),
    |dy, dx| pixel_shuffle::backward(&this.0, batch, dy, dx)
);
// Each is the way back of the other.
linear_op!(
    PixelUnshuffle,
    |this, batch, x, y| pixel_shuffle::backward(&this.0, batch, x, y),
    |dy, dx| pixel_shuffle::forward(&this.0, batch, dy, dx)
);
linear_op!(
    Crop2d,
    |this, batch, x, y| crop2d::forward(&this.0, batch, x, y),
    |dy, dx| crop2d::backward(&this.0, batch, dy, dx)
);
linear_op!(
    AdaptiveAvgPool2d,
    |this, batch, x, y| adaptive_avg_pool2d::forward(&this.0, batch, x, y),
    |dy, dx| adaptive_avg_pool2d::backward(&this.0, batch, dy, dx)
);
linear_op!(
    Filter2d,
    |this, batch, x, y| filter2d::forward(&this.geometry, batch, this.weights, x, y),
    |dy, dx| filter2d::backward(&this.geometry, batch, this.weights, dy, dx)
);
