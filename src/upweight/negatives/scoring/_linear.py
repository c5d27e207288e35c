"""The linear pilot: a logistic regression of a few thousand rows, written down as terms.

The trouble: a pilot must be cheap to apply to every row of a log, the same on any machine, and must not be thrown by one wild value. So
numbers are clipped to what most pilot rows span, categories keep their commonest levels, and the fitted numbers are rounded, so that another
linear algebra library gives the same plan.

    minimise  sum_i log(1 + exp(-s_i eta_i)) + l2/2 |beta|^2,   intercept free
    number    z = (clip(x) - mean) / sd over the pilot rows;   low, high: the .1 % and 99.9 % quantiles of the finite values
    level     one indicator a level (at most 64 levels of 20 pilot rows or more), a gap is a level
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.linear_model import LogisticRegression

from ..._errors import InputError
from ._terms import column_of, is_gap, level_texts, numbers_of

__all__ = ["LinearFit", "fit_linear", "rounded"]

ENOUGH = 20  # pilot rows that a level, or a column of gaps, needs to have a number of its own
MOST_LEVELS = 64
OUTER = (0.001, 0.999)
DIGITS = 10


@dataclass(frozen=True)
class LinearFit:
    """A fitted pilot: `intercept`, `terms` as the plan stores them, columns `skipped` (name: why), `z` (m, k) standardised numbers."""

    intercept: float
    terms: list[dict[str, Any]]
    skipped: dict[str, str]


@dataclass(frozen=True)
class Design:
    """One column as columns of the fit: `z` (m, j), and how to write its coefficients down."""

    column: str
    kind: str
    z: np.ndarray
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    sd: float = 1.0
    median: float = 0.0
    levels: tuple[str, ...] = ()
    gaps: bool = False


def fit_linear(rows: pa.Table, y: np.ndarray, features: list[str], *, l2: float) -> LinearFit:
    """Fit on the pilot rows, in draw order; `y` (m,) bool; features: "name" or "name:level"."""
    designs, skipped = [], {}
    for feature in features:
        made = _design_of(rows, feature)
        if isinstance(made, str):
            skipped[feature] = made
        else:
            designs.append(made)
    if not designs:
        text = "; ".join(f"{name}: {why}" for name, why in skipped.items()) or "there are no other columns"
        raise InputError(f"the pilot has no column to learn from ({text}). Use rule='uniform', or name features.")
    Z = np.column_stack([d.z for d in designs])
    model = LogisticRegression(C=1 / l2, solver="newton-cholesky", tol=1e-10, max_iter=200).fit(Z, y)
    beta, intercept = model.coef_[0], float(model.intercept_[0])
    terms, at = [], 0
    for d in designs:
        width = d.z.shape[1]
        term, constant = written(d, beta[at : at + width])
        terms.append(term)
        intercept += constant
        at += width
    return LinearFit(rounded(intercept), terms, skipped)


def _design_of(rows: pa.Table, feature: str) -> Design | str:
    """The columns of one feature, or why it has none."""
    name, as_level = _feature_parts(feature, rows.schema.names)
    column = column_of(rows, name)
    kind: Any = column.type
    if pa.types.is_floating(kind) and as_level:
        raise InputError(f"feature {feature!r}: {name!r} holds fractions, which are no levels. Bin it first.")
    if (pa.types.is_integer(kind) or pa.types.is_floating(kind)) and not as_level:
        return _number_design(name, column)
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    if text or pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return _level_design(name, column, text and not as_level)
    return f"{kind} is neither number nor category"


def _feature_parts(feature: str, names: list[str]) -> tuple[str, bool]:
    """("hour", True) of "hour:level"; a column that is so called is meant first."""
    if feature not in names and feature.endswith(":level"):
        return feature.removesuffix(":level"), True
    return feature, False


def _number_design(name: str, column: pa.Array) -> Design | str:
    x = numbers_of(column, name)
    gap = np.isnan(x)
    finite = x[np.isfinite(x)]
    if not len(finite):
        return "it holds no number"
    low, high = (float(q) for q in np.quantile(finite, OUTER))
    clipped = np.clip(x, low, high)
    there = clipped[~gap]
    mean, sd, median = float(there.mean()), float(there.std()), float(np.median(there))
    if not sd > 0 or low == high:
        return "it is constant"
    own = int(gap.sum()) >= ENOUGH
    z = (np.where(gap, mean if own else median, clipped) - mean) / sd
    columns = np.column_stack([z, gap]) if own else z[:, None]
    return Design(name, "number", columns.astype(np.float64), low, high, mean, sd, median, gaps=own)


def _level_design(name: str, column: pa.Array, text: bool) -> Design | str:
    texts = level_texts(column, name)
    gap = is_gap(texts)
    values = np.asarray(texts.to_pylist(), dtype=object)
    there, counts = np.unique(values[~gap].astype(str), return_counts=True)
    if text and len(there) > 0.5 * max(int((~gap).sum()), 1):
        return "more than half of its texts are different"
    order = sorted(range(len(there)), key=lambda j: (-counts[j], there[j]))
    levels = tuple(str(there[j]) for j in order[:MOST_LEVELS] if counts[j] >= ENOUGH)
    own = int(gap.sum()) >= ENOUGH
    columns = [values == level for level in levels] + ([gap] if own else [])
    if len(levels) + own < 1 or (len(levels) + own == 1 and columns[0].all()):
        return "it is constant, or no level is common enough"
    return Design(name, "level", np.column_stack(columns).astype(np.float64), levels=levels, gaps=own)


def written(d: Design, beta: np.ndarray) -> tuple[dict[str, Any], float]:
    """(the term, what moves into the intercept) of a column's coefficients."""
    if d.kind == "level":
        values = [rounded(b) for b in beta[: len(d.levels)]]
        null = rounded(beta[-1]) if d.gaps else 0.0
        return {"column": d.column, "kind": "level", "levels": list(d.levels), "values": values, "null": null}, 0.0
    coef = rounded(beta[0] / d.sd)
    null = coef * d.mean + beta[1] if d.gaps else coef * d.median
    term = {"column": d.column, "kind": "number", "coef": coef, "low": d.low, "high": d.high, "null": rounded(null)}
    return term, -coef * d.mean


def rounded(x: float) -> float:
    """Ten significant digits, so that another linear algebra library gives the same plan."""
    return float(f"{float(x):.{DIGITS - 1}e}")
