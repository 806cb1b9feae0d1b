"""pix2pix with the U-Net of 256 px, batch 1, without dropout (as the C++ side)."""

from translation import Pix2pix


def make():
    return Pix2pix()
