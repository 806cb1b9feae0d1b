#!/usr/bin/env python3
"""Golden numbers for the gans that know labels: the published games written independently in PyTorch.

    python tests/golden/cond.py > tests/golden/cond.json

The streams, formula weights and digests are those of gans.py. For every case: samples of given z and
labels, D's score and class logits, terms and gradients of each phase at the first weights, then five
whole steps with the recipe's optimizer and the weights at the end.
"""
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from gans import (STEPS, Dropout, Lambda, Maxout, Stream, adam, digest, fill, literal,
                  optimizer, pyramid_nets, real_batch, schedule, tensor)

K = 3  # classes of every case


class Frozen:
    """Batch statistics as in training, but running means that stay."""

    def __init__(self, net):
        self.norms = [m for m in net.modules() if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d))]

    def __enter__(self):
        for m in self.norms:
            m.momentum = 0.0

    def __exit__(self, *_):
        for m in self.norms:
            m.momentum = 0.1


def one_hot(labels):
    return F.one_hot(labels, K).double()


def integers(stream, n, below):
    """floor(w * below / 2^64) of 64-bit words w, each of two words, the low one first."""
    words = [int(w) for w in stream.words(2 * n).reshape(-1)[:2 * n]]
    return torch.tensor([(words[2 * i] + (words[2 * i + 1] << 32)) * below >> 64
                         for i in range(n)])


def batch_labels(n, key):
    return torch.tensor([(2 * i + key) % K for i in range(n)])


def bce(logit, target):
    return F.binary_cross_entropy_with_logits(logit, torch.full_like(logit, target))


def affine_pixels(x):
    return (x + 1) / 2


def image_sigmoid(x):
    return 2 * torch.sigmoid(x) - 1


class TwoBranches(nn.Module):
    def __init__(self, columns, first, second):
        super().__init__()
        self.columns, self.input, self.condition = columns, first, second

    def forward(self, both):
        return torch.cat([self.input(both[:, :self.columns]),
                          self.condition(both[:, self.columns:])], 1)


class Noise(nn.Module):
    def __init__(self, deviation):
        super().__init__()
        self.deviation = deviation

    def forward(self, x):
        return x + self.deviation * Dropout.stream.normal(x.shape) if self.training else x


