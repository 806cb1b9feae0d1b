#!/usr/bin/env python3
"""Golden numbers for pix2pix and cyclegan: networks, what they make, losses, gradients, the image pool
and five steps in the published order, written independently in PyTorch, in float64.

    python tests/golden/translate.py > tests/golden/translate.json

Streams, formulas and optimizers are those of gans.py beside it.
"""
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from gans import Dropout, Stream, adam, digest, fill, optimizer, real_batch, tensor

STEPS = 5


# ---------------------------------------------------------------------------- networks
def norm(kind, channels):
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels) if kind == "instance" else nn.Identity()


class Doubled(nn.Conv2d):
    """Pixels twice in both directions, then 3x3: the switch against checkerboards."""

    def __init__(self, i, o, bias):
        super().__init__(i, o, 3, padding=1, bias=bias)

    def forward(self, x):
        return super().forward(F.interpolate(x, scale_factor=2, mode="nearest"))


class Skip(nn.Module):
    """Isola 2017, appendix 6.1.1: activation, convolution, norm; the input beside what came of it."""

    def __init__(self, c, level, channels):
        super().__init__()
        width = c["base_channels"] * min(8, 2**(level - 1))
        bias, deepest = c["norm"] != "batch", level == c["depth"]

        def up(i, o, b):
            if c["doubling"] == "resize":
                return Doubled(i, o, b)
            return nn.ConvTranspose2d(i, o, 4, 2, 1, bias=b)

        down = nn.Conv2d(channels[0], width, 4, 2, 1, bias=bias)
        if level == 1:
            layers = [down, Skip(c, 2, (width, width)), nn.ReLU(), up(2 * width, channels[1], True),
                      nn.Tanh()]
        elif deepest:
            layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up(width, channels[1], bias),
                      norm(c["norm"], channels[1])]
        else:
            layers = [nn.LeakyReLU(0.2), down, norm(c["norm"], width), Skip(c, level + 1, (width, width)),
                      nn.ReLU(), up(2 * width, channels[1], bias), norm(c["norm"], channels[1])]
            if channels[1] == width and c["dropout"] > 0:
                layers.append(Dropout(1 - c["dropout"]))
        self.model, self.outermost = nn.Sequential(*layers), level == 1

    def forward(self, x):
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class Unet(nn.Module):
    def __init__(self, c, i, o):
        super().__init__()
        self.model = Skip(c, 1, (i, o))

    def forward(self, x):
        return self.model(x)


class Residual(nn.Module):
    def __init__(self, n, kind):
        super().__init__()
        bias = kind != "batch"
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(n, n, 3, bias=bias), norm(kind, n), nn.ReLU(),
            nn.ReflectionPad2d(1), nn.Conv2d(n, n, 3, bias=bias), norm(kind, n))

    def forward(self, x):
        return x + self.conv_block(x)


class Resnet(nn.Module):
    """Zhu 2017, appendix 7.2: c7s1-64, d128, d256, R256 x blocks, u128, u64, c7s1-3."""

    def __init__(self, c, channels):
        super().__init__()
        w, kind = c["base_channels"], c["norm"]
        bias = kind != "batch"

        def up(i, o):
            if c["doubling"] == "resize":
                return Doubled(i, o, bias)
            return nn.ConvTranspose2d(i, o, 3, 2, 1, output_padding=1, bias=bias)

        layers = [nn.ReflectionPad2d(3), nn.Conv2d(channels, w, 7, bias=bias), norm(kind, w), nn.ReLU()]
        for k in (1, 2):
            layers += [nn.Conv2d(k * w, 2 * k * w, 3, 2, 1, bias=bias), norm(kind, 2 * k * w), nn.ReLU()]
        layers += [Residual(4 * w, kind) for _ in range(c["blocks"])]
        for k in (4, 2):
            layers += [up(k * w, k * w // 2), norm(kind, k * w // 2), nn.ReLU()]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(w, channels, 7), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class Patch(nn.Module):
    """Isola 2017, appendix 6.1.2; C64-C128-C256-C512 is the one of 70 x 70 px."""

    def __init__(self, c, channels):
        super().__init__()
        w, kind, n = c["discriminator_channels"], c["norm"], c["discriminator_layers"]
        bias = kind != "batch"
        if n == 0:
            self.net = nn.Sequential(nn.Conv2d(channels, w, 1), nn.LeakyReLU(0.2),
                                     nn.Conv2d(w, 2 * w, 1, bias=bias), norm(kind, 2 * w),
                                     nn.LeakyReLU(0.2), nn.Conv2d(2 * w, 1, 1, bias=bias))
            return
        widths = [w * min(8, 2**k) for k in range(n + 1)]
        layers = [nn.Conv2d(channels, w, 4, 2, 1), nn.LeakyReLU(0.2)]
        for k in range(1, n + 1):
            stride = 2 if k < n else 1
            layers += [nn.Conv2d(widths[k - 1], widths[k], 4, stride, 1, bias=bias),
                       norm(kind, widths[k]), nn.LeakyReLU(0.2)]
        self.model = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 1))

    def forward(self, x):
        return (self.net if hasattr(self, "net") else self.model)(x)


