#!/usr/bin/env python3
"""Numbers for tests/metrics/inception_test.cpp: Inception-v3 in the form that FID is computed with.

Plain PyTorch, written from the paper (Szegedy et al. 2016, arXiv 1512.00567) with the details of the
TensorFlow graph of 2015-12-05: average pools that leave the padding out of the mean, a max pool in
the last block, 1008 classes. Weights and images follow formulas that the C++ test shares. Computed
in float64. Run: python3 tests/golden/inception.py
"""
import json
import pathlib

import torch
import torch.nn.functional as F
from torch import nn

from formula_weights import images, weights


class Conv(nn.Module):
    def __init__(self, n_in, n_out, kernel, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(n_out, eps=1e-3)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Named convolutions and a function that joins them."""

    def __init__(self, join, **convs):
        super().__init__()
        for name, conv in convs.items():
            self.add_module(name, conv)
        self.join = join

    def forward(self, x):
        return torch.cat(self.join(self, x), 1)


def mean_pool(x):
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def max_pool(x):
    return F.max_pool2d(x, 3, 1, 1)


def wide(n, pool):
    def join(m, x):
        return [m.branch1x1(x), m.branch5x5_2(m.branch5x5_1(x)),
                m.branch3x3dbl_3(m.branch3x3dbl_2(m.branch3x3dbl_1(x))),
                m.branch_pool(mean_pool(x))]
    return Block(join, branch1x1=Conv(n, 64, 1),
                 branch5x5_1=Conv(n, 48, 1), branch5x5_2=Conv(48, 64, 5, padding=2),
                 branch3x3dbl_1=Conv(n, 64, 1), branch3x3dbl_2=Conv(64, 96, 3, padding=1),
                 branch3x3dbl_3=Conv(96, 96, 3, padding=1), branch_pool=Conv(n, pool, 1))


def shrink_to_17(n):
    def join(m, x):
        return [m.branch3x3(x), m.branch3x3dbl_3(m.branch3x3dbl_2(m.branch3x3dbl_1(x))),
                F.max_pool2d(x, 3, 2)]
    return Block(join, branch3x3=Conv(n, 384, 3, 2), branch3x3dbl_1=Conv(n, 64, 1),
                 branch3x3dbl_2=Conv(64, 96, 3, padding=1), branch3x3dbl_3=Conv(96, 96, 3, 2))


def factored(n, c):
    row, column = dict(kernel=(1, 7), padding=(0, 3)), dict(kernel=(7, 1), padding=(3, 0))

    def join(m, x):
        a, b = m.branch7x7_1(x), m.branch7x7dbl_1(x)
        for k in (2, 3):
            a = getattr(m, f"branch7x7_{k}")(a)
        for k in (2, 3, 4, 5):
            b = getattr(m, f"branch7x7dbl_{k}")(b)
        return [m.branch1x1(x), a, b, m.branch_pool(mean_pool(x))]
    return Block(join, branch1x1=Conv(n, 192, 1),
                 branch7x7_1=Conv(n, c, 1), branch7x7_2=Conv(c, c, **row),
                 branch7x7_3=Conv(c, 192, **column),
                 branch7x7dbl_1=Conv(n, c, 1), branch7x7dbl_2=Conv(c, c, **column),
                 branch7x7dbl_3=Conv(c, c, **row), branch7x7dbl_4=Conv(c, c, **column),
                 branch7x7dbl_5=Conv(c, 192, **row), branch_pool=Conv(n, 192, 1))


def shrink_to_8(n):
    def join(m, x):
        b = m.branch7x7x3_1(x)
        for k in (2, 3, 4):
            b = getattr(m, f"branch7x7x3_{k}")(b)
        return [m.branch3x3_2(m.branch3x3_1(x)), b, F.max_pool2d(x, 3, 2)]
    return Block(join, branch3x3_1=Conv(n, 192, 1), branch3x3_2=Conv(192, 320, 3, 2),
                 branch7x7x3_1=Conv(n, 192, 1),
                 branch7x7x3_2=Conv(192, 192, (1, 7), padding=(0, 3)),
                 branch7x7x3_3=Conv(192, 192, (7, 1), padding=(3, 0)),
                 branch7x7x3_4=Conv(192, 192, 3, 2))


def forked(n, pool):
    def join(m, x):
        a, b = m.branch3x3_1(x), m.branch3x3dbl_2(m.branch3x3dbl_1(x))
        return [m.branch1x1(x), m.branch3x3_2a(a), m.branch3x3_2b(a), m.branch3x3dbl_3a(b),
                m.branch3x3dbl_3b(b), m.branch_pool(pool(x))]
    row, column = dict(kernel=(1, 3), padding=(0, 1)), dict(kernel=(3, 1), padding=(1, 0))
    return Block(join, branch1x1=Conv(n, 320, 1), branch3x3_1=Conv(n, 384, 1),
                 branch3x3_2a=Conv(384, 384, **row), branch3x3_2b=Conv(384, 384, **column),
                 branch3x3dbl_1=Conv(n, 448, 1), branch3x3dbl_2=Conv(448, 384, 3, padding=1),
                 branch3x3dbl_3a=Conv(384, 384, **row), branch3x3dbl_3b=Conv(384, 384, **column),
                 branch_pool=Conv(n, 192, 1))


def inception():
    layers = {
        "Conv2d_1a_3x3": Conv(3, 32, 3, 2), "Conv2d_2a_3x3": Conv(32, 32, 3),
        "Conv2d_2b_3x3": Conv(32, 64, 3, padding=1), "pool1": nn.MaxPool2d(3, 2),
        "Conv2d_3b_1x1": Conv(64, 80, 1), "Conv2d_4a_3x3": Conv(80, 192, 3),
        "pool2": nn.MaxPool2d(3, 2),
        "Mixed_5b": wide(192, 32), "Mixed_5c": wide(256, 64), "Mixed_5d": wide(288, 64),
        "Mixed_6a": shrink_to_17(288), "Mixed_6b": factored(768, 128),
        "Mixed_6c": factored(768, 160), "Mixed_6d": factored(768, 160),
        "Mixed_6e": factored(768, 192), "Mixed_7a": shrink_to_8(768),
        "Mixed_7b": forked(1280, mean_pool), "Mixed_7c": forked(2048, max_pool),
        "pool": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten(), "fc": nn.Linear(2048, 1008),
    }
    net = nn.Sequential()
    for name, layer in layers.items():
        net.add_module(name, layer)
    return net


def case(net, count, side):
    x = images(count, side, side)
    features = net[:-1](x)
    logits = net[-1](features)
    summary = [[f.norm().item(), f.mean().item(), *f[:32].tolist()] for f in features]
    return {"count": count, "side": side, "features": summary,
            "logits": [row[:32].tolist() for row in logits]}


if __name__ == "__main__":
    net = inception()
    state = {k: weights(k, v.shape) for k, v in net.state_dict().items() if "tracked" not in k}
    net.load_state_dict(state, strict=False)
    net = net.double().eval()
    with torch.no_grad():
        cases = [case(net, 2, 299), case(net, 1, 107)]
    table = {"tensors": {k: list(v.shape) for k, v in sorted(state.items())}, "cases": cases}
    text = json.dumps(table).replace('], "', '],\n"')
    pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")
