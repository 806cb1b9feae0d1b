#!/usr/bin/env python3
"""Golden numbers for the gans: the published games written independently in PyTorch, in float64.

    python tests/golden/gans.py > tests/golden/gans.json

Needs torch, numpy and xxhash. Nothing here comes from Ganymede's sources: networks are torch.nn
modules, optimizers are torch.optim, and the random draws are Philox4x32-10 with Box and Muller's
transform, written from the description of the streams in ganymede/core/random.h.

For every case: output of G for given z, logits of D for given samples, terms and gradients of each
phase at the first weights, then five whole steps with the optimizer of the recipe: the terms of each
phase on the way and the weights at the end. Tensors are told by their norm and three entries.
"""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
import xxhash
from torch import nn

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
MASK = 0xFFFFFFFF
STEPS = 5


# ---------------------------------------------------------------------------- random streams
def philox(counter, key):
    """Philox4x32-10 on arrays of uint64 that hold 32-bit words."""
    c, k = [np.asarray(x, dtype=np.uint64) for x in counter], list(key)
    m, low, shift = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)), np.uint64(MASK), np.uint64(32)
    for _ in range(10):
        a, b = c[0] * m[0], c[2] * m[1]
        c = [(b >> shift) ^ c[1] ^ np.uint64(k[0]), b & low,
             (a >> shift) ^ c[3] ^ np.uint64(k[1]), a & low]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


class Stream:
    def __init__(self, seed, purpose, index=0):
        h = xxhash.xxh3_64_intdigest(purpose.encode())
        words = philox([seed & MASK, seed >> 32, h & MASK, h >> 32], [0x47616E79, 0x6D656465])
        self.key, self.index, self.position = [int(words[0]), int(words[1])], index, 0

    def words(self, count):
        blocks = (count + 3) // 4
        at = np.arange(self.position, self.position + blocks, dtype=np.uint64)
        self.position += blocks
        one = np.ones_like(at)
        out = philox([at & np.uint64(MASK), at >> np.uint64(32),
                      one * np.uint64(self.index & MASK), one * np.uint64(self.index >> 32)],
                     self.key)
        return np.stack(out, axis=1)

    def uniform(self, shape, low=0.0, high=1.0):
        n = int(np.prod(shape))
        v = (self.words(n).reshape(-1)[:n] >> np.uint64(8)).astype(np.float64) * 2.0**-24
        return tensor((low + v * (high - low)).reshape(shape))

    def normal(self, shape):
        n = int(np.prod(shape))
        w = self.words(n)
        pairs = []
        for r, a in ((w[:, 0], w[:, 1]), (w[:, 2], w[:, 3])):
            radius = np.sqrt(-2.0 * np.log((r.astype(np.float64) + 1) * 2.0**-32))
            quarter = (a >> np.uint64(30)).astype(np.float64)
            t = (a & np.uint64(0x3FFFFFFF)).astype(np.float64) * 2.0**-30 - 0.5
            angle = (t + quarter) * (math.pi / 2)
            pairs += [radius * np.cos(angle), radius * np.sin(angle)]
        return tensor(np.stack(pairs, axis=1).reshape(-1)[:n].reshape(shape))

    def bernoulli(self, shape, p):
        n = int(np.prod(shape))
        w = self.words(n).reshape(-1)[:n].astype(np.float64) * 2.0**-32
        return tensor((w < p).astype(np.float64).reshape(shape))


def tensor(array):
    """As the library sees it: rounded to float32."""
    return torch.tensor(np.asarray(array, dtype=np.float32).astype(np.float64))


# ---------------------------------------------------------------------------- networks
class Dropout(nn.Module):
    stream = None  # of the phase in progress

    def __init__(self, keep):
        super().__init__()
        self.keep = keep

    def forward(self, x):
        if not self.training:
            return x
        return x * Dropout.stream.bernoulli(x.shape, self.keep) / self.keep


class Maxout(nn.Module):
    def __init__(self, inputs, units, pieces):
        super().__init__()
        self.linear = nn.Linear(inputs, units * pieces)
        self.pieces = pieces

    def forward(self, x):
        y = self.linear(x)
        return y.reshape(len(x), -1, self.pieces).amax(-1)


