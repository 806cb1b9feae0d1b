#!/usr/bin/env python3
"""Golden numbers for gan_int_cls (Reed et al. 2016), written independently in PyTorch.

    python tests/golden/words.py > tests/golden/words.json

The streams, formula weights and digests are those of gans.py. For every case: points of captions and
of pictures, samples of given z and captions, terms and gradients of each phase at the first weights,
then five whole steps of the three players with Adam and the weights at the end.
"""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cond import Frozen, bce
from gans import (STEPS, Stream, adam, digest, fill, literal, optimizer, pyramid_nets, real_batch,
                  tensor)

CHIRP = 0.37  # of the weights: without it matrices have rank 2, and many gradients are but rounding
PAD, UNKNOWN, END, FIRST = 0, 2, 3, 4  # numbers of tokens, core/token_spec.h


def captions(c, n, key):
    """[n, length]: lines of 1 to length words, one of them unknown; the last is the first again."""
    rows = []
    for i in range(n):
        words = [FIRST + (5 * i + 3 * j + key) % (c["vocabulary"] - FIRST)
                 for j in range(1 + (2 * i + key) % c["length"])]
        if i == 1:
            words[0] = UNKNOWN
        rows.append((words + [END] + [PAD] * c["length"])[:c["length"]])
    rows[-1] = list(rows[0])
    return torch.tensor(rows)


def unit(rows):
    return F.normalize(rows, dim=1) * math.sqrt(rows.shape[1])


