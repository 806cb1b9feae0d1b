#!/usr/bin/env python3
"""Golden numbers for the gans of solids and of video: networks, losses, gradients and five steps,
written independently in PyTorch, in float64.

    python tests/golden/worlds.py > tests/golden/worlds.json

Streams, formulas and optimizers are those of gans.py beside it.
"""
import json
import sys

import numpy as np
import torch
from torch import nn

from gans import (Dropout, Stream, adam, bce_d, bce_g, digest, fill, optimizer, real_batch,
                  tensor)
from improve import Game, state

STEPS = 5
# Weights of rank 2 make sums that cancel exactly; rounding then chooses a side of the leaky ReLU.
CHIRP = 0.013


class Frozen:
    """Batch statistics as in training, but running means that stay: critics while G trains."""

    def __init__(self, net):
        self.norms = [m for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]

    def __enter__(self):
        for m in self.norms:
            m.momentum = 0.0

    def __exit__(self, *_):
        for m in self.norms:
            m.momentum = 0.1


class VolumeCritic(nn.Sequential):
    """D of 3D-GAN; what the paper classifies by are the pooled maps of its last three layers."""

    def pooled(self, x):
        maps = []
        for layer in self:
            x = layer(x)
            if isinstance(layer, nn.LeakyReLU):
                maps.append(nn.functional.max_pool3d(x, x.shape[2] // 2).flatten(1))
        return torch.cat(maps[-3:], 1)


class Gan3d(Game):
    def __init__(self, c, shape):
        self.c, self.z_dim = c, c["latent_dim"]
        side, base = shape[1], c["base_channels"]
        widths = [base]
        while side // 2**len(widths) > 4:
            widths.append(widths[-1] * 2)
        g, i = [nn.Unflatten(1, (self.z_dim, 1, 1, 1))], self.z_dim
        for n, o in enumerate(reversed(widths)):
            g += [nn.ConvTranspose3d(i, o, 4, 1 if n == 0 else 2, 0 if n == 0 else 1, bias=False),
                  nn.BatchNorm3d(o), nn.ReLU()]
            i = o
        g += [nn.ConvTranspose3d(i, 1, 4, 2, 1, bias=False), nn.Sigmoid()]
        d, i, norm = [], 1, c.get("discriminator_norm", True)
        for o in widths:
            d += [nn.Conv3d(i, o, 4, 2, 1, bias=not norm)]
            d += [nn.BatchNorm3d(o)] if norm else []
            d += [nn.LeakyReLU(0.2)]
            i = o
        d += [nn.Conv3d(i, 1, 4, 1, 0, bias=not norm)]
        self.nets = {"generator": nn.Sequential(*g), "discriminator": VolumeCritic(*d)}
        self.phases = [("D", ["discriminator"], "D", 1), ("G", ["generator"], "G", 1)]

    def terms(self, phase, repeat, reals, stream, shared, step):
        g, d = self.nets["generator"], self.nets["discriminator"]
        fakes = self.shared(shared, "fakes", repeat, step,
                            lambda s: g(s.uniform((len(reals), self.z_dim))))
        if phase == "G":
            with Frozen(d):
                return {"adversarial": (bce_g(d(fakes).flatten(1)), 1)}
        real, fake = d(reals).flatten(1), d(fakes.detach()).flatten(1)
        right = ((real > 0).sum() + (fake <= 0).sum()) / (2 * len(reals))
        if right > self.c["accuracy_limit"] + 1e-6:
            return {}  # it is ahead, and rests
        return {"adversarial": (bce_d(real, fake), 1)}

    def generate(self, z):
        return self.nets["generator"](z)

    def score(self, x):
        return self.nets["discriminator"](x)

    def features(self, x):
        return self.nets["discriminator"].pooled(x)


class VideoGenerator(nn.Module):
    def __init__(self, c, shape, categories):
        super().__init__()
        channels, self.t, size = shape[0], shape[1], shape[2]
        self.content, self.motion = c["content_dim"], c["motion_dim"]
        self.recurrent = nn.GRUCell(self.motion, self.motion)
        widths, i = [c["base_channels"]], self.content + self.motion + categories
        while size // 2**len(widths) > 4:
            widths.append(widths[-1] * 2)
        layers = []
        for n, o in enumerate(reversed(widths)):
            layers += [nn.ConvTranspose2d(i, o, 4, 1 if n == 0 else 2, 0 if n == 0 else 1,
                                          bias=False), nn.BatchNorm2d(o), nn.ReLU()]
            i = o
        layers += [nn.ConvTranspose2d(i, channels, 4, 2, 1, bias=False), nn.Tanh()]
        self.frames = nn.Module()
        self.frames.main = nn.Sequential(*layers)

    def forward(self, z):
        n, m = len(z), self.motion
        content, h, rest = z[:, :self.content], z[:, self.content:self.content + m], z[:, self.content + m:]
        noise, category = rest[:, :m * self.t].reshape(n, self.t, m), rest[:, m * self.t:]
        clip = []
        for t in range(self.t):
            h = self.recurrent(noise[:, t], h)
            clip.append(torch.cat([content, category, h], 1))
        codes = torch.stack(clip, 1).reshape(n * self.t, -1)
        pictures = self.frames.main(codes[:, :, None, None])
        return pictures.reshape(n, self.t, *pictures.shape[1:]).permute(0, 2, 1, 3, 4)


class Noise(nn.Module):
    def __init__(self, deviation):
        super().__init__()
        self.deviation = deviation

    def forward(self, x):
        return x + self.deviation * Dropout.stream.normal(x.shape) if self.training else x


def critic(conv, norm, last, channels, base, layers, noise):
    d, i = [], channels
    for n in range(layers):
        o = base * 2**n
        d += [Noise(noise)] if noise else []
        d += [conv(i, o)] + ([norm(o)] if n and norm else []) + [nn.LeakyReLU(0.2)]
        i = o
    return d, last(i)


class Mocogan(Game):
    def __init__(self, c, shape):
        self.c, self.shape, self.classes = c, shape, c.get("classes", 0)
        self.z_dim = c["content_dim"] + c["motion_dim"] * (shape[1] + 1)
        size, noise, base = shape[2], c.get("noise", 0), c["base_channels"]

        def conv2(i, o):
            return nn.Conv2d(i, o, 4, 2, 1, bias=False)

        def conv3(i, o):
            return nn.Conv3d(i, o, 4, (1, 2, 2), (0, 1, 1), bias=False)

        plain = not c.get("critic_norm", True)
        norms = (None, None) if plain else (nn.BatchNorm2d, nn.BatchNorm3d)
        layers, last = critic(conv2, norms[0], lambda i: conv2(i, 1), shape[0], base, 3, noise)
        frame = nn.Sequential(*layers, *([Noise(noise)] if noise else []), last)
        halvings = {32: 3, 64: 4}[size]
        layers, last = critic(conv3, norms[1],
                              lambda i: nn.Conv3d(i, 1 + self.classes, 4, bias=False), shape[0],
                              base, halvings, noise)
        self.nets = {"generator": VideoGenerator(c, shape, self.classes), "frame_critic": frame,
                     "video_critic": nn.Sequential(*layers, last)}
        self.phases = [("Dframe", ["frame_critic"], "D", 1), ("Dvideo", ["video_critic"], "D", 1),
                       ("G", ["generator"], "G", 1)]

    def coded(self, z, labels):
        return torch.cat([z, nn.functional.one_hot(labels, self.classes)], 1) if self.classes else z

    def labels(self, n):
        return torch.arange(n) % self.classes if self.classes else None

    def frames(self, clips, stream):
        chances = stream.uniform((len(clips), self.shape[1]))
        which = chances.topk(self.c["frames_per_clip"], 1).indices
        return torch.cat([clips[n][:, which[n]].transpose(0, 1) for n in range(len(clips))])

    def terms(self, phase, repeat, reals, stream, shared, step):
        g, frame, video = (self.nets[k] for k in ("generator", "frame_critic", "video_critic"))
        labels = self.labels(len(reals))

        def make(s):
            return g(self.coded(s.normal((len(reals), self.z_dim)), labels))

        fakes = self.shared(shared, "clips", repeat, step, make)
        if phase == "Dframe":
            some = self.frames(reals, stream)
            real = frame(some)
            out = {"adversarial": (bce_d(real, frame(self.frames(fakes.detach(), stream))), 1)}
            return self.with_r1(out, some, lambda x: frame(x).flatten(1))
        if phase == "Dvideo":
            seen = video(reals).flatten(2)
            fake = video(fakes.detach()).flatten(2)
            out = {"adversarial": (bce_d(seen[:, 0], fake[:, 0]), 1)}
        else:
            with Frozen(video), Frozen(frame):
                seen = video(fakes).flatten(2)
                out = {"frames": (bce_g(frame(self.frames(fakes, stream))), 1),
                       "video": (bce_g(seen[:, 0]), 1)}
        if self.classes:
            named = nn.functional.cross_entropy(seen[:, 1:].mean(2), labels)
            out["category"] = (named, self.c["category_weight"])
        if phase == "Dvideo":
            self.with_r1(out, reals, lambda x: video(x).flatten(2)[:, 0])
        return out

    def with_r1(self, out, reals, judge):
        if self.c.get("r1_weight", 0):
            x = reals.detach().requires_grad_()
            slopes, = torch.autograd.grad(judge(x).mean(1).sum(), x, create_graph=True)
            out["r1"] = (slopes.flatten(1).square().sum(1).mean() / 2, self.c["r1_weight"])
        return out

    def generate(self, z):
        return self.nets["generator"](self.coded(z, self.labels(len(z))))

    def score(self, x):
        return self.nets["video_critic"](x).flatten(2)[:, 0].mean(1)

    def features(self, x):
        for layer in list(self.nets["video_critic"])[:-1]:
            x = layer(x)
        return x.flatten(2).mean(2)


# ---------------------------------------------------------------------------- one case
def build(game_class, config, shape):
    game = game_class(dict(config), shape)
    for net in game.nets.values():
        fill(net, chirp=CHIRP)
    return game


def phase_step(game, phase, networks, repeat, seed, index, reals, shared):
    for name, net in game.nets.items():
        for p in net.parameters():
            p.grad = None
    Dropout.stream = stream = Stream(seed, f"phase/{phase}/{repeat}", index)
    terms = game.terms(phase, repeat, reals, stream, shared, (seed, index))
    if terms:
        sum(value * weight for value, weight in terms.values()).backward()
    return {key: float(value.detach()) for key, (value, _) in terms.items()}


def run(name, game_class, gan, config, shape, batch, opt):
    seed = 20161024 + len(name)
    game = build(game_class, config, shape)
    out = {"name": name, "gan": gan, "domain": "voxels" if gan == "gan3d" else "video",
           "shape": shape, "chirp": CHIRP, "seed": seed, "batch": batch, "classes": config.get("classes", 0),
           "config": {k: json.dumps(v) for k, v in config.items() if k != "classes"},
           "optimizer": {k: json.dumps(v) for k, v in opt.items()},
           "parameters": {n: [[p, list(t.shape)] for p, t in net.named_parameters()]
                          for n, net in game.nets.items()}}
    for net in game.nets.values():
        net.eval()
    z = tensor(np.sin(1.3 * np.arange(batch * game.z_dim)).reshape(batch, -1))
    reals = real_batch(shape, batch, 0)
    with torch.no_grad():
        out["generated"] = digest(game.generate(z))
        out["scores"] = [float(x) for x in game.score(reals).flatten()]
        out["features"] = digest(game.features(reals))

    game = build(game_class, config, shape)
    shared, out["first"] = {}, []
    for phase, networks, _, _ in game.phases:
        terms = phase_step(game, phase, networks, 0, seed, 0, reals, shared)
        gradients = {f"{n}/{k}": digest(p.grad) for n in networks
                     for k, p in game.nets[n].named_parameters() if p.grad is not None}
        out["first"].append({"phase": phase, "terms": terms, "gradients": gradients})

    game = build(game_class, config, shape)
    opts = {phase: optimizer(opt, [p for n in networks for p in game.nets[n].parameters()])
            for phase, networks, _, _ in game.phases}
    batches, out["steps"] = 0, []
    for index in range(STEPS):
        shared, batches = {}, batches + 1
        for phase, networks, _, repeats in game.phases:
            for repeat in range(repeats):
                batches += repeat > 0
                terms = phase_step(game, phase, networks, repeat, seed, index,
                                   real_batch(shape, batch, batches), shared)
                out["steps"].append(terms)
                if terms:
                    opts[phase].step()
    out["final"] = {n: {k: digest(v) for k, v in state(net).items()}
                    for n, net in game.nets.items()}
    return out


ADAM = adam(2e-4, 0.5, 0.999)
CASES = [
    ("gan3d_16", Gan3d, "gan3d",
     dict(latent_dim=6, base_channels=4, accuracy_limit=1.0), (1, 16, 16, 16), 4, ADAM),
    ("gan3d_rests", Gan3d, "gan3d",
     dict(latent_dim=6, base_channels=3, accuracy_limit=0.3), (1, 16, 16, 16), 5,
     ADAM),
    ("gan3d_32_plain_critic", Gan3d, "gan3d",
     dict(latent_dim=5, base_channels=2, accuracy_limit=0.8, discriminator_norm=False),
     (1, 32, 32, 32), 3, ADAM),
    ("mocogan_32", Mocogan, "mocogan",
     dict(content_dim=5, motion_dim=3, base_channels=3, frames_per_clip=2), (3, 13, 32, 32), 3,
     ADAM),
    ("mocogan_64_categories", Mocogan, "mocogan",
     dict(content_dim=3, motion_dim=2, base_channels=2, frames_per_clip=1, category_weight=0.5,
          noise=0.1, classes=3), (3, 16, 64, 64), 3, ADAM),
    ("mocogan_32_plain_critics", Mocogan, "mocogan",
     dict(content_dim=4, motion_dim=3, base_channels=3, frames_per_clip=2, critic_norm=False,
          r1_weight=2.0, noise=0.05, category_weight=1.0, classes=2), (3, 13, 32, 32), 3, ADAM),
]

if __name__ == "__main__":
    json.dump([run(*case) for case in CASES], sys.stdout, indent=None, separators=(",", ":"))
    print()
