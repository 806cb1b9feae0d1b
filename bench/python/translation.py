"""pix2pix and CycleGAN as their authors' training scripts play them, batch 1: plain and tuned (fused Adam, the faster layout)."""

import random

import torch
import torch.nn.functional as F
from torch import nn


class Skip(nn.Module):
    """A level of the U-Net: what comes in beside what the levels below make of it."""

    def __init__(self, outer, inner, below):
        super().__init__()
        layers = [nn.LeakyReLU(0.2), nn.Conv2d(outer, inner, 4, 2, 1, bias=False)]
        if below:
            layers += [nn.BatchNorm2d(inner), below]
        layers += [nn.ReLU(True), nn.ConvTranspose2d(2 * inner if below else inner, outer, 4, 2, 1, bias=False), nn.BatchNorm2d(outer)]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return torch.cat([x, self.model(x)], 1)


class Outermost(nn.Module):
    def __init__(self, channels, inner, below):
        super().__init__()
        self.model = nn.Sequential(nn.Conv2d(channels, inner, 4, 2, 1, bias=False), below, nn.ReLU(True),
                                   nn.ConvTranspose2d(2 * inner, channels, 4, 2, 1), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class Unet(nn.Module):
    def __init__(self, depth=8, base=64):
        super().__init__()
        widths = [base * min(8, 2**k) for k in range(depth)]
        below = None
        for outer, inner in reversed(list(zip(widths, widths[1:]))):
            below = Skip(outer, inner, below)
        self.model = Outermost(3, base, below)

    def forward(self, x):
        return self.model(x)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv_block = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width), nn.ReLU(True),
                                        nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width))

    def forward(self, x):
        return x + self.conv_block(x)


