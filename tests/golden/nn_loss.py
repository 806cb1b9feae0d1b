#!/usr/bin/env python3
"""Numbers for tests/nn and tests/loss from PyTorch's own layers, written beside this script.

Weights and inputs come from formulas that the C++ tests share, so the file holds results only, each
tensor as a summary: count, sum, sum of t[i] cos(0.3 i), sum of squares, first and last value.
Everything is computed in float64. Run: python3 tests/golden/nn_loss.py
"""
import json
import pathlib

import torch
import torch.nn.functional as F
from torch import nn

# What Stream(7, "golden").uniform({4, 1}) draws; the C++ test checks that it still does.
PENALTY_SHARES = [16076227 / 2**24, 170131 / 2**24, 2707023 / 2**24, 14235437 / 2**24]


def wave(shape, amplitude, frequency, phase):
    count = torch.Size(shape).numel()
    i = torch.arange(count, dtype=torch.float64)
    return (amplitude * torch.sin(frequency * i + phase)).reshape(shape)


def fill(module):
    for k, (name, p) in enumerate(module.named_parameters()):
        offset = 1.0 if p.dim() == 1 and name.endswith("weight") else 0.0
        p.data = wave(p.shape, 0.1, 0.7, float(k)) + offset


def summary(t):
    t = t.detach().double().reshape(-1)
    i = torch.arange(t.numel(), dtype=torch.float64)
    return [t.numel(), t.sum().item(), (t * torch.cos(0.3 * i)).sum().item(),
            (t * t).sum().item(), t[0].item(), t[-1].item()]


def joined(tensors, like):
    filled = [torch.zeros_like(p) if t is None else t for t, p in zip(tensors, like)]
    return torch.cat([t.reshape(-1) for t in filled]) if filled else torch.zeros(1)


def grads(value, wanted):
    if not value.requires_grad:
        return [None] * len(wanted)
    return torch.autograd.grad(value, wanted, create_graph=True, allow_unused=True)


def case(module, shape, train=True):
    """Output, gradients of <output, wave>, and gradients of |d<output, wave>/dx|^2."""
    module = module.double().train(train)
    fill(module)
    params = list(module.parameters())
    x = wave(shape, 1.0, 0.37, 0.5).requires_grad_()
    out = module(x)
    first = grads((out * wave(out.shape, 1.0, 0.2, 1.3)).sum(), [x, *params])
    second = grads(first[0].square().sum(), [x, *params])
    result = {"out": summary(out), "dx": summary(first[0]),
              "dp": summary(joined(first[1:], params)), "d2x": summary(joined(second[:1], [x])),
              "d2p": summary(joined(second[1:], params))}
    buffers = [b for name, b in module.named_buffers() if "running" in name]
    if buffers:
        result["buffers"] = summary(torch.cat(buffers))
    return result