class Lambda(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return self.f(x)


def gan2014_nets(c, shape):
    image = len(shape) == 3
    size = int(np.prod(shape))
    g, width = [], c["latent_dim"]
    for units in c["generator_units"]:
        g += [nn.Linear(width, units), nn.ReLU()]
        width = units
    g += [nn.Linear(width, size)]
    if image:
        g += [Lambda(lambda x: 2 * torch.sigmoid(x) - 1)]
    g += [nn.Unflatten(1, shape)]
    d, width = [nn.Flatten()], size
    if image:
        d += [Lambda(lambda x: (x + 1) / 2)]
    if c["input_keep"] < 1:
        d += [Dropout(c["input_keep"])]
    for units in c["discriminator_units"]:
        if c["maxout_pieces"] > 1:
            d += [Maxout(width, units, c["maxout_pieces"])]
        else:
            d += [nn.Linear(width, units), nn.ReLU()]
        if c["hidden_keep"] < 1:
            d += [Dropout(c["hidden_keep"])]
        width = units
    return nn.Sequential(*g), nn.Sequential(*d, nn.Linear(width, 1))


class Pyramid(nn.Module):
    """The networks of pytorch/examples/dcgan and, at 28 px, of the C++ tutorial."""

    def __init__(self, layers, up):
        super().__init__()
        self.main, self.up = nn.Sequential(*layers), up

    def forward(self, x):
        return self.main(x[:, :, None, None]) if self.up else self.main(x).flatten(1)


def pyramid_nets(c, shape, critic_norm=True):
    nz, f, channels, size = c["latent_dim"], c["base_channels"], shape[0], shape[1]
    if size == 28:
        ups = [(nz, 4 * f, 4, 1, 0), (4 * f, 2 * f, 3, 2, 1), (2 * f, f, 4, 2, 1)]
        downs = [(channels, f), (f, 2 * f), (2 * f, 4 * f)]
        last = nn.Conv2d(4 * f, 1, 3, 1, 0, bias=False)
    else:  # 32: one stage less than the example's 64
        ups = [(nz, 4 * f, 4, 1, 0), (4 * f, 2 * f, 4, 2, 1), (2 * f, f, 4, 2, 1)]
        downs = [(channels, f), (f, 2 * f), (2 * f, 4 * f)]
        last = nn.Conv2d(4 * f, 1, 4, 1, 0, bias=False)
    g = []
    for i, o, k, s, p in ups:
        g += [nn.ConvTranspose2d(i, o, k, s, p, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
    g += [nn.ConvTranspose2d(f, channels, 4, 2, 1, bias=False), nn.Tanh()]
    d = []
    for n, (i, o) in enumerate(downs):
        d += [nn.Conv2d(i, o, 4, 2, 1, bias=False)]
        if n > 0 and critic_norm:
            d += [nn.BatchNorm2d(o)]
        d += [nn.LeakyReLU(0.2)]
    return Pyramid(g, True), Pyramid(d + [last], False)


def conv5_nets(c, shape):
    """improved_wgan_training/gan_mnist: z -> 4x4x4F -> 8, cropped to 7 -> 14 -> 28."""
    nz, f = c["latent_dim"], c["base_channels"]

    def up(i, o):
        return nn.ConvTranspose2d(i, o, 5, 2, 2, output_padding=1)

    def down(i, o):
        return nn.Conv2d(i, o, 5, 2, 2)

    g = nn.Sequential(nn.Linear(nz, 64 * f), nn.Unflatten(1, (4 * f, 4, 4)), nn.ReLU(),
                      up(4 * f, 2 * f), Lambda(lambda x: x[:, :, :7, :7]), nn.ReLU(),
                      up(2 * f, f), nn.ReLU(), up(f, shape[0]),
                      Lambda(lambda x: 2 * torch.sigmoid(x) - 1))
    d = nn.Sequential(down(shape[0], f), nn.LeakyReLU(0.2), down(f, 2 * f), nn.LeakyReLU(0.2),
                      down(2 * f, 4 * f), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(64 * f, 1))
    return g, d


class Block(nn.Module):
    """Pre-activation residual block of WGAN-GP, appendix F."""

    def __init__(self, i, o, resample, norm=False, first=False):
        super().__init__()
        if norm:
            self.norm1 = nn.BatchNorm2d(i)
        self.conv1 = nn.Conv2d(i, o, 3, padding=1)
        if norm:
            self.norm2 = nn.BatchNorm2d(o)
        self.conv2 = nn.Conv2d(o, o, 3, padding=1)
        if i != o or resample:
            self.shortcut = nn.Conv2d(i, o, 1)
        self.resample, self.norm, self.first = resample, norm, first

    def forward(self, x):
        h = x
        if not self.first:
            h = F.relu(self.norm1(h) if self.norm else h)
        if self.resample == "up":
            h = F.interpolate(h, scale_factor=2, mode="nearest")
        h = self.conv1(h)
        h = self.conv2(F.relu(self.norm2(h) if self.norm else h))
        s = x
        if self.resample == "up":
            s = F.interpolate(s, scale_factor=2, mode="nearest")
        if hasattr(self, "shortcut"):
            s = self.shortcut(s)
        if self.resample == "down":
            h, s = F.avg_pool2d(h, 2), F.avg_pool2d(s, 2)
        return h + s


def residual_nets(c, shape):
    nz, w, channels = c["latent_dim"], c["base_channels"], shape[0]
    g = nn.Sequential(nn.Linear(nz, 16 * w), nn.Unflatten(1, (w, 4, 4)),
                      *[Block(w, w, "up", norm=True) for _ in range(3)],
                      nn.BatchNorm2d(w), nn.ReLU(), nn.Conv2d(w, channels, 3, padding=1), nn.Tanh())
    d = nn.Sequential(Block(channels, w, "down", first=True), Block(w, w, "down"),
                      Block(w, w, None), Block(w, w, None), nn.ReLU(),
                      Lambda(lambda x: x.mean((2, 3))), nn.Linear(w, 1))
    return g, d


def mlp(inputs, units, outputs):
    layers = [nn.Flatten()]
    for u in units:
        layers += [nn.Linear(inputs, u), nn.ReLU()]
        inputs = u
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def wgan_nets(c, shape):
    if c["networks"] == "mlp":
        size = int(np.prod(shape))
        return (nn.Sequential(mlp(c["latent_dim"], c["mlp_units"], size), nn.Unflatten(1, shape)),
                mlp(size, c["mlp_units"], 1))
    if c["networks"] == "pyramid":
        return pyramid_nets(c, shape, critic_norm=False)
    return conv5_nets(c, shape) if c["networks"] == "conv" else residual_nets(c, shape)


# ---------------------------------------------------------------------------- games
def bce_d(real, fake, smooth=1.0):
    ones = torch.full_like(real, smooth)
    return (F.binary_cross_entropy_with_logits(real, ones)
            + F.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake)))


def bce_g(fake):
    return F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))


