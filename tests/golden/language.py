#!/usr/bin/env python3
"""Golden numbers for SeqGAN: its networks and its game written independently in PyTorch, in float64.

    python tests/golden/language.py > tests/golden/language.json

The streams, formula weights and digests are those of gans.py. For every case: texts of given uniform
numbers, log-probabilities, D's score, terms and gradients of each phase at the first weights, then
five whole steps with each player's optimizer, and the weights at the end. The policy that finishes
texts stays at the first weights, as an average does that nobody moves.
"""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from gans import STEPS, Stream, adam, digest, literal, optimizer, tensor

PAD, BEGIN, UNKNOWN, END, FIRST = range(5)


class Writer(nn.Module):
    def __init__(self, c, spec):
        super().__init__()
        self.first = END if spec["ends"] else FIRST
        self.keep = c["generator_keep"]
        self.embedding = nn.Embedding(spec["vocabulary"], c["embedding"])
        self.lstm = nn.LSTM(c["embedding"], c["hidden"], batch_first=True)
        self.output = nn.Linear(c["hidden"], spec["vocabulary"] - self.first)

    ORDER = ["embedding.weight", "output.weight", "output.bias", "lstm.weight_ih_l0",
             "lstm.weight_hh_l0", "lstm.bias_ih_l0", "lstm.bias_hh_l0"]

    def logits(self, tokens, stream=None):
        def kept(x):
            return x if stream is None or self.keep == 1 else \
                x * stream.bernoulli(x.shape, self.keep) / self.keep
        before = torch.cat([torch.full((len(tokens), 1), BEGIN), tokens[:, :-1]], 1)
        return self.output(kept(self.lstm(kept(self.embedding(before)))[0]))

    def log_probabilities(self, tokens, stream=None):
        log_p = F.log_softmax(self.logits(tokens, stream), -1)
        known = tokens >= self.first
        chosen = (tokens - self.first).clamp_min(0)
        return log_p.gather(-1, chosen[..., None])[..., 0] * known

    def draw(self, prefix, u):
        """The next token after prefix [N, t]."""
        logits = self.logits(torch.cat([prefix, torch.full((len(prefix), 1), PAD)], 1))[:, -1]
        until = F.softmax(logits, -1).cumsum(-1)
        return (until <= u[:, None]).sum(-1).clamp_max(until.shape[1] - 1) + self.first

    @torch.no_grad()
    def write(self, u):
        tokens = torch.zeros((len(u), 0), dtype=torch.long)
        ended = torch.zeros(len(u), dtype=torch.bool)
        for t in range(u.shape[1]):
            token = torch.where(ended, PAD, self.draw(tokens, u[:, t]))
            tokens = torch.cat([tokens, token[:, None]], 1)
            ended = ended | (token == END)
        return tokens


class Critic(nn.Module):
    def __init__(self, c, spec):
        super().__init__()
        self.keep, self.stream = c["critic_keep"], None
        self.embedding = nn.Embedding(spec["vocabulary"], c["critic_embedding"])
        pairs = [(w, m) for w, m in zip(c["filter_widths"], c["filter_maps"])
                 if w <= spec["length"]]
        self.conv = nn.ModuleList(nn.Conv1d(c["critic_embedding"], m, w) for w, m in pairs)
        n = sum(m for _, m in pairs)
        self.highway = nn.ModuleDict({"transform": nn.Linear(n, n), "gate": nn.Linear(n, n)})
        self.output = nn.Linear(n, 1)
        self.ORDER = ["embedding.weight"]
        for i in range(len(pairs)):
            self.ORDER += [f"conv.{i}.weight", f"conv.{i}.bias"]
        self.ORDER += ["output.weight", "output.bias", "highway.transform.weight",
                       "highway.transform.bias", "highway.gate.weight", "highway.gate.bias"]

    def forward(self, tokens):
        x = self.embedding(tokens).transpose(1, 2)
        x = torch.cat([F.relu(conv(x)).amax(-1) for conv in self.conv], 1)
        gate = torch.sigmoid(self.highway["gate"](x))
        x = gate * F.relu(self.highway["transform"](x)) + (1 - gate) * x
        if self.stream is not None:
            x = x * self.stream.bernoulli(x.shape, self.keep) / self.keep
        return self.output(x)


def fill(net, chirp):
    named = dict(net.named_parameters())
    assert set(named) == set(net.ORDER)
    with torch.no_grad():
        for k, name in enumerate(net.ORDER):
            p = named[name]
            i = np.arange(p.numel(), dtype=np.float64)
            wave = np.sin(0.7 * i + chirp * i * i + k)
            scale = 1.5 / math.sqrt(p.numel() / p.shape[0]) if p.dim() > 1 else 0.1
            p.copy_(tensor((wave * scale).reshape(p.shape)))


def real_batch(spec, n, key):
    words, length = spec["vocabulary"] - FIRST, spec["length"]
    rows = []
    for r in range(n):
        count = 3 + (2 * r + key) % (length - 2) if spec["ends"] else length
        row = [FIRST + (7 * r + 3 * t + 5 * key + t * t) % words for t in range(count)]
        if r == 1:
            row[1] = UNKNOWN
        if count < length:
            row += [END] + [PAD] * (length - count - 1)
        rows.append(row)
    return torch.tensor(rows)


