"""Train a model on kept rows so that it serves true probabilities by itself.

    b solves  sum w sigmoid(b + offset) = sum w y;   train at offset + b;   bake b in;   then
    the model's own predict, save and load need nothing from here

After a fit with an offset the kept rows are looked at once more: O = sum w y against E = sum w p, w = 1 for positives and exp(offset) for
negatives, whose means are equal under every rule if the model is right. Where E is far above O the pilot has seen these rows, or columns that the
model lacks, or the logit is wrong.

Sources: Wang, Zhang and Wang, NeurIPS (2021); Fithian and Hastie (2014).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.utils.validation import has_fit_parameter

from ..._errors import InputError, UndoError, counted
from ..._weights import Weights
from ...learners import refuse_double_count
from ...tables import row_count, row_slice, row_weights
from ..designs import Plan
from ..scoring import sigmoid
from ._start import binary_labels, offset_rows, start
from ._trainers import FitRows, Trainer, trainer_of
from ._with_pilot import WithPilot, pilot_log_odds

__all__ = ["fit"]

LOOK = 1000  # rows on which the model's own predictions are compared
CLOSE = 1e-6
FEW, FEW_KAPPA = 1000, 5.0
LOW, SURE = 0.9, 3.0
OVER = "the pilot saw these rows, or columns that the model lacks, or the logit is wrong; use weights"


def fit(
    model: Any,
    X: Any,
    y: Any,
    *,
    offset: Any = None,
    sample_weight: Any = None,
    valid: tuple[Any, ...] | None = None,
    base: Plan | None = None,
) -> Any:
    """Fit your model on kept rows; what it predicts, saves and loads by itself is on the true scale.

        train at offset + b,  sum w sigmoid(b + offset) = sum w y,  then b is baked into the model

    Parameters
    ----------
    model : LightGBM, XGBoost or CatBoost classifier, glum, StreamedLogistic, a scikit-learn classifier (weights only), or a pipeline that ends in one.
    X : (n, d) kept rows, in the model's own container. y : (n,) 0/1 or bool. offset : (n,) log-odds or a row `Correction`. sample_weight : (n,) or
        `Weights`. valid : (X, y, offset) or, with weights only, (X, y, weight), for early stopping. base : a `Plan` whose pilot's log-odds the model starts from, beside an offset; `X` is then a table with the
        pilot's columns.

    Returns
    -------
    The same model, fitted in place; with `base` a `WithPilot`, since the model alone then lacks the pilot.

    Raises
    ------
    InputError : a model that takes no offset; settings that cannot be baked; `base` without an offset. UndoError : inclusion weights beside an offset, or a learner that balances
        classes itself: the same thinning would be corrected twice.

    Costs: the fit. After uniform thinning an offset keeps the bias of a wrong logit, weights do not. Warns where the kept rows say that it promises too much, where `valid` says that it is off, and of few positives.
    Source: Wang, Zhang and Wang, NeurIPS (2021).

    >>> from upweight.negatives import StreamedLogistic
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(20_000, 1))
    >>> y = rng.random(20_000) < 1 / (1 + np.exp(3 - x[:, 0]))
    >>> keep = y | (rng.random(20_000) < 0.2)
    >>> m = fit(StreamedLogistic(), x[keep], y[keep], offset=np.full(keep.sum(), -np.log(0.2)))
    >>> round(float(m.predict_proba(x)[:, 1].sum() / y.sum()), 2)
    0.99
    """
    y = binary_labels(y)
    if row_count(X) != len(y):
        raise InputError(f"`X` has {row_count(X):,} rows and `y` {len(y):,} labels.")
    if base is not None and offset is None:
        raise InputError("`base` goes with an offset, which starts beside the pilot. Give offset=thin.correction.")
    start_at = np.zeros(len(y)) if base is None else pilot_log_odds(base, X)
    valid_at: Any = 0.0 if base is None or valid is None else pilot_log_odds(base, valid[0])
    steps = getattr(model, "steps", None)
    last = steps[-1][1] if steps else model
    if steps and len(steps) > 1:
        X = model[:-1].fit_transform(X, y)
        valid = None if valid is None else (model[:-1].transform(valid[0]), *valid[1:])
    trainer = trainer_of(last)
    w = row_weights(sample_weight, len(y))
    if offset is None:
        _fit_by_weights(last, trainer, FitRows(X, y, None, w), valid)
        return model
    _refuse_twice(last, y, offset, sample_weight)
    if trainer is None:
        raise InputError(
            f"{type(last).__name__}.fit takes no offset. Use sample_weight=thin.weights, or a model with offsets (LightGBM, XGBoost, CatBoost, "
            "StreamedLogistic)."
        )
    ell = offset_rows(offset, len(y))
    b = start(y, offset=ell + start_at, sample_weight=w)
    watched = _valid_rows(valid, b + valid_at)
    trainer.fit(last, FitRows(X, y, ell + start_at + b, w), watched, b)
    if trainer.log_odds is not None:
        _tell_few(y)
    _check_baked(last, trainer, X, b)
    _check_promise(moved(_proba_of(last, X), start_at), y, ell)
    if watched is not None and watched.start is not None:
        p = moved(_proba_of(last, watched.X), valid_at)
        _check_valid(p, watched.y, watched.start - b - valid_at)
    return model if base is None else WithPilot(model, base)


def _fit_by_weights(last: Any, trainer: Trainer | None, rows: FitRows, valid: tuple[Any, ...] | None) -> None:
    """A plain weighted fit."""
    if trainer is not None:
        other = None
        if valid is not None:
            labels = binary_labels(valid[1])
            other = FitRows(valid[0], labels, None, row_weights(valid[2] if len(valid) > 2 else None, len(labels)))
        trainer.fit(last, rows, other, 0.0)
        return
    if valid is not None:
        raise InputError(f"{type(last).__name__} takes no validation rows. Leave `valid` out.")
    if rows.w is None:
        last.fit(rows.X, rows.y.astype(int))
    elif has_fit_parameter(last, "sample_weight"):
        last.fit(rows.X, rows.y.astype(int), sample_weight=rows.w)
    else:
        raise InputError(f"{type(last).__name__}.fit takes no sample_weight. Use a learner that takes weights.")


def _valid_rows(valid: tuple[Any, ...] | None, b: Any) -> FitRows | None:
    """Validation rows carry their own offset, so that early stopping by log loss is valid."""
    if valid is None:
        return None
    if len(valid) != 3:
        raise InputError(
            "`valid` must be (X, y, offset) where the rows have an offset: validation rows carry their own."
        )
    labels = binary_labels(valid[1])
    return FitRows(valid[0], labels, offset_rows(valid[2], len(labels)) + b, None)


# ---- guards -----------------------------------------------------------------------------------------------------------------


def _refuse_twice(last: Any, y: np.ndarray, offset: Any, sample_weight: Any) -> None:
    """The same thinning is corrected by weights or by offset, never both; other weights are used, class weights with a warning."""
    refuse_double_count(last, "offset")
    if sample_weight is None:
        return
    both = "the offset corrects this thinning already, and so do these weights; take one of them out"
    if isinstance(sample_weight, Weights):
        if sample_weight.kind == "inclusion" or sample_weight.designs & set(getattr(offset, "designs", ())):
            raise UndoError(f"{both}.")
        if sample_weight.kind in ("class", "cost"):
            text = f"{sample_weight.kind} weights beside an offset move the log-odds; Correction.weighted(y, w) gives that part back"
            warnings.warn(text, UserWarning, stacklevel=3)
        return
    inverse = np.where(y, 1.0, np.exp(offset_rows(offset, len(y))))
    w = np.asarray(sample_weight, dtype=np.float64)
    if w.shape == inverse.shape and (y == 0).any() and np.allclose(w, inverse, rtol=1e-9, atol=0):
        raise UndoError(f"{both}.")


def _tell_few(y: np.ndarray) -> None:
    """Boosted trees overfit a small sample and promise too much where few negatives were kept."""
    ones = int(y.sum())
    if ones < FEW and (len(y) - ones) / max(ones, 1) < FEW_KAPPA * (1 - 0.1):
        text = (
            f"{counted(ones, 'positive')} with {(len(y) - ones) / max(ones, 1):.1f} negatives each: flexible models promise too much on so few rows. Keep more negatives, "
            "look at observed over expected on held-out rows, or start at the pilot with base=plan"
        )
        warnings.warn(text, UserWarning, stacklevel=3)


def _check_baked(last: Any, trainer: Trainer, X: Any, b: float) -> None:
    """What the model's predict_proba says on some rows is what its log-odds say."""
    if trainer.log_odds is None:
        return
    some = row_slice(X, np.arange(min(LOOK, row_count(X))))
    own = np.asarray(last.predict_proba(some))[:, 1]
    if not np.allclose(own, sigmoid(trainer.log_odds(last, some)), rtol=0, atol=CLOSE):
        raise InputError(
            f"{trainer.name}: its predictions are not sigmoid of its log-odds, so {b:.3g} could not be baked in. Use weights."
        )