class Text(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.word = nn.Embedding(c["vocabulary"], c["word_dim"])
        self.window = nn.Conv1d(c["word_dim"], c["text_units"], 3, padding=1)
        self.out = nn.Linear(c["word_dim"] + c["text_units"], c["text_dim"])

    def forward(self, tokens):
        known = (tokens >= FIRST).double()[:, None]
        words = self.word(tokens).transpose(1, 2) * known
        windows = F.relu(self.window(words)) * known
        mean = torch.cat([words, windows], 1).sum(2) / known.sum(2).clamp(min=1)
        return unit(self.out(mean))


def maps(channels, size, base):
    layers, i, o = [], channels, base
    while size > 4:
        normed = len(layers) > 0
        layers += [nn.Conv2d(i, o, 4, 2, 1, bias=False)]
        layers += [nn.BatchNorm2d(o)] if normed else []
        layers += [nn.LeakyReLU(0.2)]
        i, o, size = o, 2 * o, size // 2
    return nn.Sequential(*layers), i


class Pictures(nn.Module):
    def __init__(self, c, shape):
        super().__init__()
        self.maps, width = maps(shape[0], shape[1], c["encoder_channels"])
        self.out = nn.Linear(16 * width, c["text_dim"])

    def forward(self, x):
        return unit(self.out(self.maps(x).flatten(1)))


def projection(c):
    return nn.Sequential(nn.Linear(c["text_dim"], c["projected_dim"]), nn.LeakyReLU(0.2))


class Painter(nn.Module):
    def __init__(self, c, shape):
        super().__init__()
        self.text = projection(c)
        self.up, _ = pyramid_nets({"latent_dim": c["latent_dim"] + c["projected_dim"],
                                   "base_channels": c["generator_channels"]}, shape)

    def forward(self, z, points):
        return self.up(torch.cat([z, self.text(points)], 1))


class Critic(nn.Module):
    def __init__(self, c, shape):
        super().__init__()
        self.maps, width = maps(shape[0], shape[1], c["discriminator_channels"])
        self.text = projection(c)
        self.joint = nn.Sequential(
            nn.Conv2d(width + c["projected_dim"], width, 1, bias=False), nn.BatchNorm2d(width),
            nn.LeakyReLU(0.2), nn.Conv2d(width, 1, 4, bias=False))

    def judge(self, found, points):
        tiled = self.text(points)[:, :, None, None].expand(-1, -1, 4, 4)
        return self.joint(torch.cat([found, tiled], 1)).flatten(1)


def wrong_rows(tokens):
    """The next row in a circle with another caption; -1 where there is none."""
    n, rows = len(tokens), []
    for i in range(n):
        order = [(i + k) % n for k in range(1, n)]
        rows.append(next((j for j in order if not torch.equal(tokens[i], tokens[j])), -1))
    return rows


class Game:
    def __init__(self, c, shape):
        self.c = c
        self.nets = {"text": Text(c), "pictures": Pictures(c, shape), "generator": Painter(c, shape),
                     "discriminator": Critic(c, shape)}
        self.text, self.pictures, self.g, self.d = self.nets.values()
        self.players = {"E": ["text", "pictures"], "D": ["discriminator"], "G": ["generator"]}

    def terms(self, phase, reals, tokens, stream, shared, step):
        n = len(reals)
        if phase == "E":
            fit = self.pictures(reals) @ self.text(tokens).T
            fit = fit / (self.c["text_dim"] * self.c["temperature"])
            for i in range(n):
                for j in range(n):
                    if i != j and torch.equal(tokens[i], tokens[j]):
                        fit = fit.index_put((torch.tensor([i]), torch.tensor([j])),
                                            torch.tensor([-1e9], dtype=fit.dtype))
            own = torch.arange(n)
            return {"caption": (F.cross_entropy(fit, own), 0.5),
                    "picture": (F.cross_entropy(fit.T, own), 0.5)}
        if "points" not in shared:
            with torch.no_grad():
                shared["points"] = self.text(tokens)
            z = Stream(step[0], "once/fakes/0", step[1]).normal((n, self.c["latent_dim"]))
            shared["fakes"] = self.g(z, shared["points"])
        points, fakes = shared["points"], shared["fakes"]
        wrong = wrong_rows(tokens)
        if phase == "D":
            found = self.d.maps(reals)
            right = self.d.judge(found, points)
            other = self.d.judge(found, points[wrong])
            fake = self.d.judge(self.d.maps(fakes.detach()), points)
            there = [i for i in range(n) if wrong[i] >= 0]
            weight = self.c["wrong_weight"]
            return {"right": (bce(right, self.c["label_real"]), 1),
                    "wrong": (bce(other[there], 0), weight), "fake": (bce(fake, 0), weight)}
        with Frozen(self.d):
            terms = {"adversarial": (bce(self.d.judge(self.d.maps(fakes), points), 1), 1)}
            share = self.c["interpolation"]
            between = share * points + (1 - share) * points[wrong]
            made = self.g(stream.normal((n, self.c["latent_dim"])), between)
            terms["interpolation"] = (bce(self.d.judge(self.d.maps(made), between), 1),
                                      self.c["interpolation_weight"])
        if self.c["pixel_weight"] > 0:
            terms["pixels"] = ((fakes - reals).abs().mean(), self.c["pixel_weight"])
        return terms


def run(name, config, shape, batch, opts):
    seed = 20160605 + len(name)
    game = Game(config, shape)
    for net in game.nets.values():
        fill(net, chirp=CHIRP)
        net.eval()
    own = {k: v for k, v in config.items() if k not in ("vocabulary", "length")}
    out = {"name": name, "gan": "gan_int_cls", "domain": "image", "shape": shape, "seed": seed,
           "batch": batch, "chirp": CHIRP, "length": config["length"], "vocabulary": config["vocabulary"],
           "config": {k: literal(v) for k, v in own.items()},
           "optimizer": {p: {k: literal(v) for k, v in o.items()} for p, o in opts.items()},
           "parameters": {n: [[p, list(t.shape)] for p, t in net.named_parameters()]
                          for n, net in game.nets.items()}}
    tokens = captions(config, batch, 0)
    z = tensor(np.sin(1.3 * np.arange(batch * config["latent_dim"])).reshape(batch, -1))
    with torch.no_grad():
        points = game.text(tokens)
        out["captions"] = digest(points)
        out["pictures"] = digest(game.pictures(real_batch(shape, batch, 0)))
        out["generated"] = digest(game.g(z, points))
        out["maps"] = digest(game.d.maps(real_batch(shape, batch, 0)).mean((2, 3)))
    for net in game.nets.values():
        net.train()

    def forward(phase, index, key, shared):
        for net in game.nets.values():
            net.zero_grad(set_to_none=True)
        stream = Stream(seed, f"phase/{phase}/0", index)
        terms = game.terms(phase, real_batch(shape, batch, key), captions(config, batch, key),
                           stream, shared, (seed, index))
        sum(value * weight for value, weight in terms.values()).backward()
        return {key: value.item() for key, (value, _) in terms.items()}

    def parameters(player):
        return [(n, k, p) for n in game.players[player]
                for k, p in game.nets[n].named_parameters()]

    buffers = {n: {k: v.clone() for k, v in net.named_buffers()} for n, net in game.nets.items()}
    shared, out["first"] = {}, []
    for phase in game.players:
        terms = forward(phase, 0, 0, shared)
        gradients = {f"{n}/{k}": digest(p.grad) for n, k, p in parameters(phase)}
        out["first"].append({"phase": phase, "terms": terms, "gradients": gradients})
    for n, net in game.nets.items():
        for k, v in net.named_buffers():
            v.copy_(buffers[n][k])
    steppers = {p: optimizer(o, [t for _, _, t in parameters(p)]) for p, o in opts.items()}
    out["steps"] = []
    for index in range(STEPS):
        shared = {}
        for phase in game.players:
            out["steps"].append(forward(phase, index, index + 1, shared))
            steppers[phase].step()
    # Where a unit of D's projection is on one side for all captions, its bias shifts what a batch
    # normalisation centres: a gradient of rounding alone, of which Adam makes whole steps.
    out["loose"] = ["discriminator/text.0.bias"]
    out["final"] = {n: {k: digest(v) for k, v in net.state_dict().items()
                        if not k.endswith("num_batches_tracked")}
                    for n, net in game.nets.items()}
    return out


OPTIMIZERS = {"E": adam(1e-3, 0.9, 0.999), "D": adam(2e-4, 0.5, 0.999), "G": adam(2e-4, 0.5, 0.999)}
SMALL = dict(latent_dim=5, generator_channels=4, discriminator_channels=3, text_dim=6,
             projected_dim=4, word_dim=5, text_units=7, encoder_channels=2, temperature=0.1,
             wrong_weight=0.5, interpolation_weight=1.0, interpolation=0.5, label_real=1.0,
             pixel_weight=0.0, vocabulary=14, length=6)
CASES = [
    ("paper", SMALL, (3, 32, 32), 5, OPTIMIZERS),
    ("tuned", {**SMALL, "temperature": 0.2, "interpolation": 0.3, "interpolation_weight": 0.7,
               "label_real": 0.9, "pixel_weight": 4.0}, (3, 32, 32), 4, OPTIMIZERS),
]

if __name__ == "__main__":
    json.dump([run(*case) for case in CASES], sys.stdout, separators=(",", ":"))
    print()
