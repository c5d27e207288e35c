"""How each library is given an offset, and how the constant it started from is baked into the model.

    train at offset + b;  then the model alone must promise sigmoid(g) with b inside, in its own predict, save and load

    LightGBM    init_score;     b onto every leaf of the first tree
    XGBoost     base_margin;    base_score = sigmoid(b), set before training
    CatBoost    baseline;       bias + b
    glum, StreamedLogistic      offset;    nothing to bake: the intercept is theirs

The trouble if it is not done: LightGBM, XGBoost and CatBoost forget the offset of the training rows when they predict, and with it the
constant, so that probabilities come out 28 to 115 times too high, without a warning.

Libraries are told by where their classes come from; none is imported here.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..._errors import InputError
from ..scoring import sigmoid

__all__ = ["FitRows", "Trainer", "log_odds_of", "trainer_of"]


@dataclass(frozen=True)
class FitRows:
    """Rows for a trainer: X, y (n,) bool, start (n,) = offset + b or None, weights (n,) or None."""

    X: Any
    y: np.ndarray
    start: np.ndarray | None
    w: np.ndarray | None


@dataclass(frozen=True)
class Trainer:
    """One library: `fit(model, rows, valid, b)` trains in place and bakes `b`; `log_odds(model, X)` is the model's own."""

    name: str
    fit: Callable[[Any, FitRows, FitRows | None, float], None]
    log_odds: Callable[[Any, Any], np.ndarray] | None


def trainer_of(model: Any) -> Trainer | None:
    """The library that a model is of, if it is one that takes offsets; rankers and regressors are refused."""
    for kind in type(model).__mro__:
        top = kind.__module__.split(".")[0]
        if top in ("lightgbm", "xgboost", "catboost"):
            if not hasattr(model, "predict_proba"):
                raise InputError(
                    f"{type(model).__name__} is no classifier; an offset is on the log-odds. Use {CLASSIFIERS[top]}."
                )
            return TRAINERS[top]
        if top == "glum":
            return TRAINERS[top]
        if kind.__name__ == "StreamedLogistic" and top == "upweight":
            return TRAINERS["upweight"]
    return None


def log_odds_of(model: Any) -> Callable[[Any], np.ndarray]:
    """The log-odds that a model gives by itself, as a function of its rows."""
    if type(model).__name__ == "Booster" and type(model).__module__.startswith("lightgbm"):
        return partial(_log_odds_lightgbm, model)
    trainer = trainer_of(model)
    if trainer is not None and trainer.log_odds is not None:
        return partial(trainer.log_odds, model)
    for name in ("decision_function", "linear_predictor"):  # StreamedLogistic; glum
        if hasattr(model, name):
            return getattr(model, name)
    raise InputError(f"{type(model).__name__} tells no log-odds. Pass a model that `fit` trained with `base`.")


CLASSIFIERS = {"lightgbm": "LGBMClassifier", "xgboost": "XGBClassifier", "catboost": "CatBoostClassifier"}


# ---- LightGBM ---------------------------------------------------------------------------------------------------------------


def _fit_lightgbm(model: Any, rows: FitRows, valid: FitRows | None, b: float) -> None:
    """Train at `init_score`; move every leaf of the first tree by b."""
    params = model.get_params()
    if params.get("linear_tree"):
        raise InputError(
            "LightGBM with linear_tree=True: its leaves are functions and do not move by a constant. Set linear_tree=False."
        )
    if params.get("boosting_type") == "rf" or params.get("boosting") == "rf":
        raise InputError("LightGBM's random forest takes no init_score. Use boosting_type='gbdt', or sample_weight.")
    more: dict[str, Any] = {}
    if valid is not None:
        labels = valid.y.astype(int)
        named = "eval_X" in inspect.signature(model.fit).parameters  # newer versions warn of `eval_set`
        more = {"eval_X": (valid.X,), "eval_y": (labels,)} if named else {"eval_set": [(valid.X, labels)]}
        more |= {"eval_init_score": [valid.start]}
        more |= {} if valid.w is None else {"eval_sample_weight": [valid.w]}
    model.fit(rows.X, rows.y.astype(int), init_score=rows.start, sample_weight=rows.w, **more)
    if rows.start is None:
        return
    booster = model.booster_
    tree = booster.dump_model(num_iteration=1)["tree_info"][0]
    for leaf in range(tree["num_leaves"]):
        booster.set_leaf_output(0, leaf, booster.get_leaf_output(0, leaf) + b)


def _log_odds_lightgbm(model: Any, X: Any) -> np.ndarray:
    return np.asarray(model.predict(X, raw_score=True), dtype=np.float64)


# ---- XGBoost ----------------------------------------------------------------------------------------------------------------


def _fit_xgboost(model: Any, rows: FitRows, valid: FitRows | None, b: float) -> None:
    """Train at `base_margin`; `base_score` is what predictions without a margin start from."""
    if rows.start is not None:
        model.set_params(base_score=float(sigmoid(np.array(b))))
    more: dict[str, Any] = {}
    if valid is not None:
        more = {"eval_set": [(valid.X, valid.y.astype(int))], "base_margin_eval_set": [valid.start], "verbose": False}
        more |= {} if valid.w is None else {"sample_weight_eval_set": [valid.w]}
    model.fit(rows.X, rows.y.astype(int), base_margin=rows.start, sample_weight=rows.w, **more)


def _log_odds_xgboost(model: Any, X: Any) -> np.ndarray:
    return np.asarray(model.predict(X, output_margin=True), dtype=np.float64)


# ---- CatBoost ---------------------------------------------------------------------------------------------------------------


def _fit_catboost(model: Any, rows: FitRows, valid: FitRows | None, b: float) -> None:
    """Train at `baseline`; add b to the bias."""
    model.fit(_pool(model, rows), eval_set=None if valid is None else _pool(model, valid))
    if rows.start is not None:
        scale, bias = model.get_scale_and_bias()
        model.set_scale_and_bias(scale, float(np.ravel(bias)[0]) + b)


def _pool(model: Any, rows: FitRows) -> Any:
    """CatBoost's own container, whose class is found beside the model's."""
    Pool = sys.modules["catboost"].Pool
    columns = model.get_params().get("cat_features")
    return Pool(rows.X, rows.y.astype(int), baseline=rows.start, weight=rows.w, cat_features=columns)


def _log_odds_catboost(model: Any, X: Any) -> np.ndarray:
    return np.asarray(model.predict(X, prediction_type="RawFormulaVal"), dtype=np.float64)


# ---- models with an offset of their own -------------------------------------------------------------------------------------


def _fit_with_offset(model: Any, rows: FitRows, valid: FitRows | None, b: float) -> None:
    """glum and StreamedLogistic: `offset` is theirs, and so is the intercept."""
    if valid is not None:
        raise InputError(f"{type(model).__name__} stops by itself; `valid` would not be used. Leave it out.")
    start = None if rows.start is None else rows.start - b
    model.fit(rows.X, rows.y.astype(float), offset=start, sample_weight=rows.w)


TRAINERS = {
    "lightgbm": Trainer("LightGBM", _fit_lightgbm, _log_odds_lightgbm),
    "xgboost": Trainer("XGBoost", _fit_xgboost, _log_odds_xgboost),
    "catboost": Trainer("CatBoost", _fit_catboost, _log_odds_catboost),
    "glum": Trainer("glum", _fit_with_offset, None),
    "upweight": Trainer("StreamedLogistic", _fit_with_offset, None),
}
