"""DCGAN-64 without normalisation in D, R1 in every step."""

from game import Game
from networks import dcgan64_generator, dcgan_discriminator


def make():
    discriminator = dcgan_discriminator([64, 128, 256, 512], 3, 4, norm=False)
    return Game(dcgan64_generator(), discriminator, penalty="r1", penalty_weight=10.0)
