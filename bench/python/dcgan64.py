"""pytorch/examples/dcgan."""

from game import Game
from networks import dcgan64_generator, dcgan_discriminator


def make():
    return Game(dcgan64_generator(), dcgan_discriminator([64, 128, 256, 512], 3, 4))
