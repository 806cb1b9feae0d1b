#!/usr/bin/env python3
"""Golden numbers for losses, penalties and the critics' family of gans, independently in PyTorch.

    python tests/golden/critics.py > tests/golden/critics.json

The harness (streams, weights, five steps) is that of gans.py; networks, losses and penalties of
this family are written here from the papers: SNGAN with projection, SAGAN, BEGAN, EBGAN, and DCGAN
under the losses and penalties that a recipe can name.
"""
import json
import sys

import torch
import torch.nn.functional as F
from gans import Frozen, Lambda, Stream, adam, pyramid_nets, run
from torch import nn


# ---------------------------------------------------------------------------- losses
def real_loss(c, l):
    kind = c["loss"]
    if kind in ("minimax", "non_saturating", "logistic"):
        return F.softplus(-l).mean()
    if kind == "least_squares":
        return ((l - c.get("label_real", 1))**2).mean() / 2
    return F.relu(1 - l).mean() if kind == "hinge" else -l.mean()


def fake_loss(c, l):
    kind = c["loss"]
    if kind in ("minimax", "non_saturating", "logistic"):
        return F.softplus(l).mean()
    if kind == "least_squares":
        return ((l - c.get("label_fake", -1 if c.get("relative") else 0))**2).mean() / 2
    return F.relu(1 + l).mean() if kind == "hinge" else l.mean()


def d_loss(c, real, fake):
    """Jolicoeur-Martineau 2018, eq. 13 and 15 where the loss is relative."""
    if c.get("relative") == "paired":
        return real_loss(c, real - fake)
    if c.get("relative") == "average":
        return real_loss(c, real - fake.mean()) + fake_loss(c, fake - real.mean())
    return real_loss(c, real) + fake_loss(c, fake)


def g_loss(c, real, fake):
    if c.get("relative"):
        return d_loss(c, fake, real)
    kind = c["loss"]
    if kind == "minimax":
        return -F.softplus(fake).mean()
    if kind in ("non_saturating", "logistic"):
        return F.softplus(-fake).mean()
    if kind == "least_squares":
        return ((fake - c.get("label_generator", 1))**2).mean() / 2
    return -fake.mean()


def slopes(d, x):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(d(x).sum(), x, create_graph=True)[0].flatten(1)


def penalties(c, d, real, fake, stream):
    weight = c.get("penalty_weight", 10) * c.get("penalty_interval", 1)
    kind, terms = c.get("penalty", "none"), {}
    if kind in ("r1", "r1_r2"):
        terms["r1"] = (slopes(d, real).square().sum(1).mean() / 2, weight)
    if kind in ("r2", "r1_r2"):
        terms["r2"] = (slopes(d, fake).square().sum(1).mean() / 2, weight)
    if kind == "gradient":
        x = real
        if c.get("penalty_points") == "around_reals":
            noisy = real + 0.5 * real.std() * stream.uniform(real.shape)
            x = real + stream.uniform((len(real), 1, 1, 1)) * (noisy - real)
        elif c.get("penalty_points", "between") == "between":
            u = stream.uniform((len(real),) + (1,) * (real.dim() - 1))
            x = real + u * (fake - real)
        excess = slopes(d, x).square().sum(1).sqrt() - c.get("penalty_target", 1)
        if c.get("penalty_one_sided"):
            excess = F.relu(excess)
        terms["gradient_penalty"] = (excess.square().mean(), weight)
    return terms


def orthogonal(net):
    total = 0
    for p in net.parameters():
        if p.dim() > 1:
            w = p.flatten(1)
            total = total + (w @ w.T * (1 - torch.eye(len(w)))).square().sum()
    return total


# ---------------------------------------------------------------------------- layers
class Spectral(nn.Module):
    """W / sigma after one power iteration (Miyato 2018, algorithm 1), kept unless frozen."""

    def __init__(self, layer, resample=None):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(layer.weight.shape))
        self.bias = None if getattr(layer, "bias", None) is None else nn.Parameter(
            torch.zeros(layer.bias.shape))
        self.register_buffer("u", torch.ones(len(layer.weight)))
        self.layer, self.frozen = [layer], False

    def normalised(self):
        m = self.weight.flatten(1)
        with torch.no_grad():
            v = F.normalize(m.T @ self.u, dim=0)
            u = F.normalize(m @ v, dim=0)
            if self.training and not self.frozen:
                self.u.copy_(u)
        return self.weight / (u @ (m @ v))

    def forward(self, x):
        layer = self.layer[0]
        if isinstance(layer, nn.Embedding):
            return self.normalised()[x]
        if isinstance(layer, nn.Linear):
            return F.linear(x, self.normalised(), self.bias)
        return F.conv2d(x, self.normalised(), self.bias, layer.stride, layer.padding)