def d_loss(kind, real, fake, smooth=1.0):
    if kind in ("minimax", "non_saturating"):
        return bce_d(real, fake, smooth)
    if kind == "least_squares":
        return ((real - 1)**2).mean() / 2 + (fake**2).mean() / 2
    raise ValueError(kind)


def g_loss(kind, fake):
    if kind == "minimax":  # log(1 - D(G(z)))
        return torch.log(1 - torch.sigmoid(fake)).mean()
    if kind == "least_squares":
        return ((fake - 1)**2).mean() / 2
    return bce_g(fake)


class Frozen:
    """Batch statistics as in training, but running means that stay: D while G trains."""

    def __init__(self, net):
        self.norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]

    def __enter__(self):
        for m in self.norms:
            m.momentum = 0.0

    def __exit__(self, *_):
        for m in self.norms:
            m.momentum = 0.1


class Gan2014:
    second = "discriminator"

    def __init__(self, c, shape):
        self.c = c
        self.g, self.d = gan2014_nets(c, shape)
        self.phases = [("D", c["discriminator_steps"]), ("G", 1)]

    def z(self, stream, n):
        if self.c["latent"] == "uniform":
            return stream.uniform((n, self.c["latent_dim"]), -math.sqrt(3), math.sqrt(3))
        return stream.normal((n, self.c["latent_dim"]))

    def terms(self, phase, reals, stream, shared, step):
        fakes = self.g(self.z(stream, len(reals)))
        if phase == "D":
            # In one pass: what dropout keeps of reals and of fakes is one draw.
            real, fake = self.d(torch.cat([reals, fakes.detach()])).chunk(2)
            return {"adversarial": (d_loss(self.c["loss"], real, fake), 1)}
        return {"adversarial": (g_loss(self.c["loss"], self.d(fakes)), 1)}


