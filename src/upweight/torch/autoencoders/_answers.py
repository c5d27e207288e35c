"""What a fitted autoencoder answers about rows by weighted draws: codes, reconstructions, filled gaps, draws of posterior and data.

The trouble: the encoder's own mean is a proposal's, and gets worse as the bound gets tighter; with the weights it gets better. So each
answer is an average over K draws by their weights,

    E[f(z) | x]  ~  sum_k W_k f(z_k)

some rows at a time; what is drawn (imputations, new rows) has the noise of p(x|z) in it, but not the network's own uncertainty.

What is inside: `codes`, `active_counts`, `reconstructed`, `imputed`, `decoded`, `sampled`, `drawn`; `given_codes`, codes that somebody gives; `refuse_beyond_memory`.

Source: Cremer, Morris & Duvenaud (2017), Reinterpreting importance-weighted autoencoders.
"""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
import torch

from ..._errors import InputError, counted, is_number, require_int
from ..._frames import from_torch
from ..fitting import in_float32
from ..iwae import Draws, Objective, expect, resample
from ..keyed import seed_of, seeded
from ..likelihoods import Density
from ._network import Network
from ._rows import TOGETHER, ModelRows, TableRows, slices
from ._scoring import PAIRS, keyed_noise, posterior

__all__ = [
    "active_counts",
    "codes",
    "decoded",
    "drawn",
    "given_codes",
    "imputed",
    "reconstructed",
    "refuse_beyond_memory",
    "sampled",
]


def active_counts(rows: ModelRows, *, key: int, threshold: float) -> tuple[int, ...]:
    """How many units of each layer have a posterior mean whose variance over the rows is above `threshold`."""
    if not is_number(threshold) or not 0 <= threshold < math.inf:
        raise InputError(f"`threshold` must be a variance, 0 or more; got {threshold!r}. 0.01 is the usual one.")
    return tuple(int((m.var(0, dtype=np.float64) > threshold).sum()) for m in _layer_codes(rows, key=key))


def codes(rows: ModelRows, *, key: int, k: int) -> np.ndarray:
    """Posterior means (n, d) float32 by the weights of k draws; k = 0: the encoder's own."""
    require_int("k", k, least=0)
    if k == 0:
        return _layer_codes(rows, key=key)[0]
    parts = [expect(d.log_w, d.z).cpu().numpy() for d in posterior(rows, keyed_noise(rows, key), k=k)]
    return np.concatenate(parts)


def given_codes(z: Any, width: int) -> torch.Tensor:
    """Codes (n, width) of the user's as float32."""
    code = from_torch(z) if isinstance(z, torch.Tensor) else np.asarray(z)
    if code.ndim != 2 or code.shape[1] != width or code.dtype.kind not in "biuf":
        raise InputError(
            f"`z` must be codes of shape (n, {width}); got {code.dtype} of shape {code.shape}. Pass what encode gave."
        )
    bad = ~np.isfinite(code)
    if bad.any():
        row = int(bad.any(1).argmax())
        raise InputError(
            f"`z` must be finite; got {counted(int(bad.sum()), 'value')} NaN or infinite, first at row {row}. Pass what encode gave."
        )
    return torch.from_numpy(code.astype(np.float32))


@in_float32()
def _layer_codes(rows: ModelRows, *, key: int, k: int = 20) -> list[np.ndarray]:
    """The encoder's own means of each layer, (n, d) float32; of an upper one over k draws of the one below."""
    noise = keyed_noise(rows, key)
    found = []
    for part in slices(len(rows), TOGETHER):
        with torch.no_grad():
            state = rows.state(rows.batch(part))
            found.append(rows.layers.layer_means(state, noise.draws(part, 0, k).to(rows.device)))
    return [np.concatenate([layer.cpu().numpy() for layer in layers]) for layers in zip(*found, strict=True)]


