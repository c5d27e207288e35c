"""balancing_weights: the nearest weights under which the source averages what the target does.

The trouble: a ratio that was learnt balances on average and in the long run; a census, a trial, an audit want these rows to have these means, and
then nothing may be said that is not so.

    min sum q_i D(w_i/q_i)   subject to   sum w = 1,  |sum w_i phi_i - m| <= tolerance s

phi are the terms, m the target's means, s the sd in which `upweight.balance` measures each, q the weights that the rows have already. Raking is
several margins, post-stratification one joint table, entropy balancing the means of a frame.

What is inside: `balancing_weights`. Beneath: terms in `columns`, the dual and the certificate in `solvers`.

Sources: Deville and Sarndal (1992), JASA 87; Hainmueller (2012), Political Analysis 20; Zubizarreta (2015), JASA 110.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..._errors import InputError, counted, is_number, require_choice
from ..._frames import same_rows
from ..._weights import Step, Weights
from ..columns import TermPlan, TermRows, container_of_rows, known_terms, refuse_unseen, refuse_zero_base
from ..solvers import Distance
from ._solve import Problem, solve

__all__ = ["balancing_weights"]


def balancing_weights(
    source: Any,
    target: Any,
    *,
    terms: str = "means",
    distance: str = "kl",
    bounds: tuple[float, float] | None = None,
    tolerance: float = 0.0,
    base: Weights | None = None,
) -> Weights:
    """Weights under which the source rows average exactly what the target does: entropy balancing, raking, post-stratification.

        min sum q_i D(w_i/q_i)   subject to   |sum w_i phi_i - m| <= tolerance s

    Parameters
    ----------
    source : (n, d) array, sparse matrix, or pandas, polars or Arrow frame. Numbers without gaps; of text, categories and bools one term
        a level, a gap being a level.
    target : the same columns of other rows; or known figures of some of them: {column: mean}, {column: {level: share}}, and for joint
        cells {("sex", "age"): {("f", "18-24"): .06, ...}}.
    terms : what is matched: "means"; "squares", also of x^2 of columns that are not 0/1; "interactions", also of products of every two.
        The last two need rows as target.
    distance : "kl" (weights stay positive) or "chi2" (least variance; may reach zero).
    bounds : (L, U) with L < 1 < U, of w over `base`.
    tolerance : by how many sd an average may be off, >= 0; the sd is that of `upweight.balance`: the target's (ddof 1), the
        source's for known figures and where the target is constant. After tolerance=0.05 no SMD of that table exceeds 0.05.
    base : Weights that the rows have already (design weights); the result is the nearest to them.

    Returns
    -------
    Weights of the n source rows, kind importance (times that of `base`), no promise. Own scale: they sum to what `base` does, else to n.

    Raises
    ------
    Infeasible : no weights reach the target; says the smallest tolerance that can be reached and which average stops it.
    InputError : gaps or infinities in numbers, columns of one side only, shares that do not sum to one, a level no source row has.

    Costs: variance by the design effect, no bias in averages of the terms themselves. Averages of what was not matched may be as wrong as
    before; tolerance buys rows for imbalance.
    Source: Hainmueller (2012), Entropy balancing for causal effects; Deville and Sarndal (1992), Calibration estimators.

    >>> w = balancing_weights([[0.0], [1.0], [2.0], [3.0]], {0: 2.0})
    >>> w.probabilities.round(4)
    array([0.1197, 0.182 , 0.277 , 0.4214])
    """
    require_choice("distance", distance, ("kl", "chi2"))
    _require_tolerance(tolerance)
    read, wanted, unit, rows = _read(source, target, terms)
    b = _base(base, rows.rows, source)
    q = b / b.sum()
    problem = Problem(rows, wanted, unit, q, _distance(distance, bounds), float(tolerance))
    found = solve(problem)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_w = np.where(q > 0, np.log(found.w) - np.log(q), -np.inf)
    params = {
        "distance": distance,
        "terms": read,
        "tolerance": float(tolerance),
        "bounds": bounds,
        "steps": found.steps,
        "gap": found.gap,
    }
    if found.dropped:
        params["without_weight"] = found.dropped
    made = Weights._made(log_w, "balancing_weights", "importance", False, container=container_of_rows(source))
    made = replace(made, trail=(Step("balancing_weights", params),))
    return made if base is None else made * base


def _read(source: Any, target: Any, terms: str) -> tuple[str, np.ndarray, np.ndarray, TermRows]:
    """What is matched in words, the averages wanted (K,), the sd of each (K,), and the terms of the source."""
    if isinstance(target, Mapping):
        if terms != "means":
            raise InputError(f"terms={terms!r} needs the rows of the target; got known figures. Use terms='means'.")
        rows, wanted = known_terms(source, target)
        return terms, wanted, rows.sds(), rows
    _, rows, others = TermPlan.of(source, target, terms)
    refuse_unseen(rows, others)
    spread = others.sds()
    return terms, others.means(), np.where(spread > 0, spread, rows.sds()), rows


def _base(base: Weights | None, n: int, source: Any) -> np.ndarray:
    """(n,) weights that the rows have, of mean one."""
    if base is None:
        return np.ones(n)
    if not isinstance(base, Weights):
        raise InputError("`base` must be Weights: say what they are first: uw.Weights.of(x, kind=...).")
    base._one_vector("balancing_weights")
    if base.n != n:
        raise InputError(f"`base` must have one entry a source row; got {base.n:,} for {counted(n, 'row')}.")
    same_rows(container_of_rows(source), base._container, ("source", "base"))
    refuse_zero_base(base)
    _ = Weights.of(np.ones(n), kind="importance") * base  # refuses, before anything is solved, what has no product
    return np.asarray(base)


def _distance(name: str, bounds: tuple[float, float] | None) -> Distance:
    if bounds is None:
        return Distance(name)
    pair = tuple(bounds) if isinstance(bounds, (tuple, list)) else ()
    if len(pair) != 2 or not all(is_number(x) for x in pair) or not 0 <= pair[0] < 1 < pair[1]:
        raise InputError(f"`bounds` must be (L, U) with 0 <= L < 1 < U, of w over base; got {bounds!r}.")
    return Distance(name, float(pair[0]), float(pair[1]))


def _require_tolerance(tolerance: Any) -> None:
    if not is_number(tolerance) or not 0 <= tolerance < math.inf:
        raise InputError(f"`tolerance` must be a number >= 0, in standard deviations; got {tolerance!r}.")
