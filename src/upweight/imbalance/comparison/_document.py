"""The JSON document of a comparison, schema upweight.compare/1.

For one seed it is the same to the byte whatever the number of processes, but for `timing`; so the seconds of a row are in
`timing.rows`, and null in the row until `with_seconds` puts them there. What could not be told is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ..._errors import plain
from ..._version import versions
from ...tables import Column
from ...work import Run
from ._curves import curves_of
from ._importance import Importance
from ._results import Figures
from ._setup import ComparisonSetup
from ._verdict import ComparisonVerdict

__all__ = ["SCHEMA", "document", "text_of", "with_seconds"]

SCHEMA = "upweight.compare/1"
MOST_COLUMNS = 30  # whose importance is written down


def document(
    setup: ComparisonSetup, run: Run, figures: Figures, verdict: ComparisonVerdict, importance: Sequence[Importance]
) -> dict[str, Any]:
    """The whole comparison as plain lists, numbers and text."""
    rows = [r.to_dict() for r in figures.results]
    seconds = {row["name"]: row["seconds"] for row in rows}
    rows = [row | {"seconds": None} for row in rows]
    return _clean(
        {
            "schema": SCHEMA,
            "data": _data_part(setup),
            "settings": setup.settings,
            "rows": rows,
            "verdict": asdict(verdict),
            "curves": curves_of(setup.plan, run.parts),
            "importance": [i._asdict() for i in importance[:MOST_COLUMNS]],
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


def _data_part(setup: ComparisonSetup) -> dict[str, Any]:
    """What is said about the data: sizes, classes, and how each column was read."""
    facts, labels = setup.facts, setup.labels
    classes = [plain(c) for c in labels.classes] if setup.shown is None else list(setup.shown)
    return {
        "name": setup.name,
        "target": setup.target,
        "positive": classes[labels.positive] if len(classes) == 2 else None,
        "rows": facts.rows,
        "columns": facts.columns,
        "classes": classes,
        "counts": labels.counts.tolist(),
        "prevalence": facts.share,
        "fingerprint": setup.fingerprint,
        "preprocessing": [_column_part(c, prepared=setup.prepared) for c in setup.schema.columns],
    }


def _column_part(column: Column, *, prepared: bool) -> dict[str, Any]:
    """How a column was read; a learner that prepares its columns itself gets them as given."""
    kind, note = (column.kind, column.note) if prepared else ("as given", "")
    return {"column": column.name, "kind": kind, "missing": column.missing, "note": note}


def _clean(value: Any) -> Any:
    """Plain JSON values: NumPy scalars unpacked, what is not finite null, keys text."""
    if isinstance(value, Mapping):
        return {str(k): _clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(v) for v in value]
    if isinstance(value, np.ndarray):
        return _clean(value.tolist())
    value = plain(value)
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def text_of(facts: Mapping[str, Any]) -> str:
    """The document as text, one line a part, keys in a fixed order."""
    return json.dumps(facts, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
