"""What one explorer alone has seen: an estimate of what none has.

    explorer j covers u  if  q_j(u) > .02 max over all densities at hand;      lone = share of mass covered by at most one explorer

The trouble: the share of the answer that nobody found leaves no trace in the answer. What was found once only does: of species seen once
in a catch one estimates those not seen.

Source: Good (1953), The population frequencies of species and the estimation of population parameters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..proposals import Proposal

__all__ = ["lone_share"]

COVERS = 0.02  # of the largest density at a point


def lone_share(
    u: np.ndarray, log_w: np.ndarray, explorers: Sequence[Proposal], others: Sequence[Proposal] = ()
) -> float:
    """Share in [0, 1] of the mass of points u (n, d) of log-weights log_w (n,) that at most one explorer covers; 0 of no points."""
    live = np.isfinite(log_w)
    if not live.any():
        return 0.0
    log_q = np.array([q.log_prob(u[live]) for q in (*explorers, *others)])
    covered = log_q[: len(explorers)] > log_q.max(axis=0) + np.log(COVERS)
    alone = covered.sum(axis=0) <= 1
    if not alone.any():
        return 0.0
    w = np.exp(log_w[live] - log_w[live].max())
    return float(w[alone].sum() / w.sum())
