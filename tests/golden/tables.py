#!/usr/bin/env python3
"""Golden numbers for the gans of tables, written independently in PyTorch, in float64.

    python tests/golden/tables.py > tests/golden/tables.json

Needs torch, numpy and xxhash; random streams, weights by formula and digests are those of gans.py.
For every case: G of given z, the critic's or D's logits, terms and gradients of each phase at the
first weights, then five whole steps with Adam: the terms on the way and the weights at the end.
"""
import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gans import STEPS, Dropout, Stream, digest, fill, tensor  # noqa: E402

# kind, width, column, shares
MODES = [("scalar", 1, 0, []), ("one_hot", 3, 0, []), ("one_hot", 3, 1, [0.5, 0.25, 0.25]),
         ("one_hot", 2, 2, [0.75, 0.25])]
UNITS = [("unit", 1, 0, []), ("unit", 1, 1, []), ("one_hot", 3, 2, [])]
ADAM = dict(lr=2e-4, betas=(0.5, 0.9), weight_decay=1e-6)
GAIN_ADAM = dict(lr=1e-3, betas=(0.9, 0.999), weight_decay=0.0)


def batch_of(spans, rows, key, gaps):
    """Rows by a formula, conditions on the conditional spans in turn."""
    samples, conditions = [], []
    for r in range(rows):
        row, condition = [], []
        wanted = [i for i, s in enumerate(spans) if s[3]]
        for i, (kind, width, column, shares) in enumerate(spans):
            if kind == "one_hot":
                hot = (3 * r + 5 * column + key) % width
                cell = [float(j == hot) for j in range(width)]
                if shares:
                    chosen = wanted[r % len(wanted)] == i
                    condition += [c * chosen for c in cell]
            else:
                value = 0.9 * np.cos(0.3 * r + 1.7 * column + key)
                cell = [float(np.float32(value if kind == "scalar" else (value + 1) / 2))]
            if gaps and (r + 2 * column + key) % 4 == 0:
                cell = [float("nan")] * width
            row += cell
        samples.append(row)
        conditions.append(condition)
    return torch.tensor(samples), torch.tensor(conditions) if conditions[0] else None


def heads(raw, spans, temperature=1.0, noise=None):
    out, at = [], 0
    for kind, width, _, _ in spans:
        x = raw[:, at:at + width]
        if kind == "scalar":
            out.append(torch.tanh(x))
        elif kind == "unit":
            out.append(torch.sigmoid(x))
        else:
            g = 0 if noise is None else noise[:, at:at + width]
            out.append(torch.softmax((x + g) / temperature, 1))
        at += width
    return torch.cat(out, 1)


class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.fc, self.bn = nn.Linear(i, o), nn.BatchNorm1d(o)

    def forward(self, x):
        return torch.cat([torch.relu(self.bn(self.fc(x))), x], 1)


