#!/usr/bin/env python3
"""Golden numbers for improved, unrolled, lapgan, vae, made, gsn and gan2014's CIFAR-10 forms:
networks, losses, gradients and five steps, written independently in PyTorch, in float64.

    python tests/golden/improve.py > tests/golden/improve.json

Streams, formulas and optimizers are those of gans.py beside it.
"""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
import xxhash
from torch import nn

from gans import (Dropout, Lambda, Maxout, Stream, adam, bce_d, bce_g, digest, fill, mlp, optimizer,
                  real_batch, tensor)

STEPS = 5


# ---------------------------------------------------------------------------- layers
class WeightNorm(nn.Module):
    """Salimans & Kingma 2016, eq. 2."""

    def __init__(self, shape, out_dim, apply, train_gain=False):
        super().__init__()
        self.v = nn.Parameter(torch.zeros(shape))
        ones = torch.ones(shape[out_dim])
        if train_gain:
            self.gain = nn.Parameter(ones)
        else:
            self.register_buffer("gain", ones)
        self.bias = nn.Parameter(torch.zeros(shape[out_dim]))
        self.rest, self.apply_to = [d for d in range(len(shape)) if d != out_dim], apply
        self.shape = [-1 if d == out_dim else 1 for d in range(len(shape))]

    def forward(self, x):
        norm = torch.sqrt((self.v**2).sum(self.rest, keepdim=True) + 1e-6)
        y = self.apply_to(x, self.v / norm * self.gain.reshape(self.shape))
        return y + self.bias.reshape([1, -1] + [1] * (y.dim() - 2))


class Minibatch(nn.Module):
    """Salimans 2016, sec. 3.2, with the code's normalised columns."""

    def __init__(self, inputs, kernels, dims):
        super().__init__()
        self.theta = nn.Parameter(torch.zeros(inputs, kernels, dims))
        self.log_scale = nn.Parameter(torch.zeros(kernels, dims))
        self.bias = nn.Parameter(torch.zeros(kernels))

    def forward(self, f):
        t = self.theta / self.theta.norm(dim=0) * self.log_scale.exp()
        m = torch.einsum("na,abc->nbc", f, t)
        near = []
        for i in range(len(f)):
            others = [j for j in range(len(f)) if j != i]
            near.append(torch.exp(-(m[i] - m[others]).abs().sum(2)).sum(0) if others
                        else torch.zeros(m.shape[1]))
        return torch.cat([f, torch.stack(near) + self.bias], 1)


class Noise(nn.Module):
    def __init__(self, deviation):
        super().__init__()
        self.deviation = deviation

    def forward(self, x):
        return x + self.deviation * Dropout.stream.normal(x.shape) if self.training else x


class VirtualNorm(nn.Module):
    """Sec. 3.5: reference rows by their own statistics, each other row by those and its own."""

    def __init__(self, channels, rows):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.rows = rows

    def one(self, x, mean, var):
        s = [1, -1] + [1] * (x.dim() - 2)
        return ((x - mean.reshape(s)) / torch.sqrt(var.reshape(s) + 1e-5) * self.weight.reshape(s)
                + self.bias.reshape(s))

    def forward(self, x):
        mean, var, out = self.mean, self.variance, []
        if self.training:
            ref, x = x[:self.rows], x[self.rows:]
            dims = [d for d in range(ref.dim()) if d != 1]
            mean, var = ref.mean(dims), ref.var(dims, unbiased=False)
            out.append(self.one(ref, mean, var))
            if not self.frozen:
                self.mean.copy_(mean.detach())
                self.variance.copy_(var.detach())
        share = 1 / (self.rows + 1)
        for row in x:
            own = row if row.dim() == 1 else row.mean((1, 2))
            square = row**2 if row.dim() == 1 else (row**2).mean((1, 2))
            both = share * own + (1 - share) * mean
            second = share * square + (1 - share) * (var + mean**2)
            out.append(self.one(row[None], both, second - both**2))
        return torch.cat(out)

    frozen = False


