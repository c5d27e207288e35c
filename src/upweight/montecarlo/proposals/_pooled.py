"""Draws from several proposals, pooled, with every proposal's log-density at every row.

    x = rows of q_1, then of q_2, ...;     log_q[j, i] = log q_j(x_i)

What is inside: `pooled_draws`.

Source: Veach and Guibas (1995), Optimally combining sampling techniques for Monte Carlo rendering.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..._errors import InputError, counted
from ._protocol import Proposal

__all__ = ["pooled_draws"]


def pooled_draws(
    proposals: Sequence[Proposal], counts: Sequence[int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """x (n, d) and log_q (J, n) of counts[j] rows from each proposal, in their order.

    Raises InputError for other dimensions, and for a proposal that draws rows to which its own log_prob gives no density.
    """
    drawn = [q.sample(n, rng) for q, n in zip(proposals, counts, strict=True)]
    if len(sizes := {x.shape[1] for x in drawn}) > 1:
        raise InputError(
            f"proposals must draw from one space; got {sorted(sizes)} dimensions. Give all of them the same."
        )
    x = np.concatenate(drawn)
    log_q = np.array([q.log_prob(x) for q in proposals])
    start = 0
    for j, n in enumerate(counts):
        own = log_q[j, start : start + n]
        if (own == -np.inf).any():
            row, name = int(own.argmin()), getattr(proposals[j], "name", f"proposal {j}")
            raise InputError(
                f"{name} drew {counted((own == -np.inf).sum(), 'row')} outside its own support, first row {row}: "
                f"its log_prob of {x[start + row].tolist()} is -inf. Make sample and log_prob agree."
            )
        start += n
    return x, log_q
