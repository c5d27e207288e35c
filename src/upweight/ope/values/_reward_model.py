"""One model of the reward, fitted on some rows and asked about any row and action.

The trouble: with few actions a model each is best, with many most of them have too few rows, and a model of context and action together is
needed; classifiers answer with classes where a mean is asked for; and a linear model sends a rare context far outside all rewards ever paid.

    without features   m(x, a) = m_a(x), the mean reward of the rows where a has fewer than 10
    with features      m(x, a) = m([x, features[a]])

What is inside: `RewardRows`, the table it is fitted on, and `RewardModel`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..._errors import InputError

__all__ = ["RewardModel", "RewardRows"]

FEWEST = 10  # rows of an action from which it has a model of its own
PAIRS = 1 << 16  # rows of [x, features[a]] written out at a time


class RewardRows(NamedTuple):
    """Contexts, actions and rewards of n rows; features of actions and row weights where there are any."""

    X: Any
    action: np.ndarray
    reward: np.ndarray
    features: Any
    weight: np.ndarray | None

    @classmethod
    def of(cls, X: Any, action: np.ndarray, reward: np.ndarray, features: Any, weight: np.ndarray | None) -> RewardRows:
        """The same, once the lengths agree."""
        from ...tables import row_count

        if row_count(X) != action.size:
            raise InputError(f"`X` must have one row an action; got {row_count(X):,} for {action.size:,} actions.")
        return cls(X, action, reward, features, weight)

    def inputs(self, rows: np.ndarray, action: np.ndarray) -> Any:
        """What a model is given of these rows (m,) with these actions (m,)."""
        from ...tables import row_slice

        x = row_slice(self.X, rows)
        if self.features is None:
            return x
        return _beside(x, self.features[action])


def _beside(x: Any, z: Any) -> Any:
    from scipy import sparse

    if sparse.issparse(x) or sparse.issparse(z):
        return sparse.csr_array(sparse.hstack([sparse.csr_array(x), sparse.csr_array(z)]))
    return np.hstack([x, z])


class RewardModel(NamedTuple):
    """Fitted on some rows; `models` holds one for each action, or one for all under -1; None is the mean reward."""

    models: dict[int, Any]
    rows: RewardRows
    mean: float
    low: float
    high: float

    @classmethod
    def fit(cls, model: Any, rows: RewardRows, train: np.ndarray, rng: np.random.Generator) -> RewardModel:
        """Fit on the rows `train`, by action unless there are features."""
        r = rows.reward[train]
        weight = None if rows.weight is None else rows.weight[train]
        if weight is not None and not weight.sum() > 0:
            raise InputError("`sample_weight` must be above 0 somewhere in every training fold; got a fold of zeros.")
        mean = float(np.average(r, weights=weight))
        if rows.features is not None:
            models = {-1: _fit(model, rows, train, rng)}
        else:
            order = np.argsort(rows.action[train], kind="stable")
            seen, starts = np.unique(rows.action[train][order], return_index=True)
            parts = zip(seen.tolist(), np.split(train[order], starts[1:]), strict=True)
            models = {a: _fit(model, rows, part, rng) for a, part in parts if part.size >= FEWEST}
        return cls(models, rows, mean, float(r.min()), float(r.max()))

    def expected(self, rows: np.ndarray, policy: np.ndarray) -> np.ndarray:
        """The mean reward (m,) in these rows under a policy: (m, K) probabilities, or (m,) actions."""
        if policy.ndim == 1:
            return self.predict(rows, policy)
        if -1 in self.models:
            step = max(1, PAIRS // policy.shape[1])
            pieces = [slice(i, i + step) for i in range(0, rows.size, step)]
            return np.concatenate([self._over_pairs(rows[p], policy[p]) for p in pieces])
        out = np.zeros(rows.size)
        for a in np.flatnonzero(policy.any(axis=0)):
            some = np.flatnonzero(policy[:, a])
            out[some] += policy[some, a] * self.predict(rows[some], np.full(some.size, a))
        return out

    def _over_pairs(self, rows: np.ndarray, policy: np.ndarray) -> np.ndarray:
        inside, actions = np.nonzero(policy)
        said = self.predict(rows[inside], actions)
        return np.bincount(inside, policy[inside, actions] * said, rows.size)

    def predict(self, rows: np.ndarray, action: np.ndarray) -> np.ndarray:
        """The reward (m,) of these actions in these rows, in the range of the rewards it was fitted on."""
        if -1 in self.models:
            pieces = [slice(i, i + PAIRS) for i in range(0, rows.size, PAIRS)]
            said = [_mean_of(self.models[-1], self.rows.inputs(rows[p], action[p])) for p in pieces]
            return np.clip(np.concatenate(said or [np.empty(0)]), self.low, self.high)
        out = np.full(rows.size, self.mean)
        order = np.argsort(action, kind="stable")
        ordered = action[order]
        cuts = np.flatnonzero(np.diff(ordered, prepend=-1))
        for start, stop in zip(cuts, [*cuts[1:], rows.size], strict=True):
            some, fitted = order[start:stop], self.models.get(int(ordered[start]))
            if fitted is not None:
                out[some] = _mean_of(fitted, self.rows.inputs(rows[some], action[some]))
        return np.clip(out, self.low, self.high, out=out)


def _fit(model: Any, rows: RewardRows, train: np.ndarray, rng: np.random.Generator) -> Any:
    """A clone of the model fitted on these rows; a constant where a classifier has but one class to learn."""
    from sklearn.base import is_classifier

    from ...learners import bare_learner, seeded

    made = seeded(bare_learner(model), rng)
    r = rows.reward[train]
    if is_classifier(made):
        if not hasattr(made, "predict_proba"):
            raise InputError(
                f"a classifier answers with its probabilities, and {type(made).__name__} has no predict_proba. Calibrate it, or pass a regressor."
            )
        values = np.unique(r)
        if values.size == 1:
            return float(values[0])
        if values.size > 2:
            raise InputError(
                f"a classifier models rewards of two values; got {values.size:,} or more. Pass a regressor, such as Ridge()."
            )
    weight = {} if rows.weight is None else {"sample_weight": rows.weight[train]}
    try:
        return made.fit(rows.inputs(train, rows.action[train]), r, **weight)
    except (TypeError, ValueError) as error:
        what = f"{type(made).__name__} does not fit these rows: {str(error).splitlines()[0].rstrip('.')}"
        raise InputError(f"{what}. Mend the columns, or prepare them in a pipeline.") from error


def _mean_of(fitted: Any, inputs: Any) -> np.ndarray | float:
    """The mean reward that a fitted model expects."""
    if isinstance(fitted, float):
        return fitted
    if hasattr(fitted, "classes_") and hasattr(fitted, "predict_proba"):
        low, high = np.asarray(fitted.classes_, dtype=np.float64)
        return low + (high - low) * np.asarray(fitted.predict_proba(inputs))[:, 1]
    return np.asarray(fitted.predict(inputs), dtype=np.float64).reshape(-1)
