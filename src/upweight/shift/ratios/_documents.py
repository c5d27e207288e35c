"""A fitted ratio as plain numbers and lists, and back.

The trouble: a pickle of a ratio holds a classifier of one version of one library. What a vector describes can be written out instead: coefficients,
centres, multipliers, and how each column is read. Trees and other people's classifiers cannot, and are refused.

What is inside: `function_document` and `function_from`, of the function; `schema_document` and `schema_from`, of the columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from ..._errors import InputError
from ...learners import FittedLearner
from ...tables import Column, Preparation, Schema
from ..columns import TermPlan
from ._by_classifier import FoldModels
from ._by_kernels import KernelMeanRatio, KernelRatio, PointReader
from ._by_terms import TermRatio
from ._fitted import Ones, RatioFunction
from ._settings import KernelMean

__all__ = ["function_document", "function_from", "schema_document", "schema_from"]


def function_document(function: RatioFunction, method: str) -> dict[str, Any]:
    """Plain lists and numbers; refused where no vector describes the function."""
    if isinstance(function, Ones):
        return {"kind": "ones"}
    if isinstance(function, FoldModels) and method in ("linear", "quadratic"):
        models = [_model_document(model) for model in function.models]
        return {"kind": "models", "a": function.a, "b": function.b, "models": models}
    if isinstance(function, KernelRatio):
        found = {"centres": function.centres, "a": function.a, "scale": function.reader.scale}
        return {"kind": "kernels", "width": function.width} | _lists(found)
    if isinstance(function, KernelMeanRatio):
        found = {"source": function.source, "v": function.v, "target": function.target, "scale": function.reader.scale}
        setting = asdict(function.setting)
        return {"kind": "kernel means", "width": function.width, "setting": setting} | _lists(found)
    if isinstance(function, TermRatio):
        found = {"mean": function.mean, "scale": function.scale, "lam": function.lam}
        return {"kind": "terms", "plan": asdict(function.plan)} | _lists(found)
    raise InputError(
        f"a ratio by {method} has no document: no vector describes it. Use method='linear' or 'quadratic', or pickle it."
    )


def function_from(d: Mapping[str, Any], schema: Schema) -> RatioFunction:
    """What `function_document` wrote."""
    kind = d["kind"]
    if kind == "ones":
        return Ones()
    if kind == "models":
        return FoldModels(tuple(_model_from(m) for m in d["models"]), float(d["a"]), float(d["b"]))
    arrays = {name: np.asarray(v, dtype=np.float64) for name, v in d.items() if isinstance(v, (list, tuple))}
    if kind == "terms":
        return TermRatio(_plan_from(d["plan"]), arrays["mean"], arrays["scale"], arrays["lam"])
    reader = PointReader(schema, arrays["scale"])
    if kind == "kernels":
        return KernelRatio(reader, arrays["centres"], float(d["width"]), arrays["a"])
    if kind == "kernel means":
        setting = KernelMean(**dict(d["setting"]))
        return KernelMeanRatio(reader, arrays["source"], arrays["v"], arrays["target"], setting, float(d["width"]))
    raise InputError(f"a ratio of kind {kind!r} is not known. Read it with the version that wrote it.")


def schema_document(schema: Schema) -> dict[str, Any]:
    """How the columns are read."""
    return {"columns": [asdict(column) for column in schema.columns], "named": schema.named}


def schema_from(d: Mapping[str, Any]) -> Schema:
    """What `schema_document` wrote."""
    columns = tuple(Column(**{**column, "categories": tuple(column["categories"])}) for column in d["columns"])
    return Schema(columns, bool(d["named"]))


def _lists(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    return {name: array.tolist() for name, array in arrays.items()}


def _plan_from(d: Mapping[str, Any]) -> TermPlan:
    return TermPlan(
        columns=tuple(d["columns"]),
        levels=tuple(None if levels is None else tuple(levels) for levels in d["levels"]),
        squares=tuple(d["squares"]),
        pairs=tuple((j, k) for j, k in d["pairs"]),
        thin=bool(d["thin"]),
    )


# ---- fold models ------------------------------------------------------------------------------------------------------------


def _model_document(model: FittedLearner) -> dict[str, Any]:
    """A logistic regression, of squares and products or not, with the preparation before it."""
    steps: Any = getattr(model.learner, "steps", None)
    last: Any = model.learner if steps is None else steps[-1][1]
    found = {"coef": last.coef_.ravel().tolist(), "intercept": float(last.intercept_[0])}
    if steps is not None:
        scaler = steps[1][1]
        found |= {"d": int(steps[0][1].n_features_in_)} | _lists({"mean": scaler.mean_, "scale": scaler.scale_})
    prepared = {f.name: _packed(getattr(model.preparation, f.name)) for f in fields(Preparation)}
    return found | {"preparation": prepared}


def _model_from(d: Mapping[str, Any]) -> FittedLearner:
    preparation = Preparation(**{name: _unpacked(value) for name, value in d["preparation"].items()})
    learner: Any = LogisticRegression()
    learner.classes_, learner.coef_ = np.array([0, 1]), np.array([d["coef"]], dtype=np.float64)
    learner.intercept_, learner.n_features_in_ = np.array([d["intercept"]], dtype=np.float64), len(d["coef"])
    if "d" in d:
        scaler: Any = StandardScaler()
        scaler.mean_, scaler.scale_ = np.array(d["mean"]), np.array(d["scale"])
        scaler.var_, scaler.n_features_in_, scaler.n_samples_seen_ = scaler.scale_**2, len(d["mean"]), 1
        terms = PolynomialFeatures(2, include_bias=False).fit(np.zeros((1, int(d["d"]))))
        learner = make_pipeline(terms, scaler, learner)
    return FittedLearner(learner, preparation, np.array([0, 1]), 2)


def _packed(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, tuple):
        return {"many": [_packed(part) for part in value]}
    return {"dtype": str(value.dtype), "values": value.tolist()}


def _unpacked(value: Any) -> Any:
    if value is None:
        return None
    if "many" in value:
        return tuple(_unpacked(part) for part in value["many"])
    return np.array(value["values"], dtype=value["dtype"])
