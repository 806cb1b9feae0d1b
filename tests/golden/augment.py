#!/usr/bin/env python3
"""Numbers for tests/nn/augment_test.cpp: DiffAugment and ADA by PyTorch, written beside this script.

Warps are made here the long way round: reflection padding, zero insertion and convolution, PyTorch's
grid_sample, convolution with stride. Second derivatives come from the Jacobian of that linear map,
as grid_sample has none. float64 throughout. Run: python3 tests/golden/augment.py
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F

SYM6 = [0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633,
        0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252,
        -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148]


def wave(shape, amplitude, frequency, phase):
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return (amplitude * torch.sin(frequency * i + phase)).reshape(shape)


def summary(t):
    t = t.detach().double().reshape(-1)
    i = torch.arange(t.numel(), dtype=torch.float64)
    return [t.numel(), t.sum().item(), (t * torch.cos(0.3 * i)).sum().item(),
            (t * t).sum().item(), t[0].item(), t[-1].item()]


# --- DiffAugment, per sample with loops -----------------------------------------------------------

def diff_color(x, amount, saturation, contrast):
    out = []
    for image, a, s, c in zip(x, amount, saturation, contrast):
        image = image + a
        grey = image.mean(0, keepdim=True)
        image = grey + s * (image - grey)
        middle = image.mean()
        out.append(middle + c * (image - middle))
    return torch.stack(out)


def diff_translation(x, rows, columns):
    out = []
    for image, dy, dx in zip(x, rows, columns):
        wide = F.pad(image, [8, 8, 8, 8])
        h, w = image.shape[1:]
        out.append(wide[:, 8 + dy:8 + dy + h, 8 + dx:8 + dx + w])
    return torch.stack(out)


def diff_cutout(x, top, left, height, width):
    mask = torch.ones_like(x)
    for i, (t, l) in enumerate(zip(top, left)):
        mask[i, :, max(t, 0):max(t + height, 0), max(l, 0):max(l + width, 0)] = 0
    return x * mask


# --- ADA ------------------------------------------------------------------------------------------

def scale(x, y):
    return torch.tensor([[x, 0, 0], [0, y, 0], [0, 0, 1]], dtype=torch.float64)


def shift(x, y):
    return torch.tensor([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=torch.float64)


def turn(angle):
    c, s = math.cos(angle), math.sin(angle)
    return torch.tensor([[c, -s, 0], [s, c, 0], [0, 0, 1]], dtype=torch.float64)


def inverse_map(mirror, quarter_turns, step, size, before, stretch, after, move):
    """The forward transforms one after another, then the inverse of the whole."""
    forward = scale(1 - 2 * mirror, 1)
    forward = turn(-math.pi / 2 * quarter_turns) @ forward
    forward = shift(*step) @ forward
    forward = scale(size, size) @ forward
    forward = turn(-before) @ forward
    forward = scale(stretch, 1 / stretch) @ forward
    forward = turn(-after) @ forward
    forward = shift(*move) @ forward
    return torch.linalg.inv(forward)


def resample(x, taps, axis, up):
    """Along the last axis (1: as it is, 0: of the transposed picture)."""
    if axis == 0:
        return resample(x.transpose(2, 3), taps, 1, up).transpose(2, 3)
    n, c, h, w = x.shape
    flat = x.reshape(n * c * h, 1, w)
    if up:
        spread = torch.zeros(n * c * h, 1, 2 * w, dtype=x.dtype)
        spread[:, :, ::2] = flat
        out = F.conv1d(F.pad(spread, [6, 5]), 2 * taps.flip(0)[None, None])
    else:
        out = F.conv1d(flat[:, :, 1:-1], taps[None, None], stride=2)
    return out.reshape(n, c, h, -1)


def warp(x, inverse, margin):
    """margin: reflected pixels (x before, y before, x after, y after), enough for every corner."""
    taps = torch.tensor(SYM6, dtype=torch.float64)
    taps = taps / taps.sum()
    h, w = x.shape[2:]
    x0, y0, x1, y1 = margin
    x = F.pad(x, [x0, x1, y0, y1], mode="reflect")
    fine = resample(resample(x, taps, 1, True), taps, 0, True)
    oh, ow = 2 * (h + 6), 2 * (w + 6)
    # Output centre -> input centre in pixels, then the centre of the padded picture.
    grid = []
    for g in inverse:
        y, xx = torch.meshgrid((torch.arange(oh) - (oh - 1) / 2) / 2,
                               (torch.arange(ow) - (ow - 1) / 2) / 2, indexing="ij")
        p = g @ torch.stack([xx.reshape(-1).double(), y.reshape(-1).double(),
                             torch.ones(oh * ow, dtype=torch.float64)])
        px = (p[0] + (x0 - x1) / 2) * 2 / (x.shape[3])  # pixels are 2 fine pixels; halves are 1
        py = (p[1] + (y0 - y1) / 2) * 2 / (x.shape[2])
        grid.append(torch.stack([px, py], -1).reshape(oh, ow, 2))
    sampled = F.grid_sample(fine, torch.stack(grid), mode="bilinear", padding_mode="zeros",
                            align_corners=False)
    return resample(resample(sampled, taps, 1, False), taps, 0, False)


def margins(inverse, h, w):
    cx, cy = (w - 1) / 2, (h - 1) / 2
    reach = [0.0] * 4
    for g in inverse:
        for x, y in ((-cx, -cy), (cx, -cy), (cx, cy), (-cx, cy)):
            p = g @ torch.tensor([x, y, 1], dtype=torch.float64)
            for k, v in enumerate((-p[0], -p[1], p[0], p[1])):
                reach[k] = max(reach[k], v.item() + 6 - (cx if k % 2 == 0 else cy))
    return [math.ceil(min(max(r, 0), (w if k % 2 == 0 else h) - 1)) for k, r in enumerate(reach)]


def color_matrix(b, c, flip, hue, s, channels):
    eye = torch.eye(4, dtype=torch.float64)
    v = torch.tensor([1, 1, 1, 0], dtype=torch.float64) / math.sqrt(3)
    light = eye.clone()
    light[:3, 3] = b
    m = torch.diag(torch.tensor([c, c, c, 1], dtype=torch.float64)) @ light
    m = (eye - 2 * torch.outer(v, v) * flip) @ m
    if channels > 1:
        # Rotation about v through the exponential of its cross product.
        k = torch.zeros(4, 4, dtype=torch.float64)
        u = 1 / math.sqrt(3)
        k[:3, :3] = torch.tensor([[0, -u, u], [u, 0, -u], [-u, u, 0]], dtype=torch.float64)
        m = torch.linalg.matrix_exp(hue * k) @ m
        m = (torch.outer(v, v) + (eye - torch.outer(v, v)) * s) @ m
    return m


def apply_color(x, matrices):
    out = []
    for image, m in zip(x, matrices):
        if image.shape[0] == 3:
            out.append(torch.einsum("ij,jhw->ihw", m[:3, :3], image) + m[:3, 3, None, None])
        else:
            row = m[:3].mean(0)
            out.append(image * row[:3].sum() + row[3])
    return torch.stack(out)


PLACES = [  # mirror, quarter turns, step, scale, turn, stretch, turn, move
    (1, 0, (0, 0), 1.0, 0.0, 1.0, 0.0, (0, 0)),
    (0, 1, (2, -1), 1.0, 0.0, 1.0, 0.0, (0, 0)),
    (0, 0, (0, 0), 1.2, 0.4, 1.1, -0.7, (0.8, -1.3)),
    (1, 3, (-1, 1), 0.8, -2.0, 0.9, 1.1, (-0.4, 0.6)),
]
TINTS = [(0.2, 1.3, 0, 0.7, 0.5), (-0.1, 0.8, 1, -2.0, 1.7), (0.0, 1.0, 0, 0.0, 1.0),
         (0.3, 2.0, 1, 3.0, 0.0)]


def linear_case(function, shape):
    """Output, <.,wave> gradient, and d/dw of |grad sum(w (Tx)^2) / 2|^2 by the Jacobian of T."""
    x = wave(shape, 1.0, 0.37, 0.5)
    x.requires_grad_()
    out = function(x)
    dx, = torch.autograd.grad((out * wave(out.shape, 1.0, 0.2, 1.3)).sum(), x)
    jacobian = torch.autograd.functional.jacobian(function, x.detach())
    jacobian = jacobian.reshape(out.numel(), x.numel())
    weight = wave(out.shape, 1.0, 0.11, 0.4).reshape(-1).requires_grad_()
    gradient = jacobian.T @ (weight * out.detach().reshape(-1))
    second, = torch.autograd.grad(gradient.square().sum(), weight)
    return {"out": summary(out), "dx": summary(dx), "second": summary(second)}


def main():
    result = {}
    shape = (3, 3, 10, 12)
    draws = ([0.3, -0.4, 0.1], [0.2, 1.7, 1.0], [0.6, 1.4, 1.0])
    result["diff_color"] = linear_case(lambda x: diff_color(x, *draws), shape)
    result["diff_translation"] = linear_case(
        lambda x: diff_translation(x, [1, -2, 0], [-1, 2, 8]), shape)
    result["diff_cutout"] = linear_case(
        lambda x: diff_cutout(x, [-2, 3, 8], [5, -3, 0], 5, 6), shape)
    inverse = torch.stack([inverse_map(*p) for p in PLACES])
    result["inverse"] = summary(inverse)
    for name, shape in {"square": (4, 1, 9, 9), "wide": (4, 2, 8, 11)}.items():
        margin = margins(inverse, *shape[2:])
        result["warp_" + name] = linear_case(lambda x: warp(x, inverse, margin), shape)
    for channels in (1, 3):
        matrices = [color_matrix(*t, channels) for t in TINTS]
        result[f"color_{channels}"] = linear_case(
            lambda x: apply_color(x, matrices), (4, channels, 5, 6))
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result, indent=1) + "\n")


main()