class Game:
    def __init__(self, c, spec):
        self.c, self.spec = c, spec
        self.g, self.policy, self.d = Writer(c, spec), Writer(c, spec), Critic(c, spec)

    def nats(self, reals, stream):
        return -self.g.log_probabilities(reals, stream).sum() / (reals >= self.g.first).sum()

    @torch.no_grad()
    def rewards(self, tokens, stream):
        n, length, count = len(tokens), self.spec["length"], self.c["rollouts"]
        lengths = (tokens != PAD).sum(1).tolist()
        written, owner, ended = [], [], []  # in the order in which they begin
        for t in range(1, length):
            for row in range(n):
                if lengths[row] > t:
                    for _ in range(count):
                        written.append(tokens[row, :t].tolist())
                        owner.append((row, t - 1))
                        ended.append(False)
            active = [i for i, e in enumerate(ended) if not e]
            if not active:
                continue
            u = stream.uniform((len(active),))
            token = self.policy.draw(torch.tensor([written[i] for i in active]), u)
            for i, choice in zip(active, token.tolist()):
                written[i].append(choice)
                ended[i] = choice == END
        rewards = torch.zeros(n, length)
        if written:
            whole = torch.tensor([w + [PAD] * (length - len(w)) for w in written])
            for (row, place), worth in zip(owner, torch.sigmoid(self.d(whole)).flatten()):
                rewards[row, place] += worth / count
        for row, worth in enumerate(torch.sigmoid(self.d(tokens)).flatten()):
            rewards[row, lengths[row] - 1] = worth
        return rewards

    def terms(self, phase, reals, stream):
        if phase == "MLE":
            return {"nats_per_token": (self.nats(reals, stream), 1)}
        self.d.stream = None
        tokens = self.g.write(stream.uniform((len(reals), self.spec["length"])))
        if phase == "G":
            there = (tokens != PAD).double()
            worth = self.rewards(tokens, stream)
            if self.c["baseline"]:
                worth = worth - there * worth.sum(0) / there.sum(0).clamp_min(1)
            policy = -(self.g.log_probabilities(tokens) * worth).sum() / there.sum()
            terms = {"policy": (policy, 1)}
            if self.c["teacher_weight"] > 0:
                terms["nats_per_token"] = (self.nats(reals, stream), self.c["teacher_weight"])
            return terms
        self.d.stream = stream
        real, fake = self.d(reals), self.d(tokens)
        energy = (self.d.output.weight.square().sum() + self.d.output.bias.square().sum()) / 2
        return {"adversarial": (F.softplus(-real).mean() + F.softplus(fake).mean(), 0.5),
                "l2": (energy, self.c["critic_l2"])}


PHASES = ["MLE", "Dpre", "G", "D"]


def run(name, config, spec, batch, chirp):
    seed = 20160918 + len(name)
    game = Game(config, spec)
    nets = {"generator": game.g, "discriminator": game.d}
    for net in (game.g, game.policy, game.d):
        fill(net, chirp)
    out = {"name": name, "gan": "seqgan", "spec": spec, "seed": seed, "batch": batch,
           "chirp": chirp, "config": {key: literal(value) for key, value in config.items()},
           "parameters": {n: [[p, list(dict(net.named_parameters())[p].shape)] for p in net.ORDER]
                          for n, net in nets.items()}}
    reals = real_batch(spec, batch, 0)
    out["reals"] = reals.tolist()
    u = tensor((0.37 * np.arange(batch * spec["length"]) % 1).reshape(batch, -1))
    with torch.no_grad():
        out["written"] = game.g.write(u).tolist()
        out["log_probabilities"] = digest(game.g.log_probabilities(reals))
        out["scores"] = game.d(reals).flatten().tolist()

    mine = {"MLE": game.g, "Dpre": game.d, "G": game.g, "D": game.d}

    def forward(phase, index, key):
        for net in nets.values():
            net.zero_grad(set_to_none=True)
        terms = game.terms(phase, real_batch(spec, batch, key),
                           Stream(seed, f"phase/{phase}/0", index))
        sum(value * weight for value, weight in terms.values()).backward()
        return {key: value.item() for key, (value, _) in terms.items()}

    out["first"] = []
    for phase in PHASES:
        terms = forward(phase, 0, 0)
        out["first"].append({"phase": phase, "terms": terms, "gradients": {
            k: digest(p.grad) for k, p in mine[phase].named_parameters()}})
    opts = {"MLE": adam(1e-2, 0.9, 0.999), "G": adam(3e-3, 0.9, 0.999), "D": adam(1e-3, 0.9, 0.999)}
    out["optimizer"] = {p: {k: literal(v) for k, v in o.items()} for p, o in opts.items()}
    steppers = {"MLE": optimizer(opts["MLE"], game.g.parameters()),
                "G": optimizer(opts["G"], game.g.parameters()),
                "D": optimizer(opts["D"], game.d.parameters())}
    out["steps"] = []
    for index in range(STEPS):
        for phase in PHASES:
            out["steps"].append(forward(phase, index, index + 1))
            steppers["D" if phase == "Dpre" else phase].step()
    out["final"] = {n: {k: digest(v) for k, v in net.state_dict().items()}
                    for n, net in nets.items()}
    return out


CONFIG = dict(embedding=5, hidden=6, generator_keep=0.8, critic_embedding=4,
              filter_widths=[1, 2, 3], filter_maps=[3, 4, 2], critic_keep=0.75, critic_l2=0.2,
              rollouts=3, critic_steps=1, baseline=True, teacher_weight=0.3)
CASES = [
    ("sentences", CONFIG, dict(vocabulary=16, length=6, ends=True), 4, 0.013),
    ("fixed_length", CONFIG | dict(generator_keep=1.0, filter_widths=[2, 9], filter_maps=[5, 3],
                                   rollouts=2, baseline=False, teacher_weight=0.0),
     dict(vocabulary=11, length=5, ends=False), 3, 0.021),
]

if __name__ == "__main__":
    json.dump([run(*case) for case in CASES], sys.stdout, separators=(",", ":"))
    print()
