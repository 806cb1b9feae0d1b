#!/usr/bin/env python3
"""Numbers for tests/metrics/perceptual_test.cpp: VGG features and LPIPS (Zhang et al. 2018).

Plain PyTorch from the papers, with torchvision's names for VGG and the LPIPS package's for its five
weightings. Weights and images follow formulas that the C++ test shares. Computed in float64.
Run: python3 tests/golden/perceptual.py
"""
import json
import pathlib

import torch
from torch import nn

from formula_weights import images, weights

PLANS = {"vgg16": [2, 2, 3, 3, 3], "vgg19": [2, 2, 4, 4, 4]}
WIDTHS = [64, 128, 256, 512, 512]
MEAN = torch.tensor([-0.030, -0.088, -0.188], dtype=torch.float64).reshape(1, 3, 1, 1)
DEVIATION = torch.tensor([0.458, 0.448, 0.450], dtype=torch.float64).reshape(1, 3, 1, 1)


def vgg(plan):
    """The convolutional part, and the number of the last layer of each block."""
    layers, ends, n = [], [], 3
    for depth, width in zip(PLANS[plan], WIDTHS):
        for _ in range(depth):
            layers += [nn.Conv2d(n, width, 3, padding=1), nn.ReLU()]
            n = width
        ends.append(len(layers) - 1)
        layers.append(nn.MaxPool2d(2))
    net = nn.Sequential(*layers)
    net.load_state_dict({k: weights(f"features.{k}", v.shape) for k, v in net.state_dict().items()})
    return net.double().eval(), ends


def activations(net, ends, x):
    found = []
    x = (x - MEAN) / DEVIATION
    for i, layer in enumerate(net):
        x = layer(x)
        if i in ends:
            found.append(x)
    return found


def lpips(net, ends, a, b):
    total = 0
    for k, (p, q) in enumerate(zip(activations(net, ends, a), activations(net, ends, b))):
        p = p / (torch.linalg.vector_norm(p, dim=1, keepdim=True) + 1e-10)
        q = q / (torch.linalg.vector_norm(q, dim=1, keepdim=True) + 1e-10)
        weighting = nn.Conv2d(p.shape[1], 1, 1, bias=False).double()
        weighting.weight.data = weights(f"lin{k}.model.1.weight", weighting.weight.shape).double()
        total = total + nn.functional.adaptive_avg_pool2d(weighting((p - q) ** 2), 1).flatten()
    return total


if __name__ == "__main__":
    table = {}
    with torch.no_grad():
        for plan in PLANS:
            net, ends = vgg(plan)
            maps = activations(net, ends, images(1, 40, 48))
            table[plan] = {"norms": [m.norm().item() for m in maps],
                           "shapes": [list(m.shape) for m in maps],
                           "last": maps[-1].flatten()[:16].tolist(),
                           "tensors": {f"features.{k}": list(v.shape)
                                       for k, v in net.state_dict().items()}}
        net, ends = vgg("vgg16")
        a, b = images(3, 40, 48), images(3, 40, 48, phase=0.4)
        table["lpips"] = lpips(net, ends, a, b).tolist()
        table["lpips_grey"] = lpips(net, ends, a[:, :1].expand(-1, 3, -1, -1),
                                    b[:, :1].expand(-1, 3, -1, -1)).tolist()
    text = json.dumps(table).replace('], "', '],\n"')
    pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")
