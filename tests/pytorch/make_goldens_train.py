"""Losses with their gradients, and parameters after every step of an optimiser, computed by
PyTorch, as Rust constants.

    python tests/pytorch/make_goldens_train.py | rustfmt --edition 2021 > tests/pytorch/goldens_train.rs

Made with torch 2.15.0 on a CPU, in float64. Logits, parameters and gradients are formulas that
`tests/train/pytorch.rs` computes, too, so only results are stored.
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


def compared(name, function, *shape, targets):
    """The value and gradient of a loss of numbers, or of logits and their targets."""
    x = sixteenths(0, *shape).requires_grad_(True)
    value = function(x, targets)
    value.backward()
    print(f"pub const {name}: (f64, &[f64]) = ({float(value.detach())!r}, {numbers(x.grad)});\n")


def focal(alpha, gamma):
    """As torchvision.ops.sigmoid_focal_loss(reduction="mean") says."""

    def loss(x, t):
        p = torch.sigmoid(x)
        ce = torch.nn.functional.binary_cross_entropy_with_logits(x, t, reduction="none")
        p_t = p * t + (1 - p) * (1 - t)
        value = ce * ((1 - p_t) ** gamma)
        if alpha is not None:
            value = (alpha * t + (1 - alpha) * (1 - t)) * value
        return value.mean()

    return loss


def dice(x, t):
    """Sums over batch and pixels that have a class, mean over the classes that are there."""
    counted = t.sum(1, keepdim=True)
    p = torch.softmax(x, 1) * counted
    axes = (0, 2, 3)
    above = 2 * (p * t).sum(axes) + 1e-6
    below = p.sum(axes) + t.sum(axes) + 1e-6
    return (1 - above / below)[t.sum(axes) > 0].mean()


def planes(classes, batch, height, width):
    """Masks of all classes but the last, whose every fourth pixel is ignored."""
    y = labels(classes - 1, classes, batch, height, width)
    return torch.nn.functional.one_hot(y, classes + 1).permute(0, 3, 1, 2)[:, :classes].double()


def schedule(name, steps, scheduler):
    opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = scheduler(opt)
    factors = []
    for _ in range(steps):
        factors.append(opt.param_groups[0]["lr"])
        opt.step()
        schedule.step()
    print(f"pub const {name}: &[f64] = {numbers(torch.tensor(factors))};\n")


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
weight = torch.tensor([0.5, 2.0, 0.0, 1.25, 3.0])
loss("PIXELS_WEIGHTED", (2, 5, 3, 2), ignored=1, label_smoothing=0.25, weight=weight)

NN = torch.nn.functional
compared("MSE", NN.mse_loss, 4, 3, targets=sixteenths(1, 4, 3))
compared("MAE", NN.l1_loss, 4, 3, targets=sixteenths(1, 4, 3))
compared("HUBER", torch.nn.HuberLoss(delta=1.5), 4, 3, targets=sixteenths(1, 4, 3))
SOFT = (sixteenths(1, 4, 3) + 4) / 8
compared("BCE", NN.binary_cross_entropy_with_logits, 4, 3, targets=SOFT)
BCE = torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor(2.5))
compared("BCE_WEIGHTED", BCE, 4, 3, targets=SOFT)
compared("FOCAL", focal(0.25, 2), 4, 3, targets=SOFT)
compared("FOCAL_OPTIONS", focal(None, 1.5), 4, 3, targets=SOFT)
compared("DICE", dice, 2, 4, 3, 5, targets=planes(4, 2, 3, 5))

print("// Learning rates, step by step.\n")
LR = torch.optim.lr_scheduler
schedule("COSINE", 20, lambda opt: LR.CosineAnnealingLR(opt, 20))
schedule("STEP", 20, lambda opt: LR.StepLR(opt, 8, 0.3))
schedule("ONE_CYCLE", 20, lambda opt: LR.OneCycleLR(opt, 1.0, 20, cycle_momentum=False))

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
