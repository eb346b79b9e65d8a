"""Outputs and gradients of the layers that move pixels about, computed by PyTorch.

    python tests/pytorch/make_goldens_spatial.py | rustfmt --edition 2021 > tests/pytorch/goldens_spatial.rs

Made as `make_goldens.py` makes its own, whose formulas and printing it takes.
"""

import contextlib
import io

with contextlib.redirect_stdout(io.StringIO()):  # it prints its own goldens
    from make_goldens import F, Fields, golden, nn, one, torch
    from make_goldens import values as x

print("// Written by make_goldens_spatial.py.\n")
print("use super::Golden;\n")


def function(f):
    return Fields(lambda m, x: f(x))


def conv(*args, **options):
    return one(nn.ConvTranspose2d(*args, **options))


golden("TRANSPOSED", conv(3, 2, (3, 2)), x(0, 1, 3, 4, 2))
golden(
    "TRANSPOSED_STRIDED_PADDED",
    conv(2, 3, (3, 4), stride=(2, 3), padding=(1, 2), output_padding=(1, 2)),
    x(0, 2, 2, 3, 2),
)
golden(
    "TRANSPOSED_GROUPED_DILATED",
    conv(4, 6, (3, 2), stride=(3, 2), padding=(1, 0), output_padding=(1, 2), groups=2,
         dilation=(2, 3)),
    x(0, 1, 4, 3, 2),
)
golden(
    "TRANSPOSED_DEPTHWISE_NO_BIAS",
    conv(3, 3, (2, 3), stride=2, groups=3, bias=False),
    x(0, 2, 3, 3, 2),
)
golden("UPSAMPLE_NEAREST", one(nn.Upsample(scale_factor=3)), x(0, 1, 2, 2, 3))
golden(
    "UPSAMPLE_BILINEAR",
    one(nn.Upsample(scale_factor=2, mode="bilinear")),
    x(0, 2, 2, 2, 3),
)
golden(
    "UPSAMPLE_BILINEAR_3_5",
    one(nn.Upsample(scale_factor=(3, 5), mode="bilinear")),
    x(0, 1, 2, 3, 4),
)
golden("PIXEL_SHUFFLE", one(nn.PixelShuffle(2)), x(0, 2, 8, 2, 3))
golden("PIXEL_UNSHUFFLE", one(nn.PixelUnshuffle(3)), x(0, 1, 2, 6, 3))
golden("CHANNEL_SHUFFLE", one(nn.ChannelShuffle(3)), x(0, 2, 6, 2, 1))
golden("PAD_ZERO", one(nn.ZeroPad2d(2)), x(0, 1, 2, 2, 3))
golden("PAD_CONSTANT", one(nn.ConstantPad2d((1, 2, 3, 0), -0.75)), x(0, 1, 2, 2, 3))
golden("PAD_REFLECT", one(nn.ReflectionPad2d((4, 3, 2, 1))), x(0, 1, 2, 3, 5))
golden("PAD_REPLICATE", one(nn.ReplicationPad2d((4, 3, 2, 1))), x(0, 1, 2, 2, 3))
golden("CROP", function(lambda x: x[:, :, 1:4, 1:3]), x(0, 1, 2, 6, 5))
golden("UNFLATTEN", one(nn.Unflatten(1, (2, 1, 3))), x(0, 2, 6))
golden(
    "SHORTCUT",
    function(lambda x: F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 1, 1))),
    x(0, 2, 2, 5, 4),
)
sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
golden(
    "SOBEL_X",
    function(lambda x: F.conv2d(x, sobel.expand(2, 1, 3, 3), padding=1, groups=2)),
    x(0, 1, 2, 3, 4),
)
golden(
    "GAUSSIAN_BLUR",
    function(
        lambda x: F.conv2d(
            x, (torch.tensor([1.0, 2.0, 1.0]).outer(torch.tensor([1.0, 2.0, 1.0])) / 16)
            .expand(2, 1, 3, 3), stride=2, groups=2)
    ),
    x(0, 1, 2, 5, 4),
)
