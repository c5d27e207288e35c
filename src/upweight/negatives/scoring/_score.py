"""From a row to its score and its keep-probabilities, by the design of a plan.

    p = sigmoid(e + shift)      linear: the shift is in the intercept;  column or model s: p = s k / (1 - s + s k), k = exp(shift)
    pi0, pi1                    by the rule;  a score that cannot be used: the rate, counted as unscored

Every row is scored alike, positives too: the offset log pi1 - log pi0 stands on their own x.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ._rule import keep_probability, local_probabilities
from ._saved_model import ModelPilot
from ._terms import column_of, level_texts, linear_score, numbers_of

__all__ = ["Kept", "keep_probabilities", "norm_of", "probabilities", "raw_columns", "sigmoid"]


class Kept(NamedTuple):
    """(n,) probabilities with which rows are kept if negative and if positive, and which rows have no usable score."""

    pi0: np.ndarray
    pi1: np.ndarray
    unscored: np.ndarray


def sigmoid(e: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-e)), without overflow."""
    p = np.negative(np.atleast_1d(e))
    with np.errstate(over="ignore"):
        np.exp(p, out=p)
    p += 1.0
    np.divide(1.0, p, out=p)
    return p.reshape(np.shape(e))


def probabilities(pilot: Mapping[str, Any], rows: pa.Table | pa.RecordBatch) -> np.ndarray:
    """(n,) the pilot's probability that a row is positive, shifted to the prevalence; NaN where it says nothing."""
    if pilot["kind"] == "linear":
        return sigmoid(linear_score(pilot, rows))
    if isinstance(pilot, ModelPilot):
        s = pilot.model.score(tuple(pilot["features"]), rows)
    else:
        s = numbers_of(column_of(rows, pilot["column"]), pilot["column"])
        s = np.where((s > 0) & (s < 1), s, np.nan)
    odds = np.exp(pilot["shift"])
    return s * odds / (1 - s + s * odds)


def keep_probabilities(design: Mapping[str, Any], rows: pa.Table | pa.RecordBatch) -> Kept:
    """By the rule of a design, for every row as it is."""
    rule, n = design["rule"], rows.num_rows
    positives = np.full(n, float(rule["positives"]))
    if design["pilot"]["kind"] == "none":
        return Kept(np.full(n, min(1.0, float(rule["rate"]))), positives, np.zeros(n, dtype=bool))
    p = probabilities(design["pilot"], rows)
    unscored = ~np.isfinite(p)
    least = rule["floor"] * rule["rate"]
    if rule["rate"] >= 1:  # there is nothing to thin
        return Kept(np.ones(n), np.ones(n) if rule["score"] == "local" else positives, unscored)
    if rule["score"] == "local":
        pi1, pi0 = local_probabilities(np.where(unscored, 0.5, p), per_positive=rule["per_positive"], least=least)
        pi1[unscored] = 1.0
    else:
        t = p * norm_of(rule, rows, design["pilot"]) if rule["score"] == "optimal" else p
        pi0, pi1 = keep_probability(t, scale=rule["scale"], least=least), positives
    if unscored.any():
        pi0[unscored] = rule["rate"]
    return Kept(pi0, pi1, unscored)


def norm_of(rule: Mapping[str, Any], rows: pa.Table | pa.RecordBatch, pilot: Mapping[str, Any]) -> np.ndarray:
    """(n,) |L z|, z = (1, standardised columns of the pilot's terms)."""
    z = standardised(rows, pilot, rule["mean"], rule["sd"])
    total = np.zeros(rows.num_rows)
    for row in rule["transform"]:
        part = np.full(rows.num_rows, float(row[0]))
        for coefficient, column in zip(row[1:], z, strict=True):
            part += coefficient * column
        total += part * part
    return np.sqrt(total)


def standardised(
    rows: pa.Table | pa.RecordBatch, pilot: Mapping[str, Any], mean: list[float], sd: list[float]
) -> list[np.ndarray]:
    """The columns z of the "optimal" rule: each number term clipped, each level an indicator, less mean, over sd."""
    columns = raw_columns(rows, pilot)
    return [(c - m) / s for c, m, s in zip(columns, mean, sd, strict=True)]


def raw_columns(rows: pa.Table | pa.RecordBatch, pilot: Mapping[str, Any]) -> list[np.ndarray]:
    """What a pilot's terms see: clipped numbers (gaps at what the gap's constant stands for), one indicator a level."""
    out = []
    for term in pilot["terms"]:
        column = column_of(rows, term["column"])
        if term["kind"] == "number":
            x = np.maximum(term["low"], np.minimum(term["high"], numbers_of(column, term["column"])))
            instead = term["null"] / term["coef"] if term["coef"] else 0.5 * (term["low"] + term["high"])
            out.append(np.where(np.isnan(x), instead, x))
        else:
            values = np.asarray(level_texts(column, term["column"]).to_pylist(), dtype=object)
            out += [(values == level).astype(np.float64) for level in term["levels"]]
    return out
