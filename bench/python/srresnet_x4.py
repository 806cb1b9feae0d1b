"""SRResNet of the paper, 16 blocks of 64 channels, four parts of 24 px to 96 px: an update on pixels, and the enlargement alone."""

import sys

import torch
from torch import nn

CASES = ["train", "enlarge"]


class Shortcut(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return x + self.body(x)


def block(c):
    return Shortcut(nn.Sequential(nn.Conv2d(c, c, 3, 1, 1), nn.BatchNorm2d(c), nn.PReLU(),
                                  nn.Conv2d(c, c, 3, 1, 1), nn.BatchNorm2d(c)))


class SrResNet(nn.Module):
    def __init__(self, c=64, blocks=16):
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, c, 9, 1, 4), nn.PReLU())
        self.body = Shortcut(nn.Sequential(*[block(c) for _ in range(blocks)], nn.Conv2d(c, c, 3, 1, 1), nn.BatchNorm2d(c)))
        ups = [layer for _ in range(2) for layer in (nn.Conv2d(c, 4 * c, 3, 1, 1), nn.PixelShuffle(2), nn.PReLU())]
        self.tail = nn.Sequential(*ups, nn.Conv2d(c, 3, 9, 1, 4))

    def forward(self, x):
        return self.tail(self.body(self.head(x)))


class Restoration:
    def __init__(self, training):
        self.network, self.training = SrResNet(), training

    def prepare(self, trace, tuned, channels_last=False, compiled=False):
        trace.load("generator", self.network)
        self.given, self.wanted = trace.next_input("generator"), trace.tensors["wanted"]
        self.network.train(self.training)
        if channels_last:
            self.network.to(memory_format=torch.channels_last)
            self.given = self.given.contiguous(memory_format=torch.channels_last)
        self.call = torch.compile(self.network) if compiled else self.network
        self.mode = torch.inference_mode if tuned else torch.no_grad
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-4, fused=tuned or None)

    def traced_step(self, trace):
        return {"pixel": float(self.step())}

    def step(self):
        if not self.training:
            with self.mode():
                return self.call(self.given).square().mean()
        self.optimizer.zero_grad()
        loss = (self.call(self.given) - self.wanted).square().mean()
        loss.backward()
        self.optimizer.step()
        return loss.detach()


def make():
    return Restoration("train" in sys.argv[1])