# ---------------------------------------------------------------------------- games
def gan_loss(kind, logits, real):
    target = torch.full_like(logits, float(real))
    if kind == "least_squares":
        return F.mse_loss(logits, target)
    return F.binary_cross_entropy_with_logits(logits, target)


def told(kind, value):
    """A term as the library writes it: its least squares carry a half, which its weights undo."""
    return value / 2 if kind == "least_squares" else value


class Pix2pix:
    def __init__(self, c, shape, given):
        self.c = c
        self.nets = {"generator": Unet(c, given[0], shape[0]),
                     "discriminator": Patch(c, given[0] + shape[0])}
        self.phases = [("D", ["discriminator"]), ("G", ["generator"])]

    def terms(self, phase, b, a, shared, once):
        d, kind = self.nets["discriminator"], self.c["loss"]
        fake = once("fakes", lambda s: self.nets["generator"](a))
        if phase == "D":
            # Reals first: the order that D's running means, which nothing reads, come from.
            value = gan_loss(kind, d(torch.cat([a, b], 1)), True)
            value = value + gan_loss(kind, d(torch.cat([a, fake.detach()], 1)), False)
            return 0.5 * value, {"adversarial": told(kind, value)}
        value, l1 = gan_loss(kind, d(torch.cat([a, fake], 1)), True), F.l1_loss(fake, b)
        return value + self.c["l1_weight"] * l1, {"adversarial": told(kind, value), "l1": l1}

    def generated(self, a):
        g = self.nets["generator"]
        g.train(self.c["own_statistics"])
        for m in g.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.momentum = 0.0
            if isinstance(m, Dropout):
                m.train(self.c["test_dropout"])
        rows = []
        for seed, row in enumerate(a):
            Dropout.stream = Stream(seed, "dropout")
            rows.append(g(row[None]))
        return {"0": digest(torch.cat(rows))}


def integers(stream, count, below):
    """64 random bits as a share of `below`, two of a block."""
    w = [int(x) for x in stream.words(2 * count).reshape(-1)]
    return [((w[2 * k] | w[2 * k + 1] << 32) * below) >> 64 for k in range(count)]


class Pool:
    def __init__(self, size, shape):
        self.size, self.shape, self.pictures = size, shape, []

    def exchange(self, fakes, stream):
        if self.size == 0:
            return fakes.detach()
        out, n = [], len(fakes)
        heads, places = stream.uniform((n,)) > 0.5, integers(stream, n, self.size)
        for fake, head, place in zip(fakes.detach(), heads, places):
            if len(self.pictures) < self.size:
                self.pictures.append(fake.clone())
                out.append(fake)
            elif head:
                out.append(self.pictures[place])
                self.pictures[place] = fake.clone()
            else:
                out.append(fake)
        return torch.stack(out)

    def state(self):
        rest = [torch.zeros(self.shape)] * (self.size - len(self.pictures))
        return {"pictures": torch.stack(self.pictures + rest) if self.size else torch.zeros(0),
                "count": torch.tensor([float(len(self.pictures))])}


