"""A rare event as plain types, with every figure that its page draws: schema "upweight.rare/1".

    probability   value, se, interval, khat, or null     converged, why, method, calls, budget, relative_error, screen
    history       one object a level or draw             inputs    name, sensitivity, low, high
    design_point  value by input, or null                cloud     failures in standard space: labels, u, weights, at most 1000

The trouble: a page is made later and computes nothing, so the cloud is in the document. nan and infinities are null.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._rare_event import RareEvent

__all__ = ["SCHEMA", "rare_document"]

SCHEMA = "upweight.rare/1"
CLOUD = 1000


def rare_document(r: RareEvent) -> dict[str, Any]:
    """What `RareEvent.to_dict` gives."""
    from ._rare_words import screen

    told = r._told
    low, high = r.interval()
    return {
        "schema": SCHEMA,
        "upweight": sys.modules["upweight"].__version__,
        "converged": r.converged,
        "why": r.why,
        "method": r.method,
        "calls": r.calls,
        "budget": told.budget,
        "relative_error": told.asked,
        "screen": screen(r),
        "probability": _probability(r),
        "low": low,
        "high": high,
        "beta": _number(r.beta),
        "history": [{k: v if isinstance(v, (str, int)) else _number(v) for k, v in row.items()} for row in r.history],
        "lone": _number(told.lone),
        "repeats": [_number(p) for p in told.repeats],
        "inputs": _inputs(r),
        "design_point": _point(r),
        "distance": _number(told.distance),
        "cloud": _cloud(r),
        "trail": [
            {"name": step.name, "params": {k: v for k, v in step.params.items() if isinstance(v, str)}}
            for step in r.trail
        ],
    }


def _probability(r: RareEvent) -> dict[str, Any] | None:
    p = r.probability
    if p is None:
        return None
    return {"value": _number(p.value), "se": _number(p.se), "n": p.n, "khat": _number(p.khat), "ok": p.ok, "why": p.why}


def _inputs(r: RareEvent) -> list[dict[str, Any]]:
    labels = r._told.labels
    if r.sensitivity is None:
        return [{"name": name, "sensitivity": None, "low": None, "high": None} for name in labels]
    value, (low, high) = np.atleast_1d(r.sensitivity.value), r.sensitivity.interval()
    rows = zip(labels, value, np.atleast_1d(low), np.atleast_1d(high), strict=True)
    return [{"name": n, "sensitivity": _number(v), "low": _number(a), "high": _number(b)} for n, v, a, b in rows]


def _point(r: RareEvent) -> dict[str, Any] | None:
    if r.design_point is None:
        return None
    named = r.design_point.items() if isinstance(r.design_point, dict) else enumerate(r.design_point)
    return {k if isinstance(k, str) else f"x{k}": _number(v) for k, v in named}


def _cloud(r: RareEvent) -> dict[str, Any] | None:
    """Failures over the two standard normals of the largest sensitivity (or the first two)."""
    if r.draws is None:
        return None
    u, w = r._told.failures, np.asarray(r.draws.weights.probabilities)
    order = np.arange(u.shape[1])
    if r.sensitivity is not None:
        order = np.argsort(-np.abs(np.atleast_1d(r.sensitivity.value)), kind="stable")
    axes = order[:2]
    keep = np.linspace(0, len(u) - 1, min(len(u), CLOUD)).astype(np.intp)
    return {
        "labels": [r._told.labels[j] for j in axes],
        "u": [[round(float(x), 4) for x in u[i, axes]] for i in keep],
        "weights": [float(f"{w[i]:.4g}") for i in keep],
    }


def _number(x: Any) -> float | None:
    value = float(x)
    return value if math.isfinite(value) else None