class Dcgan:
    second = "discriminator"

    def __init__(self, c, shape):
        self.c = c
        self.g, self.d = pyramid_nets(c, shape)
        self.phases = [("D", 1), ("G", 1)]

    def terms(self, phase, reals, stream, shared, step):
        if "fakes" not in shared:
            z = Stream(step[0], "once/fakes/0", step[1]).normal((len(reals), self.c["latent_dim"]))
            shared["fakes"] = self.g(z)
        if phase == "D":
            real = self.d(reals)
            fake = self.d(shared["fakes"].detach())
            smooth = self.c.get("label_real", 1.0)
            return {"adversarial": (d_loss(self.c["loss"], real, fake, smooth), 1)}
        with Frozen(self.d):
            return {"adversarial": (g_loss(self.c["loss"], self.d(shared["fakes"])), 1)}


class Wgan:
    second = "critic"

    def __init__(self, c, shape):
        self.c = c
        self.g, self.d = wgan_nets(c, shape)
        self.phases = [("D", c["critic_steps"]), ("G", 1)]
        self.clip = c["weight_clip"] if c.get("lipschitz") == "clip" else 0

    def terms(self, phase, reals, stream, shared, step):
        n = len(reals)
        if phase == "G":
            n *= self.c.get("generator_batch_scale", 1)
            fakes = self.g(stream.normal((n, self.c["latent_dim"])))
            return {"adversarial": (-self.d(fakes).mean(), 1)}
        with torch.no_grad(), Frozen(self.g):
            fakes = self.g(stream.normal((n, self.c["latent_dim"])))
        if self.c.get("dequantize", 0) > 0:
            reals = reals + stream.uniform(reals.shape, 0, self.c["dequantize"])
        terms = {"adversarial": (self.d(fakes).mean() - self.d(reals).mean(), 1)}
        if not self.clip:
            u = stream.uniform((n,) + (1,) * (reals.dim() - 1))
            x = (reals + u * (fakes - reals)).requires_grad_()
            slope = torch.autograd.grad(self.d(x).sum(), x, create_graph=True)[0]
            norm = slope.flatten(1).square().sum(1).sqrt()
            terms["gradient_penalty"] = (((norm - 1)**2).mean(), self.c["penalty_weight"])
        return terms


# ---------------------------------------------------------------------------- one case
def fill(net, gain=1.5, chirp=0.0):
    """p.flat[i] = s sin(0.7 i + chirp i^2 + k): k counts the parameters, s follows their shape. Without
    chirp matrices have rank 2, which is far from the spectral norm of usual weights."""
    with torch.no_grad():
        for k, (name, p) in enumerate(net.named_parameters()):
            i = np.arange(p.numel(), dtype=np.float64)
            wave = np.sin(0.7 * i + chirp * i * i + k)
            if p.dim() > 1:
                values = wave * gain / math.sqrt(p.numel() / p.shape[0])
            else:
                values = 0.1 * wave + (1.0 if name.endswith("weight") else 0.0)
            p.copy_(tensor(values.reshape(p.shape)))


def real_batch(shape, n, key):
    size = n * int(np.prod(shape))
    return tensor(0.9 * np.cos(0.3 * np.arange(size) + 1.7 * key).reshape((n,) + shape))


