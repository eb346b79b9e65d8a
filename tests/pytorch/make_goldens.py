"""Outputs and gradients of every layer, computed by PyTorch, as Rust constants.

    python tests/pytorch/make_goldens.py | rustfmt --edition 2021 > tests/pytorch/goldens.rs

Made with torch 2.15.0 on a CPU, in float64. Inputs, parameters and the gradient of the output are
formulas that `tests/layers/pytorch.rs` computes, too, so only results are stored.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def values(salt, *shape):
    """Multiples of 1/16 from -50/16 to 50/16: sums of products of them are exact."""
    n = torch.Size(shape).numel()
    flat = [((i * 37 + salt * 29 + 11) % 101 - 50) / 16 for i in range(n)]
    return torch.tensor(flat).reshape(shape)


def levels(*shape):
    """-1, -1/2, 0, 1/2 and 1 in turn: many ties and zeros."""
    n = torch.Size(shape).numel()
    flat = [((i * 7 + i // 4 + 3) % 5 - 2) / 2 for i in range(n)]
    return torch.tensor(flat).reshape(shape)


def valleys(*shape):
    """-3/2, -1 and -1/2: many equal maxima, all below the zero of a wrong padding."""
    n = torch.Size(shape).numel()
    flat = [((i * i + i // 3) % 3 - 3) / 2 for i in range(n)]
    return torch.tensor(flat).reshape(shape)


def numbers(tensor):
    return "&[" + ", ".join(repr(float(v)) for v in tensor.detach().reshape(-1)) + "]"


def golden(name, net, x):
    for parameter_name, parameter in net.named_parameters():
        salt = 1 if parameter_name.endswith("weight") else 2
        parameter.data = values(salt, *parameter.shape)
    x.requires_grad_(True)
    y = net(x)
    (y * values(3, *y.shape)).sum().backward()
    print(f"pub const {name}: Golden = Golden {{")
    print(f"    output: {numbers(y)},")
    print(f"    d_input: {numbers(x.grad)},")
    print("    d_parameters: &[")
    for parameter_name, parameter in net.named_parameters():
        print(f'        ("{parameter_name}", {numbers(parameter.grad)}),')
    print("    ],\n};\n")


class Fields(nn.Module):
    """Layers with the names of the Rust fields, run by `forward`."""

    def __init__(self, forward, **layers):
        super().__init__()
        self.run = forward
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x):
        return self.run(self, x)


def one(layer):
    return Fields(lambda m, x: m.layer(x), layer=layer)


def branches(m, x):
    conv = m.conv(x)
    act = m.act(conv)
    total = x + act
    both = torch.cat([total, conv, total], dim=1)
    return m.pool(both)


print("// Written by make_goldens.py.\n")
print("/// What PyTorch computes for one network.")
print("pub struct Golden {")
print("    pub output: &'static [f64],")
print("    pub d_input: &'static [f64],")
print("    pub d_parameters: &'static [(&'static str, &'static [f64])],")
print("}\n")

x = values
golden(
    "CONV_STRIDED",
    one(nn.Conv2d(3, 2, (3, 2), stride=(2, 3), padding=(0, 1))),
    x(0, 1, 3, 6, 4),
)
golden(
    "CONV_GROUPED_STRIDED_DILATED",
    one(nn.Conv2d(4, 6, (2, 3), stride=(3, 2), padding=(1, 0), dilation=(2, 1), groups=2)),
    x(0, 1, 4, 6, 4),
)
golden(
    "CONV_DEPTHWISE_NO_BIAS",
    one(nn.Conv2d(3, 3, (3, 2), stride=(1, 2), groups=3, bias=False)),
    x(0, 2, 3, 4, 3),
)
golden("CONV_SAME_EVEN", one(nn.Conv2d(2, 3, (2, 4), padding="same")), x(0, 1, 2, 3, 4))
golden(
    "CONV_SAME_EVEN_DILATED",
    one(nn.Conv2d(1, 2, (2, 4), padding="same", dilation=(3, 1))),
    x(0, 1, 1, 5, 3),
)
golden(
    "CONV_GROUPED_MULTIPLIED_STRIDED",
    one(nn.Conv2d(3, 6, (2, 3), stride=(3, 2), padding=(2, 1), dilation=(1, 2), groups=3)),
    x(0, 2, 3, 5, 8),
)
golden("LINEAR", one(nn.Linear(5, 3)), x(0, 2, 5))
golden("LINEAR_NO_BIAS", one(nn.Linear(3, 2, bias=False)), x(0, 3, 3))
golden(
    "MAX_POOL_OVERLAPPING",
    one(nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0))),
    x(0, 1, 2, 6, 4),
)
golden("MAX_POOL_GAPS", one(nn.MaxPool2d((2, 1), stride=(3, 2))), x(0, 2, 1, 6, 4))
golden(
    "MAX_POOL_TIES",
    one(nn.MaxPool2d((2, 3), stride=(1, 2), padding=(1, 1))),
    valleys(2, 1, 4, 5),
)
golden(
    "MAX_POOL_OF_MAX_POOL",
    Fields(
        lambda m, x: m.second(m.first(x)),
        first=nn.MaxPool2d((2, 3), stride=1),
        second=nn.MaxPool2d((3, 2), stride=(2, 1), padding=1),
    ),
    x(0, 1, 2, 6, 5),
)
golden(
    "AVG_POOL_PADDED",
    one(nn.AvgPool2d((3, 2), stride=(2, 1), padding=(1, 1))),
    x(0, 1, 2, 6, 4),
)
golden(
    "SUM_POOL_PADDED",
    one(Fields(lambda m, x: F.avg_pool2d(x, (2, 3), (2, 1), (0, 1), divisor_override=1))),
    x(0, 1, 2, 5, 4),
)
golden("RELU", one(nn.ReLU()), levels(2, 5))
golden("LEAKY_RELU", one(nn.LeakyReLU()), levels(2, 5))
golden("LEAKY_RELU_3_8", one(nn.LeakyReLU(3 / 8)), levels(2, 5))
golden("SIGMOID", one(nn.Sigmoid()), x(0, 3, 4))
golden("TANH", one(nn.Tanh()), x(0, 3, 4))
golden("GELU", one(nn.GELU()), x(0, 3, 4))
golden("SOFTMAX_IMAGE", one(nn.Softmax(dim=1)), x(0, 2, 3, 1, 2))
golden("SOFTMAX_VECTOR", one(nn.Softmax(dim=1)), x(0, 2, 4))
golden(
    "FLATTEN_LINEAR",
    Fields(lambda m, x: m.fc(m.flatten(x)), flatten=nn.Flatten(), fc=nn.Linear(12, 2)),
    x(0, 2, 2, 3, 2),
)
golden(
    "BRANCHES",
    Fields(
        branches,
        conv=nn.Conv2d(2, 2, (2, 3), padding="same"),
        act=nn.LeakyReLU(1 / 4),
        pool=nn.MaxPool2d(2, stride=1),
    ),
    x(0, 1, 2, 3, 4),
)