class Resnet(nn.Module):
    def __init__(self, blocks=9, base=64):
        super().__init__()
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, base, 7), nn.InstanceNorm2d(base), nn.ReLU(True)]
        for width in (base, 2 * base):
            layers += [nn.Conv2d(width, 2 * width, 3, 2, 1), nn.InstanceNorm2d(2 * width), nn.ReLU(True)]
        layers += [Block(4 * base) for _ in range(blocks)]
        for width in (4 * base, 2 * base):
            layers += [nn.ConvTranspose2d(width, width // 2, 3, 2, 1, output_padding=1), nn.InstanceNorm2d(width // 2), nn.ReLU(True)]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(base, 3, 7), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class Patch(nn.Module):
    def __init__(self, channels, norm, base=64):
        super().__init__()
        bias = norm is nn.InstanceNorm2d
        layers = [nn.Conv2d(channels, base, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        for width, stride in ((base, 2), (2 * base, 2), (4 * base, 1)):
            layers += [nn.Conv2d(width, 2 * width, 4, stride, 1, bias=bias), norm(2 * width), nn.LeakyReLU(0.2, True)]
        self.model = nn.Sequential(*layers, nn.Conv2d(8 * base, 1, 4, 1, 1))

    def forward(self, x):
        return self.model(x)


class Translation:
    """What both have in common; `networks` by the names of the C++ side, `players`: their networks."""

    def prepare(self, trace, tuned, channels_last=False, compiled=False):
        self.trace, self.position = None, 0
        for name, network in self.networks.items():
            if trace:
                trace.load(name, network)
            if channels_last:
                network.to(memory_format=torch.channels_last)
        self.calls = {name: torch.compile(network) if compiled else network for name, network in self.networks.items()}
        pictures = torch.rand(2, 8, 3, 256, 256) * 2 - 1
        self.pictures = [side.contiguous(memory_format=torch.channels_last) if channels_last else side for side in pictures]
        self.optimizers = {}
        for player, names in self.players.items():
            parameters = [p for name in names for p in self.networks[name].parameters()]
            self.optimizers[player] = torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999), **({"fused": True} if tuned else {}))

    def traced_step(self, trace):
        self.trace = trace
        losses = self.step()
        self.trace = None
        return {name: float(value) for name, value in losses.items()}

    def pair(self):
        if self.trace:
            return self.traced_pair()
        self.position = (self.position + 1) % 8
        return tuple(side[self.position : self.position + 1] for side in self.pictures)

    def update(self, player, total):
        self.optimizers[player].zero_grad()
        total.backward()
        self.optimizers[player].step()

    def train_only(self, player):
        for name, network in self.networks.items():
            if name.startswith("discriminator"):
                network.requires_grad_(name in self.players[player])


class Pix2pix(Translation):
    def __init__(self):
        self.networks = {"generator": Unet(), "discriminator": Patch(6, nn.BatchNorm2d)}
        self.players = {"D": ["discriminator"], "G": ["generator"]}

    def traced_pair(self):
        given = self.trace.next_input("generator")
        pair = self.trace.next_input("discriminator")
        self.trace.calls["discriminator"] += 2  # fakes, in both steps
        return given, pair[:, 3:]

    def step(self):
        a, b = self.pair()
        judge = self.calls["discriminator"]
        fake = self.calls["generator"](a)
        self.train_only("D")
        real_logits, fake_logits = judge(torch.cat([a, b], 1)), judge(torch.cat([a, fake.detach()], 1))
        value = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
        self.update("D", 0.5 * value)
        self.train_only("G")
        adversarial, l1 = F.softplus(-judge(torch.cat([a, fake], 1))).mean(), F.l1_loss(fake, b)
        self.update("G", adversarial + 100 * l1)
        return {"D/adversarial": value.detach(), "G/adversarial": adversarial.detach(), "G/l1": l1.detach()}


class Pool:
    def __init__(self, size=50):
        self.size, self.pictures = size, []

    def exchange(self, fake):
        if len(self.pictures) < self.size:
            self.pictures.append(fake.clone())
            return fake
        if random.random() > 0.5:
            place = random.randrange(self.size)
            old, self.pictures[place] = self.pictures[place], fake.clone()
            return old
        return fake


class Cyclegan(Translation):
    def __init__(self):
        self.networks = {"generator_ab": Resnet(), "generator_ba": Resnet(), "discriminator_a": Patch(3, nn.InstanceNorm2d),
                         "discriminator_b": Patch(3, nn.InstanceNorm2d)}
        self.players = {"G": ["generator_ab", "generator_ba"], "D": ["discriminator_a", "discriminator_b"]}
        self.pools = {"a": Pool(), "b": Pool()}

    def traced_pair(self):
        pair = tuple(self.trace.next_input(name) for name in ("generator_ab", "generator_ba"))
        for name in ("generator_ab", "generator_ba"):
            self.trace.calls[name] += 2  # there and back again, and identity
        return pair

    def step(self):
        a, b = self.pair()
        ab, ba, judge_a, judge_b = (self.calls[name] for name in self.networks)
        self.train_only("G")
        fake_b, fake_a = ab(a), ba(b)
        values = {"adversarial_ab": 0.5 * (judge_b(fake_b) - 1).square().mean(), "adversarial_ba": 0.5 * (judge_a(fake_a) - 1).square().mean(),
                  "cycle_a": F.l1_loss(ba(fake_b), a), "cycle_b": F.l1_loss(ab(fake_a), b), "identity_a": F.l1_loss(ba(a), a),
                  "identity_b": F.l1_loss(ab(b), b)}
        weights = {"adversarial": 2, "cycle": 10, "identity": 5}
        self.update("G", sum(weights[name.split("_")[0]] * value for name, value in values.items()))
        losses = {"G/" + name: value.detach() for name, value in values.items()}
        self.train_only("D")
        total = 0
        for side, judge, real, fake in (("a", judge_a, a, fake_a), ("b", judge_b, b, fake_b)):
            old = self.pools[side].exchange(fake.detach())
            value = 0.5 * (judge(real) - 1).square().mean() + 0.5 * judge(old).square().mean()
            losses["D/adversarial_" + side] = value.detach()
            total = total + value
        self.update("D", total)
        return losses