class Cyclegan:
    def __init__(self, c, shape, given):
        self.c = c
        self.nets = {"generator_ab": Resnet(c, shape[0]), "generator_ba": Resnet(c, shape[0]),
                     "discriminator_a": Patch(c, shape[0]), "discriminator_b": Patch(c, shape[0])}
        self.pools = {"pool_a": Pool(c["pool_size"], shape), "pool_b": Pool(c["pool_size"], shape)}
        self.phases = [("G", ["generator_ab", "generator_ba"]),
                       ("D", ["discriminator_a", "discriminator_b"])]

    def terms(self, phase, b, a, shared, once):
        ab, ba, da, db = self.nets.values()
        kind, cycle = self.c["loss"], self.c["cycle_weight"]
        fake_b, fake_a = once("fake_b", lambda s: ab(a)), once("fake_a", lambda s: ba(b))
        total, out = 0, {}
        if phase == "D":
            for side, d, real, fake in (("a", da, a, fake_a), ("b", db, b, fake_b)):
                old = once(f"pooled_{side}",
                           lambda s: self.pools[f"pool_{side}"].exchange(fake, s))
                value = gan_loss(kind, d(real), True) + gan_loss(kind, d(old), False)
                total, out[f"adversarial_{side}"] = total + 0.5 * value, told(kind, value)
            return total, out
        for side, d, fake in (("ab", db, fake_b), ("ba", da, fake_a)):
            value = gan_loss(kind, d(fake), True)
            total, out[f"adversarial_{side}"] = total + value, told(kind, value)
        pairs = [("cycle_a", ba(fake_b), a, cycle), ("cycle_b", ab(fake_a), b, cycle)]
        identity = self.c["identity_weight"] * cycle
        if identity:
            pairs += [("identity_a", ba(a), a, identity), ("identity_b", ab(b), b, identity)]
        for name, x, y, weight in pairs:
            out[name] = F.l1_loss(x, y)
            total = total + weight * out[name]
        return total, out

    def generated(self, a):
        ab, ba = self.nets["generator_ab"], self.nets["generator_ba"]
        return {"0": digest(ab.eval()(a)), "1": digest(ba.eval()(a))}

    def score(self, b):
        return [float(x) for x in self.nets["discriminator_b"].eval()(b).mean((1, 2, 3))]


# ---------------------------------------------------------------------------- one case
def given_batch(shape, n, key):
    size = n * int(np.prod(shape))
    return tensor(0.9 * np.cos(0.37 * np.arange(size) + 1.1 * key + 0.5).reshape((n,) + shape))


def build(game_class, config, shape, given):
    game = game_class(config, shape, given)
    for net in game.nets.values():
        fill(net)
    return game


def set_momentum(nets, value):
    for net in nets:
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.momentum = value


def phase_step(game, phase, networks, seed, index, b, a, shared):
    """Running means move for the networks that learn, and while what is shared is made."""
    for net in game.nets.values():
        for p in net.parameters():
            p.grad = None
    set_momentum(game.nets.values(), 0.0)
    set_momentum([game.nets[n] for n in networks], 0.1)

    def once(name, make):
        if name not in shared:
            set_momentum(game.nets.values(), 0.1)
            before, Dropout.stream = Dropout.stream, Stream(seed, f"once/{name}/0", index)
            shared[name] = make(Dropout.stream)
            Dropout.stream = before
            set_momentum(game.nets.values(), 0.0)
            set_momentum([game.nets[n] for n in networks], 0.1)
        return shared[name]

    Dropout.stream = Stream(seed, f"phase/{phase}/0", index)
    total, terms = game.terms(phase, b, a, shared, once)
    total.backward()
    return {key: float(value.detach()) for key, value in terms.items()}


def run(name, game_class, gan, config, shape, given, batch, opt):
    seed = 20161121 + len(name)
    game = build(game_class, config, shape, given)
    out = {"name": name, "gan": gan, "domain": "image", "shape": shape, "given": given, "seed": seed,
           "batch": batch, "config": {k: json.dumps(v) for k, v in config.items()},
           "optimizer": {k: json.dumps(v) for k, v in opt.items()},
           "parameters": {n: [[p, list(t.shape)] for p, t in net.named_parameters()]
                          for n, net in game.nets.items()}}
    with torch.no_grad():
        out["generated"] = game.generated(given_batch(given, batch, 0))
        if hasattr(game, "score"):
            out["scores"] = game.score(real_batch(shape, batch, 0))

    game = build(game_class, config, shape, given)
    shared, out["first"] = {}, []
    for phase, networks in game.phases:
        terms = phase_step(game, phase, networks, seed, 0, real_batch(shape, batch, 0),
                           given_batch(given, batch, 0), shared)
        gradients = {f"{n}/{k}": digest(p.grad) for n in networks
                     for k, p in game.nets[n].named_parameters()}
        out["first"].append({"phase": phase, "terms": terms, "gradients": gradients})

    game = build(game_class, config, shape, given)
    opts = {phase: optimizer(opt, [p for n in networks for p in game.nets[n].parameters()])
            for phase, networks in game.phases}
    out["steps"] = []
    for index in range(STEPS):
        shared = {}
        for phase, networks in game.phases:
            out["steps"].append(phase_step(game, phase, networks, seed, index,
                                           real_batch(shape, batch, index + 1),
                                           given_batch(given, batch, index + 1), shared))
            opts[phase].step()
    # A bias in front of a normalisation has the gradient zero, of which rounding leaves a little;
    # Adam makes whole steps of it, which the normalisation takes away again.
    out["loose"] = [key for first in out["first"] for key, value in first["gradients"].items()
                    if value[0] < 1e-12]
    out["final"] = {n: {k: digest(v) for k, v in net.state_dict().items()
                        if not k.endswith("num_batches_tracked")} for n, net in game.nets.items()}
    for n, pool in getattr(game, "pools", {}).items():
        out["final"][n] = {k: digest(v) for k, v in pool.state().items() if v.numel()}
    return out


