"""WGAN-GP with residual networks, five critic steps."""

from game import Game, minus_mean, wasserstein
from networks import residual_critic, residual_generator

# G's loss of the first step comes after five updates of the critic.
TOLERANCE = [5e-3, 5e-2]


def make():
    return Game(residual_generator(128), residual_critic(128, total=False), names=("generator", "critic"), latent_dim=128,
                loss=wasserstein, generator_loss=minus_mean, penalty="gradient_penalty", penalty_weight=10.0, share_fakes=False,
                critic_steps=5, betas=(0.0, 0.9))
