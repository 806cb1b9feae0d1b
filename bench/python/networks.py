"""The networks of the workloads, written in PyTorch; state names are those of the C++ side."""

import torch
import torch.nn.functional as F
from torch import nn


class Pyramid(nn.Module):
    """Layers named main.<n>; latents [N, D] come in as [N, D, 1, 1], logits go out as [N, 1]."""

    def __init__(self, up, *layers):
        super().__init__()
        self.up = up
        self.main = nn.Sequential(*layers)

    def forward(self, x):
        return self.main(x[:, :, None, None]) if self.up else self.main(x).flatten(1)


def dcgan_generator(stages, latent_dim, channels):
    """stages: (channels, kernel, stride, padding) of every transposed convolution but the last."""
    layers, width = [], latent_dim
    for out, kernel, stride, padding in stages:
        layers += [nn.ConvTranspose2d(width, out, kernel, stride, padding, bias=False), nn.BatchNorm2d(out), nn.ReLU(True)]
        width = out
    return Pyramid(True, *layers, nn.ConvTranspose2d(width, channels, 4, 2, 1, bias=False), nn.Tanh())


def dcgan_discriminator(widths, channels, last_kernel, norm=True):
    layers, width = [], channels
    for i, out in enumerate(widths):
        layers.append(nn.Conv2d(width, out, 4, 2, 1, bias=False))
        if norm and i > 0:
            layers.append(nn.BatchNorm2d(out))
        layers.append(nn.LeakyReLU(0.2, True))
        width = out
    return Pyramid(False, *layers, nn.Conv2d(width, 1, last_kernel, 1, 0, bias=False))


def dcgan64_generator():
    return dcgan_generator([(512, 4, 1, 0), (256, 4, 2, 1), (128, 4, 2, 1), (64, 4, 2, 1)], 100, 3)


class ResidualBlock(nn.Module):
    """[norm] ReLU conv3 [norm] ReLU conv3 beside a 1x1 shortcut (WGAN-GP, appendix F); `first` has no pre-activation."""

    def __init__(self, width_in, width_out, resample, norm=False, first=False):
        super().__init__()
        self.resample, self.first = resample, first
        middle = width_in if resample == "down" and not first else width_out
        if norm:
            self.norm1 = nn.BatchNorm2d(width_in)
            self.norm2 = nn.BatchNorm2d(middle)
        self.norm = norm
        self.conv1 = nn.Conv2d(width_in, middle, 3, padding=1)
        self.conv2 = nn.Conv2d(middle, width_out, 3, padding=1)
        self.shortcut = nn.Conv2d(width_in, width_out, 1) if width_in != width_out or resample else None

    def forward(self, x):
        y = x
        if not self.first:
            y = F.relu(self.norm1(y) if self.norm else y)
        if self.resample == "up":
            y = F.interpolate(y, scale_factor=2)
        y = self.conv1(y)
        y = self.conv2(F.relu(self.norm2(y) if self.norm else y))
        if self.resample == "down":
            y = F.avg_pool2d(y, 2)
        return y + self.short(x)

    def short(self, x):
        if self.shortcut is None:
            return x
        if self.resample == "up":
            return F.interpolate(self.shortcut(x), scale_factor=2)
        return self.shortcut(F.avg_pool2d(x, 2) if self.resample == "down" else x)


class Shape(nn.Module):
    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        return x.reshape(-1, *self.shape)


class Pool(nn.Module):
    """[N, C, H, W] -> [N, C]: sum or mean over pixels."""

    def __init__(self, total):
        super().__init__()
        self.total = total

    def forward(self, x):
        return x.sum((2, 3)) if self.total else x.mean((2, 3))


def residual_generator(width, latent_dim=128):
    blocks = [ResidualBlock(width, width, "up", norm=True) for _ in range(3)]
    return nn.Sequential(nn.Linear(latent_dim, width * 16), Shape(width, 4, 4), *blocks, nn.BatchNorm2d(width), nn.ReLU(True),
                         nn.Conv2d(width, 3, 3, padding=1), nn.Tanh())


def residual_critic(width, total):
    return nn.Sequential(ResidualBlock(3, width, "down", first=True), ResidualBlock(width, width, "down"),
                         ResidualBlock(width, width, None), ResidualBlock(width, width, None), nn.ReLU(), Pool(total),
                         nn.Linear(width, 1))