class ConditionalNorm(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(classes, channels))
        self.bias = nn.Parameter(torch.zeros(classes, channels))
        self.norm = [nn.BatchNorm2d(channels, affine=False)]
        self.register_buffer("running_mean", self.norm[0].running_mean)
        self.register_buffer("running_var", self.norm[0].running_var)

    def forward(self, x):
        y = Classes.of(x)
        norm = self.norm[0]
        norm.train(self.training)
        shape = (len(x), -1, 1, 1)
        return norm(x) * self.weight[y].reshape(shape) + self.bias[y].reshape(shape)


class Classes:
    labels = None

    @staticmethod
    def of(x):
        return Classes.labels.repeat(len(x) // len(Classes.labels))


class Attention(nn.Module):
    def __init__(self, c, conv):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))
        small, half = max(c // 8, 1), max(c // 2, 1)
        self.theta, self.phi = conv(c, small, 1, bias=False), conv(c, small, 1, bias=False)
        self.g, self.o = conv(c, half, 1, bias=False), conv(half, c, 1, bias=False)

    def forward(self, x):
        n, _, h, w = x.shape
        q = self.theta(x).reshape(n, -1, h * w)
        k = F.max_pool2d(self.phi(x), 2).reshape(n, -1, h * w // 4)
        v = F.max_pool2d(self.g(x), 2).reshape(n, -1, h * w // 4)
        share = torch.einsum("ncq,nck->nqk", q, k).softmax(-1)
        seen = torch.einsum("nck,nqk->ncq", v, share)
        return x + self.gamma * self.o(seen.reshape(n, -1, h, w))


class Block(nn.Module):
    """SNGAN's residual block; its shortcut sees the input before the ReLU."""

    def __init__(self, i, o, resample, conv, norm=None, first=False):
        super().__init__()
        middle = i if resample == "down" and not first else o
        if norm:
            self.norm1 = norm(i)
        self.conv1 = conv(i, middle, 3, padding=1)
        if norm:
            self.norm2 = norm(middle)
        self.conv2 = conv(middle, o, 3, padding=1)
        if i != o or resample:
            self.shortcut = conv(i, o, 1)
        self.resample, self.norm, self.first = resample, norm, first

    def resized(self, x, when):
        if when == "up" == self.resample:
            return F.interpolate(x, scale_factor=2)
        return F.avg_pool2d(x, 2) if when == "down" == self.resample else x

    def forward(self, x):
        h = x if self.first else F.relu(self.norm1(x) if self.norm else x)
        h = self.conv1(self.resized(h, "up"))
        h = self.resized(self.conv2(F.relu(self.norm2(h) if self.norm else h)), "down")
        s = self.resized(x, "up")
        if hasattr(self, "shortcut"):
            s = self.shortcut(s)
        return h + self.resized(s, "down")


class Head(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.linear = Spectral(nn.Linear(width, 1, bias=classes > 0))
        if classes:
            self.embedding = Spectral(nn.Embedding(classes, width))
        self.classes = classes

    def forward(self, h):
        out = self.linear(h)
        if self.classes:
            out = out + (self.embedding(Classes.of(h)) * h).sum(1, keepdim=True)
        return out


def sn_conv(*a, **k):
    return Spectral(nn.Conv2d(*a, **k))


def sngan_nets(c, shape, classes):
    channels, size = shape[0], shape[1]
    gw, dw, nz = c["generator_channels"], c["discriminator_channels"], c["latent_dim"]

    def norm(n):
        return ConditionalNorm(n, classes) if classes else nn.BatchNorm2d(n)

    if size == 28:  # table 3 with one doubling less
        g = nn.Sequential(nn.Linear(nz, 4 * gw * 49), nn.Unflatten(1, (4 * gw, 7, 7)), norm(4 * gw),
                          nn.ReLU(), nn.ConvTranspose2d(4 * gw, 2 * gw, 4, 2, 1), norm(2 * gw),
                          nn.ReLU(), nn.ConvTranspose2d(2 * gw, gw, 4, 2, 1), norm(gw), nn.ReLU(),
                          nn.Conv2d(gw, channels, 3, padding=1), nn.Tanh())
        d, i, w = [], channels, dw
        for _ in range(3):
            d += [sn_conv(i, w, 3, padding=1), nn.LeakyReLU(0.1),
                  sn_conv(w, w, 4, stride=2, padding=1), nn.LeakyReLU(0.1)]
            i, w = w, 2 * w
        d += [sn_conv(i, w, 3, padding=1), nn.LeakyReLU(0.1), nn.Flatten(), Head(w * 9, classes)]
        return g, nn.Sequential(*d)
    conv, linear = nn.Conv2d, nn.Linear
    if c.get("spectral_generator"):
        conv, linear = sn_conv, lambda *a: Spectral(nn.Linear(*a))
    attention = c.get("attention_px", 0)
    g = [linear(nz, 16 * gw), nn.Unflatten(1, (gw, 4, 4))]
    for px in (8, 16, 32):
        g += [Block(gw, gw, "up", conv, norm)] + ([Attention(gw, conv)] if px == attention else [])
    g += [norm(gw), nn.ReLU(), conv(gw, channels, 3, padding=1), nn.Tanh()]
    d = [Block(channels, dw, "down", sn_conv, first=True)]
    d += [Attention(dw, sn_conv)] if attention == 16 else []
    d += [Block(dw, dw, "down", sn_conv), Block(dw, dw, None, sn_conv), Block(dw, dw, None, sn_conv),
          nn.ReLU(), Lambda(lambda x: x.sum((2, 3))), Head(dw, classes)]
    return nn.Sequential(*g), nn.Sequential(*d)


# ---------------------------------------------------------------------------- games
class Still(Frozen):
    """Frozen running means, and power iterations that are not kept."""

    def __init__(self, net):
        self.norms = []
        for m in net.modules():
            self.norms += [m] if isinstance(m, nn.BatchNorm2d) else []
            self.norms += m.norm if isinstance(m, ConditionalNorm) else []
        self.spectral = [m for m in net.modules() if isinstance(m, Spectral)]

    def __enter__(self):
        super().__enter__()
        for m in self.spectral:
            m.frozen = True

    def __exit__(self, *_):
        super().__exit__()
        for m in self.spectral:
            m.frozen = False


def once(step, name):
    return Stream(step[0], f"once/{name}/0", step[1])


class Game:
    second = "discriminator"

    def set_phases(self, steps=1):
        self.phases, self.intervals = [("D", steps), ("G", 1)], {}
        if self.c.get("penalty_interval", 1) > 1:
            self.phases.insert(1, ("Dreg", 1))
            self.intervals = {"Dreg": self.c["penalty_interval"]}

    def play(self, phase, reals, fakes, stream):
        if phase == "G":
            with Still(self.d):
                fake = self.d(fakes)
                real = self.d(reals) if self.c.get("relative") else None
            terms = {"adversarial": (g_loss(self.c, real, fake), 1)}
            if "orthogonal_weight" in self.c:
                terms["orthogonal"] = (orthogonal(self.g), self.c["orthogonal_weight"])
            return terms
        fakes, terms = fakes.detach(), {}
        if phase == "D":
            terms["adversarial"] = (d_loss(self.c, self.d(reals), self.d(fakes)), 1)
        if phase == "Dreg" or not self.intervals:
            terms.update(penalties(self.c, self.d, reals, fakes, stream))
        return terms


class Dcgan(Game):
    def __init__(self, c, shape):
        self.c = c
        self.g, self.d = pyramid_nets(c, shape, c.get("discriminator_norm") != "none")
        self.set_phases()

    def terms(self, phase, reals, stream, shared, step):
        if "fakes" not in shared:
            shared["fakes"] = self.g(once(step, "fakes").normal((len(reals), self.c["latent_dim"])))
        return self.play(phase, reals, shared["fakes"], stream)


class Sngan(Game):
    chirp = 0.37

    def __init__(self, c, shape):
        self.c = c
        if c.get("projection"):
            self.classes = 3
        self.g, self.d = sngan_nets(c, shape, getattr(self, "classes", 0))
        self.set_phases(c["discriminator_steps"])
        Classes.labels = torch.arange(c.pop("batch")) % 3

    def terms(self, phase, reals, stream, shared, step):
        n = len(reals) * (self.c.get("generator_batch_scale", 1) if phase == "G" else 1)
        z = stream.normal((n, self.c["latent_dim"]))
        if phase == "G":
            return self.play(phase, reals, self.g(z), stream)
        if "dequantize" in self.c:
            reals = reals + stream.uniform(reals.shape, 0, self.c["dequantize"])
        with torch.no_grad(), Still(self.g):
            fakes = self.g(z)
        return self.play(phase, reals, fakes, stream)


def began_decoder(nz, n, channels, start, size):
    layers = [nn.Linear(nz, n * start * start), nn.Unflatten(1, (n, start, start))]
    px = start
    while True:
        if px > start:
            layers += [Lambda(lambda x: F.interpolate(x, scale_factor=2))]
        layers += [nn.Conv2d(n, n, 3, padding=1), nn.ELU(), nn.Conv2d(n, n, 3, padding=1), nn.ELU()]
        if px == size:
            break
        px *= 2
    return layers + [nn.Conv2d(n, channels, 3, padding=1)]


def began_encoder(nz, n, channels, end, size):
    layers, width, i = [nn.Conv2d(channels, n, 3, padding=1), nn.ELU()], n, n
    while True:
        layers += [nn.Conv2d(i, width, 3, padding=1), nn.ELU(),
                   nn.Conv2d(width, width, 3, padding=1), nn.ELU()]
        if size == end:
            return layers + [nn.Flatten(), nn.Linear(width * end * end, nz)]
        layers += [nn.Conv2d(width, width, 3, stride=2, padding=1), nn.ELU()]
        i, width, size = width, width + n, size // 2


class Without(nn.Sequential):
    """Layers without parameters are no entries: the library resizes inside a convolution."""

    def __init__(self, layers):
        super().__init__()
        self.order, k = [], 0
        for layer in layers:
            if isinstance(layer, Lambda):
                self.order.append(layer)
                continue
            self.add_module(str(k), layer)
            self.order.append(layer)
            k += 1

    def forward(self, x):
        for layer in self.order:
            x = layer(x)
        return x


class Coder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder


class Judge(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.autoencoder = Coder(encoder, decoder)

    def forward(self, x):
        return self.autoencoder.decoder(self.autoencoder.encoder(x))


class Began(Game):
    gain = 0.9  # deep and without norms: larger weights would drown its errors in rounding

    def __init__(self, c, shape):
        self.c, start = c, 7 if shape[1] == 28 else 8
        nz, n = c["latent_dim"], c["base_channels"]
        self.g = Without(began_decoder(nz, n, shape[0], start, shape[1]))
        self.d = Judge(Without(began_encoder(nz, n, shape[0], start, shape[1])),
                       Without(began_decoder(nz, n, shape[0], start, shape[1])))
        self.d.register_buffer("k", torch.zeros(1))
        self.set_phases()

    def generate(self, z):
        return self.g(z).clamp(-1, 1)

    def error(self, x):
        return (x - self.d(x)).abs().flatten(1).mean(1)

    def score(self, x):
        return -self.error(x)

    def terms(self, phase, reals, stream, shared, step):
        if "fakes" not in shared:
            z = once(step, "fakes").uniform((len(reals), self.c["latent_dim"]), -1, 1)
            shared["fakes"] = self.g(z)
        if phase == "G":
            return {"reconstruction": (self.error(shared["fakes"]).mean(), 1)}
        real, fake = self.error(reals).mean(), self.error(shared["fakes"].detach()).mean()
        k = self.d.k.item()
        step_of_k = self.c["k_rate"] * (self.c["diversity"] * real.item() - fake.item())
        self.d.k.fill_(min(max(k + step_of_k, 0), 1))
        return {"reconstruction": (real, 1), "adversarial": (-k * fake, 1)}


class Ebgan(Game):
    def __init__(self, c, shape):
        self.c, b = c, c["base_channels"]
        self.g, _ = pyramid_nets(c, shape)
        widths = [b, 2 * b] if shape[1] == 28 else [b, 2 * b, 4 * b]
        enc = [nn.Conv2d(shape[0], b, 4, 2, 1), nn.LeakyReLU(0.2)]
        dec = []
        for i, o in zip(widths, widths[1:]):
            enc += [nn.Conv2d(i, o, 4, 2, 1), nn.BatchNorm2d(o), nn.LeakyReLU(0.2)]
            dec = [nn.ConvTranspose2d(o, i, 4, 2, 1), nn.BatchNorm2d(i), nn.LeakyReLU(0.2)] + dec
        self.d = Judge(nn.Sequential(*enc),
                       nn.Sequential(*dec, nn.ConvTranspose2d(b, shape[0], 4, 2, 1)))
        self.set_phases()

    def energy(self, x):
        return (self.d(x) - x).square().flatten(1).mean(1)

    def score(self, x):
        return -self.energy(x)

    def terms(self, phase, reals, stream, shared, step):
        if "fakes" not in shared:
            shared["fakes"] = self.g(once(step, "fakes").normal((len(reals), self.c["latent_dim"])))
        fakes = shared["fakes"]
        if phase == "D":
            real = self.energy(reals).mean()
            return {"real_energy": (real, 1),
                    "margin": (F.relu(self.c["margin"] - self.energy(fakes.detach())).mean(), 1)}
        with Still(self.d):
            s = self.d.autoencoder.encoder(fakes)
            energy = (self.d.autoencoder.decoder(s) - fakes).square().flatten(1).mean(1)
        s, total, n = F.normalize(s.flatten(1)), 0, len(s)
        for i in range(n):
            for j in range(n):
                if i != j:
                    total = total + (s[i] @ s[j])**2 / (n * (n - 1))
        return {"energy": (energy.mean(), 1), "pulling_away": (total, self.c["pulling_away_weight"])}


DCGAN = dict(latent_dim=6, base_channels=4)
USUAL, SLOW = adam(2e-4, 0.5, 0.999), adam(2e-4, 0.0, 0.9)
GREY, COLOUR = (1, 28, 28), (3, 32, 32)
SMOOTH = dict(DCGAN, discriminator_norm="none")
SNGAN = dict(latent_dim=6, generator_channels=3, discriminator_channels=3, loss="hinge")
CASES = [
    ("lsgan_pearson", Dcgan, "dcgan",
     dict(DCGAN, loss="least_squares", label_fake=-1.0, label_real=1.0, label_generator=0.0), GREY,
     4, USUAL),
    ("ragan", Dcgan, "dcgan", dict(DCGAN, loss="non_saturating", relative="average"), GREY, 4,
     USUAL),
    ("ragan_hinge", Dcgan, "dcgan", dict(DCGAN, loss="hinge", relative="average"), GREY, 4, USUAL),
    ("ragan_least_squares", Dcgan, "dcgan",
     dict(DCGAN, loss="least_squares", relative="average"), GREY, 4, USUAL),
    ("rsgan_lazy_r1", Dcgan, "dcgan",
     dict(SMOOTH, loss="logistic", relative="paired", penalty="r1", penalty_weight=0.5,
          penalty_interval=2), GREY, 4, USUAL),
    ("r1_r2", Dcgan, "dcgan",
     dict(SMOOTH, loss="non_saturating", penalty="r1_r2", penalty_weight=2.0), GREY, 4, USUAL),
    ("dragan", Dcgan, "dcgan",
     dict(SMOOTH, loss="non_saturating", penalty="gradient", penalty_points="around_reals",
          orthogonal_weight=0.01), COLOUR, 4, USUAL),
    ("one_sided_at_reals", Dcgan, "dcgan",
     dict(SMOOTH, loss="minimax", penalty="gradient", penalty_points="reals",
          penalty_one_sided=True, penalty_target=0.5), GREY, 4, USUAL),
    ("sngan_plain", Sngan, "sngan", dict(SNGAN, discriminator_steps=2, batch=4), GREY, 4, SLOW),
    ("sngan_projection", Sngan, "sngan",
     dict(SNGAN, discriminator_steps=2, projection=True, generator_batch_scale=2,
          dequantize=0.0078125, batch=4), COLOUR, 4, SLOW),
    ("sagan", Sngan, "sngan",
     dict(SNGAN, discriminator_steps=1, generator_channels=8, discriminator_channels=8,
          spectral_generator=True, attention_px=16, projection=True, batch=3), COLOUR, 3, SLOW),
    ("began_28", Began, "began",
     dict(latent_dim=6, base_channels=3, diversity=0.5, k_rate=0.1), GREY, 4, USUAL),
    ("began_32", Began, "began",
     dict(latent_dim=6, base_channels=3, diversity=0.7, k_rate=0.1), COLOUR, 4, USUAL),
    ("ebgan_28", Ebgan, "ebgan",
     dict(DCGAN, margin=1.5, pulling_away_weight=0.1), GREY, 4, USUAL),
    ("ebgan_32", Ebgan, "ebgan",
     dict(DCGAN, margin=1.5, pulling_away_weight=0.1), COLOUR, 4, USUAL),
]

if __name__ == "__main__":
    json.dump([run(*case) for case in CASES], sys.stdout, indent=None, separators=(",", ":"))
    print()
