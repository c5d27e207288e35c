"""A diagnosis as plain types, with every figure that its report draws: schema "upweight.shift/1".

    data       rows of both, columns, what they are called        verdict    code, grade, reasons, sentences
    tests      before, after, label: AUC with interval, p, ROC    ratio      method, losses
    weights    which, effective rows, tail, histogram of logs     balance    one object a row of the table
    curve      power, ess, smd                                    label      shares before and after, with intervals, or null
    concept    D with intervals, or null

The trouble: a report is made later, and computes nothing; so curves and histograms are in the document. nan and infinities are null.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._check import plain as documented
from ..._errors import plain, printable
from ..label import LabelShift
from ..testing import TwoSample
from ._sentences import concept_level

if TYPE_CHECKING:
    from ._diagnosis import Diagnosis

__all__ = ["SCHEMA", "shift_document"]

SCHEMA = "upweight.shift/1"
BINS = 40


def shift_document(d: Diagnosis) -> dict[str, Any]:
    """What `Diagnosis.to_dict` gives."""
    told, pooled = d._told, d._told.sides.pooled
    v = d.verdict
    return {
        "schema": SCHEMA,
        "upweight": sys.modules["upweight"].__version__,
        "data": {
            "source": d.names[0], "target": d.names[1], "rows": pooled.n_source, "target_rows": pooled.n_target,
            "columns": len(pooled.names), "label": told.label_name,
        },
        "verdict": {
            "code": v.code, "grade": v.grade, "sentences": list(v.sentences),
            "reasons": [{"code": r.code, "grade": r.grade, "text": r.text} for r in v.reasons],
        },
        "tests": {
            name: None if test is None else _test(test, d)
            for name, test in (("before", d.before), ("after", d.after), ("label", d.label_after))
        },
        "ratio": {"method": d.ratio.method, "losses": [{"name": _said(k), "loss": _number(x)} for k, x in d.ratio.losses.items()]},
        "weights": _weights(d),
        "balance": [] if d.balance is None else [_row(row) for row in d.balance],
        "curve": {name: [_number(x) for x in getattr(d.curve, name)] for name in ("power", "ess", "smd")},
        "label": None if d.label is None else _label(d.label),
        "concept": None if d.concept is None else _concept(d),
        "unsupported_share": _number(told.no_support.mean()),
    }  # fmt: skip


def _test(test: TwoSample, d: Diagnosis) -> dict[str, Any]:
    low, high = test.auc.interval()
    return {
        "auc": _number(test.auc.value), "se": _number(test.auc.se), "low": _number(low), "high": _number(high), "p": _number(test.p),
        "learners": list(test.learners),
        "features": [{"column": d._told.sides.said(n), "fall": _number(x)} for n, x in test.features.items()],
        "roc": {"source": [_number(x) for x in test.roc[0]], "target": [_number(x) for x in test.roc[1]]},
    }  # fmt: skip


def _weights(d: Diagnosis) -> dict[str, Any]:
    w = d.weights
    which = "ratio" if w is d.ratio.weights else "label" if d.verdict.code == "label_shift" else "ones"
    logs = w.log_w - float(w.log_mean)
    known = logs[np.isfinite(logs)]
    counts, edges = np.histogram(known, bins=BINS if np.ptp(known) > 1e-9 else 1)
    return {
        "which": which, "n": w.n, "ess": _number(w.ess), "khat": documented(float(w.khat)), "max_share": _number(w.max_share),
        "zero": int((~np.isfinite(logs)).sum()), "edges": edges.tolist(), "counts": counts.tolist(),
    }  # fmt: skip


def _row(row: Any) -> dict[str, Any]:
    figures = ("target", "before", "after", "smd_before", "smd_after", "ratio_before", "ratio_after")
    return {"name": printable(row.name), "flag": row.flag} | {name: _number(getattr(row, name)) for name in figures}


def _label(s: LabelShift) -> dict[str, Any]:
    low, high = s.prior.interval()
    p = getattr(s.correction.prior, "p", None)
    return {
        "classes": [_said(c) for c in s.classes], "before": [_number(x) for x in s.before],
        "after": [_number(x) for x in np.asarray(s.prior.value)], "low": [_number(x) for x in low], "high": [_number(x) for x in high],
        "p": _number(p), "temperature": _number(s.temperature), "method": s.method,
    }  # fmt: skip


def _concept(d: Diagnosis) -> dict[str, Any]:
    assert d.concept is not None
    low, high = d.concept.interval(concept_level(d.concept))
    value = np.atleast_1d(d.concept.value)
    return {
        "classes": [_said(c) for c in d.concept.names], "value": [_number(x) for x in value],
        "low": [_number(x) for x in np.atleast_1d(low)], "high": [_number(x) for x in np.atleast_1d(high)], "labels": d._told.known,
    }  # fmt: skip


def _said(name: Any) -> str:
    return printable(plain(name))


def _number(x: Any) -> float | None:
    if x is None:
        return None
    value = float(x)
    return value if math.isfinite(value) else None
