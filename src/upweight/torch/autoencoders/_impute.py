"""Gaps filled by weighted draws: one best guess, or many random fillings.

The trouble: a row without a gap needs no decoder, a row with one needs a thousand draws of it; and a filling that ignores the weights is the
encoder's opinion. Of the rows with gaps alone,

    best guess   E[x_m | x_o]  ~  sum_k W_k E[x_m | z_k],   of levels the likeliest
    at random    z ~ the K draws by their weights,  x_m ~ p(x_m | z)

Draws follow from a row's own values, so that a row is filled alike alone and among others.

What is inside: `best_guess`, `fillings`; `imputation_weights`, for a diagnosis.

Source: Mattei & Frellsen (2019), MIWAE, sections 3.3 and 3.4.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ..._errors import require_int
from ..likelihoods import ObservedRows
from ._answers import imputed, reconstructed
from ._rows import TableRows
from ._scoring import keyed_noise, posterior

__all__ = ["best_guess", "fillings", "imputation_weights"]


def best_guess(rows: TableRows, *, key: int, k: int) -> torch.Tensor:
    """(n, D) in the density's own units, gaps at their best guess."""
    gaps, some = _with_gaps(rows, key)
    x = rows.rows.x.clone()
    if len(gaps):
        x[gaps] = rows.density.guess(reconstructed(some, key=key, k=k))
    return x


def fillings(rows: TableRows, m: int, *, key: int, k: int, draw_key: int) -> Iterator[torch.Tensor]:
    """m times (n, D), gaps drawn from the posterior predictive."""
    require_int("m", m)
    gaps, some = _with_gaps(rows, key)
    drawn = imputed(some, m, key=key, k=k, draw_key=draw_key) if len(gaps) else [None] * m
    for found in drawn:
        x = rows.rows.x.clone()
        if found is not None:
            x[gaps] = found
        yield x


def imputation_weights(rows: TableRows, *, key: int, k: int) -> torch.Tensor:
    """(n, k) log-weights of the draws by which each row is filled."""
    return torch.cat([part.log_w.cpu() for part in posterior(rows, keyed_noise(rows, key), k=k)])


def _with_gaps(rows: TableRows, key: int) -> tuple[torch.Tensor, TableRows]:
    """Numbers of the rows with gaps, and these rows."""
    seen = rows.rows.seen
    gaps = torch.nonzero(~seen.all(-1)).ravel() if seen is not None else torch.empty(0, dtype=torch.long)
    return gaps, TableRows(ObservedRows(*rows.rows.take(gaps)), rows.density, rows.network, key=key, alone=rows.alone)
