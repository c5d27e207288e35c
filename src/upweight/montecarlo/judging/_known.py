"""Points whose density is known: draws from several proposals, weighted as draws from their mixture.

    log w(u) = log f(u) - log sum_k (n_k / N) q_k(u),      f = phi(u) times indicator or likelihood

The trouble: a level's own weights phi/q_t are huge where q_t did not look. Against the mixture of all levels none is.

Source: Veach and Guibas (1995), the balance heuristic; Owen and Zhou (2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from ..proposals import Proposal

__all__ = ["Known", "pooled"]


@dataclass(frozen=True)
class Known:
    """Points u (n, d) drawn from `proposal`, and log_f (n,), the log of what is integrated; -inf where it is zero."""

    u: np.ndarray
    log_f: np.ndarray
    proposal: Proposal

    @property
    def n(self) -> int:
        """Number of points."""
        return len(self.u)


def pooled(known: Sequence[Known]) -> tuple[np.ndarray, np.ndarray]:
    """(u (m, d), log_w (m,)) of all points where f is not zero, weighted as draws from the mixture of all proposals by counts."""
    u = np.concatenate([k.u[np.isfinite(k.log_f)] for k in known])
    log_f = np.concatenate([k.log_f[np.isfinite(k.log_f)] for k in known])
    if not len(u):
        return u, log_f
    total = sum(k.n for k in known)
    log_q = logsumexp([np.log(k.n / total) + k.proposal.log_prob(u) for k in known], axis=0)
    return u, log_f - log_q
