//! The layers that move pixels about against PyTorch's, as `layer_pytorch.rs` for all others.
//!
//! `tests/pytorch/make_goldens_spatial.py` made the numbers.

#[rustfmt::skip] // stands as the script and rustfmt wrote it
#[path = "../pytorch/goldens_spatial.rs"]
mod goldens;

use crate::support::{assert_near, backward, set_parameters};
use shapeproof::prelude::*;

/// What PyTorch computes for one network.
struct Golden {
    output: &'static [f64],
    d_input: &'static [f64],
    d_parameters: &'static [(&'static str, &'static [f64])],
}

/// Sums of products of multiples of 1/16 come out the same in any order.
const EXACT: f64 = 0.0;
/// Weights that are thirds or fifths, and one sum in another order.
const ROUNDED: f64 = 1e-14;

/// Multiples of 1/16 from −50/16 to 50/16.
fn values(salt: usize, len: usize) -> Vec<f64> {
    (0..len)
        .map(|i| (((i * 37 + salt * 29 + 11) % 101) as f64 - 50.0) / 16.0)
        .collect()
}

/// `pytorch!(name, GOLDEN, tolerance, Input(batch, sizes) => Output, { fields })`
macro_rules! pytorch {
    ($name:ident, $golden:ident, $tolerance:ident, $In:ident($batch:literal, $($size:literal),+) => $output:ty,
     { $($fields:tt)+ }) => {
        #[test]
        fn $name() {
            #[model(input = $In<$($size),+>, output = $output)]
            struct Net { $($fields)+ }
            let dev = Cpu::default();
            let mut net: Net<f64, Cpu> = Net::new(&dev);
            set_parameters(&mut net, |name, len| {
                values(if name.ends_with("weight") { 1 } else { 2 }, len)
            });
            let shape = ($batch as usize, $(Const::<$size>),+);
            let x = dev.tensor_from_vec(values(0, shape.num_elements()), shape);
            let found = backward(&net, &x, |len| values(3, len));
            let golden = &goldens::$golden;
            assert_near("output", &found.output, golden.output, $tolerance, 0.0);
            assert_near("d_input", &found.d_input, golden.d_input, $tolerance, 0.0);
            assert_eq!(found.d_parameters.len(), golden.d_parameters.len(), "parameters");
            for (name, gradient) in golden.d_parameters {
                assert_near(name, found.of(name), gradient, $tolerance, 0.0);
            }
        }
    };
}

pytorch!(transposed, TRANSPOSED, EXACT, Chw(1, 3, 4, 2) => Chw<2, 6, 3>, {
    layer: ConvTranspose2d<2, Kernel<3, 2>>,
});
pytorch!(transposed_strided_padded, TRANSPOSED_STRIDED_PADDED, EXACT, Chw(2, 2, 3, 2) => Chw<3, 6, 5>, {
    layer: ConvTranspose2d<3, Kernel<3, 4>, Stride<2, 3>, Padding<1, 2>, OutputPadding<1, 2>>,
});
pytorch!(transposed_grouped_dilated, TRANSPOSED_GROUPED_DILATED, EXACT, Chw(1, 4, 3, 2) => Chw<6, 10, 8>, {
    layer: ConvTranspose2d<
        6,
        Kernel<3, 2>,
        Stride<3, 2>,
        Padding<1, 0>,
        OutputPadding<1, 2>,
        Dilation<2, 3>,
        Groups<2>,
    >,
});
pytorch!(transposed_depthwise_no_bias, TRANSPOSED_DEPTHWISE_NO_BIAS, EXACT, Chw(2, 3, 3, 2) => Chw<3, 6, 5>, {
    layer: ConvTranspose2d<3, Kernel<2, 3>, Stride<2>, Groups<3>, NoBias>,
});
pytorch!(upsample_nearest, UPSAMPLE_NEAREST, EXACT, Chw(1, 2, 2, 3) => Chw<2, 6, 9>, {
    layer: Upsample2d<3>,
});
pytorch!(upsample_bilinear, UPSAMPLE_BILINEAR, EXACT, Chw(2, 2, 2, 3) => Chw<2, 4, 6>, {
    layer: Upsample2d<2, Bilinear>,
});
pytorch!(upsample_bilinear_3_5, UPSAMPLE_BILINEAR_3_5, ROUNDED, Chw(1, 2, 3, 4) => Chw<2, 9, 20>, {
    layer: UpsampleBy<3, 5, Bilinear>,
});
pytorch!(pixel_shuffle, PIXEL_SHUFFLE, EXACT, Chw(2, 8, 2, 3) => Chw<2, 4, 6>, {
    layer: PixelShuffle<2>,
});
pytorch!(pixel_unshuffle, PIXEL_UNSHUFFLE, EXACT, Chw(1, 2, 6, 3) => Chw<18, 2, 1>, {
    layer: PixelUnshuffle<3>,
});
pytorch!(channel_shuffle, CHANNEL_SHUFFLE, EXACT, Chw(2, 6, 2, 1) => Chw<6, 2, 1>, {
    layer: ChannelShuffle<3>,
});
pytorch!(pad_zero, PAD_ZERO, EXACT, Chw(1, 2, 2, 3) => Chw<2, 6, 7>, { layer: Pad2d<2>, });
pytorch!(pad_constant, PAD_CONSTANT, EXACT, Chw(1, 2, 2, 3) => Chw<2, 5, 6>, {
    layer: PadSides<1, 2, 3, 0, Constant<-3, 4>>,
});
pytorch!(pad_reflect, PAD_REFLECT, EXACT, Chw(1, 2, 3, 5) => Chw<2, 6, 12>, {
    layer: PadSides<4, 3, 2, 1, Reflect>,
});
pytorch!(pad_replicate, PAD_REPLICATE, EXACT, Chw(1, 2, 2, 3) => Chw<2, 5, 10>, {
    layer: PadSides<4, 3, 2, 1, Replicate>,
});
pytorch!(crop, CROP, EXACT, Chw(1, 2, 6, 5) => Chw<2, 3, 2>, { layer: Crop2d<3, 2>, });
pytorch!(unflatten, UNFLATTEN, EXACT, Flat(2, 6) => Chw<2, 1, 3>, { layer: Reshape<2, 1, 3>, });
pytorch!(shortcut_without_parameters, SHORTCUT, EXACT, Chw(2, 2, 5, 4) => Chw<4, 3, 2>, {
    every_other: Subsample2d<2>,
    widen: PadChannels<4>,
});
pytorch!(sobel_x, SOBEL_X, EXACT, Chw(1, 2, 3, 4) => Chw<2, 3, 4>, {
    layer: Filter2d<SobelX, SamePadding>,
});
pytorch!(gaussian_blur, GAUSSIAN_BLUR, EXACT, Chw(1, 2, 5, 4) => Chw<2, 2, 1>, {
    layer: Filter2d<GaussianBlur, Stride<2>>,
});
