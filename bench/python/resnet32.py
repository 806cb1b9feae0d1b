"""Residual networks with the hinge loss, without spectral normalisation (as the C++ side)."""

from game import Game, hinge, minus_mean
from networks import residual_critic, residual_generator


def make():
    return Game(residual_generator(256), residual_critic(128, total=True), latent_dim=128, loss=hinge, generator_loss=minus_mean,
                share_fakes=False, betas=(0.0, 0.9))
