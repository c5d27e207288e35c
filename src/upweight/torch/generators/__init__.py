"""Generators that learn a target from biased rows and their weights."""

from ._weighted_gan import WeightedGAN

__all__ = ["WeightedGAN"]
