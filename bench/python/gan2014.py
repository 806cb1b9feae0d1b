"""MLP 100-256-512-784 against 784-512-256-1; D sees (x + 1) / 2 as in the C++ side."""

import torch
from torch import nn

from game import Game
from networks import Shape


class Sigmoid2(nn.Module):
    def forward(self, x):
        return torch.sigmoid(x) * 2 - 1


class Half(nn.Module):
    def forward(self, x):
        return (x + 1) * 0.5


def make():
    generator = nn.Sequential(nn.Linear(100, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 784), Sigmoid2(),
                              Shape(1, 28, 28))
    discriminator = nn.Sequential(nn.Flatten(), Half(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(),
                                  nn.Linear(256, 1))
    return Game(generator, discriminator, share_fakes=False, judged_together=True)
