"""The log-linear ratio: the dual of balancing as a function of the row.

    w(x) = exp(lam_0 + lam'z(x)),   z = (phi - m)/s,   mean of w over the source one

The trouble: balanced weights are a vector, and new rows have none. Their multipliers are a function; a ridge keeps it finite where no weights
would balance.

What is inside: `fit_log_linear`; `TermRatio`, the function.

Source: Tsuboi et al. (2009), Journal of Information Processing 17; Deville and Sarndal (1992), JASA 87.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import InputError
from ..columns import Pooled, TermPlan, TermRows, refuse_unseen
from ..solvers import Distance, TermMatrix, minimise
from ._fitted import FittedRatio
from ._settings import LogLinear

__all__ = ["TermRatio", "fit_log_linear", "read_terms"]


@dataclass(frozen=True, eq=False)
class TermRatio:
    """log w = lam_0 + (phi - mean)/scale lam, of the terms of a plan."""

    plan: TermPlan
    mean: np.ndarray
    scale: np.ndarray
    lam: np.ndarray

    def log(self, X: Any, table: Any) -> np.ndarray:
        """(rows,) logs."""
        return self.of_terms(self.plan.read(X))

    def of_terms(self, terms: TermRows) -> np.ndarray:
        """(rows,) logs of rows whose terms are known."""
        return self.lam[0] + self._matrix(terms).dot(self.lam[1:])

    def _matrix(self, terms: TermRows) -> TermMatrix:
        return TermMatrix.of(terms.dense, terms.thin, self.mean, self.scale)


def read_terms(setting: LogLinear, pooled: Pooled) -> tuple[TermPlan, TermRows, TermRows]:
    """The terms of both sides; gaps, dates and levels that no source row has are refused before anything is fitted."""
    plan, rows, others = TermPlan.of(*pooled.raw, setting.terms)
    refuse_unseen(rows, others)
    return plan, rows, others


def fit_log_linear(setting: LogLinear, pooled: Pooled) -> FittedRatio:
    """The kl dual with a ridge, on rows as they came."""
    plan, rows, others = read_terms(setting, pooled)
    spread = others.sds()
    unit = np.where(spread > 0, spread, rows.sds())
    scale, mean = np.where(unit > 0, unit, 1.0), others.means()
    z = TermMatrix.of(rows.dense, rows.thin, mean, scale).keep(unit > 0)
    assert pooled.task.w is not None
    b = pooled.task.w[: len(pooled.rows)]
    found = minimise(z, b / b.sum(), Distance("kl"), ridge=setting.ridge)
    if not found.solved:
        raise InputError(
            f"no log-linear ratio was found: the largest gap is {found.gap:.3g} sd after {found.steps} steps, as where no weights reach the "
            "target. Use ridge=0.001, or fewer terms; balancing_weights says which average stops it."
        )
    lam = np.zeros(len(unit) + 1)
    lam[0], lam[1:][unit > 0] = found.lam[0], found.lam[1:]
    function = TermRatio(plan, mean, scale, lam)
    steps = {"terms": setting.terms, "ridge": setting.ridge, "steps": found.steps}
    return FittedRatio("loglinear", function, function.of_terms(rows), {}, steps=steps)