class VirtualBatch(nn.Module):
    def __init__(self, body, rows, dim):
        super().__init__()
        self.body = body
        self.register_buffer("reference",
                             tensor(np.sin(0.9 * np.arange(rows * dim)).reshape(rows, dim)))

    def forward(self, x):
        if not self.training:
            return self.body(x)
        return self.body(torch.cat([self.reference, x]))[len(self.reference):]


class History(nn.Module):
    """Sec. 3.3: the mean of all weights so far, the present ones included."""

    def __init__(self, net):
        super().__init__()
        self.net, self.seen, self.means = net, [], None

    def forward(self, x):
        return self.net(x)

    def drift(self, step):
        now = {k: v.detach().clone() for k, v in self.net.named_parameters()}
        if len(self.seen) <= step:
            self.seen.append(now)
            self.means = {k: sum(s[k] for s in self.seen) / len(self.seen) for k in now}
        return sum(((v - self.means[k])**2).sum() for k, v in self.net.named_parameters())

    def extra(self):
        state = {"mean." + k: v for k, v in self.means.items()}
        state["count"] = torch.tensor([float(len(self.seen))])
        state["last_step"] = torch.tensor([float(len(self.seen) - 1)])
        return state


# ---------------------------------------------------------------------------- games
class Game:
    """nets by name; phases (name, networks, player, repeats)."""
    z_dim = 0

    def shared(self, shared, name, repeat, step, make):
        key = f"{name}/{repeat}"
        if key not in shared:  # everything trains while it is made
            for m in (m for net in self.nets.values() for m in net.modules()):
                m.frozen = False
            shared[key] = make(Stream(step[0], f"once/{key}", step[1]))
        return shared[key]


def features(net, x):
    for layer in list(net)[:-1]:
        x = layer(x)
    return x.flatten(1)


