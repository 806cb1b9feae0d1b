#!/usr/bin/env python3
"""Golden numbers for restoration: bicubic resizing, blur, and srgan (networks, losses, gradients, five
steps in one stage and across the end of pretraining), written independently with NumPy and PyTorch.

    python tests/golden/restore.py > tests/golden/restore.json

Formulas and optimizers are those of gans.py beside it.
"""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from gans import Frozen, adam, bce_d, bce_g, digest, fill, optimizer, real_batch, tensor

STEPS, CHIRP = 5, 0.013
GAINS = {"generator": 0.55, "discriminator": 1.2}


# ---------------------------------------------------------------------------- pictures
def picture(height, width, channels):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return (37 * x + 91 * y + 53 * c + 7 * x * y + (x // 5) * (y // 3) * 40) % 256


def cubic(x):
    """Keys 1981 with a = -0.5."""
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x <= 2 else 0.0


def round_up(values):
    return np.clip(np.floor(values + 0.5), 0, 255)


def resize_matrix(n, m):
    """Row i: weights of n inputs in output i of m, by the description of MATLAB's imresize: the
    kernel is stretched by the shrinking factor, its window has ceil(width) + 2 samples, what lies
    outside is mirrored, the weights are divided by their sum."""
    scale = m / n
    stretch = min(scale, 1.0)
    width = 4 / stretch
    matrix = np.zeros((m, n))
    for i in range(1, m + 1):  # places begin at 1 there
        u = i / scale + 0.5 * (1 - 1 / scale)
        left = math.floor(u - width / 2)
        places = [left + k for k in range(math.ceil(width) + 2)]
        weights = [stretch * cubic(stretch * (u - p)) for p in places]
        total = sum(weights)
        for p, w in zip(places, weights):
            while not 1 <= p <= n:
                p = 1 - p if p < 1 else 2 * n + 1 - p
            matrix[i - 1, p - 1] += w / total
    return matrix


def bicubic(image, height, width):
    rows = resize_matrix(image.shape[0], height)
    columns = resize_matrix(image.shape[1], width)
    image = image.astype(np.float64)
    if height / image.shape[0] <= width / image.shape[1]:
        half = round_up(np.einsum("ij,jxc->ixc", rows, image))
        return round_up(np.einsum("ij,yjc->yic", columns, half))
    half = round_up(np.einsum("ij,yjc->yic", columns, image))
    return round_up(np.einsum("ij,jxc->ixc", rows, half))


def blur(image, sigma):
    radius = int(4 * sigma + 0.5)
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma)**2)
    taps /= taps.sum()
    padded = np.pad(image.astype(np.float64), [(radius, radius), (radius, radius), (0, 0)],
                    mode="symmetric")
    h, w = image.shape[:2]
    out = np.zeros(image.shape)
    for dy in range(2 * radius + 1):
        for dx in range(2 * radius + 1):
            out += taps[dy] * taps[dx] * padded[dy:dy + h, dx:dx + w]
    return round_up(out)


def flat(image):
    return [int(v) for v in np.asarray(image).flatten()]


def picture_cases():
    resized = [{"from": [h, w, c], "to": [H, W], "pixels": flat(bicubic(picture(h, w, c), H, W))}
               for h, w, c, H, W in [(12, 16, 3, 6, 8), (12, 16, 3, 3, 4), (21, 15, 1, 7, 5),
                                     (5, 7, 3, 20, 28), (4, 6, 1, 12, 18), (16, 8, 1, 9, 6),
                                     (9, 20, 3, 11, 7), (2, 3, 1, 8, 12)]]
    blurred = [{"from": [h, w, c], "sigma": s, "pixels": flat(blur(picture(h, w, c), s))}
               for h, w, c, s in [(9, 11, 3, 0.8), (12, 7, 1, 1.6), (4, 5, 3, 2.5)]]
    return {"bicubic": resized, "blur": blurred}


