"""value: what the target would have earned for each decision, from the rewards that the log saw.

The trouble: the field has a name for every cell of a small table, formulas down, a model of the reward or none across; a program for each
name; and intervals that do not cover. Here it is one average and one correction,

    value = mean v + A(w, r - q),     A plain   mean(w f)
                                        self    sum W f
                                        control mean(w f) - beta (mean w - 1),   beta = Cov(w f, w)/Var(w)
                                        el      sum Q w f,   Q the likeliest shares with sum Q w = 1

over n rows, q the model's reward of the logged action and v its mean under the target, both zero where there is no model. Influences are
(v_i - mean v) + those of A, so that differences, clusters and tails are those of the trunk.

If unsure, leave `how` out. What is inside: `value`.

Sources: Dudik, Langford and Li (2011) for doubly robust values; Gupta et al. (2024) for the control variate; Karampatziakis, Langford and
Mineiro (2020) for el; Hesterberg (1995) for self and control.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..._estimate import (
    Average,
    AverageFit,
    Dense,
    Estimate,
    Groups,
    NamedValues,
    average,
    average_fit,
    averages,
    clusters_of,
    estimate,
    multipliers,
    read_values,
    sample_of,
)
from ..._weights import Step, Weights
from ._doubts import doubts_of, mean_figures
from ._lawful import formula
from ._likelihood import likely_shares
from ._reading import read_outcome, require_weights, whole

__all__ = ["value"]


def value(
    reward: Any,
    w: Weights,
    *,
    how: str | None = None,
    outcome: tuple[Any, Any] | None = None,
    cluster: Any = None,
) -> Estimate:
    """What the target policy would have earned a decision, with a tail-adjusted interval, or a reason why this log cannot tell.

        value = mean v + A(w, r - q)

    Parameters
    ----------
    reward : (n,) numbers in any unit, one a logged decision; not looked at where the weight is zero.
    w : Weights of kind importance, the target's probability of the logged action over the log's: `uw.ratio(target=pi, source=p)`.
    how : "plain" (inverse propensities), "self" (self-normalised), "control" (plain with the mean weight of one as control variate) or "el"
        (empirical likelihood). None: "control" for exact weights; for tamed ones of exact ones "plain" with an outcome, else "self"; else "self".
    outcome : (q, v), two columns (n,) in the unit of the reward: a model's reward of the logged action, finite where w > 0, and its mean under
        the target, finite everywhere. `upweight.ope.outcome` makes them.
    cluster : (n,) labels of rows that belong together, such as users: their errors are added up first.

    Returns
    -------
    Estimate. `ok` is False, besides the trunk's reasons, if a promised mean weight of one is missed beyond noise and by more than 2 %, whatever
    the tail, and if the rows of a rare reward are worth fewer than 30.

    Raises
    ------
    InputError : no Weights, other lengths, gaps; "el" of weights on one side of one. KindError : other kinds; a formula that needs a promise
        that these weights do not make.

    Costs: "control" and "self" have a bias of order 1/n; what the log never does, no formula sees. A wrong model leaves "plain" unbiased.
    Source: Dudik, Langford and Li (2011); Gupta et al. (2024); Karampatziakis, Langford and Mineiro (2020).

    >>> import upweight as uw
    >>> w = uw.Weights.of([2, 0.5, 1.5, 0.25, 3, 0.75], kind="importance", exact=True)
    >>> click = [1, 0, 1, 0, 0, 1]
    >>> [round(uw.ope.value(click, w, how=how).value, 6) for how in ("plain", "self", "control", "el")]
    [0.708333, 0.53125, 0.638359, 0.569679]
    """
    w = require_weights(w, "value")
    columns = read_values(w, reward, name="reward")
    how, groups = formula(w, how, modelled=outcome is not None), clusters_of(w, cluster)
    r = whole(columns.only("reward"))
    found = (
        _average(w, columns, how, groups) if outcome is None else _robust(w, r, read_outcome(w, outcome), how, groups)
    )
    step = Step("value", {"how": how} | ({"outcome": True} if outcome is not None else {}) | groups.said)
    why = doubts_of(r, w, found.sample, mean_figures(w, cluster))
    return estimate(columns.terms([replace(found, doubt=why or found.doubt)]), (*w.trail, step))


def _average(w: Weights, columns: NamedValues, how: str, groups: Groups) -> Average:
    """A(w, r), an average of the trunk; that of el has the influences of the control variate."""
    if how != "el":
        return averages(w, columns, how, groups)[0]
    found = averages(w, columns, "control", groups)[0]
    return replace(found, value=_likely(w, whole(columns.each[0])))


def _robust(w: Weights, r: np.ndarray, outcome: tuple[np.ndarray, np.ndarray], how: str, groups: Groups) -> Average:
    """mean v + A(w, r - q), over all n rows."""
    q, v = outcome
    f = read_values(w, np.where(w.log_w > -np.inf, r - q, 0.0), name="reward - q").each[0]
    line = "control" if how == "el" else how
    u = multipliers(w, line)
    used = average_fit(u, f, line)
    raw = average_fit(multipliers(w.raw, line), f, line) if w.tamed else used
    mean_v = float(v.mean())
    at = mean_v + (_likely(w, whole(f)) if how == "el" else used.value * f.unit)
    moved = (v - mean_v) / w.n
    phi = moved + _influences(used, f.unit)
    before = phi if raw is used else moved + _influences(raw, f.unit)
    sample = sample_of(w, u, "plain", groups)
    lines = Dense(phi), Dense(before)
    return average(at, lines[0], sample, w.n, raw=lines[0] if before is phi else lines[1], bounded=f.bounded)


def _influences(fit: AverageFit, unit: float) -> np.ndarray:
    return fit.line.part(slice(None)) * unit


def _likely(w: Weights, f: np.ndarray) -> float:
    """sum Q w f, less a value of f so that a constant is exact."""
    linear = np.exp(w.log_w)
    pivot = float(f[int(w.log_w.argmax())])
    return pivot + float(np.einsum("i,i,i", likely_shares(linear), linear, f - pivot))
