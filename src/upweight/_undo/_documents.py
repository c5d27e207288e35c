"""Documents of results, read back by the schema that they name.

The trouble: a repair holds a correction, and a correction makes repairs; whichever of the two files knows the other's class, the other
then knows its own twice. So each class leaves the way its documents are read here, under its schema, and asks here for the others'.

What is inside: `reads`, which a class is decorated with; `read_document`, the object that a document describes;
`correction_document` and `correction_fields`, a correction as plain types and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .._weights import Step
from ._prior import Prior

if TYPE_CHECKING:
    from ._correction import Correction

__all__ = ["correction_document", "correction_fields", "read_document", "reads"]

C = TypeVar("C", bound=type)
_READERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {}


def reads(schema: str) -> Callable[[C], C]:
    """Let documents of `schema` be read by ``cls.from_dict``."""

    def keep(cls: C) -> C:
        _READERS[schema] = cls.from_dict
        return cls

    return keep


def read_document(d: Mapping[str, Any]) -> Any:
    """The object that wrote `d`, a document with a "schema" that some class reads."""
    return _READERS[d["schema"]](d)


def correction_document(c: Correction) -> dict[str, Any]:
    """Plain numbers, lists and text; nan is None."""
    delta = np.asarray(c.log_odds)
    return {
        "schema": "upweight.correction/1",
        "log_odds": None if np.isnan(delta).any() else delta.tolist(),
        "status": c.status,
        "why": c.why,
        "prior": None if c.prior is None else c.prior.to_dict(),
        "trail": [{"name": s.name, "params": dict(s.params)} for s in c.trail],
        "by": c.by,
        "designs": list(c.designs),
    }


def correction_fields(d: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the correction that wrote `d`."""
    return {
        "log_odds": np.nan if d["log_odds"] is None else d["log_odds"],
        "status": d["status"],
        "why": d["why"],
        "prior": None if d["prior"] is None else Prior.from_dict(d["prior"]),
        "trail": tuple(Step(s["name"], dict(s["params"])) for s in d["trail"]),
        "by": d["by"],
        "designs": tuple(d["designs"]),
    }