class Improved(Game):
    def __init__(self, c, shape):
        self.c, self.z_dim = c, c["latent_dim"]
        g, d = self.generator(c, shape), self.discriminator(c, shape)
        if c.get("history_weight"):
            g, d = History(g), History(d)
        self.nets = {"generator": g, "discriminator": d}
        self.phases = [("D", ["discriminator"], "D", 1),
                       ("G", ["generator"], "G", c.get("generator_steps", 1))]

    def generator(self, c, shape):
        size, start = shape[1], 7 if shape[1] == 28 else 4
        width = c["base_channels"] * (size // start // 2)
        kind = c.get("generator_norm", "batch")

        def norm(n, image):
            if kind == "virtual":
                return VirtualNorm(n, c["reference_batch"])
            return nn.BatchNorm2d(n) if image else nn.BatchNorm1d(n)

        def up(i, o, bias):
            return nn.ConvTranspose2d(i, o, 5, 2, 2, output_padding=1, bias=bias)

        flat = width * start * start
        layers = [nn.Linear(c["latent_dim"], flat, bias=False), norm(flat, False), nn.ReLU(),
                  nn.Unflatten(1, (width, start, start))]
        while start * 2 < size:
            layers += [up(width, width // 2, False), norm(width // 2, True), nn.ReLU()]
            width, start = width // 2, start * 2
        if c["weight_norm"]:
            layers += [WeightNorm((width, shape[0], 5, 5), 1, lambda x, w: F.conv_transpose2d(
                x, w, None, 2, 2, output_padding=1), True)]
        else:
            layers += [up(width, shape[0], True)]
        net = nn.Sequential(*layers, nn.Tanh())
        return VirtualBatch(net, c["reference_batch"], c["latent_dim"]) if kind == "virtual" else net

    def discriminator(self, c, shape):
        w, layers = c["base_channels"] * 3 // 4, []
        if c["input_noise"] > 0:
            layers += [Noise(c["input_noise"])]
        if c.get("input_keep", 1) < 1:
            layers += [Dropout(c["input_keep"])]

        def conv(i, o, k, s, p):
            if not c["weight_norm"]:
                return nn.Conv2d(i, o, k, s, p)
            return WeightNorm((o, i, k, k), 0, lambda x, v: F.conv2d(x, v, None, s, p))

        i = shape[0]
        for o in (w, 2 * w):
            for stride in (1, 1, 2):
                layers += [conv(i, o, 3, stride, 1), nn.LeakyReLU(0.2)]
                i = o
            layers += [Dropout(c["hidden_keep"])]
        for k in (3, 1, 1):
            layers += [conv(i, 2 * w, k, 1, 0), nn.LeakyReLU(0.2)]
            i = 2 * w
        layers += [Lambda(lambda x: x.mean((2, 3)))]
        if c["minibatch_kernels"]:
            layers += [Minibatch(i, c["minibatch_kernels"], c["minibatch_dims"])]
            i += c["minibatch_kernels"]
        last = (WeightNorm((1, i), 0, F.linear, True) if c["weight_norm"] else nn.Linear(i, 1))
        return nn.Sequential(*layers, last)

    def terms(self, phase, repeat, reals, stream, shared, step):
        g, d = self.nets["generator"], self.nets["discriminator"]
        fakes = self.shared(shared, "fakes", repeat, step,
                            lambda s: g(s.uniform((len(reals), self.z_dim))))
        if phase == "D":
            real = d(reals)
            out = {"adversarial": (bce_d(real, d(fakes.detach()), self.c["label_real"]), 1)}
        elif self.c.get("feature_matching", "off") == "off":
            out = {"adversarial": (bce_g(d(fakes)), 1)}
        else:
            net = d.net if isinstance(d, History) else d
            gap = features(net, reals).mean(0) - features(net, fakes).mean(0)
            l1 = self.c["feature_matching"] == "l1"
            out = {"feature_matching": ((gap.abs() if l1 else gap**2).mean(), 1)}
        if self.c.get("history_weight"):
            out["history"] = ((d if phase == "D" else g).drift(step[1]), self.c["history_weight"])
        return out

    def generate(self, z):
        return self.nets["generator"](z)

    def score(self, x):
        return self.nets["discriminator"](x)


class Unrolled(Game):
    def __init__(self, c, shape):
        self.c, self.z_dim = c, c["latent_dim"]
        size = int(np.prod(shape))
        self.nets = {"generator": nn.Sequential(mlp(self.z_dim, c["generator_units"], size),
                                                nn.Unflatten(1, shape)),
                     "discriminator": mlp(size, c["discriminator_units"], 1)}
        self.phases = [("D", ["discriminator"], "D", 1), ("G", ["generator"], "G", 1)]

    def terms(self, phase, repeat, reals, stream, shared, step):
        g, d = self.nets["generator"], self.nets["discriminator"]
        fakes = self.shared(shared, "fakes", repeat, step,
                            lambda s: g(s.normal((len(reals), self.z_dim))))
        if phase == "D":
            return {"adversarial": (bce_d(d(reals), d(fakes.detach())), 1)}
        w = {k: v.detach().clone().requires_grad_() for k, v in d.named_parameters()}

        def judge(x):
            return torch.func.functional_call(d, w, (x,))

        through = self.c["through_updates"]
        for _ in range(self.c["unroll_steps"]):
            slopes = torch.autograd.grad(bce_d(judge(reals), judge(fakes)), list(w.values()),
                                         create_graph=through, retain_graph=True)
            w = {k: v - self.c["unroll_rate"] * s for (k, v), s in zip(w.items(), slopes)}
            if not through:
                w = {k: v.detach().requires_grad_() for k, v in w.items()}
        if self.c["loss"] == "minimax":
            return {"adversarial": (-bce_d(judge(reals), judge(fakes)), 1)}
        return {"adversarial": (bce_g(judge(fakes)), 1)}

    def generate(self, z):
        return self.nets["generator"](z)

    def score(self, x):
        return self.nets["discriminator"](x)


class LabelPlane(nn.Module):
    def __init__(self, classes, size):
        super().__init__()
        self.classes, self.size, self.linear = classes, size, nn.Linear(classes, size * size)

    def forward(self, both):
        picture, label = both
        return torch.cat([picture, F.relu(self.linear(label)).reshape(-1, 1, self.size, self.size)], 1)


class Both(nn.Sequential):
    """A stack whose first layer takes (picture, label)."""

    def forward(self, picture, label):
        x = (picture, label) if isinstance(self[0], LabelPlane) else picture
        for layer in self:
            x = layer(x)
        return x


class Lapgan(Game):
    def __init__(self, c, shape):
        self.c, self.classes = c, c.pop("classes", 0)
        channels, size, w = shape[0], shape[1], c["base_channels"]
        self.sizes = [size >> k for k in range(c["levels"] - 1, -1, -1)]
        self.z_dim = c["latent_dim"] + sum(s * s for s in self.sizes[1:])
        self.nets, self.phases = {}, []
        for s in self.sizes:
            if s == self.sizes[0]:
                n = channels * s * s
                g = nn.Sequential(mlp(c["latent_dim"] + self.classes, c["generator_units"], n),
                                  nn.Unflatten(1, (channels, s, s)))
                g[0].append(nn.Tanh())
                layers, i = [], n + self.classes
                for u in c["discriminator_units"]:
                    layers += [nn.Linear(i, u), nn.ReLU(), Dropout(c["hidden_keep"])]
                    i = u
                d = nn.Sequential(*layers, nn.Linear(i, 1))
            else:
                plane = [LabelPlane(self.classes, s)] if self.classes else []
                extra = len(plane)
                g = Both(*plane, nn.Conv2d(1 + channels + extra, w, 7, padding=3), nn.ReLU(),
                         nn.Conv2d(w, w, 7, padding=3), nn.ReLU(),
                         nn.Conv2d(w, channels, 5, padding=2))
                plane = [LabelPlane(self.classes, s)] if self.classes else []
                side = (s - 4 - 5) // 2 + 1
                d = Both(*plane, nn.Conv2d(channels + extra, w, 5), nn.ReLU(),
                         nn.Conv2d(w, w, 5, stride=2), nn.ReLU(), Dropout(c["hidden_keep"]),
                         nn.Flatten(), nn.Linear(w * side * side, 1))
            self.nets[f"generator{s}"], self.nets[f"discriminator{s}"] = g, d
            self.phases += [(f"D{s}", [f"discriminator{s}"], "D", 1), (f"G{s}", [f"generator{s}"], "G", 1)]

    def label(self, n):
        y = torch.arange(n) % max(self.classes, 1)
        return F.one_hot(y, self.classes).double() if self.classes else torch.zeros(n, 0)

    def at(self, x, s):
        while x.shape[2] > s:
            x = F.avg_pool2d(x, 2)
        return x

    def make(self, s, coarse, noise):
        g, y = self.nets[f"generator{s}"], self.label(len(noise))
        if s == self.sizes[0]:
            return g(torch.cat([noise, y], 1))
        up = F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
        return up + g(torch.cat([noise, up], 1), y)

    def judge(self, s, x):
        d, y = self.nets[f"discriminator{s}"], self.label(len(x))
        return d(torch.cat([x.flatten(1), y], 1)) if s == self.sizes[0] else d(x, y)

    def terms(self, phase, repeat, reals, stream, shared, step):
        s, n = int(phase[1:]), len(reals)
        real = self.at(reals, s)
        shape = (n, self.c["latent_dim"]) if s == self.sizes[0] else (n, 1, s, s)
        fake = self.shared(shared, f"fakes{s}", repeat, step, lambda r: self.make(
            s, F.avg_pool2d(real, 2), r.uniform(shape, -1, 1)))
        if phase[0] == "D":
            return {"adversarial": (bce_d(self.judge(s, real), self.judge(s, fake.detach())), 1)}
        return {"adversarial": (bce_g(self.judge(s, fake)), 1)}

    def generate(self, z):
        used = self.c["latent_dim"]
        x = self.make(self.sizes[0], None, z[:, :used])
        for s in self.sizes[1:]:
            x = self.make(s, x, z[:, used:used + s * s].reshape(-1, 1, s, s))
            used += s * s
        return x.clamp(-1, 1)

    def score(self, x):
        return sum(self.judge(s, self.at(x, s)) for s in self.sizes)


class Vae(Game):
    def __init__(self, c, shape):
        self.c, self.z_dim = c, c["latent_dim"]
        z, size = self.z_dim, int(np.prod(shape))
        if c["networks"] == "mlp":
            e = mlp(size, c["units"], 2 * z)
            d = nn.Sequential(mlp(z, c["units"][::-1], size), nn.Unflatten(1, shape))
        else:
            w, s = c["base_channels"], shape[1] // 4
            e = nn.Sequential(nn.Conv2d(shape[0], w, 4, 2, 1), nn.ReLU(),
                              nn.Conv2d(w, 2 * w, 4, 2, 1), nn.ReLU(), nn.Flatten(),
                              nn.Linear(2 * w * s * s, 2 * z))
            d = nn.Sequential(nn.Linear(z, 2 * w * s * s), nn.ReLU(), nn.Unflatten(1, (2 * w, s, s)),
                              nn.ConvTranspose2d(2 * w, w, 4, 2, 1), nn.ReLU(),
                              nn.ConvTranspose2d(w, shape[0], 4, 2, 1))
        self.nets = {"encoder": e, "decoder": d}
        self.phases = [("VAE", ["encoder", "decoder"], "VAE", 1)]

    def bound(self, x, noise):
        mean, logvar = self.nets["encoder"](x).chunk(2, 1)
        q = torch.distributions.Normal(mean, (logvar / 2).exp())
        y = self.nets["decoder"](mean + q.stddev * noise)
        if self.c["likelihood"] == "bernoulli":
            fit = -F.binary_cross_entropy_with_logits(y, (x + 1) / 2, reduction="none")
        else:
            fit = torch.distributions.Normal(torch.tanh(y), self.c["deviation"]).log_prob(x)
        kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0))
        return fit.flatten(1).sum(1), kl.sum(1)

    def terms(self, phase, repeat, reals, stream, shared, step):
        fit, kl = self.bound(reals, stream.normal((len(reals), self.z_dim)))
        return {"reconstruction": (-fit.mean(), 1), "kl": (kl.mean(), self.c["kl_weight"])}

    def generate(self, z):
        y = self.nets["decoder"](z)
        return 2 * torch.sigmoid(y) - 1 if self.c["likelihood"] == "bernoulli" else torch.tanh(y)

    def score(self, x):
        stream, total = Stream(0, "vae/score"), 0
        for _ in range(8):
            fit, kl = self.bound(x, stream.normal((1, self.z_dim)))
            total = total + (fit - kl) / 8
        return total


class Masked(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.mask = mask.double()
        self.weight = nn.Parameter(torch.zeros(mask.shape))
        self.bias = nn.Parameter(torch.zeros(len(mask)))

    def forward(self, x):
        return F.linear(x, self.weight * self.mask, self.bias)


class Made(Game):
    def __init__(self, c, shape):
        self.c, self.shape = c, shape
        self.z_dim = n = int(np.prod(shape))
        degrees, layers = [list(range(1, n + 1))], []
        for units in c["hidden_units"]:
            degrees.append([k % (n - 1) + 1 for k in range(units)])
        for a, b in zip(degrees, degrees[1:]):
            layers.append(Masked(torch.tensor([[k >= i for i in a] for k in b])))
        layers.append(Masked(torch.tensor([[o > k for k in degrees[-1]] for o in degrees[0]])))
        self.nets = {"made": nn.Sequential(*layers)}
        self.phases = [("MADE", ["made"], "MADE", 1)]

    def log_p(self, x):
        y = x
        for k, layer in enumerate(self.nets["made"]):
            y = layer(F.relu(y) if k else y)
        return y, -F.binary_cross_entropy_with_logits(y, x, reduction="none").sum(1)

    def binary(self, x, u):
        level = (x.flatten(1) + 1) / 2
        return ((level > 0.5) if self.c["binarise"] == "threshold" else (level > u)).double()

    def terms(self, phase, repeat, reals, stream, shared, step):
        u = stream.uniform((len(reals), self.z_dim))
        return {"nats": (-self.log_p(self.binary(reals, u))[1].mean(), 1)}

    def generate(self, z):
        x = torch.zeros_like(z)
        for i in range(z.shape[1]):
            x[:, i] = (z[:, i] < torch.sigmoid(self.log_p(x)[0][:, i])).double()
        return (2 * x - 1).reshape(-1, *self.shape)

    def score(self, x):
        return self.log_p(self.binary(x, Stream(0, "made/score").uniform((1, self.z_dim))))[1]


class Gsn(Game):
    def __init__(self, c, shape):
        self.c, self.shape = c, shape
        self.z_dim = n = int(np.prod(shape))
        net = nn.Module()
        net.encode, net.decode = nn.Linear(n, c["hidden_units"]), nn.Linear(c["hidden_units"], n)
        self.nets, self.phases = {"denoiser": net}, [("GSN", ["denoiser"], "GSN", 1)]

    def move(self, x, streams):
        """One step of the chain: corrupt, denoise, draw. `streams`: one, or one for each row."""
        rows = len(x) // len(streams)
        draws = []
        for s in streams:
            draws.append((s.bernoulli((rows, self.z_dim), self.c["corruption"]),
                          s.bernoulli((rows, self.z_dim), 0.5),
                          s.normal((rows, self.c["hidden_units"])), s.uniform((rows, self.z_dim))))
        hit, grain, noise, u = (torch.cat(d) for d in zip(*draws))
        net = self.nets["denoiser"]
        h = torch.tanh(net.encode(torch.where(hit > 0, grain, x)) + self.c["hidden_noise"] * noise)
        p = net.decode(h)
        return p, (u < torch.sigmoid(p.detach())).double()

    def terms(self, phase, repeat, reals, stream, shared, step):
        x = clean = (reals.flatten(1) + 1) / 2
        total = 0
        for _ in range(self.c["walkback"]):
            p, x = self.move(x, [stream])
            total = total + F.binary_cross_entropy_with_logits(p, clean, reduction="sum") / len(x)
        return {"reconstruction": (total / self.c["walkback"], 1)}

    def generate(self, z):
        x = z
        streams = [Stream(xxhash.xxh3_64_intdigest(row.float().numpy().tobytes()), "gsn/chain")
                   for row in z]
        for _ in range(self.c["chain_steps"]):
            p, x = self.move(x, streams)
        return (2 * torch.sigmoid(p) - 1).reshape(-1, *self.shape)


class MaxoutConv(nn.Module):
    def __init__(self, i, o, pieces, k, padding):
        super().__init__()
        self.conv, self.pieces = nn.Conv2d(i, o * pieces, k, padding=padding), pieces

    def forward(self, x):
        y = self.conv(x)
        return y.reshape(len(y), -1, self.pieces, *y.shape[2:]).amax(2)


class Gan2014(Game):
    """The CIFAR-10 forms of goodfeli/adversarial."""

    def __init__(self, c, shape):
        self.c, self.z_dim = c, c["latent_dim"]
        conv = c["networks"] == "conv"
        g, i = [], self.z_dim
        for u in c["generator_units"]:
            g += [nn.Linear(i, u), nn.ReLU()]
            i = u
        g[-1] = nn.Sigmoid()
        if conv:
            side = (shape[1] - 5) // 3 + 1
            g += [nn.Linear(i, 80 * side * side), nn.Unflatten(1, (80, side, side)),
                  nn.ConvTranspose2d(80, shape[0], 5, 3)]
        else:
            g += [nn.Linear(i, int(np.prod(shape))), nn.Unflatten(1, shape)]
        half = Lambda(lambda x: (x + 1) / 2)

        def drop(keep):
            return [Dropout(keep)] if keep < 1 else []

        if conv:
            d = [half] + drop(c["input_keep"])
            for a, b, k, p, pool in ((shape[0], 32, 8, 4, 4), (32, 32, 8, 3, 4), (32, 192, 5, 3, 2)):
                d += [MaxoutConv(a, b, 2, k, p), nn.MaxPool2d(pool, 2, ceil_mode=True)]
                d += drop(c["hidden_keep"])
            d += [nn.Flatten()]
            i = nn.Sequential(*d).eval()(torch.zeros(1, *shape)).shape[1]
        else:
            d, i = [nn.Flatten(), half] + drop(c["input_keep"]), int(np.prod(shape))
        for u in c["discriminator_units"]:
            d += [Maxout(i, u, c["maxout_pieces"])] + drop(c["hidden_keep"])
            i = u
        self.nets = {"generator": nn.Sequential(*g),
                     "discriminator": nn.Sequential(*d, nn.Linear(i, 1))}
        self.phases = [("D", ["discriminator"], "D", 1), ("G", ["generator"], "G", 1)]

    def terms(self, phase, repeat, reals, stream, shared, step):
        g, d = self.nets["generator"], self.nets["discriminator"]
        fakes = g(stream.uniform((len(reals), self.z_dim), -math.sqrt(3), math.sqrt(3)))
        if phase == "D":
            real, fake = d(torch.cat([reals, fakes.detach()])).chunk(2)
            return {"adversarial": (bce_d(real, fake), 1)}
        return {"adversarial": (bce_g(d(fakes)), 1)}

    def generate(self, z):
        return self.nets["generator"](z).clamp(-1, 1)

    def score(self, x):
        return self.nets["discriminator"](x)


# ---------------------------------------------------------------------------- one case
def build(game_class, config, shape):
    game = game_class(dict(config), shape)
    for net in game.nets.values():
        fill(net)
    return game


def state(net):
    own = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    return own | (net.extra() if hasattr(net, "extra") else {})


def phase_step(game, phase, networks, repeat, seed, index, reals, shared):
    for name, net in game.nets.items():
        for p in net.parameters():
            p.grad = None
        for m in net.modules():
            m.frozen = name not in networks
    Dropout.stream = stream = Stream(seed, f"phase/{phase}/{repeat}", index)
    terms = game.terms(phase, repeat, reals, stream, shared, (seed, index))
    sum(value * weight for value, weight in terms.values()).backward()
    return {key: float(value.detach()) for key, (value, _) in terms.items()}


def run(name, game_class, gan, config, shape, batch, opt):
    seed = 20160610 + len(name)
    game = build(game_class, config, shape)
    out = {"name": name, "gan": gan, "domain": "image" if len(shape) == 3 else "points",
           "shape": shape, "seed": seed, "batch": batch, "classes": config.get("classes", 0),
           "latent_dim": game.z_dim,
           "config": {k: json.dumps(v) for k, v in config.items() if k != "classes"},
           "optimizer": {k: json.dumps(v) for k, v in opt.items()},
           "parameters": {n: [[p, list(t.shape)] for p, t in net.named_parameters()]
                          for n, net in game.nets.items()}}
    for net in game.nets.values():
        net.eval()
    z = tensor(np.sin(1.3 * np.arange(batch * game.z_dim)).reshape(batch, -1))
    with torch.no_grad():
        out["generated"] = digest(game.generate(z))
        if hasattr(game, "score"):
            out["scores"] = [float(x) for x in game.score(real_batch(shape, batch, 0)).flatten()]

    game = build(game_class, config, shape)
    shared, out["first"] = {}, []
    for phase, networks, _, _ in game.phases:
        terms = phase_step(game, phase, networks, 0, seed, 0, real_batch(shape, batch, 0), shared)
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
                reals = real_batch(shape, batch, batches)
                out["steps"].append(
                    phase_step(game, phase, networks, repeat, seed, index, reals, shared))
                opts[phase].step()
    out["final"] = {n: {k: digest(v) for k, v in state(net).items()}
                    for n, net in game.nets.items()}
    return out


ADAM = adam(2e-4, 0.5, 0.999)
CASES = [
    ("improved_minibatch", Improved, "improved",
     dict(latent_dim=6, base_channels=4, minibatch_kernels=3,
          minibatch_dims=2, label_real=0.9, weight_norm=True, input_noise=0.2, hidden_keep=0.5,
          generator_steps=2), (1, 28, 28), 5, ADAM),
    ("improved_others", Improved, "improved",
     dict(latent_dim=6, base_channels=4, minibatch_kernels=0,
          label_real=1.0, weight_norm=False, generator_norm="virtual", reference_batch=4,
          history_weight=0.05, feature_matching="l2", input_noise=0.0, input_keep=0.8,
          hidden_keep=0.5), (3, 16, 16), 4, ADAM),
    ("unrolled", Unrolled, "unrolled",
     dict(latent_dim=4, generator_units=[8, 8], discriminator_units=[9], unroll_steps=3,
          unroll_rate=0.2, through_updates=True, loss="minimax"), (2,), 8, ADAM),
    ("unrolled_first_order", Unrolled, "unrolled",
     dict(latent_dim=4, generator_units=[8], discriminator_units=[9], unroll_steps=2,
          unroll_rate=0.5, through_updates=False, loss="non_saturating"), (2,), 8, ADAM),
    ("lapgan", Lapgan, "lapgan",
     dict(latent_dim=5, levels=3, generator_units=[8, 7], discriminator_units=[9, 6], base_channels=3,
          hidden_keep=0.5), (1, 28, 28), 4, ADAM),
    ("lapgan_labels", Lapgan, "lapgan",
     dict(latent_dim=5, levels=2, generator_units=[8], discriminator_units=[9], base_channels=3,
          hidden_keep=0.5, classes=3), (3, 16, 16), 4, ADAM),
    ("vae_mlp", Vae, "vae",
     dict(latent_dim=4, networks="mlp", units=[9, 8], likelihood="bernoulli", kl_weight=1.0),
     (1, 8, 8), 4, ADAM),
    ("vae_conv_gaussian", Vae, "vae",
     dict(latent_dim=4, networks="conv", base_channels=3, likelihood="gaussian", deviation=0.3,
          kl_weight=0.5), (3, 8, 8), 4, ADAM),
    ("made", Made, "made", dict(hidden_units=[13, 11], binarise="stochastic"), (1, 6, 6), 4, ADAM),
    ("fvbn", Made, "made", dict(hidden_units=[], binarise="threshold"), (1, 5, 5), 4, ADAM),
    ("gsn", Gsn, "gsn",
     dict(hidden_units=7, corruption=0.4, hidden_noise=0.5, walkback=3, chain_steps=4), (1, 5, 5), 4,
     ADAM),
    ("gan2014_cifar", Gan2014, "gan2014",
     dict(networks="mlp", latent_dim=5, generator_units=[12, 10], sigmoid_last=True,
          linear_output=True, discriminator_units=[7, 6], maxout_pieces=3), (3, 6, 6), 4,
     ADAM),
    ("gan2014_conv", Gan2014, "gan2014",
     dict(networks="conv", latent_dim=5, generator_units=[12], sigmoid_last=True,
          linear_output=True, discriminator_units=[6], maxout_pieces=3), (3, 32, 32), 3, ADAM),
]
for case in CASES:
    if case[2] == "gan2014":
        # Where dropout leaves no input, convolutions tie, and rounding decides what a pool takes.
        keep = (1.0, 1.0) if case[3]["networks"] == "conv" else (0.8, 0.5)
        case[3].update(input_keep=keep[0], hidden_keep=keep[1])

if __name__ == "__main__":
    json.dump([run(*case) for case in CASES], sys.stdout, indent=None, separators=(",", ":"))
    print()