def _check_promise(p: np.ndarray, y: np.ndarray, ell: np.ndarray) -> None:
    """Observed over expected on the kept rows, negatives counted exp(offset) times."""
    observed, expected, error = _promise(p, y, ell)
    if observed < LOW * expected and expected - observed > SURE * error:
        text = f"the model promises {expected / max(observed, 1e-12):.1f} times too many positives: {OVER}"
        warnings.warn(text, UserWarning, stacklevel=3)


def _check_valid(p: np.ndarray, y: np.ndarray, ell: np.ndarray) -> None:
    """The same on validation rows, which the model has not learnt: either way is told there."""
    observed, expected, error = _promise(p, y, ell)
    if abs(observed - expected) > SURE * error:
        text = (
            f"on the validation rows the model promises {expected / max(observed, 1e-12):.2f} times the positives that came (beyond {SURE:g} standard "
            "errors): keep more negatives, grow fewer trees, or start at the pilot with base=plan"
        )
        warnings.warn(text, UserWarning, stacklevel=3)


def moved(p: np.ndarray, log_odds: Any) -> np.ndarray:
    """Probabilities moved by some log-odds."""
    if not np.any(log_odds):
        return p
    return sigmoid(np.log(p) - np.log1p(-p) + log_odds)


def _promise(p: np.ndarray, y: np.ndarray, ell: np.ndarray) -> tuple[float, float, float]:
    """(observed, expected, standard error of their difference) on thinned rows, negatives counted exp(offset) times."""
    w = np.where(y, 1.0, np.exp(ell))
    observed, expected = float((w * y).sum()), float((w * p).sum())
    kept = sigmoid(np.log(p) - np.log1p(-p) + ell) if (p > 0).all() and (p < 1).all() else np.clip(p, 1e-12, 1)
    variance = float((kept * (1 - p) ** 2 + (1 - kept) * (np.exp(ell) * p) ** 2).sum())
    return observed, expected, float(np.sqrt(variance))


def _proba_of(last: Any, X: Any) -> np.ndarray:
    """(n,) probability of the positive class."""
    if hasattr(last, "predict_proba"):
        return np.asarray(last.predict_proba(X), dtype=np.float64)[:, 1]
    return np.asarray(last.predict(X), dtype=np.float64)