# ---------------------------------------------------------------------------- networks
class Shortcut(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return x + self.body(x)


class SrResNet(nn.Module):
    def __init__(self, planes, scale, channels, blocks, norm, skip):
        super().__init__()
        c = channels

        def bn():
            return [nn.BatchNorm2d(c)] if norm == "batch" else []

        def block():
            return Shortcut(nn.Sequential(nn.Conv2d(c, c, 3, 1, 1), *bn(), nn.PReLU(),
                                          nn.Conv2d(c, c, 3, 1, 1), *bn()))

        self.head = nn.Sequential(nn.Conv2d(planes, c, 9, 1, 4), nn.PReLU())
        self.body = Shortcut(nn.Sequential(*[block() for _ in range(blocks)],
                                           nn.Conv2d(c, c, 3, 1, 1), *bn()))
        ups = []
        for factor in {1: [], 2: [2], 3: [3], 4: [2, 2]}[scale]:
            ups += [nn.Conv2d(c, c * factor**2, 3, 1, 1), nn.PixelShuffle(factor), nn.PReLU()]
        self.tail = nn.Sequential(*ups, nn.Conv2d(c, planes, 9, 1, 4))
        self.scale, self.skip = scale, skip

    def forward(self, x):
        y = self.tail(self.body(self.head(x)))
        if not self.skip:
            return y
        return y + (x if self.scale == 1 else
                    F.interpolate(x, scale_factor=self.scale, mode="bicubic", align_corners=False))


class Judge(nn.Module):
    def __init__(self, planes, height, width, channels, pooled):
        super().__init__()
        i, o = planes, channels
        for k in range(8):
            stage = [nn.Conv2d(i, o, 3, 1 + k % 2, 1)]
            stage += [nn.BatchNorm2d(o)] if k else []
            setattr(self, f"stage{k}", nn.Sequential(*stage, nn.LeakyReLU(0.2)))
            i, o = o, o * (1 + k % 2)
        places = 1 if pooled else math.ceil(height / 16) * math.ceil(width / 16)
        self.hidden = nn.Sequential(nn.Linear(i * places, 2 * i), nn.LeakyReLU(0.2))
        self.logit, self.pooled = nn.Linear(2 * i, 1), pooled

    def layers(self, x):
        out = []
        for k in range(8):
            x = getattr(self, f"stage{k}")(x)
            out.append(x)
        return out

    def forward(self, x):
        x = self.layers(x)[-1]
        return self.logit(self.hidden(x.mean((2, 3)) if self.pooled else x.flatten(1)))


# ---------------------------------------------------------------------------- the game
class Srgan:
    def __init__(self, c, shape):
        self.c = c
        self.g = SrResNet(shape[0], c["scale"], c["channels"], c["blocks"], c["norm"],
                          c["input_skip"])
        self.d = Judge(*shape, c["discriminator_channels"], c["discriminator_pooled"])
        self.nets = {"generator": self.g, "discriminator": self.d}

    def due(self, index, batch):
        if index * batch / 1000 < self.c["pretrain_kimg"]:
            return ["pretrain"]
        return ["D", "G"]

    def pixel(self, a, b):
        return (a - b).abs().mean() if self.c["pixel_loss"] == "l1" else ((a - b)**2).mean()

    def terms(self, phase, reals, given, shared):
        if "fakes" not in shared:
            shared["fakes"] = self.g(given)
        fakes, average = shared["fakes"], self.c["relative"] == "average"
        if phase == "pretrain":
            return {"pixel": (self.pixel(fakes, reals), 1)}
        if phase == "D":
            real, fake = self.d(reals), self.d(fakes.detach())
            if average:
                real, fake = real - fake.mean(), fake - real.mean()
            return {"adversarial": (bce_d(real, fake), 1)}
        with Frozen(self.d):
            fake, real = self.d(fakes), self.d(reals)
            if average:
                adversarial = bce_d(fake - real.mean(), real - fake.mean())
            else:
                adversarial = bce_g(fake)
            apart = [(a - b.detach()).abs().mean()
                     for a, b in zip(self.d.layers(fakes), self.d.layers(reals))]
        out = {"adversarial": (adversarial, self.c["adversarial_weight"]),
               "pixel": (self.pixel(fakes, reals), self.c["pixel_weight"])}
        if self.c["content_weight"] > 0:
            out["content"] = (sum(apart) / len(apart), self.c["content_weight"])
        return out

    def networks(self, phase):
        return ["discriminator"] if phase == "D" else ["generator"]


def given_batch(shape, n, key):
    size = n * int(np.prod(shape))
    return tensor(0.8 * np.cos(0.37 * np.arange(size) + 0.9 * key).reshape([n] + list(shape)))


def build(config, shape):
    game = Srgan(config, shape)
    for name, net in game.nets.items():
        fill(net, GAINS[name], CHIRP)
    return game


def one(game, phase, reals, given, shared):
    for net in game.nets.values():
        for p in net.parameters():
            p.grad = None
    terms = game.terms(phase, reals, given, shared)
    sum(value * weight for value, weight in terms.values()).backward(retain_graph=phase == "D")
    return {key: float(value.detach()) for key, (value, _) in terms.items()}


def run(name, config, shape, batch):
    opt = adam(2e-4, 0.9, 0.999)
    scale = config["scale"]
    small = [shape[0], shape[1] // scale, shape[2] // scale]
    game = build(config, shape)
    out = {"name": name, "gan": "srgan", "shape": shape, "given": small, "batch": batch, "gains": GAINS, "chirp": CHIRP,
           "config": {k: json.dumps(v) for k, v in config.items() if k != "scale"},
           "optimizer": {k: json.dumps(v) for k, v in opt.items()},
           "parameters": {n: [[p, list(t.shape)] for p, t in net.named_parameters()]
                          for n, net in game.nets.items()}}
    for net in game.nets.values():
        net.eval()
    with torch.no_grad():
        out["generated"] = digest(game.g(given_batch(small, batch, 0)).clamp(-1, 1))
        # Another size than that of training: fully convolutional.
        other = [small[0], small[1] + 3, small[2] + 1]
        out["other"] = {"given": other,
                        "generated": digest(game.g(given_batch(other, 1, 2)).clamp(-1, 1))}
        out["scores"] = [float(x) for x in game.d(real_batch(shape, batch, 0)).flatten()]

    game, shared, out["first"] = build(config, shape), {}, []
    for phase in (["pretrain"] if config["pretrain_kimg"] else []) + ["D", "G"]:
        # Of every phase at the first weights; fakes are made anew after pretraining's step.
        if phase == "D":
            shared = {}
        terms = one(game, phase, real_batch(shape, batch, 0), given_batch(small, batch, 0), shared)
        gradients = {f"{n}/{k}": digest(p.grad) for n in game.networks(phase)
                     for k, p in game.nets[n].named_parameters() if p.grad is not None}
        out["first"].append({"phase": phase, "terms": terms, "gradients": gradients})

    game = build(config, shape)
    opts = {phase: optimizer(opt, list(game.nets[game.networks(phase)[0]].parameters()))
            for phase in ("pretrain", "D", "G")}
    out["steps"] = []
    for index in range(STEPS):
        shared = {}
        for phase in game.due(index, batch):
            terms = one(game, phase, real_batch(shape, batch, index),
                        given_batch(small, batch, index), shared)
            out["steps"].append({"phase": phase, "terms": terms})
            opts[phase].step()
    out["final"] = {n: {k: digest(v) for k, v in net.state_dict().items()
                        if not k.endswith("num_batches_tracked")} for n, net in game.nets.items()}
    return out


def config(**changes):
    base = dict(scale=4, channels=4, blocks=2, norm="batch", input_skip=False,
                discriminator_channels=3, discriminator_pooled=False, pretrain_kimg=0.0,
                pixel_loss="l2", pixel_weight=1.0, content_weight=0.0, adversarial_weight=1e-3,
                relative="none")
    return base | changes


CASES = [
    ("srgan_x4", config(), (3, 32, 32), 3),
    ("srgan_x2_content", config(scale=2, content_weight=0.5, adversarial_weight=0.1,
                                pixel_loss="l1", pixel_weight=0.3), (1, 32, 16), 3),
    ("srgan_stages", config(scale=2, pretrain_kimg=0.008, content_weight=0.2), (3, 16, 32), 4),
    ("denoise_relative", config(scale=1, norm="none", input_skip=True, discriminator_pooled=True,
                                relative="average", adversarial_weight=0.2, pixel_loss="l1"),
     (3, 32, 32), 3),
    ("srgan_x3", config(scale=3, blocks=1, input_skip=True, discriminator_pooled=True), (1, 36, 36),
     3),
]

if __name__ == "__main__":
    published = SrResNet(3, 4, 64, 16, "batch", False)
    json.dump({"pictures": picture_cases(), "gans": [run(*case) for case in CASES],
               "parameters": {"srresnet": sum(p.numel() for p in published.parameters()),
                              "judge96": sum(p.numel() for p in Judge(3, 96, 96, 64, False).parameters())}},
              sys.stdout)
    print()
