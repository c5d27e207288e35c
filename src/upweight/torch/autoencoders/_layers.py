"""The latent side of an autoencoder: one or two stochastic layers, as draws with their densities.

The trouble: two stochastic layers are where estimators are quietly got wrong. The densities see views of both layers, the sampling chain
the originals, and log q(z2|z1) is taken a second time with stopped parameters and live z1; a hook on the chain would scale z2 -> z1
twice. Here that stands once, and models see (z, log p(z), log q(z|x), path).

    one   z ~ q(z|x),                      p(z) = N(0, I)
    two   z1 ~ q(z1|x), z2 ~ q(z2|z1);     z2 ~ N(0, I), z1 ~ p(z1|z2), x ~ p(x|z1)

Noise comes from outside, (..., width), so that it may follow from a key. For scoring some draws may come from the prior (`defended`);
then every draw is weighed by the mixture of both.

What is inside: `OneLayer`, `TwoLayers`; `LatentDraws`; `defended`, which draws come from the prior.

Sources: Burda, Grosse & Salakhutdinov (2016) for two layers; Tucker et al. (2019) for the gradient; Owen & Zhou (2000), Safe and
effective importance sampling, for mixtures with the prior.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import nn
from torch.func import functional_call

from ..iwae import Objective
from ._normal import log_normal, log_standard_normal, split

__all__ = ["LatentDraws", "OneLayer", "State", "TwoLayers", "defended"]

ROUNDING = 1e-9  # .29 * 100 is 28.999999999999996
State = tuple[torch.Tensor, torch.Tensor]  # mean and log-scale of q(z|x), (B, d) each: the encoder ran once


class LatentDraws(NamedTuple):
    """z (B, K, d), which no hook acts on; `seen`, the view of it that the decoder gets; log-densities (B, K); tensors to hook."""

    z: torch.Tensor
    seen: torch.Tensor
    log_prior: torch.Tensor
    log_q: torch.Tensor
    path: tuple[torch.Tensor, ...]


def defended(first: int, count: int, share: float) -> torch.Tensor:
    """(count,) bool: whether draw j of first .. first + count - 1 comes from the prior, floor((j+1) a) > floor(j a)."""
    held = torch.floor(torch.arange(first, first + count + 1, dtype=torch.float64) * share + ROUNDING)
    return held[1:] > held[:-1]


def drawn_from_prior(k: int, share: float) -> int:
    """How many of the first k draws come from the prior, floor(k a), whatever the rounding of a."""
    return math.floor(k * share + ROUNDING)


class OneLayer(nn.Module):
    """z ~ N(mean(x), scale(x)), prior N(0, I).

    encoder : module, what it is given -> (B, 2 d). d : latent dimensions.
    """

    def __init__(self, encoder: nn.Module, d: int) -> None:
        super().__init__()
        self.encoder, self.width, self.code_width = encoder, d, d

    def state(self, inputs: torch.Tensor) -> State:
        """The encoder's answer for some rows."""
        return split(self.encoder(inputs))

    def draws(self, state: State, noise: torch.Tensor, objective: Objective) -> LatentDraws:
        """Draws for training, noise (B, K, d), as the objective's estimator needs them."""
        mean, log_scale = (t.unsqueeze(-2) for t in state)
        z = mean + torch.exp(log_scale) * noise
        if objective.estimator == "vimco":
            z = z.detach()
            return LatentDraws(z, z, log_standard_normal(z), log_normal(z, mean, log_scale), ())
        if not objective.by_path:
            return LatentDraws(z, z, log_standard_normal(z), log_normal(z, mean, log_scale), ())
        seen = z.view_as(z)
        if objective.estimator == "standard":  # split: every draw has outputs of its own
            own = tuple(t.expand_as(z) for t in (mean, log_scale))
            return LatentDraws(z, seen, log_standard_normal(seen), log_normal(seen, *own), (seen, *own))
        stopped = mean.detach(), log_scale.detach()
        return LatentDraws(z, seen, log_standard_normal(seen), log_normal(seen, *stopped), (seen,))

    def proposed(self, state: State, noise: torch.Tensor, prior: torch.Tensor | None) -> LatentDraws:
        """Draws for scoring; those where `prior` (K,) is true come from N(0, I)."""
        mean, log_scale = (t.unsqueeze(-2) for t in state)
        z = torch.exp(log_scale).mul(noise).add_(mean)
        if prior is not None:
            z = torch.where(prior[:, None], noise, z)
        return LatentDraws(z, z, log_standard_normal(z), log_normal(z, mean, log_scale), ())

    def sampled(self, noise: torch.Tensor) -> torch.Tensor:
        """z ~ p(z) that decodes, of noise (n, width)."""
        return noise

    def layer_means(self, state: State, noise: torch.Tensor) -> list[torch.Tensor]:
        """The encoder's mean of every layer, (B, d) each."""
        return [state[0]]


