"""A target mean from weights and a model, right if either is.

The trouble: weights alone are noisy, a model alone is biased where it is wrong. The weights need only repair what the model misses:

    mean_j m(x_j) + sum_i W_i (f_i - m(x_i)),      m fitted out of fold

What is inside: `doubly_robust`.

Sources: Robins, Rotnitzky and Zhao, JASA 89 (1994); Chernozhukov et al., Econometrics Journal 21 (2018), for out of fold.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError, KindError
from ..._estimate import Estimate, TwoSamples
from ..._frames import NUMPY, Container, read, require, same_rows
from ..._weights import Step, Weights, forbid

__all__ = ["doubly_robust", "refuse_unlawful"]


def doubly_robust(f: Any, fitted: Any, fitted_target: Any, *, weights: Weights, cluster: Any = None) -> Estimate:
    """The mean of f in the target, by a model of f and by weights for what the model misses.

        mean_j m(x_j) + sum_i W_i (f_i - m(x_i))

    Parameters
    ----------
    f : (n,) numbers of the source rows, in any unit. fitted : (n,) the model's prediction of f for them, **out of fold**.
    fitted_target : (m,) its predictions for the target rows (of one model of all source rows, or the mean over fold models).
    weights : `Weights` of the source rows, kind importance or inclusion.
    cluster : (n + m,) labels of rows that move together, source first; or None.

    Returns
    -------
    Estimate in the unit of f; the errors of both samples are counted, its influence has n + m rows, source first. Tails are judged by
    the rules of the trunk.

    Raises
    ------
    InputError : lengths or indexes that differ, NaN, with count and first row. KindError : class, cost and frequency weights.

    Costs: nothing if the weights or the model are right; the interval does not know that they were estimated.
    Source: Robins et al. (1994).

    >>> rng = np.random.default_rng(1)
    >>> x, new = rng.normal(0, 1, 1000), rng.normal(1, 1, 1000)
    >>> f = x + rng.normal(0, 1, 1000)                               # its mean in the target is 1
    >>> w = Weights.of_log(x - 0.5, kind="importance", exact=True)
    >>> e = doubly_robust(f, 0.8 * x, 0.8 * new, weights=w)          # a model that is wrong
    >>> round(e.value, 2), round(e.se, 2), round(w.mean(f).se, 2)
    (1.04, 0.06, 0.11)
    """
    refuse_unlawful(weights, "doubly_robust")
    values, home = _column(f, "f", weights.n)
    model, of_model = _column(fitted, "fitted", weights.n)
    same_rows(home, of_model, ("f", "fitted"))
    same_rows(weights._container, home, ("weights", "f"))
    target, _ = _column(fitted_target, "fitted_target", None)
    missed, share = values - model, weights.probabilities
    value = float(target.mean() + np.asarray(share) @ missed)
    both = TwoSamples(weights, target.size, cluster)
    far = (target - target.mean()) / target.size
    step = Step("doubly_robust", {"targets": target.size})
    lines = [np.append(_influence(w, missed), far) for w in (weights, weights.raw)]
    return both.estimate([value], lines[:1], raw=lines[1:] if weights.tamed else None, step=step)


def _influence(w: Weights, missed: np.ndarray) -> np.ndarray:
    share = np.exp(w.log_w - w.log_w.max())
    share /= share.sum()
    return share * (missed - share @ missed)


def refuse_unlawful(weights: Any, who: str) -> None:
    """Weights that estimate a mean of the target, one vector of them."""
    if not isinstance(weights, Weights):
        raise InputError(
            f"`weights` must be Weights; got {type(weights).__name__}. Say what they are: uw.Weights.of(x, kind='importance')."
        )
    weights._one_vector(who)
    weights._refuse_all_zero()
    forbid(weights.kind, "mean")
    if weights.kind == "frequency":
        raise KindError(f"{who} takes ratios of target to source; got frequency weights. Repeat the rows instead.")


def _column(x: Any, name: str, n: int | None) -> tuple[np.ndarray, Container]:
    v, home = read(x, name)
    if v.ndim != 1 or v.size == 0 or (n is not None and v.size != n):
        wanted = "at least one number" if n is None else f"one number for each of {n:,} weights"
        raise InputError(f"`{name}` must be one column, {wanted}; got shape {v.shape}. Pass the same rows.")
    require(np.isfinite(v), f"`{name}`", "be finite", v, "Drop those rows first.")
    return v, home if home is not None else NUMPY
