"""The networks of the PyTorch C++ tutorial."""

from game import Game
from networks import dcgan_discriminator, dcgan_generator


def make():
    generator = dcgan_generator([(256, 4, 1, 0), (128, 3, 2, 1), (64, 4, 2, 1)], 100, 1)
    return Game(generator, dcgan_discriminator([64, 128, 256], 1, 3))
