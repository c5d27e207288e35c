"""Steps of a generator: toward the weighted kernel distance, or in turn with a critic.

    mmd   one step of Adam down `mmd2`, the bandwidth taken once
    gan   one of the critic down its loss with weighted real terms, then one of the generator down softplus(-critic)

Noise is a function of (key, epoch, step), so that a killed training goes on as it would have.

What is inside: `MMDStep`, `CriticStep`.

Sources: Diesendruck et al. (2018); Goodfellow et al. (2014) for the non-saturating loss of the generator; Radford, Metz & Chintala
(2016) for the momentum of .5.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ..fitting import Figures
from ..iwae import gan_loss, mmd2
from ..keyed import normal_noise
from ._rows import RealRows

__all__ = ["CriticStep", "MMDStep"]

IN_TURN = 0.5  # momentum of two networks that chase each other: .9 makes them circle (Radford et al., 2016)


def _adam(module: nn.Module, momentum: float = 0.9) -> torch.optim.Adam:
    return torch.optim.Adam(module.parameters(), lr=1e-3, betas=(momentum, 0.999), eps=1e-4, fused=True)


def _down(optimiser: torch.optim.Adam, loss: torch.Tensor, lr: float) -> None:
    optimiser.param_groups[0]["lr"] = lr
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


class MMDStep:
    """Steps of a generator alone."""

    def __init__(self, generator: nn.Module, real: RealRows, latent: int, bandwidth: float) -> None:
        self.generator, self.real, self.latent, self.bandwidth = generator, real, latent, bandwidth
        self.adam = _adam(generator)

    def step(self, rows: torch.Tensor, epoch: int, step: int, lr: float) -> Figures:
        x, w = self.real.step(rows, epoch, step)
        z = normal_noise((len(x), self.latent), self.real.key, "noise", epoch, step, device=x.device)
        way = "population" if self.real.by == "resample" else self.real.by
        loss = mmd2(self.generator(z), x, w, by=way, bandwidth=self.bandwidth)
        _down(self.adam, loss, lr)
        return {"mmd2": loss.item()}

    def state_dict(self) -> dict[str, Any]:
        return {"generator": self.adam.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.adam.load_state_dict(state_dict["generator"])


class CriticStep:
    """Steps of a critic and of a generator in turn."""

    def __init__(self, generator: nn.Module, critic: nn.Module, real: RealRows, latent: int) -> None:
        self.generator, self.critic, self.real, self.latent = generator, critic, real, latent
        self.adams = {"generator": _adam(generator, IN_TURN), "critic": _adam(critic, IN_TURN)}

    def step(self, rows: torch.Tensor, epoch: int, step: int, lr: float) -> Figures:
        x, w = self.real.step(rows, epoch, step)
        z = normal_noise((2, len(x), self.latent), self.real.key, "noise", epoch, step, device=x.device)
        way = "population" if self.real.by == "resample" else self.real.by
        with torch.no_grad():
            made = self.generator(z[0])
        critic, _ = gan_loss(self.critic(x), self.critic(made), w, by=way)
        _down(self.adams["critic"], critic, lr)
        generator = nn.functional.softplus(-self.critic(self.generator(z[1]))).mean()
        _down(self.adams["generator"], generator, lr)
        return {"critic": critic.item(), "generator": generator.item()}

    def state_dict(self) -> dict[str, Any]:
        return {name: adam.state_dict() for name, adam in self.adams.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for name, adam in self.adams.items():
            adam.load_state_dict(state_dict[name])
