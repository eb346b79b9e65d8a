"""Losses with their gradients, and parameters after every step of an optimiser, computed by
PyTorch, as Rust constants.

    python tests/pytorch/make_goldens_train.py | rustfmt --edition 2021 > tests/pytorch/goldens_train.rs

Made with torch 2.15.0 on a CPU, in float64. Logits, parameters and gradients are formulas that
`tests/train_pytorch.rs` computes, too, so only results are stored.
"""

import torch

torch.set_default_dtype(torch.float64)

STEPS = 6


def sixteenths(salt, *shape):
    """Multiples of 1/16 from -50/16 to 50/16."""
    n = torch.Size(shape).numel()
    flat = [((i * 37 + salt * 29 + 11) % 101 - 50) / 16 for i in range(n)]
    return torch.tensor(flat).reshape(shape)


def labels(classes, ignored, *shape):
    """Classes in turn; where `ignored` is given, every fourth label is that."""
    n = torch.Size(shape).numel()
    flat = [(i * 5 + i // 3) % classes for i in range(n)]
    if ignored is not None:
        flat = [ignored if i % 4 == 1 else label for i, label in enumerate(flat)]
    return torch.tensor(flat).reshape(shape)


def numbers(tensor):
    return "&[" + ", ".join(repr(float(v)) for v in tensor.detach().reshape(-1)) + "]"


def loss(name, shape, ignored=None, **options):
    x = sixteenths(0, *shape).requires_grad_(True)
    y = labels(shape[1], ignored, shape[0], *shape[2:])
    if ignored is not None:
        options["ignore_index"] = ignored
    value = torch.nn.functional.cross_entropy(x, y, **options)
    value.backward()
    print(f"pub const {name}: (f64, &[f64]) = ({float(value.detach())!r}, {numbers(x.grad)});\n")


def steps(name, optimiser, **options):
    p = torch.nn.Parameter(sixteenths(1, 5))
    opt = optimiser([p], **options)
    print(f"pub const {name}: &[&[f64]] = &[")
    for step in range(STEPS):
        p.grad = sixteenths(2 + step, 5)
        opt.step()
        print(f"    {numbers(p)},")
    print("];\n")


print("// Written by make_goldens_train.py.\n")
print("// Losses, each with the gradient of its logits.\n")
loss("VECTORS", (4, 3))
loss("SMOOTHED", (4, 3), label_smoothing=0.125)
loss("PIXELS", (2, 3, 2, 4))
loss("PIXELS_IGNORED", (2, 3, 2, 4), ignored=255)
loss("PIXELS_IGNORED_SMOOTHED", (2, 5, 3, 2), ignored=2, label_smoothing=0.25)

print("// Parameters after every step.\n")
SGD, ADAM, ADAMW, RMS = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop
steps("SGD", SGD, lr=0.1)
steps("SGD_DECAY", SGD, lr=0.1, weight_decay=0.25)
steps("SGD_MOMENTUM", SGD, lr=0.1, momentum=0.75, weight_decay=0.25)
steps("SGD_DAMPENED", SGD, lr=0.1, momentum=0.75, dampening=0.5)
steps("SGD_NESTEROV", SGD, lr=0.1, momentum=0.75, weight_decay=0.25, nesterov=True)
steps("ADAM", ADAM, lr=0.1)
steps("ADAM_OPTIONS", ADAM, lr=0.1, betas=(0.75, 0.875), eps=0.125, weight_decay=0.25)
steps("ADAM_W", ADAMW, lr=0.1)
steps("ADAM_W_OPTIONS", ADAMW, lr=0.1, betas=(0.75, 0.875), eps=0.125, weight_decay=0.25)
steps("RMS_PROP", RMS, lr=0.1)
steps("RMS_PROP_MOMENTUM", RMS, lr=0.1, alpha=0.75, eps=0.125, weight_decay=0.25, momentum=0.5)
steps("RMS_PROP_CENTERED", RMS, lr=0.1, alpha=0.75, eps=0.125, centered=True)
steps("RMS_PROP_ALL", RMS, lr=0.1, alpha=0.75, weight_decay=0.25, momentum=0.5, centered=True)
