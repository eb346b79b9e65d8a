//! Kernels set by hand, as models: what `filters` sends a photo through.

use shapeproof::prelude::*;

/// Eight fixed kernels on one image, whose border is handled first.
#[block]
pub struct Bank<Border> {
    pub border: Border,
    #[from(border)]
    pub edge: Filter2d<Edge>,
    #[from(border)]
    pub sobel_x: Filter2d<SobelX>,
    #[from(border)]
    pub sobel_y: Filter2d<SobelY>,
    #[from(border)]
    pub laplacian: Filter2d<Laplacian>,
    #[from(border)]
    pub emboss: Filter2d<Emboss>,
    #[from(border)]
    pub sharpen: Filter2d<Sharpen>,
    #[from(border)]
    pub box_blur: Filter2d<BoxBlur>,
    #[from(border)]
    pub gaussian: Filter2d<GaussianBlur>,
    #[from(edge, sobel_x, sobel_y, laplacian)]
    pub slopes: Concat,
    #[from(slopes, emboss, sharpen, box_blur, gaussian)]
    pub all: Concat,
}

/// What the kernels are called, in the order of the channels. The first four put out slopes, for
/// which 0 is grey.
pub const NAMES: [&str; 8] = [
    "edge",
    "Sobel x",
    "Sobel y",
    "Laplacian",
    "emboss",
    "sharpen",
    "box blur",
    "Gaussian blur",
];
pub const SLOPES: usize = 4;

/// Pixels along each side of the photo.
pub const SIDE: usize = 256;
/// Those that have a neighbour on both sides.
pub const INNER: usize = SIDE - 2;

/// Without a border the outermost pixels have no filtered value.
#[model(input = Chw<1, SIDE, SIDE>, output = Chw<8, INNER, INNER>)]
pub struct Valid {
    pub bank: Bank<Identity>,
}

#[model(input = Chw<1, SIDE, SIDE>, output = Chw<8, SIDE, SIDE>)]
pub struct Zero {
    pub bank: Bank<Pad2d<1>>,
}

#[model(input = Chw<1, SIDE, SIDE>, output = Chw<8, SIDE, SIDE>)]
pub struct Grey {
    pub bank: Bank<Pad2d<1, Constant<1, 2>>>,
}

#[model(input = Chw<1, SIDE, SIDE>, output = Chw<8, SIDE, SIDE>)]
pub struct Mirrored {
    pub bank: Bank<Pad2d<1, Reflect>>,
}