class Apply(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return self.f(x)


class Maxout(nn.Module):
    def __init__(self, n_in, n_out, pieces):
        super().__init__()
        self.maps = nn.Linear(n_in, n_out * pieces)
        self.shape = (-1, n_out, pieces)

    def forward(self, x):
        return self.maps(x).reshape(self.shape).amax(-1)


class ImageNorm(nn.Module):
    """Layer norm of a sample with one gain and bias per channel: a group norm with one group."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return F.group_norm(x, 1, self.weight, self.bias)


NORMS = {"none": lambda c: nn.Identity(), "batch": nn.BatchNorm2d, "layer": ImageNorm}


class Block(nn.Module):
    """Residual block of WGAN-GP, in the order of its TensorFlow code."""

    def __init__(self, n_in, n_out, resample, norm, first=False):
        super().__init__()
        self.resample, self.first = resample, first
        middle = n_in if resample == "down" and not first else n_out
        self.norm1 = nn.Identity() if first else NORMS[norm](n_in)
        self.conv1 = nn.Conv2d(n_in, middle, 3, padding=1)
        self.norm2 = nn.Identity() if first else NORMS[norm](middle)
        self.conv2 = nn.Conv2d(middle, n_out, 3, padding=1)
        keeps = n_in == n_out and resample == "none"
        self.shortcut = nn.Identity() if keeps else nn.Conv2d(n_in, n_out, 1)

    def forward(self, x):
        up = lambda t: F.interpolate(t, scale_factor=2) if self.resample == "up" else t
        down = lambda t: F.avg_pool2d(t, 2) if self.resample == "down" else t
        h = x if self.first else F.relu(self.norm1(x))
        h = F.relu(self.norm2(self.conv1(up(h))))
        return down(self.conv2(h)) + down(self.shortcut(up(x)))


def up(t):
    return [nn.ConvTranspose2d(*t[:2], *t[2:], bias=False), nn.BatchNorm2d(t[1]), nn.ReLU()]


def pyramid_up(nz, w, channels, size):
    as_map = Apply(lambda z: z.reshape(len(z), -1, 1, 1))
    if size == 28:
        layers = up((nz, 4 * w, 4, 1, 0)) + up((4 * w, 2 * w, 3, 2, 1)) + up((2 * w, w, 4, 2, 1))
    else:
        widths = {8: [1], 16: [2, 1], 32: [4, 2, 1], 64: [8, 4, 2, 1]}[size]
        layers = up((nz, widths[0] * w, 4, 1, 0))
        for a, b in zip(widths, widths[1:]):
            layers += up((a * w, b * w, 4, 2, 1))
    last = nn.ConvTranspose2d(w, channels, 4, 2, 1, bias=False)
    return nn.Sequential(as_map, *layers, last, nn.Tanh())


def pyramid_down(channels, w, size):
    widths = {8: [1], 16: [1, 2], 28: [1, 2, 4], 32: [1, 2, 4], 64: [1, 2, 4, 8]}[size]
    layers = [nn.Conv2d(channels, w, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Conv2d(a * w, b * w, 4, 2, 1, bias=False), nn.BatchNorm2d(b * w),
                   nn.LeakyReLU(0.2)]
    kernel = 3 if size == 28 else 4
    return nn.Sequential(*layers, nn.Conv2d(widths[-1] * w, 1, kernel, 1, 0, bias=False),
                         nn.Flatten())


def residual_up16():
    return nn.Sequential(nn.Linear(5, 3 * 16), nn.Unflatten(1, (3, 4, 4)),
                         Block(3, 3, "up", "batch"), Block(3, 3, "up", "batch"),
                         nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 3, padding=1), nn.Tanh())


def residual_down32():
    return nn.Sequential(Block(2, 3, "down", "none", first=True), Block(3, 3, "down", "layer"),
                         Block(3, 3, "none", "layer"), Block(3, 3, "none", "layer"), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 1))


def nn_cases():
    cases = {
        "linear": case(nn.Linear(5, 3), (4, 5)),
        "maxout": case(Maxout(5, 3, 4), (4, 5)),
        "conv": case(nn.Conv2d(2, 3, 3, 2, 1), (2, 2, 7, 7)),
        "conv_transpose": case(nn.ConvTranspose2d(3, 2, 4, 2, 1), (2, 3, 4, 4)),
        "conv_transpose_output_padding": case(nn.ConvTranspose2d(3, 2, 3, 2, 1, 1), (2, 3, 4, 4)),
        "batch_norm_images": case(nn.BatchNorm2d(3), (4, 3, 5, 5)),
        "batch_norm_features": case(nn.BatchNorm1d(3), (6, 3)),
        "batch_norm_evaluate": case(nn.BatchNorm2d(3), (4, 3, 5, 5), train=False),
        "layer_norm_images": case(ImageNorm(3), (4, 3, 5, 5)),
        "layer_norm_features": case(nn.LayerNorm(6), (4, 6)),
        "relu": case(nn.ReLU(), (4, 9)),
        "leaky_relu": case(nn.LeakyReLU(0.2), (4, 9)),
        "tanh": case(nn.Tanh(), (4, 9)),
        "sigmoid": case(nn.Sigmoid(), (4, 9)),
        "softplus": case(nn.Softplus(), (4, 9)),
        "upsample_nearest": case(nn.Upsample(scale_factor=2), (2, 2, 3, 3)),
        "average_pool": case(nn.AvgPool2d(2), (2, 2, 6, 6)),
        "max_pool": case(nn.MaxPool2d(3, 2), (2, 2, 7, 7)),
        "crop": case(Apply(lambda x: x[:, :, :3, :4]), (2, 2, 6, 6)),
        "global_mean": case(Apply(lambda x: x.mean((2, 3))), (2, 3, 4, 4)),
        "global_sum": case(Apply(lambda x: x.sum((2, 3))), (2, 3, 4, 4)),
        "mlp": case(nn.Sequential(nn.Flatten(), nn.Linear(12, 7), nn.LeakyReLU(0.2),
                                  nn.Linear(7, 5), nn.LeakyReLU(0.2), nn.Linear(5, 2),
                                  nn.Sigmoid()), (3, 3, 2, 2)),
        "residual_up16": case(residual_up16(), (3, 5)),
        "residual_down32": case(residual_down32(), (2, 2, 32, 32)),
    }
    for resample in ("none", "up", "down"):
        for norm in NORMS:
            cases[f"block_{resample}_{norm}"] = case(Block(2, 3, resample, norm), (2, 2, 4, 4))
    cases["block_identity"] = case(Block(2, 2, "none", "none"), (2, 2, 4, 4))
    for size in (8, 16, 28, 32, 64):
        cases[f"pyramid_up{size}"] = case(pyramid_up(5, 2, 3, size), (3, 5))
        cases[f"pyramid_down{size}"] = case(pyramid_down(3, 2, size), (3, 3, size, size))
    return cases


def loss_pair(value, inputs):
    return [value.item(), summary(torch.cat(torch.autograd.grad(value, inputs)))]


def adversarial_cases():
    """Losses on logits real = wave(3, 0.9, 0.2), fake = wave(3, 0.7, 1.1), 8 samples each."""
    bce = nn.BCEWithLogitsLoss()
    mse = nn.MSELoss()
    ones, zeros = torch.ones(8, 1).double(), torch.zeros(8, 1).double()
    forms = {
        "non_saturating": (lambda r, f: bce(r, ones) + bce(f, zeros), lambda f: bce(f, ones)),
        "minimax": (lambda r, f: bce(r, ones) + bce(f, zeros), lambda f: -bce(f, zeros)),
        "least_squares": (lambda r, f: 0.5 * mse(r, ones) + 0.5 * mse(f, zeros),
                          lambda f: 0.5 * mse(f, ones)),
        "hinge": (lambda r, f: F.hinge_embedding_loss(r, -ones) + F.hinge_embedding_loss(-f, -ones),
                  lambda f: -f.mean()),
        "wasserstein": (lambda r, f: f.mean() - r.mean(), lambda f: -f.mean()),
        "smoothed": (lambda r, f: bce(r, 0.9 * ones) + bce(f, 0.1 + zeros), lambda f: bce(f, ones)),
    }
    results = {}
    for name, (d, g) in forms.items():
        r = wave((8, 1), 3.0, 0.9, 0.2).requires_grad_()
        f = wave((8, 1), 3.0, 0.7, 1.1).requires_grad_()
        results[name] = {"d": loss_pair(d(r, f), [r, f]), "g": loss_pair(g(f), [f])}
    return results


def penalty_cases():
    """MLP critic 3 -> 6 -> 4 -> 1 with tanh; reals wave(1, 0.4, 0.1), fakes wave(1.5, 0.6, 2)."""
    critic = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 4), nn.Tanh(),
                           nn.Linear(4, 1)).double()
    for k, p in enumerate(critic.parameters()):
        p.data = wave(p.shape, 0.9, 0.7, float(k))
    real, fake = wave((4, 3), 1.0, 0.4, 0.1), wave((4, 3), 1.5, 0.6, 2.0)
    share = torch.tensor(PENALTY_SHARES, dtype=torch.float64).reshape(4, 1)
    params = list(critic.parameters())

    def slopes(points):
        points = points.clone().requires_grad_()
        return torch.autograd.grad(critic(points).sum(), points, create_graph=True)[0]

    def result(value):
        gradient = torch.autograd.grad(value, params, allow_unused=True, retain_graph=True)
        return [value.item(), summary(joined(gradient, params))]

    norm = slopes(share * fake + (1 - share) * real).square().sum(1).sqrt()
    return {
        "shares": PENALTY_SHARES,
        "two_sided": result((norm - 1).square().mean()),
        "one_sided": result(F.relu(norm - 0.1).square().mean()),
        "r1": result(slopes(real).square().sum(1).mean() / 2),
    }


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    tables = {"nn.json": nn_cases(),
              "loss.json": {"adversarial": adversarial_cases(), "penalty": penalty_cases()}}
    for name, table in tables.items():
        lines = [f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in table.items()]
        (here / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")