@in_float32()
def reconstructed(rows: TableRows, *, key: int, k: int) -> torch.Tensor:
    """E[x|z] averaged over the posterior, (n, M), as the likelihood's `mean` lays it out."""
    require_int("k", k)
    own, parts = rows.network.own, []
    for d in posterior(rows, keyed_noise(rows, key), k=k):
        with torch.no_grad():
            parts.append(expect(d.log_w, rows.density.mean(rows.outputs(d.z), own)).cpu())  # pyright: ignore[reportArgumentType]
    return torch.cat(parts)


@in_float32()
def imputed(rows: TableRows, m: int, *, key: int, k: int, draw_key: int) -> torch.Tensor:
    """(m, n, D) rows drawn from the posterior predictive: z by its weights, then x from p(x|z)."""
    require_int("k", k)
    require_int("m", m)
    generator = seeded(draw_key, "impute", device=rows.device)
    chosen = np.random.default_rng(seed_of(draw_key, "resample"))
    parts = []
    for d in posterior(rows, keyed_noise(rows, key), k=k):
        with torch.no_grad():
            z = resample(d.log_w, d.z, m, rng=chosen)
            shape = z.shape[:2]
            order = torch.rand(shape, generator=generator, device=z.device, dtype=torch.float32).argsort(
                -1
            )  # draws come sorted
            z = z.take_along_dim(order[..., None], -2)
            parts.append(rows.density.sample(rows.outputs(z), rows.network.own, generator).movedim(1, 0).cpu())  # pyright: ignore[reportArgumentType]
    return torch.cat(parts, 1)


@in_float32()
def decoded(network: Network, density: Density, z: torch.Tensor) -> torch.Tensor:
    """(n, D) what z (n, d) stands for."""
    with torch.no_grad():
        parts = [density.expected(density.mean(network.decoder(part), network.own)).cpu() for part in z.split(PAIRS)]
    return torch.cat(parts)


@in_float32()
def sampled(network: Network, density: Density, n: int, *, mean: bool, key: int) -> torch.Tensor:
    """(n, D) new rows; with `mean` without the noise of p(x|z)."""
    require_int("n", n)
    device = next(network.parameters()).device
    generator = seeded(key, "sample", device=device)
    parts = []
    for part in slices(n, PAIRS):
        shape = part.stop - part.start, network.layers.width
        noise = torch.randn(shape, generator=generator, device=device, dtype=torch.float32)
        with torch.no_grad():
            outputs = network.decoder(network.layers.sampled(noise))
            whole = (
                density.expected(density.mean(outputs, network.own))
                if mean
                else density.sample(outputs, network.own, generator)
            )
        parts.append(whole.cpu())
    return torch.cat(parts)


@in_float32()
def drawn(rows: ModelRows, objective: Objective, *, key: int, k: int) -> Draws:
    """k draws of every row with their graph, whole in memory."""
    require_int("k", k)
    what = f"{counted(k, 'draw')} of {counted(len(rows), 'row')}"
    refuse_beyond_memory(
        len(rows) * k, rows.n_outputs, what, "Use log_likelihood, which keeps no draws, or fewer rows."
    )
    batch = rows.batch(slice(0, len(rows)))
    noise = keyed_noise(rows, key).draws(slice(0, len(rows)), 0, k).to(rows.device)
    d = rows.layers.draws(rows.state(batch), noise, objective)
    log_w = rows.log_prob(d.seen, batch) + d.log_prior - d.log_q
    return Draws(log_w, d.z, d.log_q, d.path, objective)


def refuse_beyond_memory(pairs: int, outputs: int, what: str, remedy: str) -> None:
    """The decoder's outputs of so many (row, draw) pairs and their gradient alone must fit."""
    need = 8.0 * pairs * outputs
    have = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) if hasattr(os, "sysconf") else np.inf
    if need > have:
        raise InputError(f"{what} take {need / 1e9:,.0f} GB and more; this machine has {have / 1e9:,.0f}. {remedy}")
