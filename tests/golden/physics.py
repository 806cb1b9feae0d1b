#!/usr/bin/env python3
"""Golden numbers for fastsim and for the moments of events, written independently in PyTorch and
numpy, in float64.

    python tests/golden/physics.py > tests/golden/physics.json

Needs torch, numpy and xxhash; random streams, weights by formula and digests are those of gans.py.
"""
import json
import math
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gans import STEPS, Dropout, Stream, digest, fill, tensor  # noqa: E402

SEED = 5
OPTIMIZER = dict(kind="rmsprop", learning_rate=1e-3, alpha=0.9, eps=1e-8)


class Kinked(nn.Module):
    def forward(self, x):
        v1, v0, shift = math.log10(2), math.log10(2) / 10, 0.01
        rise = (v1 - v0) / shift
        low = torch.where(x > 0, x, (v0 / rise) * (torch.exp(x) - 1))
        return torch.where(x > shift, v1 + x - shift, v0 + rise * low)


class Generator(nn.Sequential):
    def __init__(self, c, shape, p):
        layers, i = [], c["latent_dim"] + p
        for units in c["generator_units"]:
            layers += [nn.Linear(i, units), nn.ELU()]
            i = units
        super().__init__(*layers, nn.Linear(i, int(np.prod(shape))), nn.Unflatten(1, shape), Kinked())