class TwoLayers(nn.Module):
    """z1 ~ q(z1|x), z2 ~ q(z2|z1); z2 ~ N(0, I), z1 ~ p(z1|z2). Noise is that of z1, then that of z2.

    encoder : -> (B, 2 d1). upper : (..., d1) -> (..., 2 d2). lower : (..., d2) -> (..., 2 d1). d : (d1, d2).
    """

    def __init__(self, encoder: nn.Module, upper: nn.Module, lower: nn.Module, d: tuple[int, int]) -> None:
        super().__init__()
        self.encoder, self.upper, self.lower, self.d = encoder, upper, lower, d
        self.width, self.code_width = sum(d), d[0]

    def state(self, inputs: torch.Tensor) -> State:
        """The encoder's answer for some rows."""
        return split(self.encoder(inputs))

    def draws(self, state: State, noise: torch.Tensor, objective: Objective) -> LatentDraws:
        """Draws for training, noise (B, K, d1 + d2), as the objective's estimator needs them; `split` has no form here."""
        mean, log_scale = (t.unsqueeze(-2) for t in state)
        first, second = noise.split(self.d, -1)
        z1 = mean + torch.exp(log_scale) * first
        if objective.estimator == "vimco":
            z1 = z1.detach()
        above = split(self.upper(z1))
        z2 = above[0] + torch.exp(above[1]) * second
        if objective.estimator == "vimco":
            z2 = z2.detach()
        if not objective.by_path:
            log_q = log_normal(z1, mean, log_scale) + log_normal(z2, *above)
            return LatentDraws(z1, z1, self._log_prior(z1, z2), log_q, ())
        y1, y2 = z1.view_as(z1), z2.view_as(z2)
        stopped = {name: p.detach() for name, p in self.upper.named_parameters()}
        again = split(functional_call(self.upper, stopped, (y1,)))
        log_q = log_normal(y1, mean.detach(), log_scale.detach()) + log_normal(y2, *again)
        return LatentDraws(z1, y1, self._log_prior(y1, y2), log_q, (y1, y2))

    def proposed(self, state: State, noise: torch.Tensor, prior: torch.Tensor | None) -> LatentDraws:
        """Draws for scoring; those where `prior` (K,) is true come downward from p(z2) p(z1|z2)."""
        mean, log_scale = (t.unsqueeze(-2) for t in state)
        first, second = noise.split(self.d, -1)
        z1 = mean + torch.exp(log_scale) * first
        if prior is not None:
            z1 = torch.where(prior[:, None], self.sampled(noise), z1)
        above = split(self.upper(z1))
        z2 = above[0] + torch.exp(above[1]) * second
        if prior is not None:
            z2 = torch.where(prior[:, None], second, z2)
        log_q = log_normal(z1, mean, log_scale) + log_normal(z2, *above)
        return LatentDraws(z1, z1, self._log_prior(z1, z2), log_q, ())

    def _log_prior(self, z1: torch.Tensor, z2: torch.Tensor) -> torch.Tensor:
        return log_standard_normal(z2) + log_normal(z1, *split(self.lower(z2)))

    def sampled(self, noise: torch.Tensor) -> torch.Tensor:
        """z1 ~ p(z1|z2), z2 ~ p(z2), of noise (..., d1 + d2)."""
        first, second = noise.split(self.d, -1)
        mean, log_scale = split(self.lower(second))
        return mean + torch.exp(log_scale) * first

    def layer_means(self, state: State, noise: torch.Tensor) -> list[torch.Tensor]:
        """The encoder's mean of both layers, (B, d1) and (B, d2); the upper one over the draws of noise (B, K, d1 + d2)."""
        mean, log_scale = state
        z1 = mean.unsqueeze(-2) + torch.exp(log_scale).unsqueeze(-2) * noise[..., : self.d[0]]
        return [mean, split(self.upper(z1))[0].mean(-2)]