def digest(t):
    flat = t.detach().flatten()
    return [float(flat.norm()), float(flat[0]), float(flat[len(flat) // 2]), float(flat[-1])]


def optimizer(o, parameters):
    if o["kind"] == "sgd":
        return torch.optim.SGD(parameters, lr=o["learning_rate"], momentum=o["momentum"])
    if o["kind"] == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=o["learning_rate"], alpha=o["alpha"], eps=1e-8)
    return torch.optim.Adam(parameters, lr=o["learning_rate"], betas=(o["beta1"], o["beta2"]))


def schedule(o, opt, updates, kimg):
    group = opt.param_groups[0]
    if "decay_factor" in o:
        group["lr"] = max(o["learning_rate"] / o["decay_factor"]**updates, o["learning_rate_floor"])
    if "momentum_ramp_kimg" in o:
        share = min(kimg / o["momentum_ramp_kimg"], 1)
        group["momentum"] = o["momentum"] + share * (o["momentum_final"] - o["momentum"])


def literal(value):
    return json.dumps(value)


def run(name, game_class, gan, config, shape, batch, opt):
    seed = 20141206 + len(name)
    game = game_class(config, shape)
    nets = {"generator": game.g, game.second: game.d}
    gain, chirp = getattr(game, "gain", 1.5), getattr(game, "chirp", 0.0)
    for net in nets.values():
        fill(net, gain, chirp)
    out = {"name": name, "gan": gan, "domain": "image" if len(shape) == 3 else "points",
           "shape": shape, "seed": seed, "batch": batch,
           "config": {key: literal(value) for key, value in config.items()},
           "optimizer": {key: literal(value) for key, value in opt.items()},
           "parameters": {n: [[p, list(t.shape)] for p, t in net.named_parameters()]
                          for n, net in nets.items()}}

    for net in nets.values():
        net.eval()
    z = tensor(np.sin(1.3 * np.arange(batch * config["latent_dim"])).reshape(batch, -1))
    generate, score = getattr(game, "generate", game.g), getattr(game, "score", game.d)
    with torch.no_grad():
        out["generated"] = digest(generate(z))
        out["logits"] = [float(x) for x in score(real_batch(shape, batch, 0)).flatten()]
    for net in nets.values():
        net.train()

    mine = {"D": game.d, "Dreg": game.d, "G": game.g}
    intervals = getattr(game, "intervals", {})
    if gain != 1.5:
        out["gain"] = gain
    if chirp:
        out["chirp"] = chirp
    if hasattr(game, "classes"):
        out["classes"] = game.classes

    def forward(phase, repeat, index, reals, shared):
        for p in game.d.parameters():
            p.grad = None
        for p in game.g.parameters():
            p.grad = None
        Dropout.stream = stream = Stream(seed, f"phase/{phase}/{repeat}", index)
        terms = game.terms(phase, reals, stream, shared, (seed, index))
        sum(value * weight for value, weight in terms.values()).backward()
        return {key: value.item() for key, (value, _) in terms.items()}

    buffers = {n: {k: v.clone() for k, v in net.named_buffers()} for n, net in nets.items()}
    shared, out["first"] = {}, []
    for phase, _ in game.phases:
        terms = forward(phase, 0, 0, real_batch(shape, batch, 0), shared)
        gradients = {k: digest(p.grad) for k, p in mine[phase].named_parameters()
                     if p.grad is not None}
        out["first"].append({"phase": phase, "terms": terms, "gradients": gradients})
    for n, net in nets.items():
        for k, v in net.named_buffers():
            v.copy_(buffers[n][k])

    opts = {player: optimizer(opt, mine[player].parameters()) for player in "DG"}
    updates, images, out["steps"] = {"D": 0, "G": 0}, 0, []
    for index in range(STEPS):
        shared, images = {}, images + batch
        for phase, repeats in game.phases:
            if index % intervals.get(phase, 1):
                continue
            player = phase[0]
            for repeat in range(repeats):
                if repeat > 0:
                    images += batch
                reals = real_batch(shape, batch, images // batch)
                terms = forward(phase, repeat, index, reals, shared)
                schedule(opt, opts[player], updates[player], images / 1000)
                opts[player].step()
                updates[player] += 1
                if player == "D" and getattr(game, "clip", 0):
                    with torch.no_grad():
                        for p in game.d.parameters():
                            p.clamp_(-game.clip, game.clip)
                out["steps"].append(terms)
    # A bias in front of a batch normalisation has the gradient zero, of which rounding leaves a
    # little; Adam makes whole steps of it, and the running means follow.
    out["loose"] = []
    for first in out["first"]:
        net = "generator" if first["phase"] == "G" else game.second
        rounded = [f"{net}/{k}" for k, v in first["gradients"].items() if 0 < v[0] < 1e-12]
        means = [f"{net}/{k}" for k, _ in nets[net].named_buffers() if k.endswith("running_mean")]
        out["loose"] += rounded + (means if rounded else [])
    out["final"] = {n: {k: digest(v) for k, v in net.state_dict().items()
                        if not k.endswith("num_batches_tracked")} for n, net in nets.items()}
    return out


SGD = {"kind": "sgd", "learning_rate": 0.1, "decay": "exponential", "decay_factor": 1.000004,
       "learning_rate_floor": 1e-6, "momentum": 0.5, "momentum_final": 0.7,
       "momentum_ramp_kimg": 0.05}


def adam(rate, beta1, beta2):
    return {"kind": "adam", "learning_rate": rate, "beta1": beta1, "beta2": beta2}


CASES = [
    ("gan2014_image", Gan2014, "gan2014",
     dict(latent_dim=5, latent="uniform", generator_units=[12, 10], discriminator_units=[7, 6],
          maxout_pieces=3, input_keep=0.8, hidden_keep=0.5, loss="non_saturating",
          discriminator_steps=2), (1, 6, 6), 4, SGD),
    ("gan2014_points_minimax", Gan2014, "gan2014",
     dict(latent_dim=4, latent="normal", generator_units=[8, 8], discriminator_units=[9, 8],
          maxout_pieces=1, input_keep=1.0, hidden_keep=1.0, loss="minimax",
          discriminator_steps=1), (2,), 8, adam(1e-3, 0.5, 0.999)),
    ("dcgan_28", Dcgan, "dcgan",
     dict(latent_dim=6, base_channels=4, loss="non_saturating", label_real=0.9), (1, 28, 28), 4,
     adam(2e-4, 0.5, 0.999)),
    ("dcgan_32_least_squares", Dcgan, "dcgan",
     dict(latent_dim=6, base_channels=4, loss="least_squares"), (3, 32, 32), 4,
     adam(2e-4, 0.5, 0.999)),
    ("wgan_gp_28", Wgan, "wgan_gp",
     dict(latent_dim=6, networks="conv", base_channels=3, penalty_weight=10.0, critic_steps=5),
     (1, 28, 28), 3, adam(1e-4, 0.5, 0.9)),
    ("wgan_gp_residual", Wgan, "wgan_gp",
     dict(latent_dim=6, networks="residual", base_channels=4, penalty_weight=10.0, critic_steps=2,
          generator_batch_scale=2, dequantize=0.0078125), (3, 32, 32), 3, adam(2e-4, 0.0, 0.9)),
    ("wgan_gp_points", Wgan, "wgan_gp",
     dict(latent_dim=2, networks="mlp", mlp_units=[8, 8], penalty_weight=0.1, critic_steps=3), (2,),
     8, adam(1e-4, 0.5, 0.9)),
    ("wgan_clip", Wgan, "wgan_gp",
     dict(latent_dim=6, networks="pyramid", base_channels=4, lipschitz="clip", weight_clip=0.01,
          critic_steps=5), (3, 32, 32), 4,
     {"kind": "rmsprop", "learning_rate": 5e-5, "alpha": 0.99}),
]

if __name__ == "__main__":
    json.dump([run(*case) for case in CASES], sys.stdout, indent=None, separators=(",", ":"))
    print()
