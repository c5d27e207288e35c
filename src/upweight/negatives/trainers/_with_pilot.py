"""A model on top of its pilot: boosted trees that only learn what a few thousand rows say beyond the pilot.

    train at   g(x) + offset(x) + b        g the pilot's log-odds
    serve      sigmoid( g(x) + b + trees(x) )

The trouble: where few negatives were kept, flexible models overfit and promise too much. The pilot was shifted to the prevalence on a hundred thousand
rows, so a model that starts from it has less to learn. The price is that the plan goes along to serving.

Source: Fithian and Hastie, Annals of Statistics 42 (2014): the fit to a sample, plus the pilot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import InputError
from ..._set_module import set_module
from ...tables import is_frame
from ..designs import Plan
from ..scoring import arrow_table, linear_score, probabilities, sigmoid
from ._trainers import log_odds_of

__all__ = ["WithPilot", "pilot_log_odds"]


@set_module("upweight.negatives")
@dataclass(frozen=True, eq=False)
class WithPilot:
    """A fitted model and the plan whose pilot it started from; made by `fit(..., base=plan)`, or from a model and a plan that were saved.

        P(y = 1 | x) = sigmoid( g(x) + own(x) ),   g the pilot's log-odds, own the model's, its constant in it

    model : a classifier that `fit` trained with `base`, or the same loaded again (LightGBM's Booster too); its own predictions lack the pilot. plan : its
    `Plan`. Save both, each in its own format.

    >>> import pandas as pd
    >>> from upweight.negatives import StreamedLogistic, fit, plan, sample
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"a": rng.normal(size=20_000), "b": rng.normal(size=20_000)})
    >>> rows = X.assign(id=np.arange(20_000), y=rng.random(20_000) < 1 / (1 + np.exp(4 - X.a - X.b)))
    >>> p = plan(rows, label="y", key="id", rng=7)
    >>> kept = p.apply(rows)
    >>> m = fit(StreamedLogistic(), kept[["a", "b"]], kept.y, offset=p.correction(kept), base=p)
    >>> type(m).__name__, round(float(m.predict_proba(X)[:, 1].sum() / rows.y.sum()), 1), m.log_odds(X).shape, m.predict(X).shape
    ('WithPilot', 1.0, (20000,), (20000,))
    """

    model: Any
    plan: Plan

    def log_odds(self, X: Any) -> np.ndarray:
        """(n,) log-odds on the true scale; X a table with the columns of the model, those that the pilot reads among them.

        Raises InputError for a model without log-odds, and for an `X` without the pilot's columns.
        """
        steps = getattr(self.model, "steps", None)
        last = steps[-1][1] if steps else self.model
        seen = self.model[:-1].transform(X) if steps and len(steps) > 1 else X
        return pilot_log_odds(self.plan, X) + log_odds_of(last)(seen)

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, 2) probabilities on the true scale; an InputError for a table without the pilot's columns."""
        p = sigmoid(self.log_odds(X))
        return np.column_stack([1 - p, p])

    def predict(self, X: Any) -> np.ndarray:
        """(n,) 0/1, one from a log-odds of 0."""
        return (self.log_odds(X) > 0).astype(int)


def pilot_log_odds(plan: Plan, X: Any) -> np.ndarray:
    """(n,) the pilot's log-odds of rows, shifted to the prevalence; where it says nothing, those of the prevalence."""
    pilot = plan.design["pilot"]
    if pilot["kind"] == "none":
        raise InputError("`base` needs a plan with a pilot; a uniform plan has none. Leave base out.")
    if not is_frame(X) and not hasattr(X, "schema"):
        raise InputError(
            f"`base` reads the pilot's columns by name; `X` is {type(X).__name__}. Pass a table (pandas, polars, Arrow) that has "
            f"{', '.join(map(repr, plan.reads[:6]))}."
        )
    rows = arrow_table(X)
    if pilot["kind"] == "linear":
        return linear_score(pilot, rows)
    p = probabilities(pilot, rows)
    counts = plan.forecast
    with np.errstate(divide="ignore"):
        return np.where(np.isfinite(p), np.log(p) - np.log1p(-p), np.log(counts.positives / counts.negatives))
