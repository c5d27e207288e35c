"""The JSON document of a comparison, schema upweight.compare/1.

For one seed it is the same to the byte whatever the number of processes, but for `timing`; so the seconds of a row are in
`timing.rows`, and null in the row until `with_seconds` puts them there. What could not be told is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ..._errors import plain
from ..._version import versions
from ...tables import Labels, Schema
from ...work import Run
from ._cells import Plan
from ._curves import curves_of
from ._facts import Facts
from ._results import Figures
from ._verdict import Verdict

__all__ = ["SCHEMA", "data_part", "document", "text_of", "with_seconds"]

SCHEMA = "upweight.compare/1"


def document(
    plan: Plan, run: Run, figures: Figures, verdict: Verdict, data: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The whole comparison as plain lists, numbers and text."""
    rows = [asdict(r) for r in figures.rows]
    seconds = {row["name"]: row["seconds"] for row in rows}
    rows = [row | {"seconds": None} for row in rows]
    return clean(
        {
            "schema": SCHEMA,
            "data": data,
            "settings": settings,
            "rows": rows,
            "verdict": asdict(verdict),
            "curves": curves_of(plan, run.parts),
            "complete": run.complete,
            "versions": versions(),
            "timing": {
                "seconds": run.seconds,
                "estimate": run.estimate,
                "processes": run.processes,
                "rows": seconds,
            },
        }
    )


def with_seconds(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the seconds of `timing.rows` in its rows, for whoever shows them."""
    seconds = facts.get("timing", {}).get("rows", {})
    return {**facts, "rows": [row | {"seconds": seconds.get(row.get("name"))} for row in facts["rows"]]}


def data_part(
    name: str,
    target: str,
    schema: Schema,
    facts: Facts,
    labels: Labels,
    fingerprint: str,
    shown: tuple[str, str] | None,
) -> dict[str, Any]:
    """What is said about the data: sizes, classes, and how each column was read."""
    classes = [plain(c) for c in labels.classes] if shown is None else list(shown)
    return {
        "name": name,
        "target": target,
        "positive": classes[labels.positive] if len(classes) == 2 else None,
        "rows": facts.rows,
        "columns": facts.columns,
        "classes": classes,
        "counts": labels.counts.tolist(),
        "prevalence": facts.share,
        "fingerprint": fingerprint,
        "preprocessing": [
            {"column": c.name, "kind": c.kind, "missing": c.missing, "note": c.note} for c in schema.columns
        ],
    }


def clean(value: Any) -> Any:
    """Plain JSON values: NumPy scalars unpacked, what is not finite null, keys text."""
    if isinstance(value, Mapping):
        return {str(k): clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(v) for v in value]
    if isinstance(value, np.ndarray):
        return clean(value.tolist())
    value = plain(value)
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def text_of(facts: Mapping[str, Any]) -> str:
    """The document as text, one line a part, keys in a fixed order."""
    return json.dumps(facts, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
