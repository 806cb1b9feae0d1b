"""3D-GAN (Wu et al. 2016) for 64^3 voxels, as public implementations write it."""

from game import Game
from torch import nn

WIDTHS = [64, 128, 256, 512]


def generator(latent_dim=200):
    layers, width = [nn.Unflatten(1, (latent_dim, 1, 1, 1))], latent_dim
    for n, out in enumerate(reversed(WIDTHS)):
        stride, padding = (1, 0) if n == 0 else (2, 1)
        layers += [nn.ConvTranspose3d(width, out, 4, stride, padding, bias=False), nn.BatchNorm3d(out), nn.ReLU(True)]
        width = out
    return nn.Sequential(*layers, nn.ConvTranspose3d(width, 1, 4, 2, 1, bias=False), nn.Sigmoid())


def discriminator():
    layers, width = [], 1
    for out in WIDTHS:
        layers += [nn.Conv3d(width, out, 4, 2, 1, bias=False), nn.BatchNorm3d(out), nn.LeakyReLU(0.2, True)]
        width = out
    return nn.Sequential(*layers, nn.Conv3d(width, 1, 4, 1, 0, bias=False), nn.Flatten())


def make():
    return Game(generator(), discriminator(), latent_dim=200, batch=8)