class Ctgan:
    phases, second, z_dim = ["D", "G"], "critic", 6
    config = dict(latent_dim=6, generator_units=[8, 7], critic_units=[9, 8], pack=5,
                  critic_keep=0.5, temperature=0.2, penalty_weight=10.0)
    spans, rows, adam = MODES, 20, ADAM

    def __init__(self):
        width = sum(s[1] for s in self.spans)
        condition = sum(len(s[3]) for s in self.spans)
        self.width = width
        self.g = nn.Sequential(Block(6 + condition, 8), Block(14 + condition, 7),
                               nn.Linear(21 + condition, width))
        self.d = nn.Sequential(nn.Linear(5 * (width + condition), 9), nn.LeakyReLU(0.2),
                               Dropout(0.5), nn.Linear(9, 8), nn.LeakyReLU(0.2), Dropout(0.5),
                               nn.Linear(8, 1))

    def pack(self, x):
        return x.reshape(len(x) // 5, -1)

    def make(self, condition, stream):
        z = stream.normal((len(condition), 6))
        raw = self.g(torch.cat([z, condition], 1))
        gumbel = -torch.log(-torch.log(stream.uniform((len(condition), self.width))))
        return raw, heads(raw, self.spans, 0.2, tensor(gumbel))

    def fakes(self, condition, phase, stream, seed, index):
        """The condition, raw outputs and rows of a phase."""
        if phase == "D":
            condition = condition[torch.argsort(stream.uniform((len(condition),)))]
        return condition, *self.make(condition, stream)

    def terms(self, phase, samples, condition, stream, seed, index):
        if phase == "G":
            condition, raw, rows = self.fakes(condition, phase, stream, seed, index)
            fake = self.d(self.pack(torch.cat([rows, condition], 1)))
            at, c, entropy = 0, 0, 0
            for _, width, _, shares in self.spans:
                if shares:
                    own = condition[:, c:c + width]
                    loss = F.cross_entropy(raw[:, at:at + width], own.argmax(1), reduction="none")
                    entropy = entropy + (loss * own.sum(1)).sum()
                    c += width
                at += width
            return {"adversarial": (-fake.mean(), 1), "condition": (entropy / len(rows), 1)}
        norms = [m for m in self.g.modules() if isinstance(m, nn.BatchNorm1d)]
        for m in norms:
            m.momentum = 0.0  # running means stay while the critic learns
        with torch.no_grad():
            shuffled, _, rows = self.fakes(condition, phase, stream, seed, index)
        for m in norms:
            m.momentum = 0.1
        fake_rows = self.pack(torch.cat([rows, shuffled], 1))
        real_rows = self.pack(torch.cat([samples, condition], 1))
        fake, real = self.d(torch.cat([fake_rows, real_rows])).split(len(fake_rows))
        u = stream.uniform((len(real_rows), 1))
        x = (real_rows + u * (fake_rows - real_rows)).requires_grad_()
        slope = torch.autograd.grad(self.d(x).sum(), x, create_graph=True)[0]
        penalty = ((slope.norm(2, dim=1) - 1)**2).mean()
        return {"adversarial": (fake.mean() - real.mean(), 1), "gradient_penalty": (penalty, 10)}

    def generated(self, z, condition, samples):
        return heads(self.g(torch.cat([z, condition], 1)), self.spans, 0.2)

    def judged(self, samples, condition):
        return self.d(self.pack(torch.cat([samples, condition], 1)))


class SharedCtgan(Ctgan):
    """Both players' rows are the same ones, of draws of their own."""

    config = dict(Ctgan.config, shared_fakes=True)

    def fakes(self, condition, phase, stream, seed, index):
        def once(name):
            return Stream(seed, f"once/{name}/0", index)

        shuffled = condition[torch.argsort(once("condition").uniform((len(condition),)))]
        raw = self.g(torch.cat([once("raw").normal((len(condition), 6)), shuffled], 1))
        uniform = once("rows").uniform((len(condition), self.width))
        return shuffled, raw, heads(raw, self.spans, 0.2, tensor(-torch.log(-torch.log(uniform))))


class Gain:
    phases, second, z_dim = ["D", "G"], "discriminator", 5
    config = dict(hidden_units=6, hint_rate=0.9, reconstruction_weight=100.0, category_weight=1.0)
    spans, rows, adam = UNITS, 12, GAIN_ADAM

    def __init__(self):
        def net(out):
            return nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(),
                                 nn.Linear(6, out))
        self.g, self.d = net(5), net(3)

    def split(self, samples):
        m = (~torch.isnan(samples[:, [0, 1, 2]])).double()
        return m, m[:, [0, 1, 2, 2, 2]], torch.nan_to_num(samples)

    def complete(self, data, m, mask, z):
        return heads(self.g(torch.cat([mask * data + (1 - mask) * z, m], 1)), self.spans)

    def terms(self, phase, samples, condition, stream, seed, index):
        m, mask, data = self.split(samples)
        z = Stream(seed, "once/noise/0", index).uniform((len(m), 5), 0, 0.01)
        h = m * (Stream(seed, "once/hint/0", index).uniform(m.shape) < 0.9)
        made = self.complete(data, m, mask, z)
        filled = mask * data + (1 - mask) * made
        p = torch.sigmoid(self.d(torch.cat([filled.detach() if phase == "D" else filled, h], 1)))
        if phase == "D":
            return {"adversarial": (-(m * p.log() + (1 - m) * (1 - p).log()).mean(), 1)}
        numbers, categories = mask[:, :2], mask[:, 2]
        square = (numbers * (data - made)[:, :2]**2).sum() / numbers.sum()
        entropy = -(categories * (data * made.log())[:, 2:].sum(1)).sum() / categories.sum()
        return {"adversarial": (-((1 - m) * p.log()).mean(), 1),
                "reconstruction": (square, 100), "cross_entropy": (entropy, 1)}

    def generated(self, z, condition, samples):
        none = torch.zeros(len(z), 3)
        return self.complete(z, none, none[:, [0, 1, 2, 2, 2]], z)

    def imputed(self, z, samples):
        m, mask, data = self.split(samples)
        return mask * data + (1 - mask) * self.complete(data, m, mask, z)

    def judged(self, samples, condition):
        m, _, data = self.split(samples)
        return self.d(torch.cat([data, m], 1))


