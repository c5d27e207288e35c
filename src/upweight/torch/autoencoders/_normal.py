"""Normal densities with a diagonal, as the latent layers need them: in logs, summed over the last axis.

    log N(z; m, s) = -|(z - m)/s|^2 / 2 - sum log s - d log(2 pi) / 2

What is inside: `log_normal`, `log_standard_normal`; `split`, an encoder's outputs as mean and log-scale.
"""

from __future__ import annotations

import math

import torch

__all__ = ["log_normal", "log_standard_normal", "split"]

LOWEST, HIGHEST = -6.0, 3.0  # of a log-scale


def split(outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and log-scale, (..., d) each, of outputs (..., 2d); the log-scale is kept in [-6, 3]."""
    mean, log_scale = outputs.chunk(2, -1)
    return mean, log_scale.clamp(LOWEST, HIGHEST)


def log_normal(z: torch.Tensor, mean: torch.Tensor, log_scale: torch.Tensor) -> torch.Tensor:
    """log N(z; mean, exp(log_scale)) in nats, (...) of z (..., d)."""
    far = (z - mean) * torch.exp(-log_scale)
    return -far.square().sum(-1) / 2 - log_scale.sum(-1) - _constant(z)


def log_standard_normal(z: torch.Tensor) -> torch.Tensor:
    """log N(z; 0, 1) in nats, (...) of z (..., d)."""
    return -z.square().sum(-1) / 2 - _constant(z)


def _constant(z: torch.Tensor) -> float:
    return z.shape[-1] * math.log(2 * math.pi) / 2
