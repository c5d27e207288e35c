"""outcome: a model of the reward that never saw the row it answers for.

The trouble: a doubly robust value needs two columns, the model's reward of the logged action and its mean under the target. If the model was
fitted on the rows that it answers for, its errors there are too small, and the correction by weights corrects too little. So the rows are
cut into folds, whole clusters at a time, and every row is answered by a model of the other folds:

    q_i = m(x_i, a_i),     v_i = sum_a pi(a | x_i) m(x_i, a),     m fitted without the fold of row i

What is inside: `outcome`, and `Outcome`, the pair. Predictions are cut to the range of the rewards they were learnt from.

Sources: Dudik, Langford and Li (2011); Chernozhukov et al. (2018) for cross-fitting; Farajtabar, Chow and Ghavamzadeh (2018) for weights in
the fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..._errors import InputError, require_int, require_package
from ..._frames import labels, read, require
from ..._rng import as_generator
from ..._set_module import set_module
from ._actions import TargetActions, read_actions
from ._reward_model import RewardModel, RewardRows

__all__ = ["Outcome", "outcome"]


@set_module("upweight.ope")
class Outcome(NamedTuple):
    """What a model says of each row, in the unit of the reward: q (n,) of the logged action, v (n,) its mean under the target."""

    q: Any  # (n,) the model's reward of the logged action
    v: Any  # (n,) its mean under the target


def outcome(
    model: Any,
    X: Any,
    action: Any,
    reward: Any,
    target: Any,
    *,
    features: Any = None,
    folds: int = 5,
    cluster: Any = None,
    sample_weight: Any = None,
    rng: Any = 0,
) -> Outcome:
    """A cross-fitted model of the reward, for doubly robust values: less variance, and no bias for weights that are right.

        q_i = m(x_i, a_i),   v_i = sum_a pi(a | x_i) m(x_i, a),   m fitted without the fold of row i

    Parameters
    ----------
    model : a scikit-learn estimator, cloned, or the name of a learner ("logistic", "boosting", for rewards of two values). A classifier
        answers with its mean.
    X : (n, d) table of contexts. action : (n,) logged actions, 0 ... K - 1. reward : (n,) numbers in any unit.
    target : pi(a | x), as (n, K) array or CSR matrix, as (n,) actions of a deterministic target, or as a function that takes row numbers (m,)
        and gives (m, K); it is asked for 4,096 rows at a time, and nothing n x K is made here.
    features : (K, d) what is known of the actions; then one model of [x, features[a]] instead of one an action.
    folds : how many, 2 or more. cluster : (n,) labels of rows that stay in one fold.
    sample_weight : (n,) row weights of the fit. rng : int, Generator or None, for the folds and for models that draw.

    Returns
    -------
    Outcome (q, v), in the container of `reward`; pass it to `value(outcome=)`.

    Raises
    ------
    InputError : rows of `target` that do not add up to one (1e-6), actions outside 0 ... K - 1, another K than that of `features`, gaps, fewer
        than two folds or fewer clusters than folds; a classifier without probabilities; what the model says against its fit. MissingExtra : without scikit-learn.

    Costs: `folds` fits, each of an action where there are no `features`; actions with fewer than ten rows get the mean reward.
    Source: Dudik, Langford and Li (2011); Chernozhukov et al. (2018) for the folds.

    >>> from sklearn.linear_model import Ridge
    >>> g = np.random.default_rng(0)
    >>> x, a = g.normal(size=(400, 2)), g.integers(2, size=400)
    >>> r = x[:, 0] * a + g.normal(size=400)
    >>> q, v = outcome(Ridge(), x, a, r, np.ones(400, int))
    >>> bool(np.corrcoef(v, x[:, 0])[0, 1] > 0.99)
    True
    """
    require_package("sklearn", extra="dev", room="ope")
    from ...tables import is_frame, matrix  # scikit-learn, which only this function of the branch needs

    require_int("folds", folds, 2)
    generator = as_generator(rng)
    a = read_actions(action, None)
    r, container = read(reward, "reward")
    if r.shape != a.shape:
        raise InputError(f"`reward` must have one entry an action; got shape {r.shape} for {a.size:,} actions.")
    require(np.isfinite(r), "`reward`", "be finite", r, "Drop those rows first.")
    given = None if features is None else _table(features)
    policy = TargetActions.read(target, a, given)
    read_actions(a, policy.width)
    table = X if is_frame(X) and given is None else matrix(X)
    rows = RewardRows.of(table, a, r, given, _row_weights(sample_weight, a.size))
    return _cross_fitted(rows, policy, model, _folds(a.size, folds, cluster, generator), generator, container.wrap)


def _table(features: Any) -> Any:
    """Features (K, d) of actions, finite."""
    from ...tables import matrix

    if np.ndim(features) == 1:
        raise InputError(
            f"`features` must be a table, actions by columns; got shape {np.shape(features)}. Write one column as z[:, None]."
        )
    z: Any = matrix(features)
    values = np.asarray(z.data if hasattr(z, "tocsr") else z)
    require(np.isfinite(values), "`features`", "be finite", values, "Say what is known of every action.")
    return z


def _cross_fitted(
    rows: RewardRows,
    policy: TargetActions,
    model: Any,
    fold: np.ndarray,
    rng: np.random.Generator,
    wrap: Callable[[np.ndarray], Any],
) -> Outcome:
    q, v = np.empty(fold.size), np.zeros(fold.size)
    for k in range(int(fold.max()) + 1):
        test = np.flatnonzero(fold == k)
        fitted = RewardModel.fit(model, rows, np.flatnonzero(fold != k), rng)
        q[test] = fitted.predict(test, rows.action[test])
        for block, chosen in policy.blocks(test):
            v[block] = fitted.expected(block, chosen)
    return Outcome(wrap(q), wrap(v))


def _folds(n: int, folds: int, cluster: Any, rng: np.random.Generator) -> np.ndarray:
    """The fold (n,) of each row; whole clusters, of nearly equal numbers of them."""
    if cluster is None:
        codes, count = np.arange(n), n
    else:
        codes, levels, _ = labels(cluster, "cluster")
        count = len(levels)
        if codes.size != n:
            raise InputError(f"`cluster` must have one entry a row; got {codes.size:,} for {n:,} rows.")
    if count < folds:
        what = "rows" if cluster is None else "clusters"
        raise InputError(f"{folds} folds need as many {what}; got {count:,}. Take fewer folds.")
    return (rng.permutation(count) % folds)[codes]


def _row_weights(sample_weight: Any, n: int) -> np.ndarray | None:
    if sample_weight is None:
        return None
    w, _ = read(sample_weight, "sample_weight")
    if w.shape != (n,):
        raise InputError(f"`sample_weight` must have one entry a row; got shape {w.shape} for {n:,} rows.")
    require(np.isfinite(w) & (w >= 0), "`sample_weight`", "be finite and >= 0", w, "Drop those rows first.", "such")
    return w