def plain(t):
    return [[None if x != x else x for x in row] for row in t.tolist()]


def run(name, game_class):
    seed, gaps = 1907, game_class is Gain
    game = game_class()
    nets = {"generator": game.g, game.second: game.d}
    for net in nets.values():
        fill(net)
        net.eval()
    batches = [batch_of(game.spans, game.rows, key, gaps) for key in range(STEPS)]
    samples, condition = batches[0]
    z = tensor(np.sin(1.3 * np.arange(game.rows * game.z_dim)).reshape(game.rows, -1))
    out = {"name": name, "gan": "gain" if gaps else "ctgan", "seed": seed, "rows": game.rows,
           "spans": [{"kind": k, "width": w, "column": c, "shares": s}
                     for k, w, c, s in game.spans],
           "config": {k: json.dumps(v) for k, v in game.config.items()},
           "adam": {"rate": game.adam["lr"], "beta1": game.adam["betas"][0],
                    "beta2": game.adam["betas"][1], "decay": game.adam["weight_decay"]},
           "batches": [{"samples": plain(s), "condition": plain(c) if c is not None else None}
                       for s, c in batches],
           "parameters": {n: [[p, list(t.shape)] for p, t in net.named_parameters()]
                          for n, net in nets.items()}}
    with torch.no_grad():
        out["generated"] = digest(game.generated(z, condition, samples))
        out["logits"] = [float(x) for x in game.judged(samples, condition).flatten()]
        if gaps:
            out["imputed"] = digest(game.imputed(z, samples))
    for net in nets.values():
        net.train()
    mine = {"D": game.d, "G": game.g}

    def forward(phase, index):
        for net in nets.values():
            net.zero_grad()
        Dropout.stream = stream = Stream(seed, f"phase/{phase}/0", index)
        terms = game.terms(phase, *batches[index], stream, seed, index)
        sum(value * weight for value, weight in terms.values()).backward()
        return {key: value.item() for key, (value, _) in terms.items()}

    buffers = {n: {k: v.clone() for k, v in net.named_buffers()} for n, net in nets.items()}
    out["first"] = []
    for phase in game.phases:
        terms = forward(phase, 0)
        gradients = {k: digest(p.grad) for k, p in mine[phase].named_parameters()}
        out["first"].append({"phase": phase, "terms": terms, "gradients": gradients})
    for n, net in nets.items():
        for k, v in net.named_buffers():
            v.copy_(buffers[n][k])
    opts = {phase: torch.optim.Adam(net.parameters(), **game.adam) for phase, net in mine.items()}
    out["steps"] = []
    for index in range(STEPS):
        for phase in game.phases:
            out["steps"].append(forward(phase, index))
            opts[phase].step()
    out["final"] = {n: {k: digest(p) for k, p in net.named_parameters()
                        if not k.endswith("fc.bias")}  # before a norm: rounding only
                    for n, net in nets.items()}
    return out


if __name__ == "__main__":
    json.dump([run("ctgan", Ctgan), run("ctgan_shared", SharedCtgan), run("gain", Gain)], sys.stdout, indent=1)
    print()
