"""CycleGAN with generators of nine blocks at 256 px, batch 1."""

from translation import Cyclegan


def make():
    return Cyclegan()
