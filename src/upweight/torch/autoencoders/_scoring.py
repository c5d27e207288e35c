"""Log-weights of rows by keyed draws: for likelihoods, posterior means and the held-out bound.

The trouble: a row's figures must not depend on which rows stand beside it, on the chunk, or on what was scored before; and a proposal
that misses a mode misses it in every draw. Noise comes a row by the row's key in blocks of 256 draws, and a share `defend` = a of the
draws may come from the prior, spread so that the first K hold floor(K a) of them; then every draw is weighed by the mixture

    log w = log p(x, z) - log( (K - m)/K q(z|x) + m/K p(z) ),     m = floor(K a)

What is inside: `log_weights_of`, for `iwae.log_likelihood`; `posterior`, draws with log-weights, some rows at a time; `mean_bound`; `mean_score`.

Sources: Owen & Zhou (2000), Safe and effective importance sampling; Veach & Guibas (1995) for the balance heuristic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from ..._errors import InputError, is_number
from ..._weights import Weights, forbid
from ...tables import row_weights
from ..fitting import in_float32
from ..keyed import RowNoise
from ._layers import LatentDraws, State, defended, drawn_from_prior
from ._rows import ModelRows, slices

__all__ = ["PAIRS", "PosteriorDraws", "keyed_noise", "log_weights_of", "mean_bound", "mean_score", "posterior"]

PAIRS = 2048  # (row, draw) pairs decoded together


class PosteriorDraws(NamedTuple):
    """Some rows of a table: their numbers, batch, draws z (B, K, d) and log-weights (B, K)."""

    rows: slice
    batch: Any
    z: torch.Tensor
    log_w: torch.Tensor


def keyed_noise(rows: ModelRows, key: int) -> RowNoise:
    """The noise of some rows, a row by its key."""
    return RowNoise(rows.keys(key), rows.layers.width)


def log_weights_of(rows: ModelRows, *, key: int, k: int, defend: float) -> Callable[[slice, int, int], torch.Tensor]:
    """What `iwae.log_likelihood` asks: log-weights of draws first .. first + count - 1 of some rows; each row is encoded once."""
    if not is_number(defend) or not 0 <= defend <= 1:
        raise InputError(f"`defend` must be a share in [0, 1]; got {defend!r}. 0 is the encoder alone.")
    noise = keyed_noise(rows, key)
    kept: dict[str, Any] = {}

    @in_float32()
    def asked(which: slice, first: int, count: int) -> torch.Tensor:
        if kept.get("rows") != (which.start, which.stop):
            batch = rows.batch(which)
            kept.update(rows=(which.start, which.stop), batch=batch, state=rows.state(batch), empty=rows.empty(batch))
        drawn = noise.draws(which, first, count).to(rows.device)
        l = _weighed(rows, kept["batch"], kept["state"], drawn, first, k, defend)[1]
        return l if kept["empty"] is None else torch.where(kept["empty"][:, None], 0.0, l)

    return asked


def posterior(rows: ModelRows, noise: RowNoise, *, k: int, pairs: int = PAIRS) -> Iterator[PosteriorDraws]:
    """K draws of the encoder and their log-weights, some rows at a time; without a graph."""
    for which in slices(len(rows), max(1, pairs // k)):
        with torch.no_grad():
            drawn = _posterior_of(rows, which, noise.draws(which, 0, k).to(rows.device))
        yield drawn


@in_float32()
def _posterior_of(rows: ModelRows, which: slice, noise: torch.Tensor) -> PosteriorDraws:
    batch = rows.batch(which)
    return PosteriorDraws(which, batch, *_weighed(rows, batch, rows.state(batch), noise, 0, noise.shape[1], 0.0))


def mean_bound(rows: ModelRows, noise: RowNoise, *, k: int, weight: np.ndarray) -> float:
    """Weighted mean of L_K over some rows, weights of mean one."""
    total = 0.0
    for part in posterior(rows, noise, k=k, pairs=2 * PAIRS):
        l = torch.logsumexp(part.log_w, -1) - math.log(k)
        empty = rows.empty(part.batch)
        l = l if empty is None else torch.where(empty, 0.0, l)
        total += float(l.double().cpu().numpy() @ weight[part.rows])
    return total / len(rows)


def mean_score(values: np.ndarray, sample_weight: Any) -> float:
    """Weighted mean of scores (n,); a row of weight zero is as if it were not there. KindError for weights that may not average."""
    w = row_weights(sample_weight, len(values))
    if w is None:
        return float(values.mean())
    if isinstance(sample_weight, Weights):
        forbid(sample_weight.kind, "mean")
    return float(np.average(values[w > 0], weights=w[w > 0]))


def _weighed(
    rows: ModelRows, batch: Any, state: State, noise: torch.Tensor, first: int, k: int, defend: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draws (B, count, d) and their log-weights (B, count)."""
    prior = drawn_from_prior(k, defend)
    mask = defended(first, noise.shape[1], defend).to(noise.device) if prior else None
    d = rows.layers.proposed(state, noise, mask)
    return d.z, rows.log_prob(d.seen, batch) + d.log_prior - _proposal(d, prior / k)


def _proposal(d: LatentDraws, share: float) -> torch.Tensor:
    """Log-density of the mixture that the draws came from."""
    if share == 0:
        return d.log_q
    if share == 1:
        return d.log_prior
    return torch.logaddexp(d.log_q + math.log1p(-share), d.log_prior + math.log(share))