class WeightNorm(nn.Module):
    """y = x (gain v / |v|)^T + b; the gain is trained or stays 1. 1e-6 in the root: the authors' code."""

    def __init__(self, inputs, outputs, trained):
        super().__init__()
        self.v = nn.Parameter(torch.empty(outputs, inputs))
        if trained:
            self.gain = nn.Parameter(torch.ones(outputs))
        else:
            self.register_buffer("gain", torch.ones(outputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x):
        rows = self.v / (self.v.square().sum(1, keepdim=True) + 1e-6).sqrt()
        return x @ (rows * self.gain[:, None]).T + self.bias


class Game:
    def z(self, stream, n, low, high):
        return stream.uniform((n, self.c["latent_dim"]), low, high)

    def once(self, name, shared, step, make):
        if name not in shared:
            shared[name] = make(Stream(step[0], f"once/{name}/0", step[1]))
        return shared[name]


class CganMlp(Game):
    """Mirza & Osindero 2014, sec. 4.1."""

    def __init__(self, c, shape):
        self.c, self.shape, size = c, shape, int(np.prod(shape))
        u, v, p = c["generator_layers"], c["discriminator_layers"], c["maxout_pieces"]
        nz, keep = c["latent_dim"], c["keep"]
        self.latent = nz
        self.g = nn.Sequential(
            TwoBranches(nz, nn.Sequential(nn.Linear(nz, u[0]), nn.ReLU()),
                        nn.Sequential(nn.Linear(K, u[1]), nn.ReLU())),
            Dropout(keep), nn.Linear(u[0] + u[1], u[2]), nn.ReLU(), Dropout(keep),
            nn.Linear(u[2], size), Lambda(image_sigmoid), nn.Unflatten(1, shape))
        self.d = nn.Sequential(
            TwoBranches(size, nn.Sequential(Lambda(affine_pixels), Maxout(size, v[0], p[0])),
                        Maxout(K, v[1], p[1])),
            Dropout(keep), Maxout(v[0] + v[1], v[2], p[2]), Dropout(keep), nn.Linear(v[2], 1))

    def sample(self, z, labels):
        return self.g(torch.cat([z, one_hot(labels)], 1))

    def judge(self, x, labels):
        return self.d(torch.cat([x.flatten(1), one_hot(labels)], 1))

    def score(self, x, labels):
        return self.judge(x, labels)[:, 0]

    def draw(self, stream, n):
        return self.z(stream, n, 0, 1)

    def terms(self, phase, reals, labels, stream, shared, step):
        fakes = self.fakes(len(reals), labels, shared, step)
        if phase == "G":
            with Frozen(self.d):
                return {"adversarial": (bce(self.judge(fakes, labels), 1), 1)}
        real = self.judge(reals, labels)
        return {"adversarial": (bce(real, 1) + bce(self.judge(fakes.detach(), labels), 0), 1)}

    def fakes(self, n, labels, shared, step):
        def make(stream):
            z = self.draw(stream, n)
            before, Dropout.stream = Dropout.stream, stream
            try:
                return self.sample(z, labels)
            finally:
                Dropout.stream = before

        return self.once("fakes", shared, step, make)


class CganConv(CganMlp):
    """DCGAN with the label beside z and as maps beside the image."""

    def __init__(self, c, shape):
        self.c, self.shape, self.latent = c, shape, c["latent_dim"]
        self.g, _ = pyramid_nets({**c, "latent_dim": c["latent_dim"] + K}, shape)
        _, self.d = pyramid_nets(c, (shape[0] + K,) + tuple(shape[1:]))

    def judge(self, x, labels):
        maps = one_hot(labels)[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.d(torch.cat([x, maps], 1))

    def draw(self, stream, n):
        return stream.normal((n, self.latent))


class Acgan(CganMlp):
    """Odena et al. 2017, table 2."""

    def __init__(self, c, shape):
        self.c, self.shape, self.latent = c, shape, c["latent_dim"]
        side, f = shape[1] // 4, 2 * c["generator_channels"]
        g = [nn.Linear(self.latent + K, f * side * side), nn.ReLU(),
             nn.Unflatten(1, (f, side, side)),
             nn.ConvTranspose2d(f, f // 2, 5, 2, 2, output_padding=1, bias=False),
             nn.BatchNorm2d(f // 2), nn.ReLU(),
             nn.ConvTranspose2d(f // 2, shape[0], 5, 2, 2, output_padding=1), nn.Tanh()]
        d, i, o, size = [], shape[0], c["discriminator_channels"], shape[1]
        for layer in range(6):
            stride = 2 - layer % 2
            d += [Noise(c["activation_noise"]), nn.Conv2d(i, o, 3, stride, 1, bias=layer == 0)]
            d += [nn.BatchNorm2d(o)] if layer else []
            d += [nn.LeakyReLU(0.2), Dropout(c["keep"])]
            i, o, size = o, 2 * o, -(-size // stride)
        self.g = nn.Sequential(*g)
        self.d = nn.Sequential(*d, nn.Flatten(), nn.Linear(i * size * size, 1 + K))

    def draw(self, stream, n):
        return stream.normal((n, self.latent))

    def score(self, x, labels):
        return self.d(x)[:, 0]

    def classify(self, x):
        return self.d(x)[:, 1:]

    def terms(self, phase, reals, labels, stream, shared, step):
        asked = self.once("labels", shared, step, lambda s: integers(s, len(reals), K))
        fakes = self.fakes(len(reals), asked, shared, step)
        if phase == "G":
            with Frozen(self.d):
                fake = self.d(fakes)
            return {"adversarial": (bce(fake[:, 0], 1), 1),
                    "class": (F.cross_entropy(fake[:, 1:], asked), 1)}
        real = self.d(reals)
        fake = self.d(fakes.detach())
        return {"adversarial": (bce(real[:, 0], 1) + bce(fake[:, 0], 0), 1),
                "class/real": (F.cross_entropy(real[:, 1:], labels), 1),
                "class/fake": (F.cross_entropy(fake[:, 1:], asked), 1)}


class Heads(nn.Module):
    def __init__(self, trunk, source, recognition):
        super().__init__()
        self.trunk, self.source, self.recognition = trunk, source, recognition

    def forward(self, x):
        h = self.trunk(x)
        return torch.cat([self.source(h), self.recognition(h)], 1)


class Infogan(Game):
    """openai/InfoGAN's MNIST networks; the categories are the largest of their entries of z."""

    def __init__(self, c, shape):
        self.c, self.shape = c, shape
        self.n, self.cats, self.cont = c["noise_dim"], c["categories"], c["continuous"]
        entries = sum(self.cats) + self.cont
        self.latent = self.n + entries
        b, u, q, side = c["base_channels"], c["units"], c["recognition_units"], shape[1] // 4
        area = side * side * 2 * b
        self.g = nn.Sequential(
            nn.Linear(self.latent, u), nn.BatchNorm1d(u), nn.ReLU(), nn.Linear(u, area),
            nn.BatchNorm1d(area), nn.ReLU(), nn.Unflatten(1, (2 * b, side, side)),
            nn.ConvTranspose2d(2 * b, b, 4, 2, 1), nn.BatchNorm2d(b), nn.ReLU(),
            nn.ConvTranspose2d(b, shape[0], 4, 2, 1), Lambda(image_sigmoid))
        trunk = nn.Sequential(
            Lambda(affine_pixels), nn.Conv2d(shape[0], b, 4, 2, 1), nn.LeakyReLU(0.01),
            nn.Conv2d(b, 2 * b, 4, 2, 1), nn.BatchNorm2d(2 * b), nn.LeakyReLU(0.01),
            nn.Flatten(), nn.Linear(area, u), nn.BatchNorm1d(u), nn.LeakyReLU(0.01))
        self.d = Heads(trunk, nn.Linear(u, 1),
                       nn.Sequential(nn.Linear(u, q), nn.BatchNorm1d(q), nn.LeakyReLU(0.01),
                                     nn.Linear(q, entries)))

    def sample(self, z, labels):
        parts, at = [z[:, :self.n]], self.n
        for size in self.cats:
            parts.append(F.one_hot(z[:, at:at + size].argmax(1), size).double())
            at += size
        return self.g(torch.cat(parts + [z[:, at:]], 1))

    def score(self, x, labels):
        return self.d(x)[:, 0]

    def classify(self, x):
        return self.d(x)[:, 1:1 + self.cats[0]]

    def terms(self, phase, reals, labels, stream, shared, step):
        z = self.once("z", shared, step,
                      lambda s: s.uniform((len(reals), self.latent), -1, 1))
        fakes = self.once("fakes", shared, step, lambda s: self.sample(z, None))
        if phase == "D":
            real = self.d(reals)[:, 0]
            out = self.d(fakes.detach())
            terms = {"adversarial": (bce(real, 1) + bce(out[:, 0], 0), 1)}
        else:
            with Frozen(self.d):
                out = self.d(fakes)
            terms = {"adversarial": (bce(out[:, 0], 1), 1)}
        read, at, category, continuous = out[:, 1:], 0, 0, 0
        for size in self.cats:
            wanted = z[:, self.n + at:self.n + at + size].argmax(1)
            category = category + F.cross_entropy(read[:, at:at + size], wanted)
            at += size
        for i in range(at, at + self.cont):
            normal = torch.distributions.Normal(read[:, i], torch.ones(()))
            continuous = continuous - normal.log_prob(z[:, self.n + i]).mean()
        terms["information/category"] = (category, self.c["category_weight"])
        terms["information/continuous"] = (continuous, self.c["continuous_weight"])
        return terms


class Classes(nn.Module):
    """Layers "0", "1", ... with noise before each."""

    def __init__(self, c, size):
        super().__init__()
        widths = [size] + c["discriminator_units"] + [K]
        last = len(widths) - 2
        self.count = last + 1
        for i, (a, b) in enumerate(zip(widths, widths[1:])):
            self.add_module(str(i), WeightNorm(a, b, trained=i == last))
        self.noises = [Noise(c["input_noise"] if i == 0 else c["hidden_noise"])
                       for i in range(last + 1)]

    def noisy(self, x, i):
        noise = self.noises[i]
        noise.training = self.training
        return noise(x)

    def features(self, x):
        x = affine_pixels(x.flatten(1))
        for i in range(self.count - 1):
            x = F.relu(getattr(self, str(i))(self.noisy(x, i)))
        return x

    def forward(self, x):
        return getattr(self, str(self.count - 1))(self.noisy(self.features(x), self.count - 1))


class Sgan(Game):
    """openai/improved-gan, train_mnist_feature_matching.py; every label known."""

    def __init__(self, c, shape):
        self.c, self.shape, self.latent = c, shape, c["latent_dim"]
        g, i = [], self.latent
        for units in c["generator_units"]:
            g += [nn.Linear(i, units, bias=False), nn.BatchNorm1d(units, eps=1e-6), nn.Softplus()]
            i = units
        size = int(np.prod(shape))
        self.g = nn.Sequential(*g, WeightNorm(i, size, trained=True), Lambda(image_sigmoid),
                               nn.Unflatten(1, shape))
        self.d = Classes(c, size)

    def sample(self, z, labels):
        return self.g(z)

    def score(self, x, labels):
        return torch.logsumexp(self.d(x), 1)

    def classify(self, x):
        return self.d(x)

    def terms(self, phase, reals, labels, stream, shared, step):
        z = self.z(stream, len(reals), 0, 1)
        if phase == "G":
            fakes = self.g(z)
            wanted = self.d.features(reals).mean(0)
            return {"feature_matching": ((self.d.features(fakes).mean(0) - wanted).pow(2).mean(),
                                         1)}
        with torch.no_grad(), Frozen(self.g):
            fakes = self.g(z)
        named = self.d(reals)
        probability = lambda x: torch.logsumexp(self.d(x), 1)  # noqa: E731, the logit of D(x)
        real = probability(reals)
        fake = probability(fakes)
        game = 0.5 * bce(real, 1) + 0.5 * bce(fake, 0)
        return {"labelled": (F.cross_entropy(named, labels), 1),
                "unlabelled": (game, self.c["unlabelled_weight"])}


def run(name, game_class, gan, config, shape, batch, opts):
    seed = 20170601 + len(name)
    game = game_class(config, shape)
    nets = {"generator": game.g, "discriminator": game.d}
    for net in nets.values():
        fill(net)
        net.eval()
    out = {"name": name, "gan": gan, "domain": "image", "shape": shape, "classes": K,
           "seed": seed, "batch": batch,
           "config": {k: literal(v) for k, v in config.items()},
           "optimizer": {p: {k: literal(v) for k, v in o.items()} for p, o in opts.items()},
           "parameters": {n: [[p, list(t.shape)] for p, t in net.named_parameters()]
                          for n, net in nets.items()}}
    reals, labels = real_batch(shape, batch, 0), batch_labels(batch, 0)
    z = tensor(np.sin(1.3 * np.arange(batch * game.latent)).reshape(batch, -1))
    with torch.no_grad():
        out["generated"] = digest(game.sample(z, labels))
        out["scores"] = [float(x) for x in game.score(reals, labels)]
        if hasattr(game, "classify"):
            out["class_logits"] = digest(game.classify(reals))
    for net in nets.values():
        net.train()

    mine = {"D": "discriminator", "G": "generator"}

    def forward(phase, index, key, shared):
        for net in nets.values():
            net.zero_grad(set_to_none=True)
        Dropout.stream = stream = Stream(seed, f"phase/{phase}/0", index)
        terms = game.terms(phase, real_batch(shape, batch, key), batch_labels(batch, key), stream,
                           shared, (seed, index))
        sum(value * weight for value, weight in terms.values()).backward()
        return {key: value.item() for key, (value, _) in terms.items()}

    buffers = {n: {k: v.clone() for k, v in net.named_buffers()} for n, net in nets.items()}
    shared, out["first"] = {}, []
    for phase in ("D", "G"):
        terms = forward(phase, 0, 0, shared)
        gradients = {k: digest(p.grad) for k, p in nets[mine[phase]].named_parameters()}
        out["first"].append({"phase": phase, "terms": terms, "gradients": gradients})
    for n, net in nets.items():
        for k, v in net.named_buffers():
            v.copy_(buffers[n][k])
    steppers = {p: optimizer(o, nets[mine[p]].parameters()) for p, o in opts.items()}
    out["steps"] = []
    for index in range(STEPS):
        shared = {}
        for phase in ("D", "G"):
            out["steps"].append(forward(phase, index, index + 1, shared))
            schedule(opts[phase], steppers[phase], index, (index + 1) * batch / 1000)
            steppers[phase].step()
    # As in gans.py: a bias in front of a batch normalisation follows rounding alone.
    out["loose"] = []
    for first in out["first"]:
        net = mine[first["phase"]]
        rounded = [f"{net}/{k}" for k, v in first["gradients"].items() if 0 < v[0] < 1e-12]
        means = [f"{net}/{k}" for k, _ in nets[net].named_buffers() if k.endswith("running_mean")]
        out["loose"] += rounded + (means if rounded else [])
    out["final"] = {n: {k: digest(v) for k, v in net.state_dict().items()
                        if not k.endswith("num_batches_tracked")} for n, net in nets.items()}
    return out


def both(o):
    return {"D": o, "G": o}


SGD = {"kind": "sgd", "learning_rate": 0.1, "decay": "exponential", "decay_factor": 1.00004,
       "learning_rate_floor": 1e-6, "momentum": 0.5, "momentum_final": 0.7,
       "momentum_ramp_kimg": 0.05}
CASES = [
    ("cgan_mlp", CganMlp, "cgan",
     dict(networks="mlp", latent_dim=5, latent="uniform", generator_layers=[6, 7, 9],
          discriminator_layers=[6, 4, 5], maxout_pieces=[3, 2, 2], keep=0.5,
          fake_labels="data"), (1, 6, 6), 4, both(SGD)),
    ("cgan_conv_28", CganConv, "cgan",
     dict(networks="conv", latent_dim=5, latent="normal", base_channels=4, fake_labels="data"),
     (1, 28, 28), 4, both(adam(2e-4, 0.5, 0.999))),
    ("acgan_16", Acgan, "acgan",
     dict(latent_dim=5, generator_channels=4, discriminator_channels=3, keep=0.5,
          activation_noise=0.1, fake_labels="uniform"), (3, 16, 16), 4,
     both(adam(2e-4, 0.5, 0.999))),
    ("infogan_8", Infogan, "infogan",
     dict(noise_dim=4, categories=[3, 2], continuous=2, category_weight=1.0, continuous_weight=0.5,
          base_channels=3, units=9, recognition_units=7), (1, 8, 8), 6,
     {"D": adam(2e-4, 0.5, 0.999), "G": adam(1e-3, 0.5, 0.999)}),
    ("sgan_6", Sgan, "sgan",
     dict(latent_dim=5, labelled=0, generator_units=[8, 7], discriminator_units=[9, 8, 7],
          input_noise=0.3, hidden_noise=0.5, unlabelled_weight=1.0), (1, 6, 6), 5,
     both(adam(3e-3, 0.5, 0.999))),
]

if __name__ == "__main__":
    json.dump([run(*case) for case in CASES], sys.stdout, separators=(",", ":"))
    print()