def published(config, channels):
    """Weights of the networks at their published width."""
    c = dict(norm="batch", doubling="transposed", dropout=0.5, base_channels=64,
             discriminator_channels=64, discriminator_layers=3) | config
    nets = {"unet": lambda: Unet(c, *channels), "resnet": lambda: Resnet(c, channels[0]),
            "patch": lambda: Patch(c, channels[0])}
    return sum(p.numel() for p in nets[c["net"]]().parameters())


ADAM = adam(2e-4, 0.5, 0.999)
CASES = [
    ("pix2pix_dropout", Pix2pix, "pix2pix",
     dict(base_channels=2, depth=6, norm="batch", doubling="transposed", dropout=0.5,
          test_dropout=True, own_statistics=True, discriminator_channels=3, discriminator_layers=3,
          l1_weight=100.0, loss="non_saturating"), (3, 64, 64), (1, 64, 64), 1, ADAM),
    ("pix2pix_running_means", Pix2pix, "pix2pix",
     dict(base_channels=3, depth=3, norm="batch", doubling="transposed", dropout=0.0,
          test_dropout=False, own_statistics=False, discriminator_channels=4, discriminator_layers=1,
          l1_weight=10.0, loss="least_squares"), (2, 16, 24), (3, 16, 24), 3, ADAM),
    ("pix2pix_pixels", Pix2pix, "pix2pix",
     dict(base_channels=3, depth=2, norm="instance", doubling="resize", dropout=0.5,
          test_dropout=False, own_statistics=True, discriminator_channels=4, discriminator_layers=0,
          l1_weight=1.0, loss="non_saturating"), (3, 12, 8), (3, 12, 8), 2, ADAM),
    ("cyclegan", Cyclegan, "cyclegan",
     dict(base_channels=3, blocks=2, norm="instance", doubling="transposed", discriminator_channels=3,
          discriminator_layers=2, loss="least_squares", cycle_weight=10.0, identity_weight=0.5,
          pool_size=3), (3, 16, 20), (3, 16, 20), 2, ADAM),
    ("cyclegan_plain", Cyclegan, "cyclegan",
     dict(base_channels=3, blocks=1, norm="batch", doubling="resize", discriminator_channels=3,
          discriminator_layers=1, loss="non_saturating", cycle_weight=5.0, identity_weight=0.0,
          pool_size=2), (1, 12, 12), (1, 12, 12), 2, ADAM),
]
COUNTS = [
    (dict(net="unet", depth=8), (3, 3)),
    (dict(net="unet", depth=7), (3, 3)),
    (dict(net="unet", depth=8), (1, 2)),
    (dict(net="resnet", blocks=9, norm="instance"), (3, 3)),
    (dict(net="resnet", blocks=6, norm="instance"), (3, 3)),
    (dict(net="patch"), (6,)),
    (dict(net="patch", norm="instance"), (3,)),
    (dict(net="patch", discriminator_layers=0), (6,)),
]

if __name__ == "__main__":
    cases = [run(*case) for case in CASES]
    counts = [dict(config, channels=channels, parameters=published(config, channels))
              for config, channels in COUNTS]
    json.dump({"cases": cases, "counts": counts}, sys.stdout, indent=None, separators=(",", ":"))
    print()
