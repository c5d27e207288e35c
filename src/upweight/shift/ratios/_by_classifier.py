"""Density ratios by telling the two samples apart: the default.

The trouble: a density of ten columns cannot be learnt from a thousand rows, and a ratio of two needs none. With each sample worth one half,
the logit of a classifier that tells target from source is the log of the ratio itself,

    log w(x) = log p(target | x) - log p(source | x) = a f(x) + b

but only for rows that the classifier has not seen, and only on the right scale: f comes from folds, a and b from `platt`.

    r.weights    a f_i + b, f_i by the fold model that has not seen row i: for averages and checks
    r(x)         a mean_k f_k(x) + b, over the fold models: for new rows

auto: the candidate with the lowest log loss out of fold, unless weights of one are within two standard errors of it.

What is inside: `fit_auto`, `fit_classifier`, and `FoldModels`, the function.

Sources: Qin (1998), Biometrika 85; Bickel, Brueckner and Scheffer (2009), JMLR 10.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...learners import FittedLearner, learner_name
from ..columns import Pooled
from ._candidates import candidates, folds_of, logits, logits_out_of_fold, one_candidate
from ._fitted import FittedRatio, Ones
from ._platt import platt, platt_losses

__all__ = ["FoldModels", "fit_auto", "fit_classifier"]

BEATEN_BY = 2.0  # standard errors of the paired difference of log losses by which weights of one must be beaten
NONE = math.log(2.0)  # log loss of weights of one


@dataclass(frozen=True, eq=False)
class FoldModels:
    """log w(x) = a mean_k f_k(x) + b, over fold models f_k."""

    models: tuple[FittedLearner, ...]
    a: float
    b: float

    def log(self, X: Any, table: Any) -> np.ndarray:
        """(rows,) logs for rows read as a table."""
        return self.a * np.mean([logits(model, table) for model in self.models], axis=0) + self.b


@dataclass(frozen=True, eq=False)
class JudgedClassifier:
    """A classifier's fold models, logits and log losses (N,) of all rows, out of fold."""

    models: tuple[FittedLearner, ...]
    f: np.ndarray
    losses: np.ndarray


def fit_auto(pooled: Pooled, folds: int, rng: np.random.Generator) -> FittedRatio:
    """The best of the candidates, or weights of one."""
    tests = folds_of(pooled, folds, rng)
    judged = {name: _judge(learner, pooled, tests, rng) for name, learner in candidates(pooled).items()}
    share = _shares(pooled)
    losses = {"none": NONE} | {name: float(share @ j.losses) for name, j in judged.items()}
    best = min(judged, key=lambda name: losses[name])
    if not _beats_ones(judged[best].losses, share):
        return FittedRatio("none", Ones(), np.zeros(len(pooled.rows)), losses, steps={"folds": len(tests)})
    return _scaled(best, judged[best], pooled, losses, len(tests))


def fit_classifier(method: Any, pooled: Pooled, folds: int, rng: np.random.Generator) -> FittedRatio:
    """The ratio by one candidate, or by a classifier of the caller's."""
    tests = folds_of(pooled, folds, rng)
    judged = _judge(one_candidate(method), pooled, tests, rng)
    name = method if isinstance(method, str) else learner_name(method)
    losses = {"none": NONE, name: float(_shares(pooled) @ judged.losses)}
    return _scaled(name, judged, pooled, losses, len(tests))


def _judge(learner: Any, pooled: Pooled, tests: list[np.ndarray], rng: np.random.Generator) -> JudgedClassifier:
    models, f = logits_out_of_fold(learner, pooled.task, tests, rng)
    return JudgedClassifier(tuple(models), f, platt_losses(f, _signs(pooled), _shares(pooled), tests))


def _signs(pooled: Pooled) -> np.ndarray:
    return np.where(pooled.task.codes == 1, 1.0, -1.0)


def _shares(pooled: Pooled) -> np.ndarray:
    """(N,) row weights of sum one."""
    assert pooled.task.w is not None
    return pooled.task.w / pooled.task.w.sum()


def _beats_ones(losses: np.ndarray, share: np.ndarray) -> bool:
    """Whether the mean loss lies two standard errors of the paired difference under that of weights of one."""
    gain = NONE - losses
    mean = float(share @ gain)
    return mean > BEATEN_BY * math.sqrt(float(share**2 @ (gain - mean) ** 2))


def _scaled(name: str, judged: JudgedClassifier, pooled: Pooled, losses: dict[Any, float], folds: int) -> FittedRatio:
    """The judged classifier on the scale that all rows out of fold give it."""
    a, b = platt(judged.f, _signs(pooled), _shares(pooled))
    if a == 0:
        warnings.warn(
            f"{name} ranks source above target rows, or not at all, on rows it has not seen: the weights are ones. Is its second "
            "column of predict_proba that of class 1? Else the samples do not differ, or there are too few rows.",
            UserWarning,
            stacklevel=6,
        )
    log_w = a * judged.f[: len(pooled.rows)] + b
    steps = {"folds": folds, "slope": a, "intercept": b}
    return FittedRatio(name, FoldModels(judged.models, a, b), log_w, losses, steps=steps)
