"""Outputs, gradients and running statistics of normalisations, activations and global poolings,
computed by PyTorch, as Rust constants.

    python tests/pytorch/make_goldens_norms.py | rustfmt --edition 2021 > tests/pytorch/goldens_norms.rs

Made with torch 2.15.0 on a CPU, in float64. Inputs, parameters and the gradient of the output are
formulas that `tests/layers/pytorch_norms.rs` computes, too, so only results are stored.
"""

import torch
import torch.nn as nn

torch.set_default_dtype(torch.float64)


def sixteenths(salt, *shape):
    """Multiples of 1/16 from -50/16 to 50/16."""
    n = torch.Size(shape).numel()
    flat = [((i * 37 + salt * 29 + 11) % 101 - 50) / 16 for i in range(n)]
    return torch.tensor(flat).reshape(shape)


def positive(salt, *shape):
    """Multiples of 1/16 from 1/16 to 101/16."""
    return sixteenths(salt, *shape) + 51 / 16


def bounds(*shape):
    """-7, -6, -3, -2, 0, 1, 3, 5, 6 and 7 in turn: all kinks and bounds."""
    n = torch.Size(shape).numel()
    numbers = [-7.0, -6.0, -3.0, -2.0, 0.0, 1.0, 3.0, 5.0, 6.0, 7.0]
    return torch.tensor([numbers[i % 10] for i in range(n)]).reshape(shape)


def halves(*shape):
    """-1, -1/2, 0 and 1/2 in turn: many equal maxima."""
    n = torch.Size(shape).numel()
    flat = [((i * i + i // 3) % 4 - 2) / 2 for i in range(n)]
    return torch.tensor(flat).reshape(shape)


def steep(*shape):
    """From -60 to 60: beyond every threshold."""
    n = torch.Size(shape).numel()
    flat = [((i * 7) % 25 - 12) * 5.0 for i in range(n)]
    return torch.tensor(flat).reshape(shape)


SALTS = {"weight": 1, "bias": 2, "running_mean": 4, "running_var": 5}


def numbers(tensor):
    return "&[" + ", ".join(repr(float(v)) for v in tensor.detach().reshape(-1)) + "]"


def named(what, tensors):
    print(f"    {what}: &[")
    for name, tensor in tensors:
        print(f'        ("{name}", {numbers(tensor)}),')
    print("    ],")


def statistics(net):
    return [(n, b) for n, b in net.named_buffers() if not n.endswith("num_batches_tracked")]


def golden(name, layer, x, train=False):
    net = nn.Module()
    net.add_module("layer", layer)
    net.train(train)
    for tensor_name, tensor in list(net.named_parameters()) + statistics(net):
        last = tensor_name.split(".")[-1]
        make = positive if last == "running_var" else sixteenths
        tensor.data = make(SALTS[last], *tensor.shape)
    x.requires_grad_(True)
    y = layer(x)
    (y * sixteenths(3, *y.shape)).sum().backward()
    print(f"pub const {name}: Golden = Golden {{")
    print(f"    output: {numbers(y)},")
    print(f"    d_input: {numbers(x.grad)},")
    named("d_parameters", [(n, p.grad) for n, p in net.named_parameters()])
    named("statistics", statistics(net))
    print("};\n")


class SqueezeExcitation(nn.Module):
    """torchvision.ops.SqueezeExcitation, line by line."""

    def __init__(self, input_channels, squeeze_channels):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)
        self.activation = nn.ReLU()
        self.scale_activation = nn.Sigmoid()

    def forward(self, x):
        scale = self.avgpool(x)
        scale = self.fc1(scale)
        scale = self.activation(scale)
        scale = self.fc2(scale)
        return self.scale_activation(scale) * x


print("// Written by make_goldens_norms.py.\n")
print("/// What PyTorch computes for one layer.")
print("pub struct Golden {")
print("    pub output: &'static [f64],")
print("    pub d_input: &'static [f64],")
print("    pub d_parameters: &'static [(&'static str, &'static [f64])],")
print("    /// After the forward.")
print("    pub statistics: &'static [(&'static str, &'static [f64])],")
print("}\n")

x = lambda *shape: sixteenths(0, *shape)
golden("BATCH_NORM_2D_TRAIN", nn.BatchNorm2d(3), x(2, 3, 4, 5), train=True)
golden("BATCH_NORM_2D_OPTIONS", nn.BatchNorm2d(2, 1 / 8, 1 / 100), x(3, 2, 1, 4), train=True)
golden("BATCH_NORM_2D_ONE_IMAGE", nn.BatchNorm2d(2), x(1, 2, 1, 3), train=True)
golden("BATCH_NORM_2D_EVAL", nn.BatchNorm2d(3), x(2, 3, 4, 5))
golden("BATCH_NORM_1D_TRAIN", nn.BatchNorm1d(4), x(5, 4), train=True)
golden("BATCH_NORM_1D_EVAL", nn.BatchNorm1d(4), x(5, 4))
golden("LAYER_NORM_IMAGE", nn.LayerNorm([3, 2, 4]), x(2, 3, 2, 4))
golden("LAYER_NORM_VECTOR", nn.LayerNorm(7, 1e-3), x(3, 7))
golden("GROUP_NORM", nn.GroupNorm(2, 6), x(2, 6, 3, 2))
golden("GROUP_NORM_OF_VECTORS", nn.GroupNorm(3, 6, 1 / 8), x(2, 6))
golden("GLOBAL_AVG_POOL", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), x(2, 3, 4, 5))
golden("GLOBAL_MAX_POOL", nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten()), halves(2, 3, 4, 5))
golden("ADAPTIVE_DIVIDES", nn.AdaptiveAvgPool2d((2, 3)), x(2, 2, 4, 6))
golden("ADAPTIVE_OVERLAPS", nn.AdaptiveAvgPool2d((3, 4)), x(1, 2, 7, 6))
golden("ADAPTIVE_UP", nn.AdaptiveAvgPool2d((5, 7)), x(1, 2, 3, 4))
golden("SILU", nn.SiLU(), steep(2, 25))
golden("HARD_SWISH", nn.Hardswish(), bounds(2, 10))
golden("HARD_SIGMOID", nn.Hardsigmoid(), bounds(2, 10))
golden("RELU6", nn.ReLU6(), bounds(2, 10))
golden("ELU", nn.ELU(), steep(2, 25))
golden("SOFTPLUS", nn.Softplus(), steep(2, 25))
golden("LOG_SOFTMAX_IMAGE", nn.LogSoftmax(dim=1), steep(2, 3, 1, 2))
golden("LOG_SOFTMAX_VECTOR", nn.LogSoftmax(dim=1), x(2, 4))
golden("PRELU", nn.PReLU(), bounds(2, 3, 2, 5))
golden("PRELU_PER_CHANNEL", nn.PReLU(3), bounds(2, 3, 2, 5))
golden("PRELU_PER_FEATURE", nn.PReLU(10), bounds(2, 10))
golden("SQUEEZE_EXCITE", SqueezeExcitation(6, 2), x(2, 6, 2, 3))