class Critic(nn.Module):
    def __init__(self, c, shape, p):
        super().__init__()
        k, (channels, height, width) = c["critic_channels"], shape
        drop = [Dropout(1 - c["dropout"])] if c["dropout"] else []

        def layer(i, o, size, padding):
            return [nn.Conv2d(i, o, size, padding=padding), nn.ELU(), *drop]

        first = (1, 2) if height < width else (2, 2)
        layers = (layer(channels + p, k[0], 3, 1) + layer(k[0], k[1], 3, 1) + [nn.MaxPool2d(first)]
                  + layer(k[1], k[2], 3, 1) + layer(k[2], k[3], 3, 1) + [nn.MaxPool2d(2)]
                  + layer(k[3], k[4], 3, 0) + layer(k[4], k[5], 2, 0))
        self.convolutions = nn.Sequential(*layers)
        places = (height // first[0] // 2 - 3) * (width // first[1] // 2 - 3)
        self.hidden = nn.Sequential(nn.Linear(k[5] * places + p, c["critic_units"]), nn.ELU())
        self.output, self.p = nn.Linear(c["critic_units"], 1), p

    def forward(self, x, given):
        if self.p:
            planes = given[:, :, None, None].repeat(1, 1, x.shape[2], x.shape[3])
            h = self.convolutions(torch.cat([x, planes], 1)).flatten(1)
            h = torch.cat([h, given], 1)
        else:
            h = self.convolutions(x).flatten(1)
        return self.output(self.hidden(h)).flatten()


class Game:
    def __init__(self, c, shape, p):
        self.c, self.shape, self.p = c, shape, p
        self.nets = {"generator": Generator(c, shape, p), "critic": Critic(c, shape, p)}
        for net in self.nets.values():
            fill(net, c["gain"])

    def make(self, z, given):
        return self.nets["generator"](torch.cat([z, given], 1) if self.p else z)

    def terms(self, phase, repeat, index, reals, given):
        stream = Stream(SEED, f"phase/{phase}/{repeat}", index)
        Dropout.stream = stream
        g, d = self.nets["generator"], self.nets["critic"]
        z = stream.normal((len(reals), self.c["latent_dim"]))
        fakes = self.make(z, given)
        if phase == "G":
            return {"adversarial": (-d(fakes, given).mean(), 1)}
        fakes = fakes.detach()
        real, fake = d(reals, given), d(fakes, given)
        u = stream.uniform((len(reals), 1, 1, 1))
        x = (reals + u * (fakes - reals)).requires_grad_()
        slope = torch.autograd.grad(d(x, given).sum(), x, create_graph=True)[0]
        norm = slope.flatten(1).square().sum(1).sqrt()
        return {"adversarial": (fake.mean() - real.mean(), 1),
                "gradient_penalty": ((norm - 1).clamp(min=0).square().mean(), self.c["penalty_weight"])}

    def backward(self, phase, terms):
        own = self.nets["critic" if phase == "D" else "generator"]
        for net in self.nets.values():
            net.zero_grad(set_to_none=True)
        sum(value * weight for value, weight in terms.values()).backward()
        return own


def batch(shape, n, key, scale=1.0):
    size = n * int(np.prod(shape))
    return tensor(scale * (1 + np.cos(0.3 * np.arange(size) + 1.7 * key)).reshape((n,) + tuple(shape)))


def numbers(terms):
    return {k: float(v.detach()) for k, (v, _) in terms.items()}


def run(name, config, shape, p, n):
    game = Game(config, shape, p)
    out = {"name": name, "shape": shape, "parameters": p, "batch": n, "seed": SEED, "gain": config["gain"],
           "config": {k: json.dumps(v) for k, v in config.items() if k != "gain"},
           "optimizer": {k: json.dumps(v) for k, v in OPTIMIZER.items()},
           "names": {k: [[path, list(t.shape)] for path, t in net.named_parameters()]
                     for k, net in game.nets.items()}}
    for net in game.nets.values():
        net.eval()
    with torch.no_grad():
        z = tensor(np.sin(1.3 * np.arange(n * config["latent_dim"])).reshape(n, -1))
        out["generated"] = digest(game.make(z, batch((p,), n, 0, 0.5)))
    for net in game.nets.values():
        net.train()
    out["first"] = []
    for phase in ("D", "G"):
        terms = game.terms(phase, 0, 0, batch(shape, n, 0), batch((p,), n, 0, 0.5))
        own = game.backward(phase, terms)
        out["first"].append({"phase": phase, "terms": numbers(terms),
                             "gradients": {k: digest(t.grad) for k, t in own.named_parameters()}})
    game = Game(config, shape, p)
    opts = {phase: torch.optim.RMSprop(game.nets[net].parameters(), lr=OPTIMIZER["learning_rate"],
                                       alpha=OPTIMIZER["alpha"], eps=OPTIMIZER["eps"])
            for phase, net in (("D", "critic"), ("G", "generator"))}
    out["steps"], key = [], 0
    for index in range(STEPS):
        for phase, repeats in (("D", config["discriminator_steps"]), ("G", 1)):
            for repeat in range(repeats):
                key += phase == "D"
                terms = game.terms(phase, repeat, index, batch(shape, n, key), batch((p,), n, key, 0.5))
                game.backward(phase, terms)
                opts[phase].step()
                out["steps"].append(numbers(terms))
    out["final"] = {k: {path: digest(t) for path, t in net.state_dict().items()}
                    for k, net in game.nets.items()}
    return out


def config(**changes):
    return dict(latent_dim=4, generator_units=[6, 8], critic_channels=[3, 4, 4, 5, 5, 6], critic_units=7,
                dropout=0.0, discriminator_steps=2, penalty_weight=10.0, gain=1.5) | changes


def moments():
    """Moments of made-up events by numpy's weighted means, and distances by a direct count."""
    n, h, w = 6, 5, 7
    amounts = np.maximum(0, np.sin(0.9 * np.arange(n * h * w) ** 1.3)).reshape(n, h, w).round(6)
    amounts[2] = 0
    rows, columns = np.mgrid[0:h, 0:w]
    found = []
    for event in amounts:
        if event.sum() == 0:
            continue
        row, column = (np.average(axis, weights=event) for axis in (rows, columns))
        found.append([event.sum(), row, column, np.average((rows - row) ** 2, weights=event),
                      np.average((columns - column) ** 2, weights=event),
                      np.average((rows - row) * (columns - column), weights=event)])
    a, b = np.sin(np.arange(40.0)).round(2), np.cos(np.arange(55.0) * 1.1).round(2) * 0.8
    grid = np.concatenate([a, b])
    distance = max(abs((a <= x).mean() - (b <= x).mean()) for x in grid)
    return {"amounts": amounts.tolist(), "moments": found, "a": a.tolist(), "b": b.tolist(),
            "ks": float(distance)}


if __name__ == "__main__":
    published = config(latent_dim=32, generator_units=[32, 64, 64, 64], critic_channels=[16, 16, 32, 32, 64, 64],
                       critic_units=128)
    nets = Game(published, (1, 8, 16), 5).nets
    json.dump({"gans": [run("given", config(), (1, 8, 16), 2, 3),
                        run("alone", config(dropout=0.25, gain=1.2), (2, 17, 17), 0, 3)],
               "counts": {k: sum(p.numel() for p in net.parameters()) for k, net in nets.items()},
               "events": moments()}, sys.stdout)
    print()
