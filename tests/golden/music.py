#!/usr/bin/env python3
"""Golden numbers for MidiNet and for the statistics of tunes, written independently, in float64.

    python tests/golden/music.py > tests/golden/music.json

Needs torch, numpy and xxhash; random streams, weights by formula and digests are those of gans.py.
For every case: tunes of given z and chords, D's opinion of bars, terms and gradients of each phase
at the first weights, then five whole steps with Adam in the published order (D, then G twice on the
same bars and z). Statistics: those of MuseGAN, of made-up tunes.
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
from gans import STEPS, Stream, digest, fill, tensor  # noqa: E402

P = 128
NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]


def planes(x, y, maps=None):
    parts = [x]
    if y.shape[1]:
        parts.append(y[:, :, None, None].expand(-1, -1, x.shape[2], x.shape[3]))
    if maps is not None:
        parts.append(maps)
    return torch.cat(parts, 1)


class Composer(nn.Module):
    def __init__(self, c, steps):
        super().__init__()
        self.z, self.y, self.steps = c["latent_dim"], 13 if c["chords"] else 0, steps
        self.levels = 0
        while steps % 2 == 0 and steps > 3:
            steps //= 2
            self.levels += 1
        self.least, g, k = steps, c["generator_channels"], c["conditioner_channels"]
        seen = {"all": range(self.levels + 1), "last": [0], "none": []}[c["previous"]]
        self.seen = list(seen)
        for level in self.seen:
            conv = nn.Conv2d(k, k, (2, 1), (2, 1)) if level else nn.Conv2d(1, k, (1, P))
            self.add_module(f"previous{level}",
                            nn.Sequential(conv, nn.BatchNorm2d(k), nn.LeakyReLU(0.2)))
        self.first = nn.Sequential(nn.Linear(self.z + self.y, c["hidden_units"]),
                                   nn.BatchNorm1d(c["hidden_units"]), nn.ReLU())
        self.second = nn.Sequential(nn.Linear(c["hidden_units"] + self.y, g * steps),
                                    nn.BatchNorm1d(g * steps), nn.ReLU())
        for i, level in enumerate(range(self.levels, 0, -1)):
            width = g + self.y + (k if level in self.seen else 0)
            self.add_module(f"up{i}", nn.Sequential(nn.ConvTranspose2d(width, g, (2, 1), (2, 1)),
                                                    nn.BatchNorm2d(g), nn.ReLU()))
        width = g + self.y + (k if 0 in self.seen else 0)
        self.last = nn.Sequential(nn.ConvTranspose2d(width, 1, (1, P)), nn.Sigmoid())
        self.g = g

    def forward(self, z, y, before):
        maps, x = {}, before[:, None]
        for level in self.seen:
            x = getattr(self, f"previous{level}")(x)
            maps[level] = x
        x = self.first(torch.cat([z, y], 1))
        x = self.second(torch.cat([x, y], 1)).view(len(z), self.g, self.least, 1)
        for i, level in enumerate(range(self.levels, 0, -1)):
            x = getattr(self, f"up{i}")(planes(x, y, maps.get(level)))
        return self.last(planes(x, y, maps.get(0)))[:, 0]


class Judge(nn.Module):
    def __init__(self, c, steps):
        super().__init__()
        y = 13 if c["chords"] else 0
        ears, places = c["judge_channels"] + y, (steps // 2 - 4) // 2 + 1
        self.first = nn.Sequential(nn.Conv2d(1 + y, 1 + y, (2, P), (2, 1)), nn.LeakyReLU(0.2))
        self.second = nn.Sequential(nn.Conv2d(1 + 2 * y, ears, (4, 1), (2, 1)),
                                    nn.BatchNorm2d(ears), nn.LeakyReLU(0.2))
        self.third = nn.Sequential(nn.Linear(ears * places + y, c["hidden_units"]),
                                   nn.BatchNorm1d(c["hidden_units"]), nn.LeakyReLU(0.2))
        self.last = nn.Linear(c["hidden_units"] + y, 1)

    def forward(self, bar, y):
        matched = self.first(planes(bar[:, None], y))
        x = self.second(planes(matched, y)).flatten(1)
        x = self.third(torch.cat([x, y], 1))
        return self.last(torch.cat([x, y], 1)), matched


def tunes(rows, bars, steps, key):
    """Pitches [rows][bars][steps] and chords [rows][bars] (root, minor) by a formula."""
    pitch = [[[60 + (7 * r + 5 * b + 3 * (s // 2) * (s // 3 + 1) + 11 * key) % 24
               for s in range(steps)] for b in range(bars)] for r in range(rows)]
    chord = [[[(r + 2 * b + key) % 12, (r + b) % 2] for b in range(bars)] for r in range(rows)]
    return pitch, chord


def one_hot(pitch):
    return F.one_hot(torch.tensor(pitch), P).double()


def chord_rows(chord):
    c = torch.tensor(chord)
    return torch.cat([F.one_hot(c[..., 0], 12).double(), c[..., 1:].double()], -1)


def run(name, steps, **changes):
    seed, rows, bars = 1703, 4, 3
    c = dict(latent_dim=5, chords=True, previous="all", generator_channels=6,
             conditioner_channels=3, hidden_units=10, judge_channels=4, label_real=0.9,
             bar_weight=0.1, feature_weight=1.0)
    c.update(changes)
    g, d = Composer(c, steps), Judge(c, steps)
    nets = {"generator": g, "discriminator": d}
    for net in nets.values():
        fill(net)
        net.eval()
    batches = [tunes(rows, bars, steps, key) for key in range(STEPS)]
    out = {"name": name, "gan": "midinet", "seed": seed, "bars": bars, "steps_in_bar": steps,
           "config": {k: json.dumps(v) for k, v in c.items()},
           "batches": [{"pitches": p, "chords": h} for p, h in batches],
           "parameters": {n: [[k, list(t.shape)] for k, t in net.named_parameters()]
                          for n, net in nets.items()}}

    def chords(index):
        y = chord_rows(batches[index][1])
        return y if c["chords"] else y[..., :0]

    with torch.no_grad():
        z = tensor(np.sin(1.3 * np.arange(rows * bars * 5)).reshape(rows, bars, 5))
        before, made = torch.zeros(rows, steps, P), []
        for b in range(bars):
            made.append(g(z[:, b], chords(0)[:, b], before))
            before = F.one_hot(made[-1].argmax(2), P).double()
        out["generated"] = digest(torch.stack(made, 1))
        logits = d(one_hot(batches[0][0]).flatten(0, 1), chords(0).flatten(0, 1))[0]
        out["scores"] = logits.view(rows, bars).mean(1).tolist()
    for net in nets.values():
        net.train()
    owner = {"D": "discriminator", "G": "generator", "G2": "generator"}
    phases = list(owner)

    def terms(phase, index):
        bar = one_hot(batches[index][0])
        before = torch.cat([torch.zeros_like(bar[:, :1]), bar[:, :-1]], 1).flatten(0, 1)
        bar, y = bar.flatten(0, 1), chords(index).flatten(0, 1)
        z = Stream(seed, "once/z/0", index).normal((rows, bars * 5)).view(-1, 5)
        fake = g(z, y, before)
        real_logit, real_seen = d(bar, y)
        fake_logit, fake_seen = d(fake.detach() if phase == "D" else fake, y)
        bce = F.binary_cross_entropy_with_logits
        if phase == "D":
            return {"adversarial": (bce(real_logit, torch.full_like(real_logit, 0.9)) +
                                    bce(fake_logit, torch.zeros_like(fake_logit)), 1)}
        return {"adversarial": (bce(fake_logit, torch.ones_like(fake_logit)), 1),
                "mean_bar": (((fake.mean(0) - bar.mean(0))**2).sum() / 2, 0.1),
                "features": (((fake_seen.mean(0) - real_seen.detach().mean(0))**2).sum() / 2, 1)}

    def forward(phase, index):
        for net in nets.values():
            net.zero_grad()
        found = terms(phase, index)
        sum(value * weight for value, weight in found.values()).backward()
        return {key: value.item() for key, (value, _) in found.items()}

    out["first"] = []
    for phase in phases:
        found = forward(phase, 0)
        gradients = {k: digest(p.grad) for k, p in nets[owner[phase]].named_parameters()}
        out["first"].append({"phase": phase, "terms": found, "gradients": gradients})
    opts = {n: torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999))
            for n, net in nets.items()}
    out["steps"] = []
    for index in range(STEPS):
        for phase in phases:
            out["steps"].append(forward(phase, index))
            opts[owner[phase]].step()

    def before_norm(net, key):  # a bias that a norm takes off again: rounding only
        path = key.rsplit(".", 2)
        block = getattr(net, path[0]) if len(path) == 3 else []
        return key.endswith("0.bias") and any("BatchNorm" in type(m).__name__ for m in block)

    out["final"] = {n: {k: digest(p) for k, p in net.named_parameters()
                        if not before_norm(net, k)} for n, net in nets.items()}
    return out


def runs(bar):
    """(pitch, length, first step) of equal steps that follow each other."""
    notes = []
    for i, p in enumerate(bar):
        if i and p == bar[i - 1]:
            notes[-1][1] += 1
        else:
            notes.append([p, 1, i])
    return [n for n in notes if n[0] >= 0]


def tonal(chroma):
    chroma = np.array(chroma, float) / sum(chroma)
    n = np.arange(12)
    return np.array([(chroma * r * f(n * a * math.pi)).sum()
                     for r, a in ((1, 7 / 6), (1, 3 / 2), (0.5, 2 / 3)) for f in (np.sin, np.cos)])


def measured(all_tunes):
    bars = [(bar, chord) for pitches, chords in all_tunes for bar, chord in zip(pitches, chords)]
    used = [len({p % 12 for p in bar if p >= 0}) for bar, _ in bars]
    notes = [n for bar, _ in bars for n in runs(bar)]
    distances, inside = [], []
    for bar, (root, minor) in bars:
        sounding = [p % 12 for p in bar if p >= 0]
        if root < 0 or not sounding:
            continue
        triad = {root, (root + 4 - minor) % 12, (root + 7) % 12}
        distances.append(np.linalg.norm(tonal([sounding.count(i) for i in range(12)]) -
                                        tonal([float(i in triad) for i in range(12)])))
        inside += [p in triad for p in sounding]
    return {"empty_bars": sum(u == 0 for u in used) / len(bars),
            "pitch_classes": sum(used) / sum(u > 0 for u in used),
            "qualified_notes": sum(n[1] >= 2 for n in notes) / len(notes),
            "tonal_distance": float(np.mean(distances)), "chord_tones": float(np.mean(inside))}


def shares(values, size):
    count = np.bincount(values, minlength=size).astype(float)
    return count / count.sum()


def compared(a, b, steps):
    def histograms(all_tunes):
        pitches, lengths, intervals = [], [], []
        for tune, _ in all_tunes:
            flat = [p for bar in tune for p in bar]
            pitches += [p for p in flat if p >= 0]
            lengths += [n[1] for bar in tune for n in runs(bar)]
            intervals += [q - p + 127 for p, q in zip(flat, flat[1:])
                          if p >= 0 and q >= 0 and p != q]
        return shares(pitches, 128), shares(lengths, steps + 1), shares(intervals, 255)

    def shape(bar):
        first = next((p for p in bar if p >= 0), None)
        return None if first is None else tuple(-1 if p < 0 else (p - first) % 12 for p in bar)

    known = {shape(bar) for tune, _ in b for bar in tune}
    mine = [shape(bar) for tune, _ in a for bar in tune]
    mine = [s for s in mine if s is not None]
    found = [float(np.minimum(x, y).sum()) for x, y in zip(histograms(a), histograms(b))]
    return {"pitches": found[0], "durations": found[1], "intervals": found[2],
            "new_bars": sum(s not in known for s in mine) / len(mine)}


def statistics():
    rng = np.random.default_rng(9)
    steps = 12

    def some(count):
        made = []
        for _ in range(count):
            bars = [[] for _ in range(4)]
            for bar in bars:
                silent = rng.random() < 0.15
                while len(bar) < steps:
                    p = -1 if silent or rng.random() < 0.1 else int(60 + 2 * rng.integers(6))
                    bar += [p] * int(rng.integers(1, 4))
                del bar[steps:]
            chords = [[int(rng.integers(-1, 12)), int(rng.integers(2))] for _ in bars]
            made.append([bars, [[r, m if r >= 0 else 0] for r, m in chords]])
        # Bars that both sets have, in another key.
        made[0][0][1] = [62, 62, 64, 64, 66, 66, 62, 62, 62, 62, 62, 62] if count % 2 else \
            [65, 65, 67, 67, 69, 69, 65, 65, 65, 65, 65, 65]
        return made

    a, b = some(9), some(12)
    return {"steps": steps, "a": a, "b": b, "of_a": measured(a), "of_b": measured(b),
            "a_beside_b": compared(a, b, steps)}


if __name__ == "__main__":
    cases = [run("stable", 16), run("creative", 12, previous="last"),
             run("plain", 8, chords=False, previous="none")]
    json.dump({"cases": cases, "statistics": statistics()}, sys.stdout, indent=None)
    print()
